# Goal: on a full disk a snapshot or the safety snapshot of a restore is not made, which one sentence
# tells, and nothing of it is left; a restore that needs no space works. A backup is not restored, and
# what is there stays as it is.
# shellcheck shell=bash source-path=SCRIPTDIR
if [ "$(id -u)" != 0 ] && [ -z "${PGSUP_IN_NAMESPACE:-}" ]; then
    PGSUP_IN_NAMESPACE=1 exec unshare -rm bash "$0"
fi
. "$(dirname "$0")/../faults.sh"
make_machines test
instances=$PGSUP_HOME/instances
cp -a "$instances" "$WORK/aside"
mount -t tmpfs -o size=3m,mode=700 pgsup-test "$instances"
at_exit "umount -l '$instances'"
cp -a "$WORK/aside/." "$instances/"
disk=$instances/test/os.qcow2
fill() { # KIB: that stay free
    local free
    free=$(df -k --output=avail "$instances" | tail -n 1)
    head -c $(((free - $1) * 1024)) /dev/zero >"$instances/filler"
}
expect_none() {
    rm "$instances/filler"
    expect_ok "$PGSUP" snapshot list test --json
    expect_equal "snapshots" "$(json_of '[s["name"] for s in it]')" "$1"
    expect_equal "folders" "$(ls "$instances/test/snapshots")" "$2"
    qemu-img check -q "$disk" || fail "the disk is damaged"
}

step "no snapshot, and nothing of one"
qemu-io -c "write -P 1 0 256k" "$disk" >/dev/null
for kib in 0 8 16; do
    fill $kib
    expect_fail 1 "No space left on device" "$PGSUP" snapshot create test s1
    expect_none "[]" ""
done

step "no restore without the safety snapshot, unless it is refused"
expect_ok "$PGSUP" snapshot create test s1
qemu-io -c "write -P 2 0 256k" "$disk" >/dev/null
fill 0
expect_fail 1 "nothing was restored, because what is there now could not be kept (--no-safety" \
    "$PGSUP" snapshot restore test s1
qemu-io -r -c "read -P 2 0 256k" "$disk" >"$OUT" || fail "it was restored"
expect_ok "$PGSUP" snapshot restore test s1 --no-safety
qemu-io -r -c "read -P 1 0 256k" "$disk" >"$OUT" || fail "it was not restored"
expect_none "['s1']" s1

step "no backup is restored, and what is there stays"
expect_ok "$PGSUP" -q snapshot remove test s1
mkdir "$WORK/out"
expect_ok "$PGSUP" -q backup create test --to "$WORK/out" --thin --json
backup=$(json_of 'it["folder"]')
qemu-io -c "write -P 3 0 256k" "$disk" >/dev/null
for kib in 0 64; do
    fill $kib
    expect_fail 1 "No space left on device" "$PGSUP" backup restore "$backup" --replace -y
    expect_fail 1 "No space left on device" "$PGSUP" backup restore "$backup" --as two
    rm "$instances/filler"
    qemu-io -r -c "read -P 3 0 256k" "$disk" >"$OUT" || fail "it was restored"
    expect_equal "left" "$(find "$instances" -name '.re*' -o -name '.un*' -o -name 'two*' -o -name '.new*')" ""
done
expect_ok "$PGSUP" backup restore "$backup" --replace -y
qemu-io -r -c "read -P 1 0 256k" "$disk" >"$OUT" || fail "it was not restored"
