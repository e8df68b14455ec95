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
expect_refused 2 "broken.qcow2 is damaged: \`qemu-img check\` found" \
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
expect_text "$OUT" "is unchanged since it was added"
chmod u+w "$file"
printf x | dd of="$file" bs=1 seek=1000 conv=notrunc 2>/dev/null
expect_fail 1 "has changed since it was added" "$PGSUP" image verify base
expect_text "$ERR" "one, two" "$(python3 -c 'import hashlib, sys
print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$WORK/base.qcow2")"
cp "$WORK/base.qcow2" "$file"
expect_ok "$PGSUP" image verify base
mv "$file" "$WORK/away"
expect_fail 3 "is missing: restore it" "$PGSUP" image verify base
expect_fail 3 'no image "other"' "$PGSUP" image verify other

step "one that was never looked at is looked at before a disk is made on it"
unlooked() {
    sqlite3 "$PGSUP_HOME/cloud.sqlite3" "UPDATE images SET checked_ms = 0 WHERE name = 'base'"
}
unlooked
cp "$WORK/broken.qcow2" "$file"
expect_refused 2 "base.qcow2 is damaged" "$PGSUP" instance create three --os base
expect_refused 2 "base.qcow2 is damaged" "$PGSUP" instance rebuild -y one
cp "$WORK/base.qcow2" "$file"
expect_ok "$PGSUP" instance create three --os base
expect_ok "$PGSUP" image info base --json
expect_equal "whether it is noted" "$(json_of 'it["checked"] is not None')" True

step "disks of other programs, made by qemu-img, are named for what they are"
dd if=/dev/urandom of="$WORK/disk.raw" bs=1M count=4 2>/dev/null
printf '\x55\xaa' | dd of="$WORK/disk.raw" bs=1 seek=510 conv=notrunc 2>/dev/null
while read -r format option says; do
    # shellcheck disable=SC2086  # two words or none
    qemu-img convert -f raw -O "$format" ${option//none/} "$WORK/disk.raw" "$WORK/disk.$format" </dev/null
    expect_refused 2 "$says" "$PGSUP" image import -n other --arch aarch64 "$WORK/disk.$format"
    expect_text "$ERR" "qemu-img convert -f $format -O qcow2"
done <<'END_OF_FORMATS'
vmdk none disk.vmdk is a VMware disk (vmdk)
vdi none disk.vdi is a VirtualBox disk (vdi)
vhdx none disk.vhdx is a Hyper-V disk (vhdx)
vpc none disk.vpc is a Virtual PC disk (vhd)
vpc -osubformat=fixed disk.vpc is a Virtual PC disk of fixed size (vhd)
qed none disk.qed is a QED disk
END_OF_FORMATS
# Its measuring of the processor fails now and then on a busy machine.
wait_until 60 qemu-img create -q -f qcow2 --object secret,id=s,data=x -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 \
    "$WORK/luks.qcow2" 4M
expect_refused 2 "luks.qcow2 is encrypted" "$PGSUP" image import -n other --arch aarch64 "$WORK/luks.qcow2"

step "media that could be raw disks are taken with --force only"
expect_ok "$PGSUP" image import -n fixed --force --arch aarch64 "$WORK/disk.vpc"
mformat -C -f 1440 -v CIDATA -i "$WORK/seed.img" ::
expect_refused 2 "seed.img is a seed drive for cloud-init" \
    "$PGSUP" image import -n other --arch aarch64 "$WORK/seed.img"

step "archives: the one disk in a tar is taken, others are named"
mkdir "$WORK/tar"
cp "$WORK/disk.raw" "$WORK/tar/disk.raw"
echo readme >"$WORK/tar/README"
tar -C "$WORK/tar" -cf "$WORK/one.tar" README disk.raw
echo "attributes of macOS" >"$WORK/tar/._disk.raw"
tar -C "$WORK/tar" -czf "$WORK/one.tar.gz" README ._disk.raw disk.raw
tar -C "$WORK/tar" -cf "$WORK/none.tar" README
cp "$WORK/disk.raw" "$WORK/tar/second.img"
tar -C "$WORK/tar" -cf "$WORK/two.tar" README disk.raw second.img
python3 -c 'import bz2, sys
open(sys.argv[1] + ".bz2", "wb").write(bz2.compress(open(sys.argv[1], "rb").read()))' "$WORK/disk.raw"
(cd "$WORK/tar" && python3 -m zipfile -c "$WORK/one.zip" disk.raw)
for file in one.tar one.tar.gz disk.raw.bz2; do
    expect_ok "$PGSUP" image import -n "from-${file//./-}" --arch aarch64 "$WORK/$file"
    qemu-img convert -f qcow2 -O raw "$PGSUP_HOME/images/from-${file//./-}.qcow2" "$WORK/back.raw"
    cmp "$WORK/disk.raw" "$WORK/back.raw" || fail "$file: another disk came out"
done
expect_refused 2 "none.tar is an archive without a disk image" \
    "$PGSUP" image import -n other --arch aarch64 "$WORK/none.tar"
expect_refused 2 "two.tar is an archive with several disks" \
    "$PGSUP" image import -n other --arch aarch64 "$WORK/two.tar"
expect_refused 2 "one.zip is a zip archive: extract it with" \
    "$PGSUP" image import -n other --arch aarch64 "$WORK/one.zip"

step "a qcow2 that another process writes to"
make_image "$WORK/busy.qcow2" 64M
qemu-system-aarch64 -M virt -S -display none -serial none -monitor none \
    -drive "file=$WORK/busy.qcow2,format=qcow2,if=virtio" >/dev/null 2>&1 &
vm=$!
at_exit "kill $vm 2>/dev/null || true"
is_locked() { ! qemu-img info "$WORK/busy.qcow2" >/dev/null 2>&1; }
wait_until 20 is_locked
expect_refused 3 "busy.qcow2 is being written to by process $vm (qemu-system-" \
    "$PGSUP" image import -n busy --arch aarch64 "$WORK/busy.qcow2"
kill $vm
wait $vm || true
expect_ok "$PGSUP" image import -n busy --arch aarch64 "$WORK/busy.qcow2"
