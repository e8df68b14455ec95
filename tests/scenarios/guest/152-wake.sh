# Goal: after a sleep each guest is asked whether it answers; one whose card is dead is plugged out and
# in, which heals it; one that stays silent is told of, in one line about all of them, and is asked on.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
set_file() { # NAME SECONDS
    echo "$2" >"$WORK/$1.new"
    mv "$WORK/$1.new" "$WORK/$1"
}
set_file slept 0
set_file monotonic 0
new_cloud
new_mini db
new_mini mail --nested
new_mini web
UP_BY="env LD_PRELOAD=${PGSUP_WALL_CLOCK:?the library of tests/fault/wall_clock.c} \
    SLEPT_FILE=$WORK/slept MONOTONIC_FILE=$WORK/monotonic"
start_supervisor
expect_ready db mail web

step "a guest that may run virtual machines of its own has the processor for it"
has_el2() { # NAME: as its QEMU says
    "$PGSUP" qmp "$1" qom-get '{"path": "/machine", "property": "virtualization"}' | tr -d ' \n'
}
expect_equal "mail" "$(has_el2 mail)" true
expect_equal "db" "$(has_el2 db)" false
expect_text "$PGSUP_HOME/instances/mail/vm.sh" ",gic-version=3,virtualization=on"
expect_ok "$PGSUP" instance get mail
expect_text "$OUT" ", nested"

step "it wakes: one guest has lost its network, another one hangs"
expect_ok "$PGSUP" qmp db set_link '{"name": "nic0", "up": false}'
web=$(pid_of web)
kill -STOP "$web"
at_exit "kill -CONT $web 2>/dev/null"
set_file slept 25920
wait_until 20 grep -q "the computer slept 7 h 12 min: its guests are set right" "$UP_LOG"
wait_state web lost 30
expect_equal "mail, which was asked before" "$(python3 -c 'import socket, sys
print(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60).recv(4).decode())' "$(field_of mail 'it["port"]')")" SSH-
expect_state mail ready # by a supervisor that has heard its answer
set_file monotonic 31
expect_event db "no answer for 30 s since the computer woke: its card is unplugged for 2 s"
wait_until 60 has_event db "it answers since its card was plugged in again"
expect_no_text "$UP_LOG" "vm=mail no answer"

step "one line about all of them"
summary="the computer slept 7 h 12 min; 0 guests set right; without an agent to set the clock: db, mail; web still silent: "
wait_until 60 grep -qF "$summary" "$UP_LOG"
"$PGSUP" events -v -n all >"$OUT"
expect_text "$OUT" "$summary"
expect_equal "times that it is said" "$(grep -cF "$summary" "$UP_LOG")" 1

step "what hung goes on"
kill -CONT "$web"
wait_state web ready 60
quietly stop -f --all
end_supervisor
expect_no_process
