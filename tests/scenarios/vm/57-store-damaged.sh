# Goal: a store that cannot be used gives one sentence to every command and to `pgsup up`, and is left
# as it is; VMs that run are not harmed.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one
start_supervisor
quietly start one
kill_supervisor
store=$PGSUP_HOME/cloud.sqlite3
in_store "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
in_store "PRAGMA journal_mode = DELETE" >/dev/null
cp "$store" "$WORK/good"

expect_unusable() { # STATUS TEXT
    local words before
    before=$(cksum <"$store")
    for words in "list" "instance list" "up $AS_ROOT" "instance create x --os empty" "instance remove one"; do
        # shellcheck disable=SC2086  # words are meant
        expect_fail "$1" "$2" "$PGSUP" $words
    done
    expect_equal "the store" "$(cksum <"$store")" "$before"
}

step "garbage"
head -c 100000 /dev/urandom >"$store"
expect_unusable 1 "$store"

step "cut off in the middle"
head -c 4096 "$WORK/good" >"$store"
expect_unusable 1 "$store"

step "of a newer pgsup"
cp "$WORK/good" "$store"
in_store "PRAGMA user_version = 999"
expect_unusable 3 "newer"

step "nothing was harmed"
cp "$WORK/good" "$store"
start_supervisor
quietly wait one --for running

step "read-only"
if [ "$(id -u)" != 0 ]; then
    kill_supervisor
    chmod 400 "$store"
    expect_fail 3 "$store" "$PGSUP" instance create x --os empty
    chmod 600 "$store"
    start_supervisor
fi
quietly stop -f one
end_supervisor
expect_no_process
