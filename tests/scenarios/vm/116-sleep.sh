# Goal: a computer that slept sets its guests right and says so, and a stop that was under way when it
# fell asleep does not end in a kill when it wakes: the guest has not used that time.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one two
echo 0 >"$WORK/slept"
echo 0 >"$WORK/monotonic"
UP_BY="env LD_PRELOAD=${PGSUP_WALL_CLOCK:?the library of tests/fault/wall_clock.c} \
    SLEPT_FILE=$WORK/slept MONOTONIC_FILE=$WORK/monotonic"
start_supervisor
quietly start one two

set_file() { # NAME SECONDS
    echo "$2" >"$WORK/$1.new"
    mv "$WORK/$1.new" "$WORK/$1"
}

step "it sleeps through the night"
set_file slept 25940 # not on the edge of a minute: the two clocks are read one after the other
wait_until 30 grep -q "the computer slept 7 h 12 min" "$UP_LOG"
expect_event one "the computer slept, and the guest's clock may be behind by that time: it has no agent"
expect_state one booting

step "while a stop is under way, by a clock that counts sleep, as that of macOS"
"$PGSUP" -q stop --timeout 300 two >/dev/null 2>&1 &
stop=$!
wait_state two stopping
set_file monotonic 3600
sleep 4
expect_state two stopping
kill -0 "$(pid_of two)" || fail "the VM was killed"
expect_state one booting
quietly stop -f one two
wait $stop || true
end_supervisor
expect_no_process
