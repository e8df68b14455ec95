# Goal: the logs that QEMU and the network's helper write do not grow for ever, and QEMU's last words are
# still found in them.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one
start_supervisor
quietly start one
log=$PGSUP_HOME/instances/one/qemu.log

is_short() {
    [ -s "$log.1" ] && [ "$(wc -c <"$log")" -lt 100000 ]
}
flood() { # nobody looks at it until it is whole
    kill -STOP "$SUPERVISOR"
    head -c 9000000 /dev/zero | tr '\0' x >>"$log"
    echo "the last line of it" >>"$log"
    rm -f "$log.1"
    kill -CONT "$SUPERVISOR"
    wait_until 30 is_short
}

step "a log of 9 MB becomes two of 1 MiB at most"
flood
[ "$(wc -c <"$log.1")" -le 1048576 ] || fail "the older one is too long"
expect_text "$log.1" "the last line of it"
expect_equal "mode" "$(mode_of "$log.1")" "-rw-------"
flood

step "what QEMU says at its end is found behind that"
echo "qemu-system-aarch64: the last words" >>"$log"
kill -9 "$(pid_of one)"
wait_state one failed
wait_reason one "QEMU ended (signal 9): the last words"

step "a symbolic link is left alone"
quietly start one
head -c 3000000 /dev/zero >"$WORK/other"
ln -sf "$WORK/other" "$log"
sleep 4
expect_equal "the other file" "$(wc -c <"$WORK/other")" 3000000
quietly stop -f one
end_supervisor
expect_no_process
