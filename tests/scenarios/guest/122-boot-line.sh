# Goal: whoever waits on a terminal sees one line for each instance that moves, cut to the width; in a
# pipe it is plain lines with the instance's name. Ctrl-C ends the wait and says how to wait again.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tmux.sh"
new_cloud
new_mini test
new_mini second
new_mini deaf
misbehave deaf ignore-power-button
start_supervisor
open_screen small 80 24
open_screen large 120 40
moving='(starting|booting|firmware|kernel|cloud-init) [0-9]+:[0-9]{2}'

step "80x24: a line that moves, no wider than the screen, and what to do next"
before=$(settings_of small)
type_in small "clear; $PGSUP start test --wait; echo status \$?"
expect_shown small "^test  $moving" 60
is_shown() { # the screen of that moment is kept
    screen_of small >"$WORK/shown"
    grep -qE '^test  (firmware|kernel|cloud-init) [0-9]+:[0-9]{2}  .' "$WORK/shown"
}
wait_until 60 is_shown
expect_equal "lines of the VM" "$(grep -cE "^test  $moving" "$WORK/shown")" 1
expect_shown small '^test ready in [0-9]+:[0-9]{2} · pgsup ssh test$' 100
expect_shown small '^status 0$'
! shows small "$moving" || fail "the line stays"
! shows small "state: |phase: " || fail "transitions are shown"
is_restored() {
    [ "$(settings_of small)" = "$before" ]
}
wait_until 20 is_restored # by the shell, with its next prompt

step "120x40: two at a time, and Ctrl-C; the VM goes on"
type_in large "clear; $PGSUP restart test second --wait"
expect_shown large '^test    [a-z-]+ [0-9]+:' 60
expect_shown large '^second  [a-z-]+ [0-9]+:' 60
press_in large C-c
expect_shown large 'pgsup: (test, second go|second, test go|(test|second) goes) on restarting: `pgsup wait .*` waits again'
type_in large 'echo status $?'
expect_shown large '^status 130$'
type_in large "clear; $PGSUP wait test second; echo status \$?"
expect_shown large '^status 0$' 100
expect_shown large '^test is ready$'
expect_shown large '^second is ready$'

step "a failure is told once"
type_in small "clear; $PGSUP start ghost --wait; echo status \$?"
expect_shown small '^status 3$'
expect_equal "lines about it" "$(screen_of small | grep -c 'pgsup: .*ghost')" 1

step "provision --wait shows the task that runs"
printf '#!/bin/sh\necho "TASK [make it so] ****"; until [ -e "%s" ]; do sleep 0.1; done; echo done\n' "$WORK/seen" \
    >"$WORK/bin/ansible-playbook"
type_in small "clear; $PGSUP provision test --wait; echo status \$?"
expect_shown small '^test  provisioning [0-9]+:[0-9]{2}  TASK \[make it so\]'
touch "$WORK/seen"
expect_shown small '^status 0$'

step "in a pipe: plain lines with the name; --progress says otherwise"
run "$PGSUP" start --wait test second
expect_equal "status" "$STATUS" 0
run "$PGSUP" restart second --wait --timeout 300
expect_equal "status" "$STATUS" 0
grep -qE '^second: +[0-9.]+ s  phase: ' "$ERR" || fail "no plain line"
! grep -vE '^second: ' "$ERR" || fail "a line without the name"
expect_ok "$PGSUP" wait second --progress none
expect_fail 2 '--progress is auto, plain or none, not "x"' "$PGSUP" start second --progress x
type_in small "clear; $PGSUP start second --wait --progress plain -v; $PGSUP stop second; echo status \$?"
expect_shown small '^status 0$' 60

step "down: each VM that is still there"
expect_ready deaf
type_in large "clear; $PGSUP down; echo status \$?"
expect_shown large '^deaf +stopping [0-9]+:'
expect_ok "$PGSUP" stop -f deaf
expect_shown large '^status 0$' 60
wait "$SUPERVISOR" || fail "the supervisor ended with status $?"
SUPERVISOR=
