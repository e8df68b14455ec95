# Goal: a guest's hardware is its user's: qemu.args goes to the supervised launch and to vm.sh alike, an
# edited vm.sh is kept and its user told; a guest of another architecture gets its own machine,
# firmware and console.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines test
folder=$PGSUP_HOME/instances/test
start_supervisor

step "qemu.args, one argument a line"
printf '%s\n' "# a watchdog" -device "i6300esb,id=dog" "" >>"$folder/qemu.args"
quietly start test
run "$PGSUP" qmp test qom-list '{"path": "/machine/peripheral"}'
expect_equal "the watchdog" "$(json_of '[d["type"] for d in it if d["name"] == "dog"]')" \
    "['child<i6300esb>']"
expect_text "$folder/vm.sh" "-device i6300esb,id=dog" "-bios $WORK/idle.fw"

step "the machine is that of the first start, whatever \"virt\" stands for later"
type=$("$PGSUP" qmp test qom-get '{"path": "/machine", "property": "type"}' |
    sed -n 's/.*"\(virt-.*\)-machine".*/\1/p')
expect_text "$folder/vm.sh" "-machine $type"
run "$PGSUP" info test
expect_text "$OUT" "machine" "$type"
quietly stop -f test

step "vm.sh has it too"
bash "$folder/vm.sh" </dev/null >"$WORK/vm.log" 2>&1 &
wait_state test running 30
run "$PGSUP" qmp test qom-list '{"path": "/machine/peripheral"}'
expect_equal "the watchdog" "$(json_of '[d["type"] for d in it if d["name"] == "dog"]')" \
    "['child<i6300esb>']"
quietly stop -f test

step "an edited vm.sh is kept, and its user told"
echo "# mine" >>"$folder/vm.sh"
run "$PGSUP" instance set test --ram 96
expect_equal "status of set" "$STATUS" 0
expect_text "$ERR" 'vm.sh of "test" was edited, so it is kept' "vm.sh.new"
expect_text "$folder/vm.sh" "# mine" "-m 64"
expect_text "$folder/vm.sh.new" "-m 96"
expect_ok "$PGSUP" instance set test --ram 96
echo "-no-reboot" >>"$folder/qemu.args"
run "$PGSUP" start test
expect_text "$ERR" 'notice: vm.sh of "test" was edited'
expect_event test "vm.sh.new"
expect_text "$folder/vm.sh.new" "-no-reboot"
expect_no_text "$folder/vm.sh" "-no-reboot"
quietly stop -f test
mv "$folder/vm.sh.new" "$folder/vm.sh"
expect_ok "$PGSUP" instance set test --ram 64
expect_text "$folder/vm.sh" "-m 64"
[ ! -e "$folder/vm.sh.new" ] || fail "vm.sh.new is still there"

step "an x86_64 guest: machine, firmware, console, extra disk, power button"
expect_ok "$PGSUP" image import -n pc --arch x86_64 "$WORK/empty.qcow2"
expect_ok "$PGSUP" instance create pc --os pc --vcpu 1 --ram 256 --accel tcg \
    --ssh-port "$(free_port)"
expect_ok "$PGSUP" disk add pc data 16M
quietly start pc
run "$PGSUP" qmp pc query-machines
run "$PGSUP" qmp pc qom-get '{"path": "/machine", "property": "type"}'
expect_text "$OUT" "q35"
firmware_spoke() { # FILE: that of Debian 14 has no shell, which would say whose it is
    tr -d '\033\r' <"$1" | grep -qaE 'EDK II|BdsDxe: No bootable option'
}
wait_until 120 firmware_spoke "$PGSUP_HOME/instances/pc/console.log"
run "$PGSUP" qmp pc query-block
expect_text "$OUT" "disk-data"
expect_equal "its process" "$(our_qemus | grep -c qemu-system-x86_64)" 1
quietly stop -f pc
bash "$PGSUP_HOME/instances/pc/vm.sh" </dev/null >"$WORK/vm.log" 2>&1 &
wait_state pc running 30
wait_until 120 firmware_spoke "$WORK/vm.log"
quietly stop -f pc
end_supervisor
expect_no_process
