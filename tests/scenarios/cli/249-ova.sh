# Goal: an OVA becomes an instance with all that its disks hold; what is damaged, hostile or cannot be
# taken is told in one sentence, and nothing of it is left.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
mkdir "$WORK/ova"
cd "$WORK/ova" || exit 1
for each in os:7:64M data:9:16M; do
    IFS=: read -r name pattern size <<<"$each"
    qemu-img create -q -f qcow2 "$name.qcow2" "$size"
    qemu-io -f qcow2 -c "write -P $pattern 1M 3M" "$name.qcow2" >/dev/null
    qemu-img convert -O vmdk -o subformat=streamOptimized "$name.qcow2" "$name.vmdk"
done
descriptor() { # OS-TYPE: of a machine with both disks, an empty one and a CD
    cat >web.ovf <<END
<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf">
 <References><File ovf:href="os.vmdk" ovf:id="f1"/><File ovf:href="data.vmdk" ovf:id="f2"/></References>
 <DiskSection><Info/>
  <Disk ovf:capacity="64" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="d1" ovf:fileRef="f1"/>
  <Disk ovf:capacity="16" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="d2" ovf:fileRef="f2"/>
  <Disk ovf:capacity="1" ovf:diskId="d3"/></DiskSection>
 <VirtualSystem ovf:id="web"><Name>Web (64 bit)</Name>
  <OperatingSystemSection ovf:id="96" vmw:osType="$1"/>
  <VirtualHardwareSection><Info/>
   <Item><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
   <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>512</rasd:VirtualQuantity></Item>
   <Item><rasd:HostResource>ovf:/disk/d1</rasd:HostResource><rasd:ResourceType>17</rasd:ResourceType></Item>
   <Item><rasd:HostResource>ovf:/disk/d2</rasd:HostResource><rasd:ResourceType>17</rasd:ResourceType></Item>
   <Item><rasd:HostResource>ovf:/disk/d3</rasd:HostResource><rasd:ResourceType>17</rasd:ResourceType></Item>
   <Item><rasd:ResourceType>10</rasd:ResourceType></Item><Item><rasd:ResourceType>10</rasd:ResourceType></Item>
  </VirtualHardwareSection></VirtualSystem>
</Envelope>
END
}
manifest() { # of what is there now
    { echo "SHA256(web.ovf)= $(sha256sum <web.ovf | cut -d' ' -f1)"
      echo "SHA1(os.vmdk)= $(sha1sum <os.vmdk | cut -d' ' -f1)"
      echo "SHA512(data.vmdk)= $(sha512sum <data.vmdk | cut -d' ' -f1)"; } >web.mf
}
pack() { # FILE…: into ../web.ova
    tar --format=ustar -cf ../web.ova "$@"
}
nothing_is_left() {
    expect_ok "$PGSUP" list --json
    expect_equal "instances" "$(json_of '[i["name"] for i in it]')" "$1"
    expect_equal "stages" "$(find "$PGSUP_HOME" -maxdepth 2 -name '*import*' -o -maxdepth 2 -name '.new*')" ""
}
holds() { # INSTANCE
    qemu-io -f qcow2 -c 'read -P 7 1M 3M' -c 'read -P 0 4M 60M' "$PGSUP_HOME/instances/$1/os.qcow2" >"$OUT"
    qemu-io -f qcow2 -c 'read -P 9 1M 3M' -c 'read -P 0 0 1M' "$PGSUP_HOME/instances/$1"/disk-*.qcow2 >>"$OUT"
    expect_no_text "$OUT" "verification failed"
    expect_equal "reads" "$(grep -c '^read ' "$OUT")" 4
}

step "whole: both disks, what it is called, what is left out"
descriptor arm-debian12-64Guest
manifest
pack web.ovf web.mf os.vmdk data.vmdk
expect_fail 2 'Web (64 bit)" is not a valid instance name' "$PGSUP" import ../web.ova
expect_ok "$PGSUP" import ../web.ova --as web
expect_text "$OUT" 'instance "web" imported' 'the disk "d3", which is empty, was left out' \
    "1 more network card was left out" "cloud-init in it begins as on a new machine"
expect_no_text "$OUT" x86_64 BIOS manifest
expect_ok "$PGSUP" instance get web --json
expect_equal "what it is" "$(json_of '(it["arch"], it["vcpu"], it["ram_bytes"] >> 20, it["disk_bytes"] >> 20)')" "('aarch64', 2, 512, 64)"
holds web
nothing_is_left "['web']"
tar --format=pax --exclude='*.qcow2' -cf ../pax.ova . # with its folder, "./" and times
expect_ok "$PGSUP" import ../pax.ova --as twin
holds twin
expect_ok "$PGSUP" list --json
expect_equal "addresses" "$(json_of 'len({i["mac"] for i in it})')" 2
for each in web twin; do expect_ok "$PGSUP" instance remove -y $each; done

