# Goal: a VM that ends is started again as its policy says, later and later; one that a person
# stopped or whose guest powered itself off stays off; autostart keeps its order.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../faults.sh"
make_machines one two
expect_ok "$PGSUP" image import -n mini --arch aarch64 "${PGSUP_MINI_IMAGE:?the mini guest}"
new_mini guest --restart on-failure
misbehave guest "poweroff-after 1"

step "what is set is shown, and nonsense is refused"
make_machine three --restart always --after two
expect_equal "settings" "$(info_of three 'it["restart"], it["autostart"], it["after"]')" \
    "('always', True, 'two')"
expect_ok "$PGSUP" instance set three --restart on-failure --no-autostart
expect_equal "settings" "$(info_of three 'it["restart"], it["autostart"], it["after"]')" \
    "('on-failure', False, None)"
expect_refused 2 '"sometimes" is not a restart policy' "$PGSUP" instance set one --restart sometimes
expect_refused 3 'no instance "ghost"' "$PGSUP" instance set one --after ghost
expect_refused 2 'cannot start after one, which itself waits for one' "$PGSUP" instance set one --after one
expect_ok "$PGSUP" instance set two --after one
expect_refused 2 'one cannot start after two, which itself waits for one' "$PGSUP" instance set one --after two
expect_refused 2 'excludes' "$PGSUP" instance set one --no-autostart --autostart
expect_refused 2 'nothing to change was given' "$PGSUP" instance set one
expect_refused 3 'ghost' "$PGSUP" instance set ghost --restart no
expect_ok "$PGSUP" instance set two --no-autostart

# runs_anew NAME PID: another process of it runs by now.
runs_anew() {
    [ "$(field_of "$1" "it['state'] == 'booting' and it['pid'] != $2")" = True ]
}
crash() { # NAME, and waits for the next run
    local process
    process=$(pid_of "$1")
    kill -9 "$process"
    wait_until 30 runs_anew "$1" "$process"
}

step "no: a crash stays"
start_supervisor
quietly start one
kill -9 "$(pid_of one)"
wait_state one failed

step "on-failure: started again after 1, 2 and 4 s"
expect_ok "$PGSUP" instance set one --restart on-failure
quietly start one
for n in 1 2 3; do
    crash one
done
is_written() { [ "$("$PGSUP" events -v -n all one | grep -c 'starts again in')" -ge "$1" ]; }
wait_until 10 is_written 3
expect_equal "waits" "$("$PGSUP" events -v -n all one | sed -n 's/.*QEMU ended (signal 9); starts again in \([0-9]*\) s.*/\1/p' | tr '\n' ' ')" "1 2 4 "

step "... not when it was quit, nor while it waits for that"
quietly stop -f one
expect_state one stopped
quietly start one
kill -9 "$(pid_of one)"
wait_reason one "starts again in 8 s"
quietly stop one
expect_equal "the reason, which no longer speaks of a restart" "$(reason_of one)" "QEMU ended (signal 9)"

step "a guest's own poweroff is no failure"
expect_ready guest
wait_state guest stopped 60
expect_reason guest "the guest powered itself off"

step "always: started again after whatever end, but not after a stop"
expect_ok "$PGSUP" instance set two --restart always
quietly start two
process=$(pid_of two)
kill -TERM "$process"
wait_until 30 runs_anew two "$process"
quietly stop -f two
expect_state two stopped
end_supervisor
expect_equal "starts of two" "$(grep -c 'vm=two .*--start--> starting' "$UP_LOG")" 2
expect_equal "starts of guest" "$(grep -c 'vm=guest .*--start--> starting' "$UP_LOG")" 1
expect_no_process

step "a launch that fails counts too"
echo "--frobnicate" >>"$PGSUP_HOME/instances/two/qemu.args"
start_supervisor
run "$PGSUP" -q start two
expect_equal "status" "$STATUS" 1
wait_reason two "frobnicate"
wait_until 20 has_event two "starts again in 2 s" # its reason says so for 2 s only
quietly stop two
expect_state two failed
printf '%s\n' -bios "$WORK/idle.fw" >"$PGSUP_HOME/instances/two/qemu.args"
end_supervisor

step "autostart: one at once, and guest after it is ready; those that are not set are left"
sed -i.bak '/^# mini: poweroff/d' "$PGSUP_HOME/instances/guest/cloud-init/user-data"
new_mini later --after guest
new_mini last --after later
expect_ok "$PGSUP" instance set guest --autostart
start_supervisor
wait_until 10 grep -q "vm=guest autostart" "$UP_LOG"
expect_state later stopped
wait_state guest ready 120
wait_state later ready 120
wait_state last ready 120
expect_equal "the order" "$(sed -n 's/.*vm=\(.*\) autostart$/\1/p' "$UP_LOG" | tr '\n' ' ')" "guest later last "
for name in one two three; do
    expect_equal "state of $name" "$(state_of $name | sed 's/failed/stopped/')" stopped
done
end_supervisor
expect_no_process
