# Goal: a guest that ignores its power button is ended by the next rung of the ladder, which is named
# in the outcome, or is left running when that is asked for.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
new_cloud
new_mini deaf
misbehave deaf ignore-power-button
console=$PGSUP_HOME/instances/deaf/console.log
start_supervisor
expect_ready deaf
vm=$(pid_of deaf)

step "--no-escalate leaves it running"
run "$PGSUP" stop -t 2 --no-escalate deaf
expect_equal "status of stop" "$STATUS" 5
expect_text "$ERR" "pgsup: deaf did not stop within 2 s, after 1 press" "it still runs"
kill -0 "$vm" || fail "the VM was ended"
expect_equal "the process" "$(field_of deaf 'it["pid"]')" "$vm"
wait_until 20 grep -q "mini: power button ignored" "$console"
run "$PGSUP" wait deaf --timeout 20
expect_equal "status of waiting until it is ready again" "$STATUS" 0

step "after the limit QEMU quits"
run "$PGSUP" stop -t 3 deaf
expect_equal "status of stop" "$STATUS" 0
grep -qE '^stopped: quit after 1 press, ([3-9]|[1-9][0-9])\.[0-9] s$' "$OUT" || fail "the outcome"
is_gone "$vm" || fail "the VM is still there"
expect_event deaf "stopping --deadline--> quitting"

step "-f quits at once"
expect_ready deaf
run "$PGSUP" stop -f deaf
expect_equal "status of stop" "$STATUS" 0
grep -qE '^stopped: quit, [0-9]+\.[0-9] s$' "$OUT" || fail "the outcome"

step "two stops are one"
expect_ready deaf
"$PGSUP" stop -t 12 deaf >"$WORK/first" 2>&1 &
first=$!
wait_until 10 is_in_state deaf stopping
run "$PGSUP" stop deaf
expect_equal "status of the second" "$STATUS" 0
wait $first || fail "the first stop ended with status $?"
grep -E '^stopped: quit after [12] press(es)?, (1[2-9]|[2-9][0-9])\.[0-9] s$' "$WORK/first" || fail "the outcome of the first"
expect_equal "the outcomes" "$(grep ^stopped: "$OUT")" "$(grep ^stopped: "$WORK/first")"

step "a second one may be less patient"
expect_ready deaf
"$PGSUP" stop deaf >"$WORK/first" 2>&1 &
first=$!
wait_until 10 is_in_state deaf stopping
run "$PGSUP" stop -f deaf
expect_equal "status of the second" "$STATUS" 0
wait $first || fail "the first stop ended with status $?"
expect_equal "the outcomes" "$(grep ^stopped: "$OUT")" "$(grep ^stopped: "$WORK/first")"
expect_text "$OUT" "stopped: quit after 1 press"

step "kill"
expect_ready deaf
vm=$(pid_of deaf)
run "$PGSUP" kill deaf
expect_equal "status of kill" "$STATUS" 0
expect_text "$OUT" "stopped: killed"
is_gone "$vm" || fail "the VM is still there"

step "without a supervisor the ladder is the same"
expect_ready deaf
vm=$(pid_of deaf)
kill_supervisor
run "$PGSUP" stop -t 2 --no-escalate deaf
expect_equal "status of stop" "$STATUS" 5
expect_text "$ERR" "pgsup: deaf did not stop within 2 s, after 1 press" "it still runs"
kill -0 "$vm" || fail "the VM was ended"
run "$PGSUP" stop -t 2 deaf
expect_equal "status of stop" "$STATUS" 0
grep -qE '^stopped: quit after 1 press, ([2-9]|[1-9][0-9])\.[0-9] s$' "$OUT" || fail "the outcome"
is_gone "$vm" || fail "the VM is still there"
