# Goal: every lifecycle command does what it says, twice is no error, callers at the same time join,
# and Ctrl-C ends the supervisor with all its VMs: first gracefully, then at once.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../faults.sh"
make_machines one two
expect_ok "$PGSUP" image import -n mini --arch aarch64 "${PGSUP_MINI_IMAGE:?the mini guest}"
new_mini guest
start_supervisor

step "a start of several, twice, and callers at the same time"
quietly start one two
first=$(pid_of one)
quietly start one two
for n in 1 2 3 4; do
    "$PGSUP" -q start guest >"$WORK/start.$n" 2>&1 &
    callers[n]=$!
done
for n in 1 2 3 4; do
    wait ${callers[n]} || fail "start $n failed: $(cat "$WORK/start.$n")"
done
expect_equal "the process of one" "$(pid_of one)" "$first"
expect_equal "VMs" "$(our_qemus | wc -l | tr -d ' ')" 3

step "pause and resume, twice each"
for n in 1 2; do
    quietly pause one
    expect_state one paused
done
expect_fail 3 'paused: `pgsup resume one`' "$PGSUP" -q start one
expect_fail 3 'paused: `pgsup resume one`' "$PGSUP" -q reset one
for n in 1 2; do
    quietly resume one
    expect_state one running
done

step "reset: the same process begins anew"
quietly reset one
expect_state one booting
expect_equal "the process of one" "$(pid_of one)" "$first"
expect_event one "RESET host-qmp-system-reset"

step "what does not run cannot be paused, resumed or reset; it can be stopped and killed"
quietly stop -f two
for command in pause resume reset; do
    expect_fail 3 'two does not run: `pgsup start two`' "$PGSUP" -q $command two
done
for command in "stop" "stop -f" "kill"; do
    # shellcheck disable=SC2086  # words are meant
    quietly $command two
    expect_state two stopped
done

step "wait"
quietly wait one --for running
expect_fail 5 "one is not stopped after 1 s: it is booting" "$PGSUP" -q wait one --for stopped --timeout 1
expect_fail 3 "two stopped" "$PGSUP" -q wait two --for ready --timeout 20
expect_fail 2 "teapot" "$PGSUP" -q wait two --for teapot
"$PGSUP" -q wait one --for paused --timeout 20 &
waiter=$!
quietly pause one
wait $waiter || fail "wait --for paused ended with $?"
quietly resume one

step "a start during stopping is told so; a stop that is in a hurry takes the others with it"
"$PGSUP" -q stop --timeout 100 one >"$WORK/slow" 2>&1 &
slow=$!
wait_state one stopping
expect_fail 3 "one is stopping: try again when it has stopped" "$PGSUP" -q start one
quietly stop -f one
wait $slow || fail "the patient stop ended with $?"
expect_state one stopped

step "a stop that must not escalate gives up, and the VM runs on"
quietly start one
expect_fail 5 "one did not stop within 1 s, after 1 press of the power button; it still runs" \
    "$PGSUP" -q stop --timeout 1 --no-escalate one
expect_state one running

step "a restart is a new process"
before=$(pid_of one)
quietly restart -f one
[ "$(pid_of one)" != "$before" ] || fail "it is the same process"
quietly restart two
expect_state two booting

step "a paused guest is resumed before its power button is pressed"
quietly wait guest --for ready --timeout 120
quietly pause guest
run "$PGSUP" stop guest
expect_equal "status" "$STATUS" 0
expect_text "$OUT" "stopped: guest-shutdown after 1 press"

step "--all; the first failure decides"
quietly stop -f --all
expect_equal "VMs" "$(our_qemus)" ""
quietly start --all
expect_equal "VMs" "$(our_qemus | wc -l | tr -d ' ')" 3
run "$PGSUP" -q start one ghost
expect_equal "status" "$STATUS" 3
expect_text "$ERR" ghost

step "kill"
run "$PGSUP" kill one two
expect_text "$OUT" "stopped: killed"
expect_state one stopped

step "down --keep leaves the VMs"
quietly start one two
before=$(pid_of one)
quietly wait guest --for ready --timeout 120
quietly down --keep
wait "$SUPERVISOR" || fail "the supervisor ended with $?"
kill -0 "$before" || fail "the VM ended with it"

# A terminal with `pgsup up` in it; "c" on the standard input is a Ctrl-C.
cat >"$WORK/terminal.py" <<'END'
import os, pty, select, signal, sys
pid, terminal = pty.fork()
if pid == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell ignores it for what it runs by "&"
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    readable = select.select([terminal, 0], [], [])[0]
    try:
        if terminal in readable:
            sys.stdout.buffer.write(os.read(terminal, 4096))
            sys.stdout.flush()
    except OSError:
        break
    if 0 in readable and os.read(0, 1) == b"c":
        os.write(terminal, b"\x03")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
open_terminal() {
    rm -f "$WORK/keys" "$WORK/screen"
    mkfifo "$WORK/keys"
    python3 "$WORK/terminal.py" "$PGSUP" up ${AS_ROOT:+"$AS_ROOT"} <"$WORK/keys" >"$WORK/screen" &
    SUPERVISOR=$!
    exec 8>"$WORK/keys"
    wait_until 20 grep -q supervising "$WORK/screen"
}
press_control_c() {
    printf c >&8
}

step "Ctrl-C asks all, and says whom it waits for; the second one quits them"
open_terminal
wait_state one running
wait_state guest ready 20
press_control_c
wait_until 10 grep -q "waiting for .*one (stopping).*Ctrl-C again quits them at once" "$WORK/screen"
wait_until 30 grep -q "guest quitting --exited--> stopped" "$WORK/screen" # that guest obeyed
kill -0 "$before" || fail "it was quit too early"
press_control_c
wait "$SUPERVISOR" || fail "the supervisor ended with $?"
exec 8>&-
expect_text "$WORK/screen" "guest stopping --shutdown--> quitting" "one stopping --force-stop--> quitting"
expect_no_process

step "down stops all gracefully, then ends"
start_supervisor
quietly start guest
quietly wait guest --for ready --timeout 120
end_supervisor
expect_text "$UP_LOG" "guest stopping --shutdown--> quitting"
expect_no_process
