# Goal: a guest that reboots when its power button is pressed is pressed again and stops; one that
# reboots by itself is booting until it is ready again.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
new_cloud
new_mini guest
misbehave guest reboot-on-power-button
start_supervisor

step "a reboot by itself"
expect_ready guest
process=$(pid_of guest)
expect_ok "$PGSUP" qmp guest system_powerdown
wait_until 30 has_event guest "ready --guest-reset--> booting"
expect_event guest "RESET guest-reset"
wait_state guest ready 60
expect_equal "the process" "$(pid_of guest)" "$process"

step "a reboot in the middle of a stop"
run "$PGSUP" stop guest
expect_text "$OUT" "stopped: guest-shutdown after 1 press"
new_mini other
misbehave other reboot-on-power-button
expect_ready other
run "$PGSUP" stop other
expect_equal "status" "$STATUS" 0
grep -qE "^stopped: guest-shutdown after [2-9] presses, " "$OUT" || fail "the outcome"
expect_event other "RESET guest-reset"
end_supervisor
expect_no_process
