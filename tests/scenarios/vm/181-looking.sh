# Goal: what people look at fits the screen that they have: the list, kept on it, and one instance,
# on 80x24 and on 120x40.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
. "$(dirname "$0")/../tmux.sh"
make_machines one node2 node10 a-name-of-twenty-four-xy
start_supervisor
quietly start one node10

rows_on() { # SCREEN: lines that begin with the name of an instance
    screen_of "$1" | grep -cE '^(one|node2|node10|a-name-of-twenty-four-xy) '
}

has_rows() { # SCREEN NUMBER: when all of it is drawn
    [ "$(rows_on "$1")" = "$2" ]
}

for size in 80x24 120x40; do
    step "list on $size: a line for each, in natural order"
    open_screen "$size" "${size%x*}" "${size#*x}"
    before=$(settings_of "$size")
    type_in "$size" "$PGSUP list"
    expect_shown "$size" '^one .*Running'
    wait_until 10 has_rows "$size" 4
    expect_equal "order" "$(screen_of "$size" | awk '/^node/ {print $1}' | tr '\n' ' ')" "node2 node10 "
    expect_equal "lines" "$(screen_of "$size" | sed -n '/^NAME/,/^one/p' | grep -c .)" 5
    shows "$size" '^NAME .*STATE .*UPTIME .*ADDRESS' || fail "the headings"
    type_in "$size" clear

    step "list -w on $size follows what happens"
    type_in "$size" "$PGSUP list -w"
    expect_shown "$size" '^node10 .*Running'
    quietly stop -f node10
    expect_shown "$size" '^node10 .*Stopped'
    wait_until 10 has_rows "$size" 4
    quietly start node10
    expect_shown "$size" '^node10 .*Running'
    press_in "$size" C-c
    expect_shown "$size" '^\$ *$'
    expect_equal "settings of the terminal" "$(settings_of "$size")" "$before"
    type_in "$size" clear

    step "info on $size: at most 24 lines"
    type_in "$size" "$PGSUP info one | head -100; echo lines=\$($PGSUP info one | wc -l)"
    expect_shown "$size" '^lines=([0-9]|1[0-9]|2[0-4])$'
done

step "why something is not fine has room"
kill -STOP "$(pid_of one)"
kill_supervisor
type_in 80x24 "clear; $PGSUP list"
expect_shown 80x24 '^one .*Lost .*no supervisor, and QM' 30
wait_until 10 has_rows 80x24 4
kill -CONT "$(pid_of one)"

step "a stop without a supervisor, and a program that takes long, are seen"
type_in 80x24 "clear; $PGSUP stop one --timeout 10"
expect_shown 80x24 '^stopping one  0:(0[1-9]|1[0-9])$'
expect_shown 80x24 '^stopped: quit' 30
! shows 80x24 '^stopping one' || fail "the line stays"
mkdir "$WORK/slow"
printf '#!/bin/sh\n[ "$1" != check ] || until [ -e "%s/seen" ]; do sleep 0.1; done\nexec %s "$@"\n' "$WORK" "$(command -v qemu-img)" \
    >"$WORK/slow/qemu-img"
chmod +x "$WORK/slow/qemu-img"
type_in 80x24 "clear; PATH=$WORK/slow:\$PATH $PGSUP image import -n another --arch aarch64 $WORK/empty.qcow2"
expect_shown 80x24 '^qemu-img check  [0-9]+:([1-9][0-9]|0[1-9])$'
touch "$WORK/seen"
expect_shown 80x24 '^image "another" imported$'
! shows 80x24 'qemu-img check' || fail "the line stays"
