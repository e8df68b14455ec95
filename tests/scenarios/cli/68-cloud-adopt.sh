# Goal: the home of an mrmat-playground becomes one of pgsup, all or nothing: backup first, the
# password hashed and left nowhere else, instances, MAC addresses and disks as they were.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
make_key
PASSWORD=very-secret-$RANDOM$RANDOM
old=$WORK/old

in_old() { # SQL
    python3 -c 'import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
for row in store.execute(sys.argv[2]):
    print(*row, sep="|")
store.commit()' "$old/cloud.sqlite3" "$1"
}

old_instance() { # NAME MAC ADDRESS: as its commands left one
    local folder=$old/instances/$1
    mkdir -p "$folder/cloud-init" "$folder/roles/mine"
    qemu-img create -q -f qcow2 -F qcow2 -b "$old/images/ubuntu-jammy.qcow2" "$folder/os.qcow2" 128M
    printf '#cloud-config\nusers:\n- name: cloudadmin\n  plain_text_passwd: %s\n' "$PASSWORD" \
        >"$folder/cloud-init/user-data"
    printf 'instance-id: instance1/%s\nlocal-hostname: %s\n' "$1" "$1" >"$folder/cloud-init/meta-data"
    printf '#cloud-config\n' >"$folder/cloud-init/vendor-data"
    printf 'ethernets:\n  primary0:\n    addresses:\n    - %s/24\n    dhcp4: false\n    gateway4: 172.16.3.1\nversion: 2\n' \
        "$3" >"$folder/cloud-init/network-config"
    cp "$folder/cloud-init/user-data" "$folder/cloud-init.img"
    printf '\n#!/bin/bash\nqemu-system-aarch64 \\\n  -smp 3 \\\n  -m 1536 \\\n  -nographic\n' >"$folder/vm.sh"
    printf '[defaults]\nhost_key_checking = False\n' >"$folder/ansible.cfg"
    printf -- '- hosts: all\n  name: Deploy\n  roles:\n  - name: mrmat.playground.redirect_console\n' \
        >"$folder/deploy.yaml"
    in_old "INSERT INTO instances (name, path, mac) VALUES ('$1', '$folder', '$2')"
}

make_old() { # a home with two instances
    rm -rf "$old"
    mkdir -p "$old/images" "$old/instances"
    make_image "$old/images/ubuntu-jammy.qcow2"
    in_old "CREATE TABLE cloud(name, admin_password, public_key_path)"
    in_old "INSERT INTO cloud VALUES ('mrmat-playground', '$PASSWORD', '$KEY.pub')"
    in_old "CREATE TABLE network(host_if, host_ip4, host_nm4, host_gw4, host_ns4, ph_port)"
    in_old "INSERT INTO network VALUES ('$(any_interface)', '172.16.3.10', '255.255.255.0', '172.16.3.1', '172.16.3.1', 10300)"
    in_old "CREATE TABLE instances(instance_id INTEGER PRIMARY KEY AUTOINCREMENT, name, path, mac)"
    old_instance gone 00:50:56:00:00:01 172.16.3.4
    rm -rf "$old/instances/gone"
    old_instance test 00:50:56:00:00:02 172.16.3.5
    old_instance web 00:50:56:00:00:03 172.16.3.6
    chmod -R go-w "$old"
}

# refused STATUS TEXT [OPTION…]: it says so, and the home is as it was, to the byte.
refused() {
    local before
    before=$(fingerprint "$old")
    expect_fail "$1" "$2" "$PGSUP" cloud adopt "$old" "${@:3}"
    expect_equal "the home after: $2" "$(fingerprint "$old")" "$before"
    expect_no_text "$ERR" "$PASSWORD"
}

step "what cannot be taken over is refused without a trace"
expect_fail 3 "$WORK/nowhere does not exist" "$PGSUP" cloud adopt "$WORK/nowhere"
expect_fail 2 "is not a folder" "$PGSUP" cloud adopt "$KEY"
mkdir "$WORK/empty"
expect_fail 3 "$WORK/empty/cloud.sqlite3" "$PGSUP" cloud adopt "$WORK/empty"
expect_equal "an empty folder" "$(ls -A "$WORK/empty")" ""
expect_fail 2 "needs an argument" "$PGSUP" cloud adopt
make_old
refused 2 "is not a valid cloud name" -n "No Label"
refused 3 "$WORK/none.pub" --ssh-public-key "$WORK/none.pub"
refused 2 "private key" --ssh-public-key "$KEY"

