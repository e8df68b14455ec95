# Goal: an instance returns to a snapshot, with all its disks and their sizes, its documents and host
# keys; one that runs is kept in one moment; what a snapshot forbids is told with the way out.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines test
folder=$PGSUP_HOME/instances/test
expect_ok "$PGSUP" disk add test data 32M
put() { # DISK PATTERN: what the guest has written
    qemu-io -c "write -P $2 0 64k" "$folder/$1.qcow2" >/dev/null
}
holds() { # DISK PATTERN
    qemu-io -c "read -P $2 0 64k" "$folder/$1.qcow2" | grep -q "Pattern verification failed" &&
        fail "$1 does not hold $2"
    true
}
in_disk() { # DISK: the names of its snapshots
    qemu-img info -U --output=json "$folder/$1.qcow2" |
        python3 -c 'import json,sys; print(*[s["name"] for s in json.load(sys.stdin).get("snapshots", [])])'
}
rows() { # the names and states of what is listed
    run "$PGSUP" snapshot list test --json
    json_of '[(s["name"], s["state"], s["consistency"]) for s in it]'
}

step "what makes no sense is refused"
expect_refused 3 'no instance "none"' "$PGSUP" snapshot create none
expect_refused 2 '"S" is not a valid snapshot name' "$PGSUP" snapshot create test S
expect_refused 2 '"17" is only digits' "$PGSUP" snapshot create test 17
expect_refused 2 "one line of at most 200 bytes" "$PGSUP" snapshot create test s1 --comment $'a\nb'
expect_refused 2 "excludes" "$PGSUP" snapshot create test s1 --no-freeze --freeze-required
expect_refused 3 '"test" has no snapshot "s1"' "$PGSUP" snapshot restore test s1
expect_refused 2 "or --all" "$PGSUP" snapshot remove test
expect_ok "$PGSUP" snapshot list --json
expect_equal "list" "$(json_of it)" "[]"

step "of a stopped one: its disks, sizes, documents and host keys come back"
put os 1
put disk-data 2
cp -R "$folder/cloud-init" "$WORK/documents"
mkdir -p "$folder/host-keys"
echo key-of-before >"$folder/host-keys/ssh_host_ed25519_key"
expect_ok "$PGSUP" snapshot create test s1 --comment "all is well"
expect_text "$OUT" 'snapshot "s1" of "test" created'
expect_equal "snapshots" "$(in_disk os) $(in_disk disk-data)" "s1 s1"
expect_refused 3 'has a snapshot "s1" already' "$PGSUP" snapshot create test s1
put os 3
put disk-data 4
expect_ok "$PGSUP" instance resize test 6G
echo key-of-later >"$folder/host-keys/ssh_host_ed25519_key"
echo "# of later" >>"$folder/cloud-init/user-data"
echo "#cloud-config" >"$folder/cloud-init/own-user-data"
expect_ok "$PGSUP" disk add test later 16M
expect_ok "$PGSUP" instance get test --json
identity=$(json_of 'it["instance_id"]')
expect_ok "$PGSUP" instance set test --rerun-cloud-init
expect_ok "$PGSUP" snapshot restore test s1
expect_text "$OUT" '"test" is as it was at' '`pgsup snapshot restore test before-restore-' \
    'the disk "later", added since, stays as it is'
holds os 1
holds disk-data 2
expect_equal "host key" "$(cat "$folder/host-keys/ssh_host_ed25519_key")" key-of-before
diff -r "$WORK/documents" "$folder/cloud-init" || fail "the documents are others"
run "$PGSUP" instance get test --json
expect_equal "size and instance-id" "$(json_of 'it["disk_bytes"], it["instance_id"]')" "(5368709120, '$identity')"

step "and what it was until then, too"
safety=$("$PGSUP" snapshot list test --json | grep -o 'before-restore-[0-9-]*[0-9]')
expect_ok "$PGSUP" snapshot restore test "$safety" --no-safety
holds os 3
holds disk-data 4
expect_equal "host key" "$(cat "$folder/host-keys/ssh_host_ed25519_key")" key-of-later
expect_text "$folder/cloud-init/user-data" "# of later"
expect_equal "rows" "$(rows)" "[('s1', 'kept', 'stopped'), ('$safety', 'kept', 'stopped')]"

