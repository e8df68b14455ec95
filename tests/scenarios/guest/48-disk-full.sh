# Goal: when the disk of the host is full, a VM that writes is paused, says why, also to the next
# supervisor, and goes on by itself when there is space again; the guest notices nothing.
# shellcheck shell=bash source-path=SCRIPTDIR
if [ "$(uname -s)" != Linux ]; then
    echo "skipped: needs a small file system, which is made with mount(8) of Linux"
    exit 77
fi
if [ "$(id -u)" != 0 ] && [ -z "${PGSUP_IN_NAMESPACE:-}" ]; then
    PGSUP_IN_NAMESPACE=1 exec unshare -rm bash "$0"
fi
. "$(dirname "$0")/../faults.sh"
new_cloud
mount -t tmpfs -o size=110m,mode=700 pgsup-test "$PGSUP_HOME/instances"
at_exit "umount -l '$PGSUP_HOME/instances'"
new_mini guest
misbehave guest write-forever
small=$WORK/small
mkdir "$small"
mount -t tmpfs -o size=200m,mode=700 pgsup-test "$small"
at_exit "umount -l '$small'"
copying() {
    run "$PGSUP" qmp guest query-jobs
    grep -q '"status": "running"' "$OUT"
}
start_supervisor

step "full while a backup is made elsewhere, which ends well: told as without one"
# What there is to copy lies where the guest never writes.
qemu-io -f qcow2 -c 'write -P 7 4G 4M' "$PGSUP_HOME/instances/guest/os.qcow2" >/dev/null
quietly start guest
# Halted, and the disk not filled, until it is copied: it cannot have come to the end of the space before.
run "$PGSUP" qmp guest stop
expect_equal "status of stop" "$STATUS" 0
"$PGSUP" -q backup create guest --to "$small" --thin --limit 1 >"$WORK/backup.out" 2>"$WORK/backup.err" &
backup=$!
wait_until 20 copying
head -c 85000000 /dev/zero >"$PGSUP_HOME/instances/filler"
run "$PGSUP" qmp guest cont
expect_equal "status of cont" "$STATUS" 0
wait_reason guest "the disk of the host is full; it goes on by itself when there is space again" 120
expect_state guest paused
expect_event guest "BLOCK_IO_ERROR"
copying || fail "it does not copy any more"
expect_ok "$PGSUP" qmp guest block-job-set-speed '{"device": "pgsup-backup-0", "speed": 0}'
status=0
wait $backup || status=$?
expect_equal "status: $(cat "$WORK/backup.err")" "$status" 0
expect_ok "$PGSUP" backup verify "$(ls -d "$small"/guest-*)"
rm -r "$small"/guest-*
expect_reason guest "the disk of the host is full; it goes on by itself when there is space again"
expect_ok "$PGSUP" list
expect_text "$OUT" "the disk of the host is full"

step "the next supervisor knows it too"
kill_supervisor
start_supervisor
wait_state guest paused
wait_reason guest "the disk of the host is full"

step "who pauses it themselves wants it to stay so"
quietly pause guest
expect_reason guest "paused by request"
mv "$PGSUP_HOME/instances/filler" "$WORK/filler"
sleep 12
expect_state guest paused
mv "$WORK/filler" "$PGSUP_HOME/instances/filler" 2>/dev/null || head -c 85000000 /dev/zero >"$PGSUP_HOME/instances/filler"
quietly resume guest
wait_reason guest "the disk of the host is full" 60

step "space: it goes on within some 10 s, and the guest has had no error"
rm "$PGSUP_HOME/instances/filler"
wait_until 20 sh -c "'$PGSUP' list --json | grep -Eq '\"state\": \"(running|ready|booting)\"'"
expect_event guest "there is space on the host again: going on"
wait_until 200 grep -q "mini: wrote" "$PGSUP_HOME/instances/guest/console.log"
expect_no_text "$PGSUP_HOME/instances/guest/console.log" "write failed" "I/O error"

step "a backup that fills its own disk: it is given up, and the guest goes on, without a supervisor too"
kill_supervisor
# Halted until there is no space: each write of the guest waits for what it overwrites to be copied,
# and soon it would have overwritten all that it ever does.
run "$PGSUP" qmp guest stop
expect_equal "status of stop" "$STATUS" 0
"$PGSUP" backup create guest --to "$small" --thin --limit 1 2>"$WORK/backup.err" &
backup=$!
wait_until 20 copying
# From now on only what the guest overwrites is copied, so that it is the guest's write that fails.
run "$PGSUP" qmp guest query-jobs
job=$(json_of '[each["id"] for each in it if each["type"] == "backup"][0]')
run "$PGSUP" qmp guest block-job-set-speed "{\"device\": \"$job\", \"speed\": 1}"
expect_equal "status of qmp" "$STATUS" 0
dd if=/dev/zero of="$small/full" bs=64k 2>/dev/null || true
run "$PGSUP" qmp guest cont
expect_equal "status of cont" "$STATUS" 0
status=0
wait $backup || status=$?
expect_equal "status" "$status" 1
expect_text "$WORK/backup.err" "no backup of \"guest\" was made: a write of its guest failed meanwhile: see whether there is free space in $small"
guest_runs guest || fail "the guest does not run: $(cat "$WORK/backup.err")"
rm "$small/full"
expect_equal "left in the folder" "$(ls -A "$small")" ""
start_supervisor # which reads the console
before=$(grep -c "mini: wrote" "$PGSUP_HOME/instances/guest/console.log")
wrote_more() {
    [ "$(grep -c "mini: wrote" "$PGSUP_HOME/instances/guest/console.log")" -gt "$before" ]
}
wait_until 200 wrote_more
expect_no_text "$PGSUP_HOME/instances/guest/console.log" "write failed" "I/O error"

step "a stop that the guest cannot follow says why, with and without a supervisor"
dd if=/dev/zero of="$PGSUP_HOME/instances/filler" bs=64k 2>/dev/null || true
wait_state guest paused 120
run "$PGSUP" stop guest --timeout 3 --no-escalate
expect_equal "status of stop" "$STATUS" 5
expect_text "$ERR" "its guest cannot shut down while the disk of the host is full" \
    "it still runs, but stands still because the disk of the host is full: make room"
wait_state guest paused 5
wait_reason guest "the disk of the host is full" 5
kill_supervisor
run "$PGSUP" stop guest --timeout 3
expect_text "$OUT" "stopped: quit after 1 press" "the disk of the host is full"
expect_no_process
