# Goal: whatever a broken QEMU does on its QMP socket, its VM comes to the right state with a sentence,
# the other VMs and the supervisor do not suffer, and what can recover does.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines vm mute well
mkdir "$WORK/bin"
ln -s "${PGSUP_FAKE_QEMU:?the fake QEMU, see tests/fake}" "$WORK/bin/qemu-system-aarch64"
: >"$WORK/faults"
FAKE_QEMU_FILE=$WORK/faults PATH=$WORK/bin:$PATH start_supervisor
quietly start well

with() { # FAULT…: for the QEMUs that start from now on
    printf '%s\n' "$@" >"$WORK/faults"
}
expect_well() {
    expect_state well booting
    quietly pause well
    quietly resume well
    quietly reset well
}
expect_no_start() { # TEXT…
    run "$PGSUP" -q start vm
    expect_equal "status" "$STATUS" 1
    expect_text "$ERR" "pgsup: vm failed: " "$@"
    expect_state vm failed
}
# expect_recovery NAME TEXT FAULT: it starts, is lost because of TEXT, and comes back by itself.
expect_recovery() {
    local process
    with "$3"
    make_machine "$1"
    quietly start "$1"
    process=$(pid_of "$1")
    with
    wait_until 20 has_event "$1" "booting --qmp-lost--> lost: $2"
    expect_event "$1" "lost --found-running--> running"
    wait_state "$1" running
    expect_equal "the process" "$(pid_of "$1")" "$process"
    quietly pause "$1"
    quietly stop -f "$1"
    expect_well
}
start_faulty() {
    quietly start vm
    process=$(pid_of vm)
}

step "no greeting: the start ends by its deadline of a minute (looked at later)"
with no-greeting
"$PGSUP" -q start mute 2>"$WORK/mute.err" &
mute=$!
wait_state mute starting
wait_until 10 pid_of mute

step "it dies before the greeting, after it, and at once with last words"
with exit-before-greeting
expect_no_start "QEMU did not start (exit "
with exit-after-greeting
expect_no_start "QEMU did not start (exit "
with "exit=3" "stderr=no such luck"
expect_no_start "QEMU did not start (exit 3): no such luck"
expect_well

step "it dies in the middle of a reply"
with exit-mid-reply=query-status
quietly start vm # its process may be gone already
wait_state vm failed 20
expect_reason vm "QEMU ended (exit "
expect_well

step "garbage, a wrong id, an answer twice"
expect_recovery garbage "what came on the QMP socket is not QMP" garbage-after=0
expect_recovery wrong-id "QMP is out of step" wrong-id
expect_recovery twice "QMP is out of step" duplicate-reply

step "a line of 100 MB"
expect_recovery long "a line of more than 16777216 bytes" long-line=100000000

step "a storm of events"
with event-storm=20000
start_faulty
with
expect_state vm booting
quietly pause vm
quietly stop -f vm
expect_well

step "it hangs: lost within 10 s, and can be killed"
with hang-after=1
start_faulty
with
wait_state vm lost 20
expect_reason vm "not answer"
quietly kill vm
expect_state vm stopped

step "it hangs before it answers cont: lost within 10 s, and whoever waits for it is told so"
with hang-after=0
start_faulty
"$PGSUP" start --wait --timeout 25 --progress plain vm 2>"$WORK/waits.err" &
waits=$!
with
wait_state vm lost 20
expect_event vm "booting --qmp-lost--> lost: QEMU did not answer \"cont\" in time"
wait $waits && fail "the wait ended well"
grep -q '^vm:  lost .*QEMU d' "$WORK/waits.err" || fail "it is not told that it is lost, and why"
expect_text "$WORK/waits.err" \
    "pgsup: vm is not ready after 25 s: it is lost: QEMU does not answer on its QMP socket (" \
    "; it comes back by itself when QEMU answers; \`pgsup stop -f vm\` ends it"
expect_fail 3 "\`pgsup stop -f vm\` ends it" "$PGSUP" -q reset vm
run "$PGSUP" stop -f vm
expect_text "$OUT" "stopped: killed"
is_gone "$process" || fail "it still runs"
expect_well

step "it will not quit: killed"
with ignore-quit ignore-powerdown
start_faulty
run "$PGSUP" stop --timeout 1 vm
expect_text "$OUT" "stopped: killed after 1 press"
is_gone "$process" || fail "it still runs"
expect_well

step "its socket is removed: nothing changes, until a supervisor has to find it by that"
with
start_faulty
rm "$PGSUP_HOME"/run/s/vm.*.qmp
quietly pause vm
quietly resume vm
wait $mute && fail "the mute one started"
kill_supervisor
FAKE_QEMU_FILE=$WORK/faults PATH=$WORK/bin:$PATH start_supervisor
wait_reason vm "cannot connect to its QMP socket"
expect_state vm lost
run "$PGSUP" stop -f vm
expect_text "$OUT" "stopped: killed"
is_gone "$process" || fail "it still runs"
wait_state well running

step "the one that never greeted"
expect_text "$WORK/mute.err" "mute failed: QEMU did not answer on its QMP socket in time"
quietly stop -f --all
end_supervisor
expect_no_process
