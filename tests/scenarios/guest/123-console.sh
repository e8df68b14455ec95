# Goal: the serial console of a VM is at hand: one types, others watch, somebody takes over, QEMU's
# monitor is a key away, and the terminal is as it was whatever ends.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tmux.sh"
new_cloud
new_mini test
start_supervisor
open_screen small 80 24
open_screen large 120 40
before=$(settings_of small)
is_restored() {
    [ "$(settings_of small)" = "$before" ]
}
expect_restored() {
    wait_until 20 is_restored
}

step "start --console: the boot in this terminal; Ctrl-] leaves, the VM goes on"
expect_fail 3 "test does not run: \`pgsup start test --console\`" "$PGSUP" console test
type_in small "clear; $PGSUP start test --console; echo status \$?"
has_said() { # also what the firmware has cleared from the screen by now
    tmux_do capture-pane -p -S - -t "=small:" | grep -q '^\[on the console of test; Ctrl-\] leaves, Ctrl-A C is QEMU.s monitor'
}
wait_until 20 has_said
expect_shown small 'UEFI firmware|mini:' 60
press_in small 'C-]'
expect_shown small '^status 0$'
expect_restored
run "$PGSUP" wait test --timeout 120
expect_equal "status of wait" "$STATUS" 0

step "the last output comes again; what is typed reaches the guest; a watcher sees it"
type_in small "clear; $PGSUP console test; echo status \$?"
type_in large "clear; $PGSUP console test --read-only; echo status \$?"
expect_shown small '^mini: '
expect_shown large '^mini: '
type_in small hello-from-small
expect_shown small hello-from-small
expect_shown large hello-from-small
type_in large nobody-hears-this
sleep 0.5
! shows small nobody-hears || fail "a watcher typed"

step "Ctrl-A C: QEMU's monitor, with completion; back again"
press_in small C-a c
expect_shown small '^\(qemu\) $|^\(qemu\)$'
press_in small -l 'info st'
press_in small BSpace BSpace
type_in small status
expect_shown small '^VM status: running'
press_in small -l syst
press_in small Tab
expect_shown small '\(qemu\) system_'
press_in small C-u C-a c
expect_shown small '^\[the console\]'
type_in small back-again
expect_shown large back-again

step "one types: a second is told who, and may take over"
press_in large 'C-]'
expect_shown large '^status 0$'
expect_fail 3 "types into the console of test: \`pgsup console test --read-only\` watches, --take takes it over" \
    "$PGSUP" console test </dev/null
type_in large "clear; $PGSUP console test --take; echo status \$?"
expect_shown small '^\[process [0-9]+ on /dev/.* types from now on; you watch\]'
type_in small nobody-hears-that
type_in large taken-over
expect_shown small taken-over
! shows large nobody-hears-that || fail "two type"
press_in large 'C-]'
press_in small 'C-]'
expect_shown small '^status 0$'
expect_restored

step "a client that is stopped holds nobody up, and gives the terminal back meanwhile"
type_in small "clear; $PGSUP console test; echo status \$?"
expect_shown small '^mini: '
tty=$(tmux_do display-message -p -t "=small:" '#{pane_tty}')
client=$(pgrep -t "${tty#/dev/}" -f "^$PGSUP console test") # others have consoles of a "test", too
kill -TSTP "$client"
expect_shown small 'Stopped'
expect_restored
expect_ok "$PGSUP" monitor test info status
expect_text "$OUT" "VM status: running"
type_in small fg
sleep 0.3
type_in small after-fg
expect_shown small after-fg
kill -9 "$client"
expect_shown small 'Killed'

step "the supervisor is killed: one sentence, and a terminal as before"
type_in small "stty '$before'; clear; $PGSUP console test; echo status \$?"
expect_shown small '^mini: '
kill_supervisor
expect_shown small 'pgsup: the supervisor has ended; the VMs keep running'
expect_shown small '^status 4$'
expect_restored

step "without a supervisor: the VM's own socket, for one at a time; then a supervisor comes"
type_in small "clear; $PGSUP console test; echo status \$?"
expect_shown small '^\[on the console of test'
type_in small straight-to-qemu
expect_shown small straight-to-qemu
wait_until 20 grep -q straight-to-qemu "$PGSUP_HOME/instances/test/console.log"
expect_fail 3 "another \`pgsup console\` has the console of test" "$PGSUP" console test </dev/null
start_supervisor
expect_shown small '^\[a supervisor runs now: the console goes through it\]'
type_in small through-it-again
expect_shown small through-it-again

step "a client that does not read is dropped, and the guest is not held up"
cat >"$WORK/deaf.py" <<'END'
import json, os, socket, sys, time
deaf = socket.socket(socket.AF_UNIX)
deaf.connect(sys.argv[1])
deaf.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "console",
                         "params": {"name": "test", "who": "deaf"}}).encode() + b"\n")
open(sys.argv[2], "w").close()
while not os.path.exists(sys.argv[3]):
    time.sleep(0.2)
answer, lines = None, deaf.makefile()
while not answer:
    it = json.loads(lines.readline())
    answer = it if "error" in it else None
print(answer["error"]["message"])
END
python3 "$WORK/deaf.py" "$PGSUP_HOME/run/pgsup.sock" "$WORK/attached" "$WORK/read-now" >"$WORK/told" 2>&1 &
deaf=$!
at_exit "kill $deaf 2>/dev/null"
wait_until 10 test -e "$WORK/attached"
log=$PGSUP_HOME/instances/test/console.log
before_flood=$(wc -c <"$log")
is_flooded() { # with more than is kept for one that does not read
    [ $(($(wc -c <"$log") - before_flood)) -gt 600000 ]
}
type_in small 'yes 0123456789 | head -c 700000' # the log keeps the boot's first line
wait_until 150 is_flooded
press_in small C-c
type_in small 'echo flo""oded'
expect_shown small '^flooded' 60
touch "$WORK/read-now"
wait_until 60 grep -q "the console of test was not read for too long" "$WORK/told"
wait $deaf || fail "the deaf one ended with status $?"

step "the log: the last lines, one boot, as they come, raw"
type_in large "clear; $PGSUP log test -f --lines 3"
expect_shown large "^20[-0-9T:.]*Z  flooded"
type_in small followed-now
expect_shown large followed-now
expect_ok "$PGSUP" log test --boot 1
expect_text "$OUT" "--- pgsup: boot 1, 20" "mini: ready" hello-from-small
expect_equal "control bytes" "$(LC_ALL=C tr -d '\n -~' <"$OUT" | tr -d '\200-\377')" ""
expect_ok "$PGSUP" log test --raw
grep -q "$(printf '\033')" "$OUT" || fail "no escape sequence in the raw log"
expect_no_text "$OUT" "Z  "
expect_ok "$PGSUP" log test -n 3
expect_equal "lines with a time" "$(grep -c '^20[-0-9T:.]*Z  ' "$OUT")" 3
expect_ok "$PGSUP" log test --boot 7
[ ! -s "$OUT" ] || fail "there is no boot 7"
expect_ok "$PGSUP" log test --source all
expect_text "$OUT" "console   "
expect_fail 2 '--source is console, qemu, ansible, helper, cloud-init or all, not "x"' "$PGSUP" log test --source x
expect_fail 2 '--lines is a number from 1' "$PGSUP" log test --lines 0
expect_ok "$PGSUP" log

step "the VM ends: so does the console"
run "$PGSUP" stop test
expect_shown small '^\[test has ended: .*guest-shutdown'
expect_shown small '^status 0$'
expect_restored
end_supervisor
