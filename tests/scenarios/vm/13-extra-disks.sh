# Goal: an instance has more disks; its guest knows each by its name, whatever else is attached, and
# what is on one stays through stop, reset and vm.sh. Removed only when nothing runs.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines test
folder=$PGSUP_HOME/instances/test
disks() { # of QEMU: NODE FILE
    run "$PGSUP" qmp test query-block
    json_of '[(d["qdev"], d["inserted"]["node-name"]) for d in it if "disk-" in d["qdev"]]'
}

step "what is wrong is refused"
expect_refused 2 '"Data" is not a valid disk name' "$PGSUP" disk add test Data 1G
expect_refused 2 "too long for the name of a disk" "$PGSUP" disk add test a23456789012345678901 1G
expect_refused 2 '"0" is not a disk size' "$PGSUP" disk add test data 0
expect_refused 2 '"10" is not a possible disk size: use at least 1M, or a unit, such as 5G' "$PGSUP" disk add test data 10
expect_refused 3 'no instance "other"' "$PGSUP" disk add other data 1G
expect_refused 3 'no disk "data"' "$PGSUP" disk remove -y test data
touch "$folder/disk-mine.qcow2"
expect_refused 3 "disk-mine.qcow2 exists but belongs to no instance" "$PGSUP" disk add test mine 1G

step "added, listed, in vm.sh"
expect_ok "$PGSUP" disk add test data 1G
expect_text "$OUT" "/dev/disk/by-id/virtio-data"
expect_refused 3 'the disk "data" of "test" exists already' "$PGSUP" disk add test data 1G
expect_ok "$PGSUP" disk list test --json
expect_equal "list" "$(json_of '[(d["name"], d["bytes"] >> 20) for d in it]')" "[('data', 1024)]"
expect_ok "$PGSUP" disk list test
expect_text "$OUT" "data" "1 GiB" "instances/test/disk-data.qcow2"
expect_ok "$PGSUP" instance get test --json
expect_equal "disks" "$(json_of 'it["disks"]')" "['data']"
expect_text "$folder/vm.sh" "serial=data" "disk-data.qcow2"
expect_equal "mode" "$(mode_of "$folder/disk-data.qcow2")" "-rw-------"

step "attached at the next start"
start_supervisor
quietly start test
expect_equal "disks" "$(disks)" "[('/machine/peripheral/disk-data/virtio-backend', 'disk-data')]"
expect_ok "$PGSUP" disk add test more 2G
expect_text "$OUT" "from its next start on"
expect_fail 3 "runs (pid" "$PGSUP" disk remove -y test data
quietly stop -f test
quietly start test
expect_equal "disks" "$(disks)" "[('/machine/peripheral/disk-data/virtio-backend', 'disk-data'), \
('/machine/peripheral/disk-more/virtio-backend', 'disk-more')]"
quietly stop -f test

step "what is on it outlives a reset, and is copied to a clone"
qemu-io -c "write -P 7 0 64k" "$folder/disk-data.qcow2" >/dev/null
expect_ok "$PGSUP" instance rebuild -y test
qemu-io -c "read -P 7 0 64k" "$folder/disk-data.qcow2" >"$OUT" || fail "what was on it is gone"
expect_ok "$PGSUP" instance clone test copy
qemu-io -c "read -P 7 0 64k" "$PGSUP_HOME/instances/copy/disk-data.qcow2" >"$OUT" ||
    fail "it was not copied"
expect_ok "$PGSUP" disk list copy --json
expect_equal "disks of the clone" "$(json_of '[d["name"] for d in it]')" "['data', 'more']"

step "one whose file is gone is told"
mv "$folder/disk-more.qcow2" "$WORK/aside"
expect_fail 3 "disk-more.qcow2 is missing: restore it, or remove it" "$PGSUP" -q start test
mv "$WORK/aside" "$folder/disk-more.qcow2"

step "removed"
expect_ok "$PGSUP" disk remove -y test data
[ ! -e "$folder/disk-data.qcow2" ] || fail "its file is still there"
expect_no_text "$folder/vm.sh" "disk-data"
for name in a b c d e; do
    expect_ok "$PGSUP" disk add test $name 1M
done
expect_refused 3 "has 6 extra disks, which is the maximum" "$PGSUP" disk add test f 1M
quietly start test
quietly stop -f test
expect_ok "$PGSUP" instance remove -y test
[ ! -e "$folder" ] || fail "something of it is left"
end_supervisor
expect_no_process
