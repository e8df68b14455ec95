# Goal: `pgsup up --keep-awake` keeps the computer awake exactly while a VM runs, by the system's own
# program for that, which never outlives the supervisor; without that program this is said, once.
# In its place stands one that notes how it is called: here the machine may not be kept awake.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one two
mkdir -p "$WORK/bin"
for name in systemd-inhibit caffeinate; do
    cat >"$WORK/bin/$name" <<END
#!/bin/sh
echo "\$*" >>"$WORK/calls"
[ ! -e "$WORK/refuse" ] || exit 7
echo \$\$ >"$WORK/holder"
for last; do :; done
exec "\$last"
END
    chmod +x "$WORK/bin/$name"
done
PATH=$WORK/bin:$PATH
: >"$WORK/calls"
up() { # [OPTION]
    : >"$UP_LOG"
    "$PGSUP" up ${AS_ROOT:+"$AS_ROOT"} "$@" >>"$UP_LOG" 2>&1 </dev/null &
    SUPERVISOR=$!
    wait_until 30 supervisor_is_up 0
}
is_free() {
    is_gone "$(cat "$WORK/holder")"
}
is_held() {
    [ -s "$WORK/holder" ] && ! is_free
}
calls() {
    wc -l <"$WORK/calls" | tr -d ' '
}

step "not asked for"
up
quietly start one
expect_equal "calls" "$(calls)" 0
quietly stop -f one
end_supervisor

step "while any VM runs, and not longer"
up --keep-awake
expect_equal "calls without a VM" "$(calls)" 0
quietly start one
wait_until 10 is_held
quietly start two
quietly stop -f one
is_held || fail "let go while two runs"
quietly stop -f two
wait_until 10 is_free
expect_equal "calls" "$(calls)" 1
case $(uname -s) in
Darwin) expect_equal "how it was called" "$(cat "$WORK/calls")" "-i cat" ;;
*) expect_equal "how it was called" "$(cat "$WORK/calls")" \
    "--what=idle:sleep --who=pgsup --why=virtual machines run cat" ;;
esac
quietly start one
wait_until 10 is_held
expect_equal "calls" "$(calls)" 2

step "the supervisor is killed: so is the hold; the next one takes it again for what it finds"
kill_supervisor
wait_until 10 is_free
up --keep-awake
wait_state one running
wait_until 10 is_held
expect_equal "calls" "$(calls)" 3
quietly stop -f one
wait_until 10 is_free

step "one that does not listen keeps nobody waiting"
for name in systemd-inhibit caffeinate; do
    sed -i.bak 's/^exec.*/trap "" TERM; while :; do sleep 1; done/' "$WORK/bin/$name"
done
quietly start one
wait_until 10 is_held
began=$SECONDS
quietly stop -f one
end_supervisor
[ $((SECONDS - began)) -lt 60 ] || fail "the end took $((SECONDS - began)) s"
wait_until 10 is_free
up --keep-awake

step "it is refused: said once, and VMs run all the same"
touch "$WORK/refuse"
quietly start one two
wait_until 10 grep -q "the computer may go to sleep while VMs run: .* ended with status 7" "$UP_LOG"
quietly stop -f --all
quietly start one
expect_equal "warnings" "$(grep -c "may go to sleep" "$UP_LOG")" 1
expect_equal "calls" "$(calls)" 5
quietly stop -f one
end_supervisor
expect_no_process
