# Goal: a supervisor that is killed harms no VM: it runs on, the next supervisor takes it over as it
# is, and stops it gracefully.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
new_cloud
new_mini test
start_supervisor
expect_ready test
vm=$(pid_of test)

step "killed"
expect_event test "booting --ready--> ready" # else the next command has something to say about its first boot
kill_supervisor
kill -0 "$vm" || fail "the VM died with its supervisor"
expect_ok "$PGSUP" list --json
expect_equal "the picture without a supervisor" \
    "$(json_of 'it[0]["state"], it[0]["pid"], it[0]["supervised"]')" "('running', $vm, False)"
expect_fail 4 "pgsup up" "$PGSUP" start test

step "taken over, as ready as it was"
start_supervisor
expect_text "$UP_LOG" "runs already as process $vm: adopting it"
wait_until 20 is_in_state test ready
expect_equal "the process" "$(field_of test 'it["pid"]')" "$vm"
run "$PGSUP" start test --wait --timeout 300
expect_equal "status of start" "$STATUS" 0
expect_equal "the VMs" "$(pids_of_vms)" "$vm"

step "its console is read on"
lines=$(grep -c . "$PGSUP_HOME/instances/test/console.log")
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
grep -qE '^stopped: guest-shutdown after 1 press, [0-9]+\.[0-9] s$' "$OUT" || fail "the outcome"
expect_text "$PGSUP_HOME/instances/test/console.log" "mini: power button"
[ "$(grep -c . "$PGSUP_HOME/instances/test/console.log")" -gt "$lines" ] || fail "the console log"
is_gone "$vm" || fail "the VM is still there"

step "killed while the guest ends: the next one says so"
expect_ready test
vm=$(pid_of test)
kill_supervisor
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
expect_text "$OUT" "stopped: guest-shutdown after 1 press"
start_supervisor
expect_event test "ended while unsupervised"
expect_equal "state" "$(state_of test)" stopped

step "down --keep leaves VMs running"
expect_ready test
vm=$(pid_of test)
run "$PGSUP" down --keep
expect_equal "status of down" "$STATUS" 0
wait "$SUPERVISOR" || fail "the supervisor ended with status $?"
kill -0 "$vm" || fail "the VM ended with the supervisor"
start_supervisor
wait_until 20 is_in_state test ready
end_supervisor
is_gone "$vm" || fail "the VM is still there"
expect_nothing_left