step "what a snapshot forbids"
expect_refused 3 'pgsup snapshot remove test --all' "$PGSUP" instance rebuild -y test
expect_refused 3 'snapshots of "test" hold the disk "data"' "$PGSUP" disk remove -y test data
qemu-img snapshot -c own "$folder/os.qcow2"
expect_refused 3 'a snapshot "own" that pgsup did not make' "$PGSUP" snapshot create test own
qemu-img snapshot -d s1 "$folder/disk-data.qcow2"
expect_equal "rows" "$(rows)" "[('s1', 'missing', 'stopped'), ('$safety', 'kept', 'stopped')]"
expect_refused 3 'is not in' "$PGSUP" snapshot restore test s1
expect_ok "$PGSUP" snapshot remove test s1 "$safety"
expect_equal "snapshots" "$(in_disk os) $(in_disk disk-data)" "own "
expect_equal "rows" "$(rows)" "[]"

step "one whose files are gone is missing, and changes nothing"
expect_ok "$PGSUP" snapshot create test s1
expect_ok "$PGSUP" snapshot create test s2
rm -r "$folder/snapshots/s1" "$folder/snapshots/s2/cloud-init/user-data"
expect_equal "rows" "$(rows)" "[('s1', 'missing', 'stopped'), ('s2', 'missing', 'stopped')]"
for each in s1 s2; do
    expect_refused 3 "are gone or cannot be read" "$PGSUP" snapshot restore test $each --no-safety
done
expect_equal "host key" "$(cat "$folder/host-keys/ssh_host_ed25519_key")" key-of-later
expect_text "$folder/cloud-init/user-data" "# of later"
expect_ok "$PGSUP" snapshot remove test s1 s2

step "dirty bitmaps are told before anything is changed; known hosts of later go"
rm -f "$folder/known_hosts"
expect_ok "$PGSUP" snapshot create test s1
echo "later ssh-ed25519 AAAA" >"$folder/known_hosts"
qemu-img bitmap --add "$folder/disk-data.qcow2" b
expect_refused 3 'disk-data.qcow2 has dirty bitmaps' "$PGSUP" snapshot restore test s1
expect_equal "rows" "$(rows)" "[('s1', 'kept', 'stopped')]"
qemu-img bitmap --remove "$folder/disk-data.qcow2" b
expect_ok "$PGSUP" snapshot restore test s1 --no-safety
[ ! -e "$folder/known_hosts" ] || fail "known hosts of later are there"

step "an interrupted restore is completed before its disks are copied or changed"
interrupt() { # SNAP: its restore, when the disk of the system is changed already
    in_store "UPDATE snapshots SET state = 'restoring' WHERE name = '$1'"
    : >"$folder/.unfinished"
}
unfinished() { # yes or no: whether vm.sh is kept from it
    expect_equal "unfinished" "$([ -e "$folder/.unfinished" ] && echo yes || echo no)" "$1"
}
put disk-data 5
interrupt s1
expect_ok "$PGSUP" instance clone test whole
qemu-io -r -c "read -P 4 0 64k" "$PGSUP_HOME/instances/whole/disk-data.qcow2" >"$OUT" || fail "a mixture was cloned"
expect_equal "rows" "$(rows)" "[('s1', 'kept', 'stopped')]"
unfinished no
put disk-data 5
interrupt s1
mkdir "$WORK/backups"
expect_ok "$PGSUP" backup create test --to "$WORK/backups"
expect_equal "rows" "$(rows)" "[('s1', 'kept', 'stopped')]"
interrupt s1
expect_ok "$PGSUP" instance resize test 7G
expect_ok "$PGSUP" instance get test --json
expect_equal "size" "$(json_of 'it["disk_bytes"]')" 7516192768
expect_equal "rows" "$(rows)" "[('s1', 'kept', 'stopped')]"

