# Goal: a running VM is backed up while it goes on, as of one moment; whoever is killed, cancelled or
# removed in the middle, nothing is left: no job, no node, no half a backup.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one
expect_ok "$PGSUP" disk add one data 8M
folder=$PGSUP_HOME/instances/one
out=$WORK/out
mkdir "$out"
qemu-io -f qcow2 -c 'write -P 7 0 24M' "$folder/os.qcow2" >/dev/null
qemu-io -f qcow2 -c 'write -P 9 0 1M' "$folder/disk-data.qcow2" >/dev/null
start_supervisor
quietly start one

jobs_of() { # the jobs of backups, and the nodes that they write to
    "$PGSUP" qmp one query-jobs | grep -c pgsup-backup- || true
    "$PGSUP" qmp one query-named-block-nodes | grep -c '"node-name": "pgsup-backup-' || true
}
nothing_is_left() {
    [ "$(jobs_of | tr '\n' ' ')" = "0 0 " ]
}
no_part_is_left() {
    expect_equal "unfinished" "$(find "$out" -name '*.part')" ""
}
begin_slow() { # it takes three minutes, or until hurry
    "$PGSUP" backup create one --to "$out" --thin --limit 128K >"$WORK/slow.out" 2>"$WORK/slow.err" &
    SLOW=$!
    wait_until 20 copying
}
copying() {
    run "$PGSUP" qmp one query-jobs
    grep -q '"status": "running"' "$OUT"
}
made() { # the folder that it told: of two within a second neither name says which is the newer one
    sed -n 's/^one backed up to \([^:]*\): .*/\1/p' "$WORK/slow.out"
}
hurry() {
    expect_ok "$PGSUP" -q qmp one block-job-set-speed '{"device": "pgsup-backup-0", "speed": 0}'
    run "$PGSUP" -q qmp one block-job-set-speed '{"device": "pgsup-backup-1", "speed": 0}' # the small one may be over
}
end_slow() { # STATUS TEXT
    local status=0
    wait "$SLOW" || status=$?
    expect_equal "status" "$status" "$1"
    [ -z "$2" ] || expect_text "$WORK/slow.err" "$2"
}

step "what is written meanwhile is not in it; the other disk is of the same moment; its QEMU waits for no sync of the copy"
begin_slow
expect_ok "$PGSUP" qmp one query-named-block-nodes
expect_equal "not synced by QEMU" "$(json_of 'sorted(each["node-name"] for each in it if each["drv"] == "qcow2" and each["cache"]["no-flush"])')" "['pgsup-backup-0', 'pgsup-backup-1']"
expect_ok "$PGSUP" qmp one human-monitor-command '{"command-line": "qemu-io -d /machine/peripheral/vda/virtio-backend \"write -P 8 16M 8M\""}'
expect_text "$folder/qemu.log" "wrote 8388608/8388608 bytes"
hurry
end_slow 0 ""
thin=$(made)
expect_text "$WORK/slow.out" "crash-consistent" "its file systems were not frozen: the guest runs no agent"
expect_ok "$PGSUP" backup verify "$thin"
expect_ok "$PGSUP" backup restore "$thin" --as two
qemu-io -f qcow2 -c 'read -P 7 0 24M' "$PGSUP_HOME/instances/two/os.qcow2" >"$OUT"
expect_no_text "$OUT" "verification failed"
qemu-io -f qcow2 -c 'read -P 9 0 1M' "$PGSUP_HOME/instances/two/disk-data.qcow2" >/dev/null
nothing_is_left || fail "left: $(jobs_of)"

step "one that is just ending is no failure of its own"
monitor=$(echo "$PGSUP_HOME"/run/s/one.*.mon)
mv "$monitor" "$WORK/mon"
expect_fail 3 "one is ending, or $monitor was removed" "$PGSUP" backup create one --to "$out"
expect_fail 3 "one is ending, or $monitor was removed" "$PGSUP" snapshot create one
mv "$WORK/mon" "$monitor"
no_part_is_left

