# Goal: an instance is made all or not at all, is shown as it was defined, and is removed without a
# trace; its identity is never given again.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/disk.qcow2" 64M
expect_ok "$PGSUP" image import -n debian-12 --arch aarch64 "$WORK/disk.qcow2"

step "defaults and settings"
expect_ok "$PGSUP" instance create -n test --os debian-12
expect_ok "$PGSUP" instance get test --json
expect_equal "defaults" \
    "$(json_of 'it["vcpu"], it["ram_bytes"] >> 20, it["disk_bytes"] >> 30, it["ip4"], it["package_upgrade"]')" \
    "(2, 2048, 5, None, False)"
mac=$(json_of 'it["mac"]') id=$(json_of 'it["instance_id"]')
case $mac in 52:54:00:*) ;; *) fail "the MAC is $mac" ;; esac
expect_ok "$PGSUP" instance create --os debian-12 --vcpu 4 --ram 1G -s 10G --ssh-port 10777 \
    --seed drive --accel tcg --package-upgrade second
expect_ok "$PGSUP" instance get second --json
expect_equal "settings" \
    "$(json_of 'it["vcpu"], it["ram_bytes"] >> 20, it["disk_bytes"] >> 30, it["ssh_port"], it["seed"], it["accel"], it["package_upgrade"]')" \
    "(4, 1024, 10, 10777, 'drive', 'tcg', True)"
expect_no_text "$OUT" token

step "the only image of the home needs no name; of several one is chosen"
expect_ok "$PGSUP" instance create third
expect_ok "$PGSUP" instance get third --json
expect_equal "image" "$(json_of 'it["image"]')" debian-12
expect_ok "$PGSUP" instance remove -y third
expect_ok "$PGSUP" image import -n other --arch aarch64 "$WORK/disk.qcow2"
expect_refused 2 "choose one of them with --os: debian-12, other" "$PGSUP" instance create third
expect_ok "$PGSUP" image remove other

step "its files"
folder=$PGSUP_HOME/instances/test
for file in os.qcow2 cloud-init/meta-data cloud-init/user-data cloud-init/vendor-data \
    cloud-init/network-config cloud-init.img vm.sh; do
    [ -f "$folder/$file" ] || fail "$file is missing"
done
expect_equal "first line of vm.sh" "$(head -n 1 "$folder/vm.sh")" "#!/bin/bash"
[ -x "$folder/vm.sh" ] || fail "vm.sh cannot be executed"
expect_text "$folder/cloud-init/user-data" '$6$' cloudadmin
! grep -rqF sesame-4711 "$PGSUP_HOME" || fail "the password is in the home in clear text"
expect_equal "mode of user-data" "$(mode_of "$folder/cloud-init/user-data")" -rw-------
qemu-img info --output=json "$folder/os.qcow2" >"$OUT"
expect_equal "size of the disk" "$(json_of 'it["virtual-size"] >> 30')" 5

step "lists"
expect_ok "$PGSUP" instance list -q
expect_equal "names" "$(tr '\n' ' ' <"$OUT")" "second test "
expect_note "no supervisor runs" "$PGSUP" instance ls
expect_text "$OUT" NAME debian-12 " 2G "
expect_ok "$PGSUP" instance get test
expect_text "$OUT" "$folder" "$mac" "$id"

step "no second one of that name, none with two names"
expect_refused 3 '"test"' "$PGSUP" instance create -n test --os debian-12
expect_refused 2 "two names" "$PGSUP" instance create -n three three --os debian-12

step "when the disk cannot be made nothing is left"
mkdir "$WORK/bin"
printf '#!/bin/sh\necho "no space, says the disk" >&2\nexit 1\n' >"$WORK/bin/qemu-img"
chmod +x "$WORK/bin/qemu-img"
expect_refused 1 "no space, says the disk" env PATH="$WORK/bin:$PATH" \
    "$PGSUP" instance create -n broken --os debian-12

step "a running one is removed only by force"
run_folder=$(cd "$PGSUP_HOME/run" && pwd)
cat >"$WORK/hold.py" <<'END'
import fcntl, os, sys, time
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
file.write("%d\n" % os.getpid())
file.flush()
print("held", flush=True)
time.sleep(600)
END
python3 "$WORK/hold.py" "$run_folder/test.1.pid" >"$WORK/held" &
holder=$!
at_exit "kill $holder 2>/dev/null"
wait_until 20 grep -q held "$WORK/held"
expect_refused 3 "pid $holder" "$PGSUP" instance remove -y test
kill $holder
wait $holder || true
rm "$run_folder/test.1.pid"

step "removal leaves nothing, a new one of that name is another one"
expect_ok "$PGSUP" instance rm -y test
[ ! -e "$folder" ] || fail "the folder is still there"
expect_refused 3 '"test"' "$PGSUP" instance get test
expect_refused 3 '"test"' "$PGSUP" instance remove -y test
expect_ok "$PGSUP" instance create test --os debian-12
expect_ok "$PGSUP" instance get test --json
expect_equal "identity of the new one" "$(json_of "it['mac'] != '$mac' and it['instance_id'] != '$id'")" True
