# Goal: list, info, stop and qmp work without a supervisor: they ask the VM itself, and say so; what
# needs a supervisor says that.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../faults.sh"
make_machines one two
start_supervisor
quietly start one two
quietly pause two
process=$(pid_of one)

step "JSON has one shape, with a supervisor and without"
# What only a supervisor knows, and what changes by itself, is no part of the comparison.
cat >"$WORK/shape.py" <<'END'
import json, sys
own = {"state", "reason", "supervised", "since", "uptime_s", "agent"}
rows = [json.load(open(path)) for path in sys.argv[1:]]
rows = [each if isinstance(each, list) else [each] for each in rows]
for each in zip(*rows):
    assert all(list(row)[0] == "schema" and row["schema"] == 1 for row in each)
    assert len({tuple(row) for row in each}) == 1, [set(a) ^ set(b) for a in each for b in each]
    assert len({json.dumps({key: row[key] for key in row if key not in own and key != "boots"})
                for row in each}) == 1, each
    assert all(row["uptime_s"] > 0 and isinstance(row["port"], int) for row in each), each
END
json_to() { # FILE ARGUMENT…
    expect_ok "$PGSUP" "${@:2}" --json
    cp "$OUT" "$WORK/$1"
}
json_to list.1 list
json_to info.1 info one
kill_supervisor
run "$PGSUP" cloud get # says what no supervisor does now
json_to list.2 list
json_to list.3 instance list
json_to info.2 info one
json_to info.3 instance get one
expect_ok python3 "$WORK/shape.py" "$WORK"/list.?
expect_ok python3 "$WORK/shape.py" "$WORK"/info.?

step "list and info ask the VMs"
expect_note "no supervisor runs" "$PGSUP" list
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
wait_state one running

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
expect_text "$OUT" "one already stopped"
grep -qE '^two stopped: killed, [1-9][0-9]+\.' "$OUT" || fail "how two was stopped"
expect_equal "status" "$STATUS" 0
expect_no_process
expect_ok "$PGSUP" stop one
expect_text "$OUT" "already stopped"

step "... and for programs"
expect_ok "$PGSUP" stop one --json
expect_equal "what it came to" "$(json_of 'it["schema"], it["name"], it["ok"], it["state"], it["outcome"]')" \
    "(1, 'one', True, 'stopped', None)"
run "$PGSUP" stop ghost --json
expect_equal "status" "$STATUS" 3
expect_equal "the failure" "$(json_of 'it["name"], it["ok"], it["error"]["code"], it["error"]["status"]')" \
    "('ghost', False, 'not-found', 3)"
expect_text "$ERR" 'no instance "ghost"'
run "$PGSUP" info ghost --json
expect_equal "the failure" "$(json_of 'it["ok"], it["error"]["message"][:20]')" "(False, 'no instance \"ghost\":')"