step "an export of it is as of one moment too; not while a backup is made"
begin_slow
expect_fail 3 "a backup or an export of \"one\" is being made" "$PGSUP" export one --as libvirt --to "$WORK/export"
expect_ok "$PGSUP" qmp one human-monitor-command '{"command-line": "qemu-io -d /machine/peripheral/vda/virtio-backend \"write -P 5 0 8M\""}'
hurry
end_slow 0 ""
rm -r "$(made)"
expect_ok "$PGSUP" export one --as libvirt --to "$WORK/export"
expect_text "$OUT" "crash-consistent: the guest runs no agent"
qemu-io -f qcow2 -c 'read -P 5 0 8M' -c 'read -P 7 8M 8M' "$WORK/export/disk.qcow2" >"$OUT"
expect_no_text "$OUT" "verification failed"
qemu-io -f qcow2 -c 'read -P 9 0 1M' "$WORK/export/disk-data.qcow2" >"$OUT"
expect_no_text "$OUT" "verification failed"
expect_equal "files" "$(ls -A "$WORK/export" | xargs)" "README.md disk-data.qcow2 disk.qcow2 domain.xml seed.img"
nothing_is_left || fail "left: $(jobs_of)"

step "another one is at its monitor when the copy is to be closed: it is waited for"
begin_slow
python3 - "$(ls "$PGSUP_HOME"/run/s/one.*.mon)" <<'END' &
import socket, sys, time
def take():
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    return s
first = take()
first.recv(1000)  # its greeting: the monitor is ours
first.sendall(b'{"execute": "qmp_capabilities"}\n{"execute": "block-job-set-speed", '
              b'"arguments": {"device": "pgsup-backup-0", "speed": 0}}\n{"execute": "block-job-set-speed", '
              b'"arguments": {"device": "pgsup-backup-1", "speed": 0}}\n')
time.sleep(1.5)  # the backup waits for it now
second = take()  # … and this one after it
time.sleep(0.5)
first.close()
second.settimeout(120)
second.recv(100)
time.sleep(7)  # more than a client waits
END
holder=$!
end_slow 0 ""
wait $holder
nothing_is_left || fail "left: $(jobs_of)"
rm -r "$(made)"

step "full, of a guest that is paused: the same to the byte"
quietly pause one
expect_ok "$PGSUP" -q backup create one --to "$out" --json
full=$(json_of 'it["folder"]')
expect_ok "$PGSUP" backup verify "$full" --against-vm
expect_fail 2 "differs from" "$PGSUP" backup verify "$thin" --against-vm
quietly resume one
expect_fail 3 '"one" runs, and its disks change' "$PGSUP" backup verify "$full" --against-vm
expect_fail 3 'instance "one" runs (pid ' "$PGSUP" backup restore "$full" --replace -y

step "two at once, and cancelled: SIGTERM is as Ctrl-C, which a shell keeps from what is in the background"
expect_ok "$PGSUP" -q snapshot create one kept
begin_slow
for command in "backup create one --to $out" "snapshot create one" "snapshot remove one kept" \
    "instance resize one 8G"; do
    # shellcheck disable=SC2086  # words of a command
    expect_fail 3 "a backup or an export of \"one\" is being made" "$PGSUP" $command
done
in_store "UPDATE launches SET state = 'suspending'" # as its supervisor writes it, which holds that lock then
expect_fail 3 '"one" is being suspended: try again when it is done' "$PGSUP" backup create one --to "$out"
kill_supervisor # it is not at it any more, and what it wrote last stays
run "$PGSUP" backup create one --to "$out"
expect_equal "status" "$STATUS" 3
expect_text "$ERR" 'a backup or an export of "one" is being made: try again when it is done'
start_supervisor
kill -TERM $SLOW
end_slow 143 "interrupted"
expect_ok "$PGSUP" -q snapshot remove one kept
no_part_is_left
nothing_is_left || fail "left: $(jobs_of)"

