# Goal: list, info, stop and qmp work without a supervisor: they ask the VM itself, and say so; what
# needs a supervisor says that.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../faults.sh"
make_machines one two
start_supervisor
quietly start one two
quietly pause two
process=$(pid_of one)
kill_supervisor

step "list and info ask the VMs"
expect_ok "$PGSUP" list
expect_text "$OUT" "Running" "Paused" 'no supervisor; QEMU reports "running"' 'no supervisor; QEMU reports "paused"'
expect_ok "$PGSUP" list --json
expect_equal "supervised" "$(json_of '[row["supervised"] for row in it]')" "[False, False]"
expect_equal "processes" "$(json_of '[row["pid"] for row in it]')" "[$process, $(pid_of two)]"
expect_ok "$PGSUP" info one
expect_text "$OUT" "Running" 'no supervisor; QEMU reports "running"' "$process"
expect_reason two 'no supervisor; QEMU reports "paused"'

step "a QEMU that does not answer is lost, soon"
kill -STOP "$process"
expect_equal "state" "$(state_of one)" lost
expect_reason one "no supervisor, and QMP does not answer"
kill -CONT "$process"
expect_state one running

step "qmp"
expect_ok "$PGSUP" qmp one query-name
expect_equal "name" "$(json_of 'it["name"]')" one
expect_fail 1 "no-such-command" "$PGSUP" qmp one no-such-command

step "what needs a supervisor says so"
for command in "start one" "pause one" "resume two" "restart one" "wait one" "kill one" "down"; do
    # shellcheck disable=SC2086  # words are meant
    expect_fail 4 'no supervisor runs' "$PGSUP" $command
done

step "stop"
run "$PGSUP" stop --timeout 1 --no-escalate one
expect_equal "status" "$STATUS" 5
expect_text "$ERR" "one did not stop within 1 s, after 1 press of the power button; it still runs"
run "$PGSUP" stop -f one
expect_equal "status" "$STATUS" 0
expect_text "$ERR" "no supervisor runs: stopping the QEMU of one (process $process) directly"
expect_text "$OUT" "stopped: quit"
is_gone "$process" || fail "it still runs"
expect_state one stopped

step "stop ends with a kill where QEMU does not answer"
kill -STOP "$(pid_of two)"
run "$PGSUP" stop -f --all
expect_text "$OUT" "one already stopped" "two stopped: killed, 10."
expect_equal "status" "$STATUS" 0
expect_no_process
expect_ok "$PGSUP" stop one
expect_text "$OUT" "already stopped"
