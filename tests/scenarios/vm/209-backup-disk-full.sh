# Goal: a disk that is too small for a backup, or becomes full in the middle of one, is said in one
# sentence; nothing is left there, and the guest goes on. On a full disk of its own an instance that
# runs is still backed up, and a snapshot of it is not made; its memory is not saved there.
# shellcheck shell=bash source-path=SCRIPTDIR
if [ "$(uname -s)" != Linux ]; then
    echo "skipped: needs a small file system, which is made with mount(8) of Linux"
    exit 77
fi
if [ "$(id -u)" != 0 ] && [ -z "${PGSUP_IN_NAMESPACE:-}" ]; then
    PGSUP_IN_NAMESPACE=1 exec unshare -rm bash "$0"
fi
. "$(dirname "$0")/../faults.sh"
make_machines one
small=$WORK/small
mkdir "$small"
mount -t tmpfs -o size=12m,mode=700 pgsup-test "$small"
at_exit "umount -l '$small'"
qemu-io -f qcow2 -c 'write -P 7 0 24M' "$PGSUP_HOME/instances/one/os.qcow2" >/dev/null
nothing_is_left() {
    expect_equal "left in the folder" "$(ls -A "$small")" ""
}

step "of an instance that is off"
expect_fail 1 "No space left on device" "$PGSUP" backup create one --to "$small" --thin
nothing_is_left

step "of one that runs it is known before"
start_supervisor
quietly start one
expect_fail 1 'and the copy of what runs may take' "$PGSUP" backup create one --to "$small" --thin
nothing_is_left

step "full in the middle: the guest goes on"
mount -o remount,size=40m "$small"
copying() {
    run "$PGSUP" qmp one query-jobs
    grep -q '"status": "running"' "$OUT"
}
"$PGSUP" backup create one --to "$small" --thin --limit 128K >"$WORK/slow.out" 2>"$WORK/slow.err" &
slow=$!
wait_until 20 copying
dd if=/dev/zero of="$small/full" bs=64k 2>/dev/null || true
# By now it may have found the disk full, and there is no job any more.
run "$PGSUP" qmp one block-job-set-speed '{"device": "pgsup-backup-0", "speed": 0}'
status=0
wait $slow || status=$?
expect_equal "status" "$status" 1
expect_text "$WORK/slow.err" 'no backup of "one" was made: its QEMU cannot copy the disks: No space left on device'
guest_runs one || fail "the guest does not run"
rm "$small/full"
nothing_is_left
run "$PGSUP" qmp one query-named-block-nodes
expect_no_text "$OUT" pgsup-backup-
expect_ok "$PGSUP" -q backup create one --to "$small" --thin

step "its own disk is full: a backup needs no room there, a snapshot of it does, and nothing is left of one"
quietly stop -f one
instances=$PGSUP_HOME/instances
cp -a "$instances" "$WORK/aside"
mount -t tmpfs -o size=40m,mode=700 pgsup-test "$instances"
at_exit "umount -l '$instances'"
cp -a "$WORK/aside/." "$instances/"
quietly start one
wait_until 20 guest_runs one
mkdir "$WORK/roomy"
"$PGSUP" -q backup create one --to "$WORK/roomy" --thin --limit 128K >"$WORK/slow.out" 2>"$WORK/slow.err" &
slow=$!
wait_until 20 copying
dd if=/dev/zero of="$instances/filler" bs=4k 2>/dev/null || true
expect_fail 3 "a backup or an export of \"one\" is being made" "$PGSUP" snapshot create one s1
expect_ok "$PGSUP" qmp one block-job-set-speed '{"device": "pgsup-backup-0", "speed": 0}'
status=0
wait $slow || status=$?
expect_equal "status: $(cat "$WORK/slow.err")" "$status" 0
expect_fail 1 "No space left on device" "$PGSUP" snapshot create one s1
guest_runs one || fail "the guest does not run"
expect_ok "$PGSUP" backup verify "$(ls -d "$WORK"/roomy/one-*)"
rm "$instances/filler"
expect_ok "$PGSUP" snapshot list one --json
expect_equal "snapshots" "$(json_of 'it')" "[]"
expect_equal "folders" "$(ls "$instances/one/snapshots")" ""
expect_ok "$PGSUP" snapshot create one s1

step "a guest whose memory has no room there is not suspended, which is told before"
expect_fail 3 "free, and the memory of one may take 128 MiB: make room, or stop it" "$PGSUP" -q suspend one
guest_runs one || fail "the guest does not run"
