# Goal: guests whose frames a helper carries, as vmnet-helper does, get an address and are reached; the
# helper lives as long as its VM, whatever happens to the supervisor; what goes wrong with it is told.
# In a network of its own.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../network.sh"

HOST=10.77.0.1
NOTES=$WORK/notes
make_bridge br0 $HOST
serve_addresses br0
make_key
mkdir -p "$WORK/bin"
printf '#!/bin/sh\n' >"$WORK/bin/ansible-playbook"
chmod +x "$WORK/bin/ansible-playbook"
PATH=$WORK/bin:$PATH

create_cloud() {
    "$PGSUP" cloud create -n lab --no-admin-password --ssh-public-key "$KEY.pub" \
        --network vmnet-helper --ph-port "$(free_port)" "$@"
}
new_guest() { # NAME [OPTION…]
    expect_ok "$PGSUP" instance create --os mini --vcpu 1 --ram 256 "$@"
}
helper_of() { # NAME: the process of its first card's helper
    sed -n 's/^0 \([0-9]*\) .*/\1/p' "$PGSUP_HOME"/run/s/"$1".*.net
}
mac_of() { # NAME
    "$PGSUP" instance get "$1" --json | sed -n 's/.*"mac": "\(.*\)".*/\1/p'
}
has_address() { # NAME: of the shared network
    grep -q "mini: address 192.168.105" "$PGSUP_HOME/instances/$1/console.log" &&
        grep -q "$(mac_of "$1") has 192.168.105" "$NOTES"
}
is_reaped() { ! ps -p "$1" >/dev/null; }
stop_now() {
    run "$PGSUP" stop -f "$@"
    expect_equal "status of stop" "$STATUS" 0
}

step "without the program"
expect_fail 3 "vmnet-helper is not installed: \`brew install nirs/vmnet-helper/vmnet-helper\`" create_cloud
cat >"$WORK/bin/vmnet-helper" <<END
#!/bin/sh
exec python3 '$(cd "$(dirname "$0")/../../fake" && pwd)/vmnet_helper.py' '$NOTES' "\$@"
END
chmod +x "$WORK/bin/vmnet-helper"
expect_fail 2 'no interface "br9" for --host-if: it has ' create_cloud --host-if br9
ip link add br8 type bridge
expect_fail 2 'does not bridge to the interface "br8" for --host-if: it offers ["br0","en0"]' \
    create_cloud --host-if br8
expect_fail 2 '--host-if cannot be used with the network vmnet-helper-host' \
    create_cloud --network vmnet-helper-host --host-if br0

step "a VLAN and Wi-Fi are told of"
ip link add en0 type bridge # not every kernel has VLANs: the system's word for it is put in its place
mount -t tmpfs tmpfs /sys/class/net
mkdir /sys/class/net/en0
note_of() { # DEVTYPE
    echo "DEVTYPE=$1" >/sys/class/net/en0/uevent
    expect_ok create_cloud --host-if en0
    rm -r "$PGSUP_HOME"
}
note_of vlan
expect_text "$OUT" "note: of en0: it is a VLAN, whose frames macOS may hand to guests with their tag"
note_of wlan
expect_text "$OUT" "note: of en0: it is Wi-Fi, on which guests often get no address"
note_of bridge
expect_no_text "$OUT" "note:"
umount /sys/class/net
ip link delete en0

step "where Homebrew has it, on no PATH"
mount -t tmpfs tmpfs /opt
mkdir -p /opt/homebrew/opt/vmnet-helper/libexec
mv "$WORK/bin/vmnet-helper" /opt/homebrew/opt/vmnet-helper/libexec/

step "shared"
expect_ok create_cloud
expect_ok "$PGSUP" image import -n mini --arch aarch64 "$PGSUP_MINI_IMAGE"
new_guest one
new_guest two
more="--nic vmnet-helper --nic vmnet-helper --nic vmnet-helper"
# shellcheck disable=SC2086  # words are meant
expect_fail 2 "at most 4 cards of vmnet" "$PGSUP" instance create -n five --os mini $more --nic vmnet-helper
expect_fail 2 "a shared and a host network" "$PGSUP" nic add one vmnet-helper-host
printf '#!/bin/sh\nulimit -Sn 321\nexec "$@"\n' >"$WORK/lowered"
chmod +x "$WORK/lowered"
UP_BY=$WORK/lowered start_supervisor
run "$PGSUP" start one two
expect_equal "status of start" "$STATUS" 0
wait_until 60 has_address one
wait_until 60 has_address two
one=$(helper_of one)
two=$(helper_of two)
uuid=$(sed -n 's/^ *-uuid //p' "$PGSUP_HOME/instances/one/vm.sh")
expect_text "$NOTES" "$one called with --fd=3 --interface-id $uuid --operation-mode shared"
expect_equal "the session of the helper" "$(ps -o sid= -p "$one" | tr -d ' ')" "$one"
expect_equal "its soft limit of open files, the caller's" \
    "$(awk '/^Max open files/ { print $4 }' "/proc/$one/limits")" 321
expect_equal "mode of its log" "$(mode_of "$PGSUP_HOME/instances/one/vmnet-helper.log")" "-rw-------"

step "the network that the helper took is the cloud's, and the seed is served there"
"$PGSUP" cloud get --json >"$OUT"
expect_equal "the network" "$(json_of 'it["host_ip4"], it["host_nm4"]')" "('192.168.105.1', '255.255.255.0')"
expect_text "$PGSUP_HOME/instances/two/vm.sh" 192.168.105.254
ip addr add 192.168.105.1/24 dev lo
wait_until 20 grep -q "serving seeds on http://192.168.105.1:" "$UP_LOG"

