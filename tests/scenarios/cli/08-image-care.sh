# Goal: an image that is damaged does not come into the home, one that was changed there is found out,
# and who uses it is told.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/base.qcow2" 64M
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/base.qcow2"

step "damaged inside, though its header is whole"
cp "$WORK/base.qcow2" "$WORK/broken.qcow2"
python3 - "$WORK/broken.qcow2" <<'END'
import struct, sys
with open(sys.argv[1], "r+b") as image:
    image.seek(40)  # of the header: where the L1 table is
    table = struct.unpack(">Q", image.read(8))[0]
    image.seek(table)
    image.write(struct.pack(">Q", 1 << 63 | 0x10000 * 1000 | 0x200))  # its first L2 table: nowhere
END
expect_refused 2 "broken.qcow2 is damaged: \`qemu-img check\` finds" \
    "$PGSUP" image import -n broken --arch aarch64 "$WORK/broken.qcow2"

step "who uses it"
expect_ok "$PGSUP" image info base
expect_text "$OUT" "no instance" "64 MiB" "$WORK/base.qcow2"
expect_ok "$PGSUP" instance create one --os base
expect_ok "$PGSUP" instance create two --os base
expect_ok "$PGSUP" image info base
expect_text "$OUT" "one, two"
expect_ok "$PGSUP" image info base --json
expect_equal "who uses it" "$(json_of 'it["used_by"], it["arch"], it["checked"] is not None')" \
    "('one, two', 'aarch64', True)"
file=$(json_of 'it["path"]')
expect_fail 3 'no image "other"' "$PGSUP" image info other

step "as it was, or not"
expect_ok "$PGSUP" image verify base
expect_text "$OUT" "is as it came into the home"
chmod u+w "$file"
printf x | dd of="$file" bs=1 seek=1000 conv=notrunc 2>/dev/null
expect_fail 1 "was changed since it came into the home" "$PGSUP" image verify base
expect_text "$ERR" "one, two" "$(python3 -c 'import hashlib, sys
print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$WORK/base.qcow2")"
cp "$WORK/base.qcow2" "$file"
expect_ok "$PGSUP" image verify base
mv "$file" "$WORK/away"
expect_fail 3 "is gone: put it back" "$PGSUP" image verify base
expect_fail 3 'no image "other"' "$PGSUP" image verify other

step "one that was never looked at is looked at before a disk is made on it"
unlooked() {
    sqlite3 "$PGSUP_HOME/cloud.sqlite3" "UPDATE images SET checked_ms = 0 WHERE name = 'base'"
}
unlooked
cp "$WORK/broken.qcow2" "$file"
expect_refused 2 "base.qcow2 is damaged" "$PGSUP" instance create three --os base
expect_refused 2 "base.qcow2 is damaged" "$PGSUP" instance reset one
cp "$WORK/base.qcow2" "$file"
expect_ok "$PGSUP" instance create three --os base
expect_ok "$PGSUP" image info base --json
expect_equal "whether it is noted" "$(json_of 'it["checked"] is not None')" True
