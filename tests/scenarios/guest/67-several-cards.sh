# Goal: an instance has several network cards, each in a slot and with a MAC of its own; each is named
# in network-config, works in the guest, and is there in vm.sh and in a clone too.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../network.sh"
make_bridge br1 10.78.0.1
new_cloud

step "defined"
new_mini router --seed drive --nic bridge,if=br1,ip=10.78.0.5/24 --nic user,mac=5A:00:00:00:00:01
expect_ok "$PGSUP" instance get router --json
mac=$(json_of 'it["mac"]')
expect_equal "the cards" "$(json_of 'it["nics"]')" \
    "['bridge,if=br1,ip=10.78.0.5/24,mac=52:54:01${mac#52:54:00}', 'user,mac=5a:00:00:00:00:01']"
expect_ok "$PGSUP" info router
expect_text "$OUT" "bridge,if=br1,ip=10.78.0.5/24" "user,mac=5a:00:00:00:00:01"
folder=$PGSUP_HOME/instances/router
python3 - "$folder/cloud-init/network-config" "$mac" <<'END' || fail "network-config"
import sys, yaml
cards = yaml.safe_load(open(sys.argv[1]))["ethernets"]
first, mine, user = cards["primary0"], cards["enp0s17"], cards["enp0s18"]
assert first["match"]["macaddress"] == sys.argv[2] and first["dhcp4"] is True, first
assert mine["match"]["macaddress"] == "52:54:01" + sys.argv[2][8:], mine
assert mine["addresses"] == ["10.78.0.5/24"] and mine["dhcp4"] is False, mine
assert user["match"]["macaddress"] == "5a:00:00:00:00:01" and user["dhcp4"] is True, user
END
expect_text "$folder/vm.sh" "bridge,id=net1,br=br1" "addr=0x11" "net=10.0.4.0/24" "addr=0x12"

step "what cannot be is refused, and nothing is made"
refused() { # STATUS TEXT NIC…
    local status=$1 text=$2 nic nics=()
    shift 2
    for nic; do nics+=(--nic "$nic"); done
    expect_refused "$status" "$text" "$PGSUP" instance create -n other --os mini "${nics[@]}"
}
refused 2 '"wifi" is not a kind of network' wifi
refused 2 "the network bridge requires if=" bridge
refused 2 'no interface "br9" for if=: it has ' bridge,if=br9
refused 2 "cannot be used with the network user" user,if=br1
refused 2 "gets its address by DHCP" user,ip=10.0.3.5/24
for bad in ip=10.78.0.6 ip=10.78.0.6/33 ip=10.78.0/24 ip=; do
    refused 2 "with its prefix length" "bridge,if=br1,$bad"
done
refused 2 "is the broadcast address of 10.78.0.0/24" bridge,if=br1,ip=10.78.0.255/24
for bad in mac=52:54:00 mac=53:54:00:12:34:56 mac=00:00:00:00:00:00 mac=52-54-00-12-34-56; do
    refused 2 "not the MAC address of a card" "user,$bad"
done
for bad in colour=red mac user, if=br1,if=br1; do
    refused 2 "is not a part of a network card" "bridge,$bad"
done
refused 3 "10.78.0.5/24 belongs to a card of the instance \"router\"" bridge,if=br1,ip=10.78.0.5/24
refused 3 "5a:00:00:00:00:01 belongs to a card of the instance \"router\"" user,mac=5a:00:00:00:00:01
refused 3 "$mac belongs to the instance \"router\"" "user,mac=$mac"
refused 3 "belongs to a card of the instance \"other\"" user,mac=5a:00:00:00:00:02 \
    user,mac=5a:00:00:00:00:02
refused 2 "at most 7 network cards" user user user user user user user user

step "in the guest"
start_supervisor
expect_ready router
"$PGSUP" qmp router query-rx-filter >"$OUT"
expect_equal "the cards of QEMU" "$(json_of 'sorted((each["name"], each["main-mac"]) for each in it)')" \
    "[('nic0', '$mac'), ('nic1', '52:54:01${mac#52:54:00}'), ('nic2', '5a:00:00:00:00:01')]"
"$PGSUP" qmp router query-pci >"$OUT"
expect_equal "their slots" \
    "$(json_of '[each["slot"] for each in it[0]["devices"] if each["qdev_id"].startswith("nic")]')" \
    "[16, 17, 18]"
console=$PGSUP_HOME/instances/router/console.log
expect_text "$console" "mini: card eth1 52:54:01${mac#52:54:00} address 10.78.0.5" \
    "mini: card eth2 5a:00:00:00:00:01"
python3 -c 'import socket
assert socket.create_connection(("10.78.0.5", 22), 60).recv(20)[:4] == b"SSH-"' ||
    fail "the second card is not reached"
run "$PGSUP" stop router
expect_equal "status of stop" "$STATUS" 0

step "one more, which the guest is told of when cloud-init runs again"
expect_ok "$PGSUP" nic add router bridge,if=br1,ip=10.78.0.7/24
expect_refused 3 "10.78.0.7/24 belongs to a card of the instance \"router\"" \
    "$PGSUP" nic add router bridge,if=br1,ip=10.78.0.7/24
expect_ok "$PGSUP" instance set router --rerun-cloud-init
expect_ready router
expect_text "$console" "mini: card eth3 52:54:03${mac#52:54:00} address 10.78.0.7"
expect_ok "$PGSUP" nic remove router 3
run "$PGSUP" stop router
expect_equal "status of stop" "$STATUS" 0

step "by hand"
on_terminal bash "$folder/vm.sh"
wait_until 60 grep -q "mini: ready" "$SCREEN"
expect_text "$SCREEN" "mini: card eth1 52:54:01${mac#52:54:00} address 10.78.0.5"
end_supervisor

step "in a clone: the same kinds, other addresses"
expect_ok "$PGSUP" instance clone router twin
expect_ok "$PGSUP" instance get twin --json
twin=$(json_of 'it["mac"]')
expect_equal "the cards" "$(json_of 'it["nics"]')" \
    "['bridge,if=br1,mac=52:54:01${twin#52:54:00}', 'user,mac=52:54:02${twin#52:54:00}']"
