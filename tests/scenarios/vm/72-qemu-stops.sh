# Goal: a VM that QEMU itself stops says why, also to the next supervisor; what cannot be resumed is
# reset or stopped, and says so.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines vm
mkdir "$WORK/bin"
ln -s "${PGSUP_FAKE_QEMU:?the fake QEMU, see tests/fake}" "$WORK/bin/qemu-system-aarch64"
: >"$WORK/faults"
start_with_fake() {
    FAKE_QEMU_FILE=$WORK/faults PATH=$WORK/bin:$PATH start_supervisor
}
start_with_fake
quietly start vm
wait_until 10 guest_runs vm
process=$(pid_of vm)

qemu_stops() { # RUN-STATE [TEXT]: QEMU stops the guest, and writes TEXT to its log
    printf '%s\n' "stop-as=$1" ${2:+"stop-text=$2"} >"$WORK/faults"
    kill -USR1 "$process"
    wait_state vm paused
}
words="QEMU stopped it because of an internal error (KVM internal error. Suberror: 1)"
expect_broken() { # what neither resume nor start can help
    expect_fail 3 "vm cannot be resumed: $words; only \`pgsup reset vm\` or \`pgsup stop vm\` help" \
        "$PGSUP" -q resume vm
    expect_fail 3 "only \`pgsup reset vm\`" "$PGSUP" -q start vm
    expect_state vm paused
}

step "an internal error has QEMU's own words"
qemu_stops internal-error "KVM internal error. Suberror: 1"
wait_reason vm "$words"
expect_ok "$PGSUP" list
expect_text "$OUT" "Paused" "$words"
expect_event vm "$words"
expect_broken

step "it runs again after a reset"
quietly reset vm
expect_state vm booting
expect_equal "reason" "$(reason_of vm)" None
expect_equal "the process" "$(pid_of vm)" "$process"
quietly pause vm
expect_equal "reason" "$(reason_of vm)" None
expect_fail 3 "vm is paused: \`pgsup resume vm\` comes first" "$PGSUP" -q reset vm
quietly resume vm

step "other run states have their sentences, and can be resumed"
qemu_stops save-vm
wait_reason vm "QEMU stopped it to save a snapshot"
quietly resume vm
expect_state vm running
qemu_stops debug
wait_reason vm "a debugger stopped it"
quietly resume vm

step "an error of a job is not one of its disk, which is waited for"
printf '%s\n' stop-as=io-error "stop-node=#block123" >"$WORK/faults"
kill -USR1 "$process"
wait_state vm paused
wait_reason vm "a job of QEMU on its disks failed and stopped it: No space left on device; \`pgsup resume vm\`"
quietly resume vm
printf '%s\n' stop-as=io-error "stop-node=disk0" >"$WORK/faults"
kill -USR1 "$process"
wait_reason vm "the disk of the host is full"
quietly resume vm

step "the next supervisor knows it too"
qemu_stops internal-error "KVM internal error. Suberror: 1"
wait_reason vm "$words"
kill_supervisor
start_with_fake
wait_state vm paused
wait_reason vm "$words"
expect_broken

step "a stop does not wait for a guest that hears nothing"
began=$SECONDS
run "$PGSUP" stop vm
expect_text "$OUT" "stopped: quit"
[ $((SECONDS - began)) -le 60 ] || fail "it took $((SECONDS - began)) s"
end_supervisor
expect_no_process