# broken SQL STATUS TEXT: in a home that was made whole before.
broken() {
    make_old
    in_old "$1"
    refused "$2" "$3"
}
broken "UPDATE cloud SET public_key_path = '$WORK/gone.pub'" 3 "$WORK/gone.pub"
broken "UPDATE cloud SET name = 'Lab 1'" 2 '"Lab 1" is not a valid cloud name'
broken "DELETE FROM cloud" 2 "holds no cloud"
broken "INSERT INTO cloud VALUES ('b', 'c', 'd')" 2 "more than one cloud"
broken "DROP TABLE instances" 2 "no such table: instances"
broken "DROP TABLE network" 2 "no such table: network"
broken "UPDATE network SET host_if = 'none9'" 2 'no interface "none9"'
broken "UPDATE network SET host_gw4 = '10.0.0.1'" 2 "10.0.0.1"
broken "UPDATE network SET ph_port = 0" 2 "is not a port"
broken "UPDATE instances SET mac = '00:50:56:00:00:02'" 2 "have the same MAC address 00:50:56:00:00:02"
broken "UPDATE instances SET mac = NULL WHERE name = 'web'" 2 'is not a MAC address for the instance "web"'
broken "UPDATE instances SET mac = '01:50:56:00:00:03' WHERE name = 'web'" 2 '"01:50:56:00:00:03" is not a MAC'
broken "UPDATE instances SET path = '$WORK/elsewhere/web' WHERE name = 'web'" 2 "outside this home"
broken "UPDATE instances SET path = path || '/../../../elsewhere' WHERE name = 'web'" 2 "outside this home"
broken "UPDATE instances SET name = 'Web_1' WHERE name = 'web'" 2 '"Web_1" is not a valid instance name'
broken "UPDATE instances SET name = '../test' WHERE name = 'web'" 2 "is not a valid instance name"
broken "UPDATE instances SET instance_id = -1 WHERE name = 'web'" 2 "instance_id -1"
make_old
sed 's/3\.6/3.5/' "$old/instances/web/cloud-init/network-config" >"$WORK/config"
cp "$WORK/config" "$old/instances/web/cloud-init/network-config"
refused 2 "have the same address 172.16.3.5"
make_old
rm "$old/instances/web/os.qcow2"
refused 1 "$old/instances/web/os.qcow2"
make_old
mv "$old/images/ubuntu-jammy.qcow2" "$old/images/other.qcow2"
refused 2 "ubuntu-jammy.qcow2, which is missing"
make_old
echo "not a database, though long enough to be read as one" >"$old/cloud.sqlite3"
refused 2 "is not the database of an mrmat-playground"
make_old
touch "$old/cloud.sqlite3-journal"
refused 3 "is in use, or a program crashed while using it"
make_old
chmod g+w "$old"
refused 2 "others can write to the folder"
if [ "$(uname -s)" = Linux ]; then
    make_old
    exec 8<"$old/instances/web/os.qcow2"
    refused 3 'the disk of "web" is in use by process'
    exec 8<&-
fi

step "a disk that would have QEMU open other files"
make_old
echo "a file of the user's" >"$WORK/victim"
qemu-img create -q -f qcow2 -o "data_file=$WORK/victim.raw,data_file_raw=on" "$old/instances/web/os.qcow2" 1M
rm -f "$WORK/victim.raw"
ln "$WORK/victim" "$WORK/victim.raw"
refused 2 "$old/instances/web/os.qcow2"
make_old
python3 - "$old/instances/web/os.qcow2" <<'END'
import struct, sys
with open(sys.argv[1], "r+b") as file: # its image as it should be, and a data file (docs/interop/qcow2.txt)
    file.seek(72)
    (incompatible,) = struct.unpack(">Q", file.read(8))
    file.seek(72)
    file.write(struct.pack(">Q", incompatible | 4))
END
refused 2 "web/os.qcow2 depends on an external data file"
make_old
qemu-img rebase -u -F raw -b 'json:{"driver":"raw","file":{"driver":"file","filename":"/etc/passwd"}}' "$old/instances/web/os.qcow2"
refused 2 "$old/instances/web/os.qcow2"
expect_equal "the user's file" "$(cat "$WORK/victim")" "a file of the user's"

step "a home of pgsup is not taken over"
expect_ok "$PGSUP" cloud create -n lab --admin-password-file "$KEY.pub" --ssh-public-key "$KEY.pub" \
    --network user
expect_refused 3 "is already a home of pgsup" "$PGSUP" cloud adopt "$PGSUP_HOME"

