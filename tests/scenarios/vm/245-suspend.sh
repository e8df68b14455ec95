# Goal: an instance that is suspended goes on where it was, with what was in its memory and without a
# boot; what that memory forbids is told with the way out; nothing of it is lost silently.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines test other
folder=$PGSUP_HOME/instances/test
expect_ok "$PGSUP" disk add test data 32M
expect_ok "$PGSUP" -q network add inner
expect_ok "$PGSUP" nic add test inner,mac=52:54:00:00:00:97

# aarch64: at its boot it writes the counter to 0x40100000 and "B" to the console, and then sleeps.
python3 - "$WORK/idle.fw" <<'END'
import struct, sys
words = [0xd2a80200, 0xd53be041, 0xf9000001, 0xd2a12002, 0x52800843, 0xb9000043, 0xd503207f, 0x17ffffff]
open(sys.argv[1], "wb").write(b"".join(struct.pack("<I", word) for word in words))
END
boots() { # how often it has booted
    grep -v '^---' "$folder/console.log" 2>/dev/null | tr -cd B | wc -c | tr -d ' '
}
has_booted() {
    [ "$(boots)" = "$1" ]
}
is_wanted() { # NAME WHAT
    [ "$(field_of "$1" 'it["wanted"]')" = "$2" ]
}
in_memory() {
    run "$PGSUP" qmp test human-monitor-command '{"command-line": "xp /1gx 0x40100000"}'
    sed 's/.*0x/0x/' "$OUT"
}
in_disk() { # DISK: the snapshots in it
    qemu-img info -U --output=json "$folder/$1.qcow2" |
        python3 -c 'import json,sys; print(len(json.load(sys.stdin).get("snapshots", [])))'
}

step "what does not run, or stands still, is not suspended"
start_supervisor
expect_fail 3 "test does not run" "$PGSUP" suspend test
expect_ok "$PGSUP" -q start test
wait_until 30 has_booted 1
wait_until 30 guest_runs test
expect_ok "$PGSUP" -q pause test
expect_fail 3 "test is paused: \`pgsup resume test\`" "$PGSUP" suspend test
expect_ok "$PGSUP" -q resume test
mark=$(in_memory)
case $mark in 0x0000000000000000* | '') fail "its memory is empty: $mark" ;; esac

step "its memory goes to disk, and nothing of it runs"
expect_ok "$PGSUP" -q suspend test
expect_nothing_left
expect_equal "snapshots in its disks" "$(in_disk os) $(in_disk disk-data)" "1 1"
expect_ok "$PGSUP" list --json --state suspended
expect_equal "listed" "$(json_of '[(row["name"], row["state"], row["pid"]) for row in it]')" "[('test', 'suspended', None)]"
expect_ok "$PGSUP" info test
expect_text "$OUT" "Suspended" 'of memory are on disk: `pgsup start test` lets it go on'
wait_until 10 is_wanted test stopped # written behind the answer
expect_ok "$PGSUP" suspend test --json
expect_equal "again" "$(json_of '(it["state"], it["outcome"])')" "('suspended', None)"
expect_ok "$PGSUP" stop test
expect_text "$OUT" 'already stopped, suspended: `pgsup stop test --discard` discards its memory'
expect_event test "suspending --saved--> quitting"

tag=$(qemu-img info -U --output=json "$folder/os.qcow2" |
    python3 -c 'import json,sys; print(json.load(sys.stdin)["snapshots"][0]["name"])')

step "its disks and hardware are to stay as they are"
for words in "instance clone test copy" "instance resize test 6G" "instance rename test two" "snapshot create test" \
    "instance rebuild test --yes" "disk remove test data --yes" "disk add test later 16M"; do
    # shellcheck disable=SC2086  # words
    expect_fail 3 '"test" is suspended' "$PGSUP" $words
