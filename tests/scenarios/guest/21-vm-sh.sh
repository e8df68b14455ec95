# Goal: vm.sh boots the same instance by hand in a terminal, without a supervisor; pgsup sees, stops
# and takes over what was started so, and never starts a second QEMU beside it.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
new_cloud
new_mini test
script=$PGSUP_HOME/instances/test/vm.sh

boot_by_hand() {
    on_terminal bash "$script"
    wait_until 60 grep -q "mini: ready" "$SCREEN"
    vm=$(pid_of test) || fail "no VM runs"
}

terminal_ends() {
    wait_until 20 is_gone "$vm"
    wait "$TERMINAL" || fail "vm.sh ended with status $?"
    expect_nothing_left
}

step "its first boot, under a supervisor"
start_supervisor
expect_ready test
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
end_supervisor

step "by hand, with the seed drive"
boot_by_hand
expect_text "$SCREEN" "mini: seed drive /dev/vd" "mini: phoned home in an earlier boot"

step "the keys of the terminal"
type_keys '\001c'
wait_until 10 grep -qF "(qemu)" "$SCREEN"
type_keys 'info status\n'
wait_until 10 grep -qF "VM status: running" "$SCREEN"
type_keys '\001c\necho "typed $((6*7))"\n'
wait_until 10 grep -qF "typed 42" "$SCREEN"

step "pgsup sees it without a supervisor"
expect_note "no supervisor runs" "$PGSUP" list --columns name,state,pid
expect_text "$OUT" test Running "$vm"
expect_ok "$PGSUP" list --json
expect_equal "the picture" "$(json_of 'it[0]["state"], it[0]["pid"], it[0]["supervised"]')" \
    "('running', $vm, False)"

step "... and stops it"
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
grep -qE '^stopped: guest-shutdown after 1 press, [0-9]+\.[0-9] s$' "$OUT" || fail "the outcome"
expect_text "$ERR" "no supervisor runs" "$vm"
terminal_ends
expect_equal "state" "$(state_of test)" stopped

step "a supervisor that comes later takes it over"
boot_by_hand
start_supervisor
wait_until 30 is_in_state test ready
expect_equal "the process" "$(field_of test 'it["pid"]')" "$vm"
expect_text "$UP_LOG" "runs already as process $vm: adopting it"
run "$PGSUP" start test
expect_equal "status of start" "$STATUS" 0
expect_equal "the VMs" "$(pids_of_vms)" "$vm"
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
expect_text "$OUT" "stopped: guest-shutdown after 1 press"
terminal_ends

step "started by hand beside a supervisor: start finds it"
boot_by_hand
run "$PGSUP" start --wait --timeout 300 test
expect_equal "status of start" "$STATUS" 0
expect_equal "the VMs" "$(pids_of_vms)" "$vm"
expect_equal "the process" "$(field_of test 'it["pid"]')" "$vm"

step "Ctrl-A X ends it, and the supervisor notices"
type_keys '\001x'
wait_until 20 is_gone "$vm"
wait_until 20 is_in_state test stopped
end_supervisor
expect_nothing_left
