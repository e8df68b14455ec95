# Goal: a supervisor that may not open more files says so to whoever asks for more; what it has goes
# on, and when something ends there is room again.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
names="a b c d e f g h i j"
# shellcheck disable=SC2086  # words are meant
make_machines $names
printf '#!/bin/sh\nulimit -n 152\nexec "$@"\n' >"$WORK/limited"
printf '#!/bin/sh\nulimit -Sn 44\nexec "$@"\n' >"$WORK/lowered"
chmod +x "$WORK/limited" "$WORK/lowered"

step "a low soft limit, as launchd's, is raised, and QEMU has the caller's"
UP_BY=$WORK/lowered start_supervisor
# shellcheck disable=SC2086
quietly start $names
soft_limit() { # PID
    awk '/^Max open files/ { print $4 }' "/proc/$1/limits"
}
if [ -e /proc/self/limits ]; then
    [ "$(soft_limit "$SUPERVISOR")" -gt 44 ] || fail "the supervisor's limit is as it was"
    # QEMU 9 and later raises its own to the hard one.
    qemu=$(awk '/^Max open files/ { print $4 == 44 || $4 == $5 }' "/proc/$(pid_of a)/limits")
    expect_equal "QEMU's limit is the caller's" "$qemu" 1
fi
# shellcheck disable=SC2086
quietly stop -f $names
end_supervisor

step "300 connections to the seed server leave descriptors to start VMs"
printf '#!/bin/sh\nulimit -n 160\nexec "$@"\n' >"$WORK/flooded"
chmod +x "$WORK/flooded"
expect_ok "$PGSUP" cloud get --json
port=$(json_of 'it["ph_port"]')
UP_BY=$WORK/flooded start_supervisor
mkfifo "$WORK/hold"
python3 "$(dirname "$0")/../flood.py" "$port" slow 300 <"$WORK/hold" >/dev/null &
flooder=$!
at_exit "kill $flooder 2>/dev/null"
exec 8>"$WORK/hold"
wait_until 20 sh -c "[ \$(ls /proc/$SUPERVISOR/fd 2>/dev/null | wc -l) -gt 45 ] || [ ! -e /proc ]"
quietly start a b c
quietly stop -f a b c
exec 8>&-
wait $flooder || fail "the flood"
end_supervisor

UP_BY=$WORK/limited start_supervisor

step "starts until it is full"
refused=
for name in $names; do
    run "$PGSUP" -q start $name
    if [ "$STATUS" != 0 ]; then
        refused=$name
        break
    fi
done
[ -n "$refused" ] || fail "it was never full"
expect_equal "lines on stderr" "$(wc -l <"$ERR" | tr -d ' ')" 1
expect_text "$ERR" "pgsup: "
grep -qiE "too many open files|all the [0-9]+ clients|may open [0-9]+ files, which ends at [1-9]" "$ERR" || fail "the sentence"

step "those that run are not harmed"
running=0
for name in $names; do
    [ "$name" != "$refused" ] || break
    running=$((running + 1))
    kill -0 "$(pid_of $name)" || fail "$name ended"
done
[ "$running" -ge 2 ] || fail "it was full at once"

step "room again"
quietly stop -f a
quietly stop -f b
quietly start "$refused"
expect_state "$refused" booting
expect_state c booting
quietly stop -f --all
end_supervisor
expect_no_process
