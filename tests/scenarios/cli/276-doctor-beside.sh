# Goal: `pgsup doctor` tells no finding of what other commands are doing to the home at that moment, and
# a command whose instance has just lost its folder says so.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/empty.qcow2"
expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/empty.qcow2"
make_one() { # NAME
    expect_ok "$PGSUP" instance create -n "$1" --os empty --vcpu 1 --ram 64 --accel tcg
}
finds_nothing() { # CHECK
    json_of "[each['text'] for each in it['checks'] if each['check'] == '$1' and each['result'] != 'ok']"
}

step "beside creations, renamings and removals"
churn() {
    local i
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        "$PGSUP" -q instance create -n "a$i" --os empty --vcpu 1 --ram 64
        sleep 0.1
        "$PGSUP" -q rename "a$i" "b$i"
        sleep 0.1
        "$PGSUP" -q instance remove -y "b$i"
        sleep 0.1
    done >"$WORK/churn.out" 2>&1
}
churn &
churning=$!
at_exit "kill $churning 2>/dev/null"
rounds=0
while kill -0 $churning 2>/dev/null && [ $rounds -lt 60 ]; do
    rounds=$((rounds + 1))
    run "$PGSUP" doctor --json
    for each in instances disks images; do
        expect_equal "$each, round $rounds" "$(finds_nothing $each)" "[]"
    done
done
wait $churning || fail "$(cat "$WORK/churn.out")"

# hold HOW FOLDER: locks it, "EX" as a command that works on it, "SH" as one that looks; until let_go.
hold() {
    rm -f "$WORK/held"
    python3 -c 'import fcntl, os, sys, time
folder = os.open(sys.argv[2], os.O_RDONLY)
fcntl.flock(folder, getattr(fcntl, "LOCK_" + sys.argv[1]))
open(sys.argv[3], "w").close()
time.sleep(600)' "$1" "$2" "$WORK/held" &
    holding=$!
    at_exit "kill $holding 2>/dev/null"
    wait_until 60 test -e "$WORK/held"
}
let_go() {
    kill $holding
    wait $holding || true
}
expect_finding() { # WHAT TEXT: "" for none
    run "$PGSUP" doctor --json
    expect_equal "$1" "$(finds_nothing instances)" "$2"
}

step "however long a command takes from a folder to its row"
make_one slow
INSTANCES=$PGSUP_HOME/instances
id=$(python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT id FROM instances").fetchone()[0])' "$PGSUP_HOME/cloud.sqlite3")
mkdir -p -m 700 "$PGSUP_HOME/trash"
mv "$INSTANCES/slow" "$PGSUP_HOME/trash/slow-$id"
hold EX "$PGSUP_HOME/trash/slow-$id"
expect_finding "while one is removed" "[]"
let_go
expect_finding "whose remover was killed" "['the folder of the instance slow, $INSTANCES/slow, is gone']"
mv "$PGSUP_HOME/trash/slow-$id" "$INSTANCES/before"
touch "$INSTANCES/before/.renamed-$id"
expect_finding "whose renaming was interrupted" "[]"
expect_ok "$PGSUP" instance remove -y slow
[ ! -e "$INSTANCES/before" ] || fail "the renaming was not completed"
mkdir -m 700 "$INSTANCES/new"
hold EX "$INSTANCES/new"
expect_finding "while one is made" "[]"
let_go
hold SH "$INSTANCES/new"
expect_finding "that others look at too" "['$INSTANCES/new belongs to no instance']"
let_go
rmdir "$INSTANCES/new"

step "what stays wrong is told, by doctor and by who needs it"
make_one test
mv "$PGSUP_HOME/instances/test" "$WORK/away"
run "$PGSUP" doctor
expect_equal "status of doctor" "$STATUS" 1
expect_text "$OUT" "the folder of the instance test, $PGSUP_HOME/instances/test, is gone"
expect_fail 3 "$PGSUP_HOME/instances/test is gone: \`pgsup list\` shows whether its instance was removed or renamed" \
    "$PGSUP" clone test other
mv "$WORK/away" "$PGSUP_HOME/instances/test"
expect_ok "$PGSUP" clone test other
