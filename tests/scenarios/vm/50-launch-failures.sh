# Goal: a VM that cannot be launched is "failed" at once, with one sentence that says why and what
# stands in the way; nothing is left running, and once the cause is gone it starts.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines vm
folder=$PGSUP_HOME/instances/vm
start_supervisor

expect_no_start() { # STATUS TEXT…
    local status=$1 text
    shift
    run "$PGSUP" -q start vm
    expect_equal "status of start" "$STATUS" "$status"
    expect_equal "lines on stderr" "$(wc -l <"$ERR" | tr -d ' ')" 1
    expect_text "$ERR" "pgsup: " "$@"
    expect_state vm failed
    for text in "$@"; do
        expect_reason vm "$text"
    done
    expect_equal "VMs" "$(our_qemus)" ""
    expect_equal "left in run/" "$(find "$PGSUP_HOME/run/" -name 'vm.*')" ""
}
expect_start() {
    quietly start vm
    expect_state vm booting
    quietly stop -f vm
}

step "a bad option in qemu.args, a bad device"
cp "$folder/qemu.args" "$WORK/good.args"
echo "--frobnicate" >>"$folder/qemu.args"
expect_no_start 1 "QEMU did not start (exit 1)" "frobnicate" "invalid option"
cp "$WORK/good.args" "$folder/qemu.args"
printf -- '-device\nteapot\n' >>"$folder/qemu.args"
expect_no_start 1 "QEMU did not start (exit 1)" "'teapot' is not a valid device model"
cp "$WORK/good.args" "$folder/qemu.args"
expect_start

step "a type of machine that this QEMU does not have"
in_store "UPDATE instances SET machine = 'virt-0.1'"
expect_no_start 1 'unsupported machine type' "no longer has the machine that vm was first started as" \
    "\`pgsup instance set vm --machine-update\`"
expect_text "$folder/vm.sh" "-machine virt-0.1" "# pgsup instance set vm --machine-update"
expect_ok "$PGSUP" instance set vm --machine-update
expect_no_text "$folder/vm.sh" "virt-0.1"
expect_start
expect_text "$folder/vm.sh" "-machine virt-"

step "missing firmware"
mv "$WORK/idle.fw" "$WORK/gone.fw"
expect_no_start 1 "QEMU did not start (exit 1)" "$WORK/idle.fw"
mv "$WORK/gone.fw" "$WORK/idle.fw"
expect_start

step "a disk that another process has locked: the process is named"
qemu-system-aarch64 -M virt -nodefaults -display none -S -device virtio-blk-pci,drive=d \
    -blockdev "driver=qcow2,node-name=d,file.driver=file,file.filename=$folder/os.qcow2" &
holder=$!
at_exit "kill -9 $holder 2>/dev/null"
is_locked() { ! qemu-img info "$folder/os.qcow2" >/dev/null 2>&1; }
wait_until 10 is_locked
run "$PGSUP" -q start vm
expect_equal "status of start" "$STATUS" 1
expect_text "$ERR" "lock" "$folder/os.qcow2" "the disk is in use by process $holder (qemu-system-"
expect_reason vm "process $holder (qemu-system-"
kill $holder
wait $holder || true
expect_start

step "a missing image below the disk"
image=$(echo "$PGSUP_HOME"/images/*.qcow2)
mv "$image" "$image.away"
expect_no_start 3 "${image##*/}"
mv "$image.away" "$image"
expect_start

step "no QEMU"
kill_supervisor
mkdir "$WORK/bin"
PATH=$WORK/bin:/bin start_supervisor
if [ ! -x /bin/qemu-system-aarch64 ]; then
    expect_no_start 3 "qemu-system-aarch64"
fi
kill_supervisor
start_supervisor
expect_start
end_supervisor
expect_no_process