done
expect_fail 3 '"test" is suspended' "$PGSUP" backup create test --to "$WORK/backups"
expect_fail 3 '"test" is suspended' "$PGSUP" export test --as libvirt --to "$WORK/exported"
run "$folder/vm.sh"
expect_equal "status of vm.sh" "$STATUS" 3
expect_text "$ERR" 'test is suspended' 'pgsup start test'
expect_fail 3 '"test" is suspended' "$PGSUP" set test --machine-update
expect_note '`pgsup start test --cold` discards it and boots' "$PGSUP" -q set test --ram 96
expect_text "$ERR" "(set it back, and start it again)"
expect_fail 3 "it is that of other hardware" "$PGSUP" start test
expect_text "$ERR" "64M" "96M" '`pgsup start test --cold` discards it and boots'
expect_state test suspended
expect_ok "$PGSUP" -q set test --ram 64
expect_note '"test" is suspended' "$PGSUP" -q nic add test user,mac=52:54:00:00:00:99
expect_ok "$PGSUP" -q nic remove test 2
expect_note '"test" is suspended' "$PGSUP" -q nic remove test 1
expect_note '"test" is suspended' "$PGSUP" -q nic add test user,mac=52:54:00:00:00:98
expect_fail 3 "it is that of other hardware" "$PGSUP" start test
expect_text "$ERR" "nic1=multicast/52:54:00:00:00:97@" "is set to" "nic1=user/52:54:00:00:00:98" "(set it back, and start"
expect_note '"test" is suspended' "$PGSUP" -q nic remove test 1
expect_ok "$PGSUP" -q nic add test inner,mac=52:54:00:00:00:97
printf 'instances:\n  test: {image: empty, vcpu: 2}\n' >"$WORK/lab.yaml"
expect_note 'test: "test" is suspended, and its memory cannot be loaded: it is that of other hardware' \
    "$PGSUP" -q apply -f "$WORK/lab.yaml"
sed -i.old -e 's/vcpu: 2/vcpu: 1/' "$WORK/lab.yaml"
expect_ok "$PGSUP" -q apply -f "$WORK/lab.yaml"
sed -i.old -e 's/vcpu: 1/disks: {later: 16M}/' "$WORK/lab.yaml"
expect_fail 2 'test: "test" is suspended' "$PGSUP" -q apply -f "$WORK/lab.yaml"

step "it goes on where it was, and its disks hold no memory then"
expect_ok "$PGSUP" -q start test
wait_until 30 guest_runs test
expect_equal "its memory" "$(in_memory)" "$mark"
expect_equal "boots" "$(boots)" 1
expect_equal "snapshots in its disks" "$(in_disk os) $(in_disk disk-data)" "0 0"
expect_event test "memory loaded"

step "a save that another one has left behind does not count as this one"
save='{"job-id": "pgsup-save", "tag": "'$tag'", "vmstate": "disk0", "devices": ["disk0"]}'
has_left_a_save() {
    run "$PGSUP" qmp test query-jobs
    grep -q concluded "$OUT"
}
expect_ok "$PGSUP" qmp test snapshot-save "$save"
wait_until 30 has_left_a_save
wait_until 30 guest_runs test
expect_ok "$PGSUP" -q suspend test
expect_equal "snapshots in its disks" "$(in_disk os) $(in_disk disk-data)" "1 1"
expect_ok "$PGSUP" -q start test --cold
wait_until 30 has_booted 2
wait_until 30 guest_runs test
mark=$(in_memory)

step "its guest stands still only when the store knows why"
kill_supervisor
start_supervisor
wait_state test running 30
python3 - "$PGSUP_HOME/cloud.sqlite3" "$WORK/locked" <<'END' &
import os, sqlite3, sys, time
store = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
store.execute("BEGIN IMMEDIATE")
open(sys.argv[2], "w").close()
while os.path.exists(sys.argv[2]):
    time.sleep(0.05)
store.execute("ROLLBACK")
END
lock=$!
wait_until 30 test -e "$WORK/locked"
expect_fail 1 "test was not suspended and goes on: the store cannot be written now" "$PGSUP" -q suspend test
guest_runs test || fail "it was halted"
"$PGSUP" -q suspend test &
suspends=$!
wait_state test suspending
guest_runs test || fail "it is halted before that is known"
rm "$WORK/locked"
wait $lock || fail "the store was not locked"
wait $suspends || fail "it was not suspended"

step "the supervisor that starts it need not be the one that suspended it"
kill_supervisor
expect_equal "without a supervisor" "$(state_of test)" suspended
start_supervisor
expect_ok "$PGSUP" -q start --all
wait_until 30 guest_runs test
expect_equal "its memory" "$(in_memory)" "$mark"
expect_equal "boots" "$(boots)" 2