step "one that can never be completed is left by the restore of another one, or by its removal"
put disk-data 6
expect_ok "$PGSUP" snapshot create test s2
interrupt s1
qemu-img bitmap --add "$folder/disk-data.qcow2" b
expect_fail 3 'would stay incomplete' "$PGSUP" snapshot remove test s1
unfinished yes
qemu-img bitmap --remove "$folder/disk-data.qcow2" b
qemu-img snapshot -d s1 "$folder/disk-data.qcow2"
put disk-data 7
expect_note 'interrupted restore of "s1" is not complete (`pgsup snapshot restore` of another' "$PGSUP" snapshot list test
expect_ok "$PGSUP" snapshot restore test s2 --no-safety
holds disk-data 6
unfinished no
expect_event test '"s1" is not restored: another one is'
expect_equal "rows" "$(rows)" "[('s1', 'missing', 'stopped'), ('s2', 'kept', 'stopped')]"
interrupt s1
expect_fail 3 'no snapshot "s9"' "$PGSUP" snapshot restore test s9
expect_ok "$PGSUP" snapshot remove test s2
unfinished yes
expect_note 'stays as its interrupted restore has left it' "$PGSUP" snapshot remove test s1
unfinished no
expect_ok "$PGSUP" snapshot create test s1
interrupt s1
expect_fail 3 'no snapshot "s9"' "$PGSUP" snapshot remove test s9
unfinished no
expect_ok "$PGSUP" snapshot remove test s1
put disk-data 4

step "an interrupted rebuild is completed before a snapshot is made"
run "$PGSUP" instance get test --json
identity=$(json_of 'it["instance_id"]')
mkdir -p "$folder/.reset-$identity/cloud-init"
echo "# of the rebuild" >"$folder/.reset-$identity/cloud-init/vendor-data"
cp "$folder/cloud-init/vendor-data" "$WORK/vendor-data"
expect_ok "$PGSUP" snapshot create test s1
expect_text "$folder/snapshots/s1/cloud-init/vendor-data" "# of the rebuild"
cp "$WORK/vendor-data" "$folder/cloud-init/vendor-data"
expect_ok "$PGSUP" snapshot remove test s1

step "a clone of a snapshot has its documents"
expect_ok "$PGSUP" snapshot create test s1
cp -R "$folder/cloud-init" "$WORK/of-then"
echo "# of today" | tee -a "$folder/cloud-init/user-data" >>"$folder/cloud-init/own-user-data"
expect_ok "$PGSUP" instance clone test@s1 then
expect_text "$OUT" ", from \"test@s1\""
grep -q "of later" "$PGSUP_HOME/instances/then/cloud-init/user-data" || fail "what was edited then is not there"
grep -rq "of today" "$PGSUP_HOME/instances/then/cloud-init" && fail "the documents are of today"
rm -r "$folder/cloud-init"
cp -R "$WORK/of-then" "$folder/cloud-init"
expect_ok "$PGSUP" snapshot remove test s1

step "of a running one: all disks in one moment, without its supervisor too"
start_supervisor
quietly start test
expect_ok "$PGSUP" disk add test late 16M
expect_fail 1 'without --freeze-required' "$PGSUP" snapshot create test s2 --freeze-required
expect_equal "rows" "$(rows)" "[]"
expect_ok "$PGSUP" snapshot create test s2
expect_text "$OUT" "crash-consistent: the guest runs no agent"
expect_equal "snapshots" "$(in_disk os) $(in_disk disk-data) $(in_disk disk-late)" "own s2 s2 s2"
expect_event test '"s2" created, crash-consistent'
kill_supervisor
expect_note "no supervisor serves it" "$PGSUP" snapshot create test s3 --no-freeze
start_supervisor
wait_state test running 20
expect_equal "rows" "$(rows)" "[('s2', 'kept', 'crash'), ('s3', 'kept', 'crash')]"
expect_ok "$PGSUP" snapshot remove test s3
expect_equal "snapshots" "$(in_disk os) $(in_disk disk-data) $(in_disk disk-late)" "own s2 s2 s2"
expect_fail 3 'or by --stop here' "$PGSUP" snapshot restore test s2
expect_ok "$PGSUP" snapshot create test s3
rm -r "$folder/snapshots/s3"
expect_fail 3 'are gone or cannot be read' "$PGSUP" snapshot restore test s3 --stop
expect_state test running
expect_ok "$PGSUP" snapshot remove test s3

step "of a paused one nothing is asked that would wait for it"
quietly pause test
expect_ok "$PGSUP" snapshot create test s3
expect_text "$OUT" "crash-consistent: the guest is paused"
expect_ok "$PGSUP" snapshot remove test s3
quietly resume test

