# Goal: of a backup that is made while a program writes with fsync in a real guest, and restored in
# another home, the file system is clean without recovery, what is there is what was synced, and it is
# the same machine.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../debian.sh"
. "$(dirname "$0")/fsync.sh"
make_key
expect_ok "$PGSUP" cloud create -n lab --no-admin-password --ssh-public-key "$KEY.pub" --network user --no-lab \
    --ph-port "$(free_port)"
expect_ok "$PGSUP" image import -n debian "${PGSUP_TEST_IMAGE:?the image of the Debian guest}"
new_debian test --seed drive --ssh-port "$(free_port)"
folder=$PGSUP_HOME/instances/test
start_supervisor
start_guest

step "a backup while a program writes with fsync"
mkdir "$WORK/out"
begin_writer
expect_ok "$PGSUP" -q backup create test --to "$WORK/out" --json
expect_equal "moment" "$(json_of 'it["moment"]')" frozen
full=$(json_of 'it["folder"]')
end_writer
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
expect_clean "$WORK/other/instances/test/os.qcow2"
of_disk() { # FILE
    debugfs -R "cat $1" "$WORK/disk?offset=$offset" 2>/dev/null
}
of_disk /var/tmp/journal >"$OUT"
expect_journal "$OUT" backup
expect_equal "instance-id" "$(of_disk /var/lib/cloud/data/instance-id)" \
    "$(sed -n 's/^instance-id: //p' "$WORK/other/instances/test/cloud-init/meta-data" | tr -d '"')"
rm -r "$WORK/disk" "$WORK/other" "$WORK/out"
