# Goal: a guest that does not feed its watchdog is paused by it, when its user said so, and says why,
# also to the next supervisor.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
new_cloud
new_mini guest
misbehave guest "watchdog-after 1"
printf '%s\n' -device i6300esb -action watchdog=pause >"$PGSUP_HOME/instances/guest/qemu.args"
start_supervisor

step "it runs out"
expect_ready guest
wait_state guest paused 60
expect_reason guest "the watchdog of the guest ran out"
expect_event guest "WATCHDOG (pause)"

step "it is still so for another supervisor"
kill_supervisor
start_supervisor
wait_state guest paused
wait_reason guest "the watchdog of the guest ran out"

step "its end"
run "$PGSUP" stop -f guest
expect_text "$OUT" "stopped: quit"
end_supervisor
expect_no_process