step "a whole one is"
make_old
printf -- '- hosts: all\n  roles:\n  - mine\n' >"$old/instances/web/deploy.yaml"
printf '%s\n' -device edu >"$old/instances/web/qemu.args" # which the predecessor did not have
echo "not an image" >"$old/images/freebsd.qcow2"
# As a name that was removed and made again: the first row is the one that counted.
in_old "INSERT INTO instances (name, path) SELECT name, path FROM instances WHERE name = 'test'"
disks=$(cksum "$old"/instances/*/os.qcow2 "$old"/images/*)
before=$(cksum <"$old/cloud.sqlite3")
expect_ok "$PGSUP" cloud adopt "$old"
expect_text "$OUT" "cloud \"mrmat-playground\" imported in $old: instances: 2, images: 1" \
    "\"gone\" was skipped" "freebsd.qcow2 cannot be used as an image" "the backup $old/before-pgsup contains the admin password in clear text" \
    "Ansible is not run for these instances by itself"
[ ! -e "$old/instances/web/qemu.args" ] || fail "QEMU would be given somebody else's arguments"
expect_no_text "$OUT" "$PASSWORD"
expect_equal "disks and images" "$(cksum "$old"/instances/*/os.qcow2 "$old"/images/*)" "$disks"

step "... with its backup, for the owner alone"
expect_equal "the old database" "$(cksum <"$old/before-pgsup/cloud.sqlite3")" "$before"
expect_equal "mode of the backup" "$(mode_of "$old/before-pgsup")" "drwx------"
expect_equal "files that others can read" \
    "$(find "$old" -type f -perm -040 ! -path '*/images/*' ! -name os.qcow2 ! -path '*/roles/*' ! -name deploy.yaml)" ""
for file in cloud-init/user-data cloud-init/meta-data cloud-init.img vm.sh ansible.cfg deploy.yaml; do
    [ -s "$old/before-pgsup/instances/test/$file" ] || fail "the backup lacks $file of test"
done

step "... and the password nowhere else"
grep -rlF -- "$PASSWORD" "$old" | grep -v "^$old/before-pgsup/" >"$OUT" || true
expect_equal "files with the password" "$(cat "$OUT")" ""
export PGSUP_HOME=$old
expect_ok "$PGSUP" cloud get --json
expect_equal "the cloud" "$(json_of 'it["name"], it["admin_password"], it["host_ip4"], it["host_ns4"], it["ph_port"]')" \
    "('mrmat-playground', True, '172.16.3.10', '172.16.3.1', 10300)"
expect_equal "its key" "$(json_of 'it["ssh_public_keys"][0]')" "$(cut -d' ' -f1,2 "$KEY.pub")"
expect_equal "its network" "$(json_of 'it["network"]')" "$(bridged_kind)"
hash=$(sed -n 's/.*hashed_passwd: "\(.*\)"/\1/p' "$old/instances/test/cloud-init/user-data")
case $hash in '$6$'*) ;; *) fail "the hash is \"$hash\"" ;; esac
perl -e 'exit(crypt($ARGV[0], $ARGV[1]) ne $ARGV[1])' "$PASSWORD" "$hash" ||
    [ "$(uname -s)" = Darwin ] || fail "the hash is of another password"

step "... its instances as they were"
expect_note "no supervisor runs" "$PGSUP" list
expect_text "$OUT" test web
expect_no_text "$OUT" gone
expect_ok "$PGSUP" instance get test --json
expect_equal "test" "$(json_of 'it["mac"], it["ip4"], it["vcpu"], it["ram_bytes"] >> 20, it["disk_bytes"] >> 20, it["image"], it["seed"]')" \
    "('00:50:56:00:00:02', '172.16.3.5', 3, 1536, 128, 'ubuntu-jammy', 'drive')"
expect_text "$old/instances/test/cloud-init/network-config" 00:50:56:00:00:02 172.16.3.5/24
expect_text "$old/instances/test/vm.sh" 00:50:56:00:00:02
expect_equal "the playbook of its own" "$(cat "$old/instances/web/deploy.yaml")" \
    "$(printf -- '- hosts: all\n  roles:\n  - mine')"
[ -d "$old/instances/web/roles/mine" ] || fail "the roles are gone"
expect_ok "$PGSUP" image list
expect_text "$OUT" ubuntu-jammy

step "... and it goes on as a home of pgsup"
expect_ok "$PGSUP" instance create -n new --os ubuntu-jammy -s 128M --ip 172.16.3.7
expect_ok "$PGSUP" instance get new --json
case $(json_of 'it["mac"]') in 52:54:00:*) ;; *) fail "the new MAC is $(json_of 'it["mac"]')" ;; esac
expect_fail 3 "in use by" "$PGSUP" image remove ubuntu-jammy
expect_ok "$PGSUP" instance remove -y new

step "a second time there is nothing to do"
before=$(fingerprint "$old")
expect_ok "$PGSUP" cloud adopt "$old"
expect_text "$OUT" "has been imported already: nothing to do"
expect_equal "the home" "$(fingerprint "$old")" "$before"

step "what a crash left behind is cleaned up then"
cp -p "$old/before-pgsup/instances/test/cloud-init.img" "$old/instances/test/"
expect_ok "$PGSUP" cloud adopt "$old"
[ ! -e "$old/instances/test/cloud-init.img" ] || fail "the old seed drive is still there"

step "a crash before the end leaves the old home whole"
make_old
mkdir -p "$old/.before-pgsup.new/instances" "$old/before-pgsup"
echo half >"$old/before-pgsup/cloud.sqlite3"
echo half >"$old/cloud.sqlite3.new"
before=$(cksum <"$old/cloud.sqlite3")
expect_ok "$PGSUP" cloud adopt "$old" -n lab
expect_text "$OUT" 'cloud "lab" imported'
expect_equal "the old database" "$(cksum <"$old/before-pgsup/cloud.sqlite3")" "$before"
[ ! -e "$old/.before-pgsup.new" ] || fail "half a backup is left"
