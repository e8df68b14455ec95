# Goal: of a backup that is made while a program writes with fsync in a real guest, and restored in
# another home, the file system is clean without recovery, what is there is what was synced, and it is
# the same machine.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../debian.sh"
make_key
expect_ok "$PGSUP" cloud create -n lab --no-admin-password --ssh-public-key "$KEY.pub" --network user --no-lab \
    --ph-port "$(free_port)"
expect_ok "$PGSUP" image import -n debian "${PGSUP_TEST_IMAGE:?the image of the Debian guest}"
new_debian test --seed drive --ssh-port "$(free_port)"
folder=$PGSUP_HOME/instances/test
start_supervisor
"$PGSUP" -q start test --wait >/dev/null

writer='import itertools, os
log = open("/var/tmp/journal", "a")
for i in itertools.count(1):
    log.write("%d\n" % i)
    log.flush()
    os.fsync(log.fileno())
    print(i, flush=True)'
more_than() { # NUMBER: of them are synced, as the guest has told
    [ "$(tail -n 1 "$WORK/acks")" -gt "$1" ]
}

step "a backup while a program writes with fsync"
mkdir "$WORK/out"
"$PGSUP" ssh test -- exec python3 -c "'$writer'" >"$WORK/acks" &
client=$!
wait_until 60 test -s "$WORK/acks"
wait_until 60 more_than 20
before=$(tail -n 1 "$WORK/acks")
expect_ok "$PGSUP" -q backup create test --to "$WORK/out" --json
expect_equal "moment" "$(json_of 'it["moment"]')" frozen
full=$(json_of 'it["folder"]')
in_guest tail -n 1 /var/tmp/journal # what was told of it may still be on its way
after=$(cat "$OUT")
wait_until 60 more_than $((after + 5)) # it writes on
kill $client
wait $client 2>/dev/null || true
expect_ok "$PGSUP" backup verify "$full"

step "... restored in another home: the same machine"
"$PGSUP" instance get test --json >"$WORK/here"
"$PGSUP" -p "$WORK/other" cloud create -n other --no-admin-password --ssh-public-key "$KEY.pub" \
    --network user --no-lab --ph-port "$(free_port)" >/dev/null
expect_ok "$PGSUP" -p "$WORK/other" backup restore "$full"
"$PGSUP" -p "$WORK/other" instance get test --json >"$WORK/there"
for each in instance_id uuid '"mac"'; do
    expect_equal "$each" "$(grep "$each" "$WORK/there")" "$(grep "$each" "$WORK/here")"
done
expect_equal "host keys" "$(cd "$WORK/other/instances/test/host-keys" && cksum ssh_host_*)" \
    "$(cd "$folder/host-keys" && cksum ssh_host_*)"

step "... and clean, with what was synced, and nothing of later"
qemu-img convert -O raw "$WORK/other/instances/test/os.qcow2" "$WORK/disk"
offset=$(python3 -c 'import struct, sys
disk = open(sys.argv[1], "rb")
disk.seek(1024) # the table of a GPT: UEFI specification, 5.3.3
parts = [struct.unpack_from("<QQ", disk.read(128), 32) for _ in range(128)]
print(max(parts, key=lambda part: part[1] - part[0])[0] * 512)' "$WORK/disk")
e2fsck -fn "$WORK/disk?offset=$offset" >"$OUT" 2>&1 || fail "the file system is not clean"
expect_no_text "$OUT" "recovering journal" "skipping journal recovery"
of_disk() { # FILE
    debugfs -R "cat $1" "$WORK/disk?offset=$offset" 2>/dev/null
}
of_disk /var/tmp/journal >"$OUT"
last=$(tail -n 1 "$OUT")
seq "$last" | cmp - "$OUT" || fail "the journal has gaps"
[ "$before" -le "$last" ] && [ "$last" -le "$after" ] ||
    fail "it has $last; $before were synced before the backup, $after when it was there"
expect_equal "instance-id" "$(of_disk /var/lib/cloud/data/instance-id)" \
    "$(sed -n 's/^instance-id: //p' "$WORK/other/instances/test/cloud-init/meta-data" | tr -d '"')"
rm -r "$WORK/disk" "$WORK/other" "$WORK/out"