step "it dies: the guest runs on, and it is told"
kill -9 "$two"
expect_event two "the helper of network card 0 has ended (signal 9): the guest runs on without"
pid_of two >/dev/null || fail "the VM has ended too"
wait_until 20 is_reaped "$two"

step "the supervisor is killed: it lives on, and the next one looks after it"
kill_supervisor
start_supervisor
kill -0 "$one" || fail "the helper has ended with the supervisor"
wait_until 20 is_in_state one running
kill -9 "$one"
expect_event one "the helper of network card 0 has ended: the guest runs on without"
pid_of one >/dev/null || fail "the VM has ended too"

step "it ends with its VM"
stop_now one two
run "$PGSUP" start one
expect_equal "status of start" "$STATUS" 0
one=$(helper_of one)
stop_now one
wait_until 20 is_reaped "$one"
expect_text "$NOTES" "$one ends"
run "$PGSUP" start one
one=$(helper_of one)
kill -9 "$(pid_of one)"
wait_until 20 is_reaped "$one"
expect_equal "events of it" "$("$PGSUP" events -v -n all one | grep -c 'the helper of network')" 1
expect_nothing_left

step "it does not start"
expect_no_start() { # TEXT…
    run "$PGSUP" -q start one
    expect_equal "status of start" "$STATUS" 1
    expect_text "$ERR" "the network's helper vmnet-helper did not start" "$@"
    expect_equal "state" "$(state_of one)" failed
    expect_nothing_left
    ! ps -axww -o args= | grep "[v]mnet_helper.py $NOTES" || fail "a helper is left"
}
echo exit >"$NOTES.fault"
expect_no_start "(exit 1): " "vmnet_start_interface: VMNET_FAILURE"
echo busy >"$NOTES.fault"
expect_no_start "(exit 1): " "in use by another program as another kind of network"
echo nonsense >"$NOTES.fault"
expect_no_start "it said this: hello"
echo silent >"$NOTES.fault"
expect_no_start " in time"

step "the start is taken back meanwhile"
echo slow >"$NOTES.fault"
"$PGSUP" -q start one >/dev/null 2>&1 &
wait_until 20 is_in_state one starting
stop_now one
wait $! || true
wait_until 20 grep -q "$(sed -n 's/ called.*//p' "$NOTES" | tail -n 1) ends" "$NOTES"
expect_nothing_left
rm "$NOTES.fault"
run "$PGSUP" start one
expect_equal "status of start" "$STATUS" 0
stop_now one
end_supervisor

step "the computer has just started: vmnet fails at first"
echo "-$(cut -d. -f1 /proc/uptime)" >"$WORK/early"
echo "boot 2" >"$NOTES.fault"
UP_BY="env LD_PRELOAD=${PGSUP_WALL_CLOCK:?the library of tests/fault/wall_clock.c} SLEPT_FILE=$WORK/early"
start_supervisor
run "$PGSUP" start one
expect_equal "status of start" "$STATUS" 0
rm "$NOTES.fault"
stop_now one
UP_BY=
end_supervisor

step "another network than that of the cloud"
echo other >"$NOTES.fault"
start_supervisor
run "$PGSUP" start one
expect_equal "status of start" "$STATUS" 0
expect_event one "vmnet-helper took the network of 192.168.120.1 in place of that of 192.168.105.1"
rm "$NOTES.fault"
stop_now one
end_supervisor

step "by hand"
rm "$PGSUP_HOME/instances/one/console.log"
vm=$PGSUP_HOME/instances/one/vm.sh
echo exit >"$NOTES.fault"
run bash "$vm"
[ "$STATUS" != 0 ] || fail "vm.sh went on without its helper"
expect_text "$ERR" "the network helper did not start: see $PGSUP_HOME/instances/one/vmnet-helper.log"
rm "$NOTES.fault"
on_terminal bash "$vm"
wait_until 60 grep -q "mini: address 192.168.105" "$SCREEN"
one=$(sed -n 's/ called.*//p' "$NOTES" | tail -n 1)
type_keys '\001x'
wait_until 20 is_gone "$TERMINAL"
wait_until 20 grep -q "^$one ends" "$NOTES"

step "bridged, with another card that is shared"
export PGSUP_HOME=$WORK/bridged
expect_ok create_cloud --host-if br0 --host-ip4 $HOST --host-nm4 255.255.255.0
expect_ok "$PGSUP" image import -n mini --arch aarch64 "$PGSUP_MINI_IMAGE"
new_guest one
expect_ok "$PGSUP" nic add one vmnet-helper
start_supervisor
expect_ready one
address=$(field_of one 'it["address"]')
case $address in 10.77.0.1[0-2][0-9]) ;; *) fail "the address is $address" ;; esac
python3 -c 'import socket,sys
assert socket.create_connection((sys.argv[1], 22), 60).recv(20)[:4] == b"SSH-"' "$address" ||
    fail "it is not reached"
expect_text "$NOTES" "--operation-mode bridged --shared-interface br0"
expect_equal "helpers" "$(cut -d' ' -f1 "$PGSUP_HOME"/run/s/one.*.net | tr '\n' ' ')" "0 1 "
"$PGSUP" qmp one query-rx-filter >"$OUT"
expect_equal "the cards of QEMU" "$(json_of 'sorted(each["name"] for each in it)')" "['nic0', 'nic1']"
end_supervisor
expect_nothing_left
