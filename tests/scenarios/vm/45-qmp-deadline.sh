# Goal: a QEMU that does not answer is "lost" within 10 seconds, with the reason, and is itself again
# as soon as it answers; what is asked of it meanwhile ends in time too.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one two busy
start_supervisor
quietly start one two busy
process=$(pid_of one)
wait_until 10 guest_runs one

step "a stopped QEMU is lost within 10 s, but not one of which a snapshot is being made"
mkdir -p "$PGSUP_HOME/instances/busy/snapshots"
mkfifo "$WORK/hold"
python3 -c 'import fcntl, os, sys
lock = os.open(sys.argv[1], os.O_RDONLY)
fcntl.flock(lock, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()' "$PGSUP_HOME/instances/busy/snapshots" <"$WORK/hold" >"$WORK/locked" &
exec 8>"$WORK/hold"
wait_until 10 grep -q locked "$WORK/locked"
busy=$(pid_of busy)
kill -STOP "$process" "$busy"
began=$(python3 -c 'import time; print(int(time.time() * 1000))')
wait_state one lost 20
expect_event one 'booting --qmp-lost--> lost: QEMU did not answer "query-status"'
took=$(($(in_store "SELECT max(at_ms) FROM events WHERE text LIKE 'booting --qmp-lost--> lost%'") - began))
[ $took -le 10000 ] || fail "it took $took ms"
expect_reason one "not answer" # by now perhaps to the next attempt to reach it
expect_state two booting
expect_state busy booting

step "what is asked of it ends by its limit, and nothing else suffers"
expect_fail 5 "one is not running after 1 s: it is lost" \
    "$PGSUP" -q wait one --for running --timeout 1
quietly pause two
quietly resume two

step "when the snapshot is done, its silence counts again"
exec 8>&-
wait_state busy lost 20
kill -CONT "$(pid_of busy)"
wait_state busy running 10

step "it recovers by itself"
kill -CONT "$process"
wait_state one running 10
expect_equal "reason" "$(reason_of one)" None
expect_equal "the process" "$(pid_of one)" "$process"
quietly pause one
quietly resume one

step "a supervisor that finds it silent says so, and recovers as well"
kill -STOP "$process"
kill_supervisor
start_supervisor
wait_state one lost
wait_reason one "does not answer on its QMP socket" 15
kill -CONT "$process"
wait_state one running 15

step "a stop of a silent QEMU ends with a kill"
kill -STOP "$process"
run "$PGSUP" stop --timeout 2 one
expect_equal "status" "$STATUS" 0
expect_text "$OUT" "stopped: killed"
is_gone "$process" || fail "it still runs"
quietly stop -f --all
end_supervisor
expect_no_process