step "unpacked: the descriptor beside its files; of x86 by its own word"
descriptor debian12_64Guest
expect_fail 2 "web.ovf is damaged: its SHA256 is not that of the manifest" "$PGSUP" import web.ovf --as web
rm web.mf
expect_ok "$PGSUP" import web.ovf --as web
expect_text "$OUT" "it is taken for one of x86_64" "it has no manifest" "boots by UEFI here"
expect_ok "$PGSUP" import . --as web-2 --arch aarch64
expect_ok "$PGSUP" instance get web-2 --json
expect_equal "arch" "$(json_of 'it["arch"]')" aarch64
holds web-2
for each in web web-2; do expect_ok "$PGSUP" instance remove -y $each; done
mv data.vmdk ../elsewhere
ln -s ../elsewhere data.vmdk
expect_fail 2 "data.vmdk is not a regular file" "$PGSUP" import web.ovf --as web
sed -i 's|href="data.vmdk"|href="../elsewhere"|' web.ovf
expect_fail 2 "../elsewhere is no name of a file beside the descriptor" "$PGSUP" import web.ovf --as web
rm data.vmdk
mv ../elsewhere data.vmdk
nothing_is_left "[]"

step "damaged"
descriptor arm-debian12-64Guest
manifest
cp os.vmdk ../os.whole
printf x | dd of=os.vmdk bs=1 seek=70000 conv=notrunc 2>/dev/null
pack web.ovf web.mf os.vmdk data.vmdk
expect_fail 2 "os.vmdk is damaged: its SHA1 is not that of the manifest" "$PGSUP" import ../web.ova --as web
mv ../os.whole os.vmdk
pack web.ovf web.mf os.vmdk data.vmdk
truncate -s -30000 ../web.ova
expect_fail 2 "web.ova is no intact tar archive: it is cut short" "$PGSUP" import ../web.ova --as web
pack web.ovf os.vmdk
expect_fail 2 'has no file "data.vmdk" in it' "$PGSUP" import ../web.ova --as web
pack os.vmdk data.vmdk
expect_fail 2 "web.ova is no OVA: it has no .ovf file in it" "$PGSUP" import ../web.ova --as web
(
    ulimit -f 2000 # of 1024 bytes: files are as full as a disk would be
    pack web.ovf os.vmdk data.vmdk
    expect_fail 1 "cannot convert os.vmdk" "$PGSUP" import ../web.ova --as web
)
nothing_is_left "[]"

step "hostile"
mkdir folder
echo secret >folder/secret
pack web.ovf os.vmdk data.vmdk folder
expect_fail 2 'has "folder/" in it, and not only plain files without folders' "$PGSUP" import ../web.ova --as web
tar --format=ustar -P --transform='s|data.vmdk|../data.vmdk|' -cf ../web.ova web.ovf os.vmdk data.vmdk
expect_fail 2 'has "../data.vmdk" in it' "$PGSUP" import ../web.ova --as web
ln -s /etc/passwd link
pack web.ovf os.vmdk data.vmdk link
expect_fail 2 'has "link" in it' "$PGSUP" import ../web.ova --as web
mv data.vmdk ../data.whole
printf '# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 8 FLAT "%s/folder/secret" 0\n' "$PWD" >data.vmdk
pack web.ovf os.vmdk data.vmdk
expect_fail 2 "data.vmdk is only the descriptor of a disk that is in other files" "$PGSUP" import ../web.ova --as web
qemu-img create -q -f qcow2 -b "$PWD/data.qcow2" -F qcow2 data.vmdk
pack web.ovf os.vmdk data.vmdk
expect_fail 2 "data.vmdk depends on another file" "$PGSUP" import ../web.ova --as web
rm data.vmdk
qemu-img create -q -f vmdk -b "$PWD/../data.whole" -F vmdk data.vmdk
pack web.ovf os.vmdk data.vmdk
expect_fail 2 "data.vmdk is only the difference to another disk" "$PGSUP" import ../web.ova --as web
mv ../data.whole data.vmdk
nothing_is_left "[]"

step "its disks may be of qcow2, whatever they are called"
cp data.qcow2 data.vmdk
pack web.ovf os.vmdk data.vmdk
expect_ok "$PGSUP" import ../web.ova --as web
holds web
printf 12345678 >>data.vmdk # a file need not end with a sector
pack web.ovf os.vmdk data.vmdk
expect_ok "$PGSUP" import ../web.ova --as packed
holds packed
rm -f web.mf
expect_ok "$PGSUP" import web.ovf --as unpacked
holds unpacked
