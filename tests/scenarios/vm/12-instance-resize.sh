# Goal: a disk grows, at once when the VM runs, with a supervisor and without; it never shrinks, and a
# size that is refused changes nothing.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines test
disk=$PGSUP_HOME/instances/test/os.qcow2
size_on_disk() {
    qemu-img info -U --output=json "$disk" >"$OUT"
    json_of 'it["virtual-size"] >> 20'
}
size_in_store() {
    in_store "SELECT disk_bytes >> 20 FROM instances WHERE name = 'test'"
}
size_in_qemu() {
    run "$PGSUP" qmp test query-named-block-nodes
    json_of '[n for n in it if n["node-name"] == "disk0"][0]["image"]["virtual-size"] >> 20'
}
expect_size() { # MIB
    expect_equal "size on disk" "$(size_on_disk)" "$1"
    expect_equal "size in the store" "$(size_in_store)" "$1"
}

step "what is wrong is refused"
expect_size 5120
expect_refused 2 '"4G" is smaller than the disk of "test" (5 GiB)' \
    "$PGSUP" instance resize test 4G
expect_refused 2 '"much" is not a disk size' "$PGSUP" instance resize test much
expect_refused 2 '"17T" is not a possible disk size' "$PGSUP" instance resize test 17T
expect_refused 3 'no instance "other"' "$PGSUP" instance resize other 6G

step "while it does not run"
expect_ok "$PGSUP" instance resize test 6G
expect_text "$OUT" 'the disk of "test" now has 6 GiB' "next boot"
expect_size 6144
expect_ok "$PGSUP" instance resize test 6G

step "while it runs"
start_supervisor
quietly start test
expect_ok "$PGSUP" instance resize test 7G
expect_text "$OUT" "7 GiB" "growpart /dev/vda 1"
expect_size 7168
expect_equal "size in QEMU" "$(size_in_qemu)" 7168
expect_fail 2 "a disk cannot shrink" "$PGSUP" instance resize test 6G
expect_equal "size in QEMU" "$(size_in_qemu)" 7168

step "while nobody supervises"
kill_supervisor
run "$PGSUP" cloud get # says what no supervisor does now
expect_ok "$PGSUP" instance resize test 8G
expect_size 8192

step "one that was interrupted between disk and store is made good"
run "$PGSUP" stop -f test
expect_equal "status of stop" "$STATUS" 0
qemu-img resize -q "$disk" 9G
expect_ok "$PGSUP" instance resize test 9G
expect_size 9216

step "a reset begins with the size it had"
expect_ok "$PGSUP" instance rebuild -y test
expect_size 9216
expect_no_process
