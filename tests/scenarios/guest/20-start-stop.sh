# Goal: an instance is started, shows its phases, is ready, is listed, and stops as it is asked to;
# asking twice is no error, and its second boot is ready without a phone-home.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
new_cloud
new_mini test
start_supervisor

step "start --wait shows the phases"
expect_ready test
expect_text "$OUT" "test is ready after "
expect_text "$ERR" "phase: launched" "phase: started" "phase: seed" "phase: phone-home" "phase: ready"
expect_event test "stopped --start--> starting"
expect_event test "starting --qmp-ready--> booting"
expect_event test "booting --ready--> ready"
expect_equal "the order of the phases that every boot has" \
    "$(sed -n 's/.* phase: //p' "$ERR" | grep -Ex 'launched|started|seed|phone-home|ready' | tr '\n' ' ')" \
    "launched started seed phone-home ready "

step "list shows a process that is really there"
expect_ok "$PGSUP" list
expect_text "$OUT" "Running(ready)" "127.0.0.1:"
expect_ok "$PGSUP" list --json
pid=$(json_of 'it[0]["pid"]')
expect_equal "the process" "$pid" "$(pid_of test)"
ps -ww -o args= -p "$pid" | grep -q qemu-system-aarch64 || fail "process $pid is no QEMU"

step "what everybody may read of that process does not tell where the seed is"
token=$(basename "$(seed_path_of test)")
! ps -ww -o args= -p "$pid" | grep -F -e "$token" -e /seed/ || fail "the token is in ps"
expect_equal "who may read it" "$(mode_of "$PGSUP_HOME/instances/test/smbios.bin")" "-rw-------"

step "starting what runs"
run "$PGSUP" start test
expect_equal "status of a second start" "$STATUS" 0
expect_text "$OUT" "test is ready"
expect_equal "the process after it" "$(pid_of test)" "$pid"

step "a graceful stop"
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
grep -qE '^stopped: guest-shutdown after 1 press, [0-9]+\.[0-9] s$' "$OUT" || fail "the outcome"
is_gone "$pid" || fail "process $pid is still there"
expect_equal "state" "$(state_of test)" stopped
expect_nothing_left

step "stopping what is stopped"
expect_ok "$PGSUP" stop test
expect_equal "what it says" "$(cat "$OUT")" "already stopped"

step "the second boot needs no phone-home"
expect_ready test
expect_text "$ERR" "phase: ready"
expect_no_text "$ERR" "phone-home"
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
expect_text "$OUT" "stopped: guest-shutdown after 1 press"

step "the events tell it"
expect_event test "quitting --exited--> stopped"
"$PGSUP" events -v -n all test >"$OUT"
expect_text "$OUT" "meta-data fetched by" "user-data fetched by" "phoned home (mini" \
    "SHUTDOWN guest-shutdown" "booting --ready--> ready"
expect_equal "phone-homes" "$(grep -c 'phoned home' "$OUT")" 1
expect_equal "launches" "$(grep -c 'stopped --start--> starting' "$OUT")" 2

step "the supervisor ends when it is told"
end_supervisor
expect_nothing_left
