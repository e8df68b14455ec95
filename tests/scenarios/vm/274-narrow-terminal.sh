# Goal: what is drawn again in its place stays in its place on a narrow terminal, also when Ctrl-C is
# typed, and a terminal that cannot move its cursor, or a pipe, gets no escape sequence.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
. "$(dirname "$0")/../tmux.sh"
make_machines one a-name-of-twenty-four-xy
start_supervisor
quietly start a-name-of-twenty-four-xy

step "list -w on 20 columns: the heading and a line for each"
open_screen narrow 20 24
type_in narrow "clear; $PGSUP list -w"
expect_shown narrow '^one  '
quietly stop -f a-name-of-twenty-four-xy # it is drawn again
quietly start one
expect_shown narrow '^one .* Run'
expect_equal "headings" "$(screen_of narrow | grep -c '^NAME ')" 1
expect_equal "lines" "$(screen_of narrow | grep -cE '^(one|a-name.*…) ')" 2
press_in narrow C-c
expect_shown narrow '^\$ *$'

step "Ctrl-C while two boot leaves no line of the progress"
open_screen waits 30 24
quietly stop -f one
type_in waits "clear; $PGSUP start one a-name-of-twenty-four-xy --wait"
expect_shown waits '^one  .* bo'
expect_shown waits '^a-name-of-twenty-four-xy  bo'
press_in waits C-c
expect_shown waits 'go on'
expect_shown waits '^\$ *$'
! shows waits '^(one|a-name-of-twenty-four-xy)  ' || fail "left on the screen: $(screen_of waits)"

step "a command that waits long, on 20 columns: one line"
type_in narrow "clear; $PGSUP -q stop -f --all"
wait_until 20 is_in_state one stopped
quietly start a-name-of-twenty-four-xy
kill_supervisor
type_in narrow "clear; $PGSUP stop a-name-of-twenty-four-xy --timeout 6"
expect_shown narrow '^stopping a-name-of-'
expect_shown narrow 'stopped: quit' 30
! shows narrow '^stopping' || fail "left on the screen: $(screen_of narrow)"

step "TERM=dumb, and a pipe: plain lines"
make_image "$WORK/other.qcow2"
# On a terminal, a second after which there is something to tell.
dumb() {
    TERM=dumb python3 -c 'import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@" >"$WORK/dumb" </dev/null ||
        fail "status $?, dumb: $*"
    [ -s "$WORK/dumb" ] || fail "nothing was printed, dumb: $*"
}
for each in list "info one" "image import -n other --arch aarch64 $WORK/other.qcow2" "events one"; do
    # shellcheck disable=SC2086  # words
    dumb "$PGSUP" $each
    ! grep -q "$(printf '\033')" "$WORK/dumb" || fail "an escape sequence, dumb: $each"
    # shellcheck disable=SC2086
    [ "${each%% *}" = image ] || "$PGSUP" $each >"$WORK/piped" 2>&1
    ! grep -q "$(printf '\033')" "$WORK/piped" || fail "an escape sequence, in a pipe: $each"
done