step "a disk that was added since it started is no part of its memory, and can be removed"
expect_ok "$PGSUP" disk add test later 16M
expect_ok "$PGSUP" -q suspend test
expect_fail 3 "it is that of other hardware" "$PGSUP" start test
expect_text "$ERR" '(remove a disk that its guest has not seen by `pgsup disk remove test later`, and start it again)'
expect_fail 3 '"test" is suspended' "$PGSUP" disk remove test data --yes
expect_ok "$PGSUP" disk remove test later --yes
expect_ok "$PGSUP" -q start test
wait_until 30 guest_runs test
expect_equal "its memory" "$(in_memory)" "$mark"

step "a cold start is asked for each time: that of a VM that runs says nothing of the next"
expect_ok "$PGSUP" -q start test --cold
expect_ok "$PGSUP" -q suspend test
expect_ok "$PGSUP" -q restart test
wait_until 30 guest_runs test
expect_equal "its memory" "$(in_memory)" "$mark"
expect_equal "boots" "$(boots)" 2

step "a disk that was written to since does not fit its memory: a cold start discards it"
expect_ok "$PGSUP" -q suspend --all
expect_state other suspended
qemu-io -c 'write -P 7 0 64k' "$folder/os.qcow2" >"$OUT"
expect_fail 3 "was written to since" "$PGSUP" start test
expect_ok "$PGSUP" -q start test --cold
wait_until 30 has_booted 3
expect_equal "snapshots in its disks" "$(in_disk os) $(in_disk disk-data)" "0 0"

step "what is discarded is told, and then it is stopped"
expect_ok "$PGSUP" stop other --discard
expect_text "$OUT" "other: its saved memory is discarded"
expect_state other stopped
expect_fail 3 "other does not run" "$PGSUP" suspend other
expect_ok "$PGSUP" suspend --all
expect_text "$OUT" "test suspended" "other does not run"
expect_ok "$PGSUP" -q stop test --discard
expect_equal "snapshots in its disks" "$(in_disk os) $(in_disk disk-data)" "0 0"
expect_state test stopped

step "also of one that runs, when it has stopped"
discard_running() { # as another program leaves it in the disk of one that runs and does not know it
    expect_ok "$PGSUP" qmp other snapshot-save "$save"
    wait_until 30 other_has_saved
    wait_until 30 guest_runs other
    $1
    run "$PGSUP" stop -f --discard other
    expect_equal "status of stop" "$STATUS" 0
    expect_text "$OUT" "other: its saved memory is discarded" "stopped: quit"
    qemu-img info --output=json "$PGSUP_HOME/instances/other/os.qcow2" >"$WORK/disk.json"
    expect_no_text "$WORK/disk.json" "$tag"
}
other_has_saved() {
    run "$PGSUP" qmp other query-jobs
    grep -q concluded "$OUT"
}
for ends in "" kill_supervisor; do
    expect_ok "$PGSUP" -q start other
    wait_until 30 guest_runs other
    discard_running "$ends"
done
start_supervisor
expect_state other stopped

step "a disk of qemu.args would not be saved, which is told before anything is done"
cp "$folder/qemu.args" "$WORK/own.args"
qemu-img create -q -f raw "$WORK/vars" 64M # what a flash chip holds is in the memory
qemu-img create -q -f raw "$WORK/own.raw" 1M
printf '%s\n' -drive "if=pflash,index=1,format=raw,file=$WORK/vars" \
    -blockdev "driver=raw,node-name=mine,file.driver=file,file.filename=$WORK/own.raw" \
    -device virtio-blk-pci,drive=mine >>"$folder/qemu.args"