step "a job that makes no step, a QEMU that answers nothing: given up after ten minutes, in which it was awake"
if [ "$(uname -s)" = Linux ]; then # which has the library
    begin_stalled() {
        awake=0
        set_file awake 0
        env LD_PRELOAD="${PGSUP_WALL_CLOCK:?the library of tests/fault/wall_clock.c}" AWAKE_FILE="$WORK/awake" \
            "$PGSUP" backup create one --to "$out" --thin --limit 1M >"$WORK/slow.out" 2>"$WORK/slow.err" &
        SLOW=$!
        wait_until 20 copying
    }
    begin_stalled
    let_pass() { # TIMES SECONDS: 240 s each time, of which it counts all if it looks meanwhile
        for _ in $(seq "$1"); do
            is_gone "$SLOW" && break
            awake=$((awake + 240))
            set_file awake $awake
            sleep "$2"
        done
    }
    stand_still() {
        expect_ok "$PGSUP" -q qmp one job-pause '{"id": "pgsup-backup-0"}'
    }
    stand_still
    let_pass 2 3
    is_gone "$SLOW" && fail "given up too early: $(cat "$WORK/slow.err")"
    expect_ok "$PGSUP" -q qmp one job-resume '{"id": "pgsup-backup-0"}'
    hurry
    end_slow 0 ""
    rm -r "$(made)"
    begin_stalled
    stand_still
    let_pass 20 3
    end_slow 5 'no backup of "one" was made: its QEMU has copied nothing for 10 minutes: see whether its disks and '
    no_part_is_left
    nothing_is_left || fail "left: $(jobs_of)"
    begin_stalled
    qemu=$(pid_of one)
    kill -STOP "$qemu"
    at_exit "kill -CONT $qemu 2>/dev/null"
    let_pass 4 6 # it waits 5 s for an answer
    kill -CONT "$qemu"
    end_slow 5 'no backup of "one" was made: its QEMU has not answered for 10 minutes: see whether '
    no_part_is_left
    nothing_is_left || fail "left: $(jobs_of)"
fi

step "killed: the supervisor removes what QEMU was told, the next backup what is in the folder"
begin_slow
kill -9 $SLOW
wait $SLOW 2>/dev/null || true
kill_supervisor
start_supervisor
wait_until 20 nothing_is_left
expect_event one "pgsup-backup-0, which an interrupted backup had begun, was removed"
[ -n "$(find "$out" -name '*.part')" ] || fail "nothing was left"
expect_ok "$PGSUP" backup list "$out"
expect_text "$OUT" "incomplete: its making was interrupted"

step "the supervisor is killed, and another one adopts the VM: the backup goes on"
begin_slow
kill_supervisor
start_supervisor
wait_state one running 20
hurry
end_slow 0 ""
no_part_is_left

step "the folder is removed in the middle"
begin_slow
rm -r "$out"/*.part
kill -TERM $SLOW
end_slow 143 "interrupted"
nothing_is_left || fail "left: $(jobs_of)"
begin_slow
rm -r "$out"/*.part
hurry
end_slow 1 'was removed in the middle of it'
nothing_is_left || fail "left: $(jobs_of)"

step "by the supervisor, which keeps the newest, and says what went wrong"
auto=$WORK/auto
mkdir "$auto"
again() {
    in_store 'UPDATE backups SET made_ms = 0'
}
is_kept() { # WHICH WAS BEFORE: another one, $KEPT, is there alone, and all that belongs to its making is over
    run "$PGSUP" backup list "$auto" --json
    KEPT=$(json_of '" ".join(each["folder"] for each in it)')
    [ -n "$KEPT" ] && [ "$KEPT" != "$1" ] && has_event one "one backed up to $KEPT: "
}
expect_fail 2 "a backup needs a folder" "$PGSUP" instance set one --backup-every 1d
expect_fail 3 "$WORK/nowhere does not exist" "$PGSUP" instance set one --backup-to "$WORK/nowhere"
expect_fail 2 "is not a duration from a minute to a year" "$PGSUP" instance set one --backup-to "$auto" --backup-every 1s
expect_ok "$PGSUP" instance set one --backup-to "$auto" --backup-every 1h --backup-keep 1
expect_ok "$PGSUP" info one
expect_text "$OUT" "every 1 h 0 min, the newest 1 are kept, in $auto"
wait_until 60 is_kept ""
first=$KEPT
case $first in "$auto/one-"*) ;; *) fail "made: $first" ;; esac
again
wait_until 60 is_kept "$first"
mv "$auto" "$auto.away"
again
wait_until 60 has_event one "by itself: no backup of \"one\" was made: the folder $auto does not exist"

step "QEMU is killed in the middle"
begin_slow
kill -9 "$(pid_of one)"
end_slow 3 'no backup of "one" was made: the VM of "one" ended meanwhile: `pgsup events one` shows how'
no_part_is_left
