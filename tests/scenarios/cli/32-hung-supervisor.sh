# Goal: a supervisor that does not answer makes no command hang: after 10 s it is said so, with
# status 5, and nothing is harmed.
. "$(dirname "$0")/../lib.sh"

make_cloud
start_supervisor
step "stopped by SIGSTOP"
kill -STOP "$SUPERVISOR"
at_exit "kill -CONT $SUPERVISOR 2>/dev/null"
expect_fail 5 "does not answer (waited 10 s)" "$PGSUP" list

step "it goes on"
kill -CONT "$SUPERVISOR"
expect_note "no instances yet" "$PGSUP" list
