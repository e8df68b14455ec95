# Goal: whatever is asked of a VM while something else is under way with it, or while the supervisor
# ends, everybody gets an answer, nothing comes back to life, and what is said is so.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one two
expect_ok "$PGSUP" image import -n mini --arch aarch64 "${PGSUP_MINI_IMAGE:?the mini guest}"
new_mini guest
start_supervisor
begin() { # COMMAND…: of pgsup, in the background; its process is in $BEGUN
    "$PGSUP" -q "$@" >"$WORK/begun" 2>&1 &
    BEGUN=$!
    at_exit "kill $BEGUN 2>/dev/null"
}
expect_end() { # PID: by itself
    wait_until 30 is_gone "$1"
    wait "$1" || fail "it ended with $?"
}

step "a restart while another one's stop is under way: both are answered"
quietly start one
begin stop --timeout 8 one
wait_state one stopping
quietly restart one
expect_end $BEGUN
expect_state one booting

step "two restarts at once are one, and nothing of them is left behind"
begin restart -f one
first=$BEGUN
begin restart -f one
expect_end $first
expect_end $BEGUN
expect_state one booting
quietly stop -f one
sleep 3
expect_state one stopped

step "a start that is refused leaves no wish behind"
expect_ok "$PGSUP" instance set two --restart always
quietly start two
begin stop --timeout 8 two
wait_state two stopping
expect_fail 3 "two is stopping" "$PGSUP" -q start two
expect_end $BEGUN
sleep 3
expect_state two stopped
expect_ok "$PGSUP" instance set two --restart no

step "a stricter stop counts for one that would wait for ever"
quietly start one
begin stop --timeout 0 one
wait_state one stopping
run "$PGSUP" stop --timeout 2 one
expect_text "$OUT" "stopped: quit after 1 press"
expect_end $BEGUN

step "one that must not escalate makes another one no shorter"
quietly start one
begin stop --timeout 15 one
patient=$BEGUN
wait_state one stopping
begin stop --no-escalate --timeout 1 one
sleep 3
expect_state one stopping
expect_end $patient
expect_end $BEGUN
expect_state one stopped

step "halted while a stop was under way that gave up: it is said"
quietly start one
begin stop --timeout 8 --no-escalate one
wait_state one stopping
run "$PGSUP" qmp one stop
expect_equal "status of qmp" "$STATUS" 0
wait_state one paused 30 # seen by the next heartbeat after it
quietly resume one
wait_until 30 is_gone $BEGUN

step "a snapshot whose VM ends under it says so"
is_connected() { # a command to one's QEMU: beside the socket that listens there is one of a connection
    local count
    count=$({ cat /proc/net/unix 2>/dev/null || netstat -an -f unix; } |
        grep -c "/${WORK##*/}/home/run/s/one\..*\.mon")
    [ "$count" -gt 1 ]
}
process=$(pid_of one)
kill -STOP "$process" # so that it does not answer
! is_connected || fail "somebody else is connected"
begin snapshot create one gone
wait_until 30 is_connected
kill -9 "$process"
wait_until 30 is_gone $BEGUN
status=0
wait $BEGUN || status=$?
expect_equal "status, and lines" "$status $(wc -l <"$WORK/begun" | tr -d ' ')" "3 1"
expect_text "$WORK/begun" "the VM of \"one\" ended meanwhile: \`pgsup events one\` shows how"
expect_ok "$PGSUP" snapshot list one --json
expect_equal "snapshots" "$(json_of 'len(it["snapshots"] if isinstance(it, dict) else it)')" 0

step "suspend, and a stop while it saves: what is said of the memory is so"
for pause in 0 0.05 0.1 0.2; do
    quietly start one
    begin suspend one
    sleep $pause
    run "$PGSUP" -q stop -f one
    wait_until 30 is_gone $BEGUN
    status=0
    wait $BEGUN || status=$?
    expect_ok "$PGSUP" info one --json
    case "$status $(json_of 'it["state"]')" in
    "0 suspended") ;;
    "3 stopped") # the other texts: when the stop was asked for first
        grep -qE "^pgsup: one (was not suspended: |is [a-z]+: try again when it has stopped|does not run: )" "$WORK/begun" ||
            fail "it is said: $(cat "$WORK/begun")"
        ;;
    *) fail "status $status, and it is $(json_of 'it["state"]'): $(cat "$WORK/begun")" ;;
    esac
    quietly stop --discard one
done
quietly start one
wait_until 30 guest_runs one # to a command without an answer QEMU has more time than to a heartbeat

step "a VM that is lost cannot be reset, and is not said to have been"
kill -STOP "$(pid_of one)"
wait_state one lost 20
expect_fail 3 "one is lost: " "$PGSUP" -q reset one
expect_fail 3 "one is lost: " "$PGSUP" -q resume one

step "its stop tries again and again, but not all the time"
ticks() {
    python3 -c 'import os, sys
fields = open("/proc/%s/stat" % sys.argv[1]).read().rsplit(")", 1)[1].split()
print(int((int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")))' "$SUPERVISOR"
}
sleep 20 # its backlog is full by then
begin stop --timeout 4 one
if [ "$(uname -s)" = Linux ]; then
    before=$(ticks)
    sleep 3
    [ $(($(ticks) - before)) -lt 500 ] || fail "$(($(ticks) - before)) ms of processor time in 3 s"
fi
expect_end $BEGUN
expect_state one stopped
run "$PGSUP" kill one
expect_text "$OUT" "already stopped"

step "QEMU ends while the supervisor is held up: what it said before is heard all the same"
quietly start one
process=$(pid_of one)
kill -STOP "$SUPERVISOR"
kill -TERM "$process"
wait_until 10 is_gone "$process"
sleep 6 # a heartbeat is due by then, which finds nobody to write to
kill -CONT "$SUPERVISOR"
expect_event one "a signal from outside ended QEMU (host-signal)"

step "Ansible's log cannot be written: said, and the supervisor lives"
mkdir "$PGSUP_HOME/instances/guest/ansible.log"
expect_ready guest
expect_event guest "failed: cannot write"
expect_fail 1 "provisioning of guest failed: cannot write" "$PGSUP" -q wait guest --for provisioned
quietly stop guest

step "Ctrl-Z does not suspend the supervisor: guests would freeze"
kill -TSTP "$SUPERVISOR"
wait_until 10 grep -q "not suspended" "$UP_LOG"
expect_ok "$PGSUP" list

step "down holds: a restart under way begins nothing, a start is refused, a patient stop is hurried"
quietly start one two
begin stop --timeout 0 one
begin restart two
restart=$BEGUN
wait_state two stopping
"$PGSUP" down >"$WORK/down" 2>&1 &
down=$!
wait_until 10 grep -q "waiting for" "$UP_LOG"
expect_fail 3 "the supervisor is ending" "$PGSUP" -q start guest
quietly stop -f two
wait_until 10 is_gone $restart
wait $restart && fail "the restart succeeded"
expect_text "$WORK/begun" "the supervisor is ending"
quietly stop -f one
wait $down || fail "down ended with $?: $(cat "$WORK/down")"
wait "$SUPERVISOR" || fail "the supervisor ended with $?"
SUPERVISOR=
expect_no_process

step "the next one comes at once, and knows how all ended"
start_supervisor
for n in 1 2 3; do
    quietly start one
    quietly stop -f one
    quietly down
    start_supervisor # while the one before may still be writing
done
expect_ok "$PGSUP" events -v -n all one
expect_no_text "$OUT" "ended while unsupervised"
end_supervisor
expect_no_process
