# Goal: a guest whose kernel panics is paused where it is, says so, and can be reset or ended.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
new_cloud
new_mini guest
misbehave guest "panic-after 1"
start_supervisor

step "a panic"
expect_ready guest
wait_state guest paused 60
expect_reason guest "the kernel of the guest panicked"
expect_event guest GUEST_PANICKED
expect_ok "$PGSUP" list
expect_text "$OUT" "Paused" "the kernel of the guest panicked"

step "a reset boots it again"
quietly reset guest
expect_event guest "paused --reset-done--> booting"
wait_state guest paused 60
expect_reason guest "the kernel of the guest panicked"

step "it is still so for another supervisor"
kill_supervisor
start_supervisor
wait_state guest paused
wait_reason guest "the kernel of the guest panicked"

step "its end"
run "$PGSUP" stop -f guest
expect_text "$OUT" "stopped: quit"
end_supervisor
expect_no_process