step "by the clock, while it runs: the oldest go"
expect_fail 2 "from a minute to a year" "$PGSUP" instance set test --snapshot-every 1s
expect_fail 2 "from 1 to 1000" "$PGSUP" instance set test --snapshot-keep 0
expect_ok "$PGSUP" instance set test --snapshot-every 1d --snapshot-keep 2
automatic() { # how many
    run "$PGSUP" snapshot list test --json
    json_of 'len([s for s in it if s["origin"] == "automatic"])'
}
there_are() {
    [ "$(automatic)" = "$1" ]
}
wait_until 20 there_are 1
first=$(json_of '[s["name"] for s in it if s["origin"] == "automatic"][0]')
a_day_later() {
    in_store "UPDATE snapshots SET created_ms = created_ms - 86400000 WHERE origin = 'automatic'"
}
a_day_later
wait_until 20 there_are 2
a_day_later
first_is_gone() {
    run "$PGSUP" snapshot list test --json
    [ "$(json_of "'$first' in [s['name'] for s in it]")" = False ]
}
wait_until 20 first_is_gone
wait_until 20 there_are 2
first_is_gone || fail "$first is there again"
in_store "UPDATE snapshots SET created_ms = created_ms + 864000000 WHERE origin = 'automatic'"
tomorrow=$(python3 -c 'import time; print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400)))')
one_is_of_now() {
    run "$PGSUP" snapshot list test --json
    [ "$(json_of 'len([s for s in it if s["origin"] == "automatic" and s["created"] < "'"$tomorrow"'"])')" = 1 ]
}
wait_until 20 one_is_of_now
wait_until 20 there_are 2
expect_ok "$PGSUP" instance set test --snapshot-every ""
remove_automatic() { # when the process that has made the last one has ended
    run "$PGSUP" snapshot list test --json
    json_of '"\n".join(s["name"] for s in it if s["origin"] == "automatic")' | xargs "$PGSUP" snapshot remove test
}
wait_until 20 remove_automatic
expect_equal "rows" "$(rows)" "[('s2', 'kept', 'crash')]"

step "a clone of a snapshot, while it runs"
expect_refused 3 'has no snapshot "s9": did you mean "s2"?' "$PGSUP" instance clone test@s9 trial
expect_ok "$PGSUP" instance clone test@s2 trial
qemu-io -r -c "read -P 3 0 64k" "$PGSUP_HOME/instances/trial/os.qcow2" >"$OUT" || fail "it was not copied"
qemu-io -r -c "read -P 4 0 64k" "$PGSUP_HOME/instances/trial/disk-data.qcow2" >"$OUT" || fail "the disk was not copied"
expect_ok "$PGSUP" snapshot list trial --json
expect_equal "snapshots of the clone" "$(json_of it)" "[]"

step "two at once"
python3 -c 'import fcntl, os, sys, time
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
sys.stdout.write("locked\n"); sys.stdout.flush(); time.sleep(600)' "$folder/snapshots" >"$WORK/locked" &
holder=$!
at_exit "kill $holder 2>/dev/null"
wait_until 10 test -s "$WORK/locked"
expect_fail 3 "another process is working on the snapshots of \"test\": $holder (" "$PGSUP" snapshot create test s4
kill "$holder"
wait "$holder" 2>/dev/null || true

step "of a job its end is an event, not each of its states"
expect_ok "$PGSUP" qmp test blockdev-add '{"driver": "null-co", "node-name": "bk", "size": 6442450944}'
expect_ok "$PGSUP" qmp test blockdev-backup '{"job-id": "b", "device": "disk0", "target": "bk", "sync": "top"}'
expect_event test BLOCK_JOB_COMPLETED
! has_event test JOB_STATUS_CHANGE || fail "the status of a job is an event"

step "restored with --stop"
(sleep 1 && exec "$PGSUP" -q stop -f test >/dev/null) & # this guest ignores its button
expect_ok "$PGSUP" -q snapshot restore test s2 --stop
wait $!
expect_state test stopped
holds os 3
expect_ok "$PGSUP" snapshot remove test --all
expect_equal "snapshots" "$(in_disk os) $(in_disk disk-data) $(in_disk disk-late)" "own  "
qemu-img check -q "$folder/os.qcow2"
