# Goal: every state has its sentence, every end is kept with its cause, and the history of boots
# shows phases, durations, QEMU's last words and the console's last lines.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../faults.sh"
make_machines vm
expect_ok "$PGSUP" image import -n mini --arch aarch64 "${PGSUP_MINI_IMAGE:?the mini guest}"
new_mini guest
misbehave guest "poweroff-after 1"
start_supervisor

last_end() { # NAME EXPRESSION over "boot", its last boot
    info_of "$1" "(lambda boot: $2)(it[\"boots\"][0])"
}

step "a guest that powers itself off is no failure"
expect_ready guest
wait_state guest stopped 60
expect_reason guest "the guest powered itself off (guest-shutdown)"
is_recorded_as() { [ "$(last_end "$1" 'boot["end_cause"]')" = "$2" ]; } # behind what is said
wait_until 10 is_recorded_as guest guest-shutdown
expect_ok "$PGSUP" info guest
expect_text "$OUT" "powered itself off"
expect_equal "the phases that every first boot has, in their order" "$(last_end guest '[
    phase for phase, _ in sorted(boot["phases_s"].items(), key=lambda each: each[1])
    if phase not in ("kernel", "provisioned")]')" \
    "['launched', 'started', 'firmware', 'seed', 'phone-home', 'ready']"
expect_equal "the console's last lines" \
    "$(last_end guest '"powering off by itself" in boot["console"]')" True

step "SIGKILL to QEMU is a failure, with the signal"
quietly start vm
expect_state vm booting
kill -9 "$(pid_of vm)"
wait_state vm failed
expect_reason vm "QEMU ended (signal 9)"

step "SIGTERM to QEMU"
quietly start vm
kill -TERM "$(pid_of vm)"
wait_state vm stopped
expect_reason vm "a signal from outside ended QEMU (host-signal)"

step "quit by a monitor, by pgsup stop -f, and kill"
quietly start vm
python3 - "$PGSUP_HOME"/run/s/vm.*.mon <<'END'
import json, socket, sys
monitor = socket.socket(socket.AF_UNIX)
monitor.connect(sys.argv[1])
lines = monitor.makefile("rw")
for command in "qmp_capabilities", "quit":
    lines.readline()
    print(json.dumps({"execute": command}), file=lines, flush=True)
try:
    lines.read()  # QEMU reads a byte at a time, and drops what is left when its peer goes
except OSError:
    pass
END
wait_state vm stopped
expect_reason vm "somebody told QEMU to quit (host-qmp-quit)"
quietly start vm
run "$PGSUP" stop -f vm
expect_text "$OUT" "stopped: quit"
expect_reason vm "quit, "
quietly start vm
run "$PGSUP" kill vm
expect_text "$OUT" "stopped: killed"

step "QEMU's last words"
echo "-device" >>"$PGSUP_HOME/instances/vm/qemu.args"
echo "no-such-device" >>"$PGSUP_HOME/instances/vm/qemu.args"
run "$PGSUP" -q start vm
expect_equal "status" "$STATUS" 1
expect_text "$ERR" "QEMU did not start (exit 1)" "no-such-device"
expect_state vm failed
expect_reason vm "no-such-device"

step "info shows the last end, --history all of them with times"
wait_until 10 is_recorded_as vm "exit 1"
expect_equal "causes, newest first" "$(info_of vm '[boot["end_cause"] for boot in it["boots"]]')" \
    "['exit 1', 'killed', 'host-qmp-quit', 'host-qmp-quit', 'host-signal', 'signal 9']"
expect_ok "$PGSUP" info vm
expect_text "$OUT" "Failed" "no-such-device" "boot "
expect_equal "boots shown" "$(grep -c '^boot ' "$OUT")" 1
expect_ok "$PGSUP" info vm --history
expect_equal "boots shown" "$(grep -c '^boot ' "$OUT")" 6
grep -qE '^boot [0-9]+ +20[0-9-]+T[0-9:.]+Z  started [0-9.]+ s' "$OUT" || fail "no phase with its time"
expect_text "$OUT" "signal 9" "host-signal" "killed, "

step "a state outlives the supervisor"
end_supervisor
expect_equal "state without a supervisor" "$(state_of vm)" failed
expect_reason vm "no-such-device"
start_supervisor
expect_equal "state with another one" "$(state_of vm)" failed
expect_reason vm "no-such-device"
end_supervisor
expect_no_process
