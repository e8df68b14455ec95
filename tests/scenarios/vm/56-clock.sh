# Goal: setting the host's clock back or forward by an hour ends no wait early or late, loses no VM and
# turns no duration into nonsense: everything is timed by a clock that nobody can set.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one two
echo 0 >"$WORK/offset"
export WALL_CLOCK_FILE=$WORK/offset
UP_BY="env LD_PRELOAD=${PGSUP_WALL_CLOCK:?the library of tests/fault/wall_clock.c}"
start_supervisor
quietly start one

set_clock() { # SECONDS away from the true time
    echo "$1" >"$WORK/offset.new"
    mv "$WORK/offset.new" "$WORK/offset"
}
# expect_seconds LOW HIGH COMMAND…: takes that long, whatever its status.
expect_seconds() {
    local began=$SECONDS took
    run "${@:3}"
    took=$((SECONDS - began))
    if [ $took -lt "$1" ] || [ $took -gt "$2" ]; then
        fail "took $took s, expected $1 to $2: ${*:3}"
    fi
}
at_clock() { # SECONDS: everything that has a time limit
    set_clock "$1"
    expect_seconds 2 20 "$PGSUP" -q wait one --for stopped --timeout 3
    expect_equal "status" "$STATUS" 5
    quietly start two
    expect_seconds 2 20 "$PGSUP" stop --timeout 3 two
    grep -qE '^stopped: quit after 1 press, ([3-9]|1[0-9])\.[0-9] s$' "$OUT" || fail "the outcome"
    expect_state one booting
}

step "back"
at_clock -3600

step "forward"
at_clock 3600

step "set during a boot: the times of its phases stay in order"
set_clock 0
quietly start two
set_clock -3600
quietly pause two
set_clock 3600
quietly resume two
quietly stop -f two
is_ended() { [ "$(info_of two 'it["boots"][0]["end_cause"]')" = host-qmp-quit ]; }
wait_until 10 is_ended
expect_equal "phases" "$(info_of two 'all(0 <= s < 60 for s in it["boots"][0]["phases_s"].values())')" True

step "a silent QEMU is seen all the same"
process=$(pid_of one)
kill -STOP "$process"
set_clock -3600
expect_seconds 3 60 wait_state one lost 20
set_clock 3600
kill -CONT "$process"
wait_state one running

step "a supervisor that begins while the clock is wrong finds all"
kill_supervisor
set_clock -3600
start_supervisor
wait_state one running
quietly stop -f one
end_supervisor
expect_no_process