expect_ok "$PGSUP" -q start test
wait_until 30 has_booted 4
wait_until 30 guest_runs test
expect_fail 1 'test was not suspended and goes on: its disk "mine", which qemu.args gives it' "$PGSUP" -q suspend test
expect_text "$ERR" '`pgsup stop test`'
expect_equal "snapshots in its disks" "$(in_disk os) $(in_disk disk-data)" "0 0"
guest_runs test || fail "it stands still"
"$PGSUP" events -v -n all test >"$WORK/events"
expect_no_text "$WORK/events" "job-dismiss refused"
run "$PGSUP" -q stop -f test
sed -i.old -e 's/node-name=mine/node-name=disk-mine/' -e 's/drive=mine/drive=disk-mine,id=my.flash/' "$folder/qemu.args"
expect_ok "$PGSUP" -q start test
wait_until 30 has_booted 5
wait_until 30 guest_runs test
expect_fail 1 'goes on: its disk "disk-mine", which qemu.args gives it' "$PGSUP" -q suspend test
run "$PGSUP" -q stop -f test

step "what QEMU cannot save goes on, with QEMU's reason"
cp "$WORK/own.args" "$folder/qemu.args"
printf '%s\n' -device nvme,serial=n >>"$folder/qemu.args"
expect_ok "$PGSUP" -q start test
wait_until 30 has_booted 6
expect_fail 1 "test was not suspended and goes on: State blocked by non-migratable device" "$PGSUP" -q suspend test
wait_until 30 guest_runs test
is_wanted test running || fail "it is not wanted any more"

step "the end of the supervisor suspends what can be, and stops the rest"
expect_ok "$PGSUP" -q start other
wait_until 30 guest_runs other
expect_fail 2 "exclude each other" "$PGSUP" down --keep --suspend
run "$PGSUP" -q stop -f test
cp "$WORK/own.args" "$folder/qemu.args"
expect_ok "$PGSUP" -q start test
wait_until 30 has_booted 7
wait_until 30 guest_runs test
mark=$(in_memory)
on_both() { # COMMAND of QMP
    for disk in disk0 disk-data; do
        expect_ok "$PGSUP" qmp test "$1" "{\"device\": \"$disk\", \"name\": \"$tag\"}"
    done
}
on_both blockdev-snapshot-internal-sync
expect_fail 1 "already exists" "$PGSUP" -q suspend test
on_both blockdev-snapshot-delete-internal-sync # that it could not be does not count any more
run "$PGSUP" -q down --suspend
expect_equal "status of down" "$STATUS" 0
wait "$SUPERVISOR" || fail "the supervisor ended with status $?"
SUPERVISOR=
expect_equal "states" "$(state_of test) $(state_of other)" "suspended suspended"
run "$PGSUP" set other --snapshot-every 1h
expect_equal "status of set" "$STATUS" 0
start_supervisor
expect_ok "$PGSUP" -q start test
wait_until 30 guest_runs test
expect_equal "its memory" "$(in_memory)" "$mark"
expect_equal "boots" "$(boots)" 7

step "what is made by the clock waits for it to go on"
sleep 6 # more than the supervisor takes to look
expect_ok "$PGSUP" -q start other
wait_until 30 has_event other '"auto-'
"$PGSUP" events -v -n all other >"$WORK/events"
expect_no_text "$WORK/events" "snapshot by itself"

step "without a supervisor, a guest whose memory is being saved is not pressed back to life"
expect_ok "$PGSUP" qmp test stop
expect_ok "$PGSUP" qmp test snapshot-save "$save"
wait_until 30 has_left_a_save
kill_supervisor
run "$PGSUP" -q stop test
expect_equal "status of stop" "$STATUS" 3
expect_text "$ERR" "the memory of test is being saved"
run "$PGSUP" -q stop -f test
expect_equal "status of stop -f" "$STATUS" 0

step "nor is a QEMU that is silent because it saves killed for it"
start_supervisor
expect_ok "$PGSUP" -q start test --cold
wait_until 30 guest_runs test
qemu=$(pid_of test)
kill -STOP "$qemu"
"$PGSUP" -q suspend test >"$WORK/suspends" 2>&1 &
is_recorded() {
    [ "$(in_store "SELECT state FROM launches ORDER BY number DESC LIMIT 1")" = suspending ]
}
wait_until 30 is_recorded
kill_supervisor
run "$PGSUP" -q stop test --timeout 1
expect_equal "status of stop" "$STATUS" 3
expect_text "$ERR" "the memory of test was being saved when its supervisor ended, and its QEMU does not answer"
! is_gone "$qemu" || fail "its QEMU was killed"
kill -CONT "$qemu"
run "$PGSUP" -q stop -f test
expect_equal "status of stop -f" "$STATUS" 0
