# Goal: network cards are added to an instance and taken out; each stays in its slot with its MAC, the
# guest sees them from its next start on, and is told of in network-config unless that is its user's.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
new_cloud
new_mini test --seed drive
new_mini other
folder=$PGSUP_HOME/instances/test
expect_ok "$PGSUP" instance get test --json
mac=$(json_of 'it["mac"]')
tail=${mac#52:54:00}
cards() { # of network-config: NAME MAC
    python3 - "$folder/cloud-init/network-config" <<'END'
import sys, yaml
cards = yaml.safe_load(open(sys.argv[1]))["ethernets"]
print(" ".join(sorted(name + "=" + each["match"]["macaddress"] for name, each in cards.items())))
END
}
slots() { # of QEMU
    "$PGSUP" qmp test query-pci >"$OUT"
    json_of '[(each["qdev_id"], each["slot"]) for each in it[0]["devices"] if each["qdev_id"].startswith("nic")]'
}

step "what is wrong is refused"
expect_refused 3 'no instance "nobody"' "$PGSUP" nic add nobody user
expect_refused 3 'no instance "nobody"' "$PGSUP" nic list nobody
expect_refused 3 'no instance "nobody"' "$PGSUP" nic remove nobody 1
expect_refused 2 '"wifi" is not a kind of network' "$PGSUP" nic add test wifi
expect_refused 2 'is not a part of a network card' "$PGSUP" nic add test user,colour=red
expect_refused 2 'is not the MAC address of a card' "$PGSUP" nic add test user,mac=53:54:00:12:34:56
expect_refused 2 'gets its address by DHCP' "$PGSUP" nic add test user,ip=10.0.3.5/24
expect_refused 3 "$mac belongs to the instance \"test\"" "$PGSUP" nic add other "user,mac=$mac"
expect_refused 3 'has no network card "1"' "$PGSUP" nic remove test 1
expect_refused 3 'has no network card "8"' "$PGSUP" nic remove test 8
expect_refused 3 'has no network card "52:54:09:00:00:01"' "$PGSUP" nic remove test 52:54:09:00:00:01
expect_refused 2 'card 0 of "test" is the first one' "$PGSUP" nic remove test 0
expect_refused 2 'card 0 of "test" is the first one' "$PGSUP" nic remove test "$mac"

step "added"
expect_ok "$PGSUP" nic add test user
expect_text "$OUT" "card 1, enp0s17 in the guest, has the MAC address 52:54:01$tail" \
    "when cloud-init runs again (\`pgsup instance set test --rerun-cloud-init\`)"
expect_no_text "$OUT" "from its next start on" "over HTTP"
expect_ok "$PGSUP" nic add test user,mac=5A:00:00:00:00:01
expect_refused 3 '5a:00:00:00:00:01 belongs to a card of the instance "test"' \
    "$PGSUP" nic add other user,mac=5a:00:00:00:00:01
expect_ok "$PGSUP" nic list test --json
expect_equal "the cards" \
    "$(json_of '[(each["position"], each["kind"], each["mac"], each["guest_name"]) for each in it]')" \
    "[(0, 'user', '$mac', 'enp0s16'), (1, 'user', '52:54:01$tail', 'enp0s17'), \
(2, 'user', '5a:00:00:00:00:01', 'enp0s18')]"
expect_ok "$PGSUP" nic list test
expect_text "$OUT" "IN-GUEST" "enp0s16" "52:54:01$tail" "dhcp"
expect_equal "network-config" "$(cards)" \
    "enp0s17=52:54:01$tail enp0s18=5a:00:00:00:00:01 primary0=$mac"
expect_text "$folder/vm.sh" "net=10.0.3.0/24" "addr=0x11" "addr=0x12"
cat "$folder/cloud-init.img" >"$WORK/drive"
grep -qa "5a:00:00:00:00:01" "$WORK/drive" || fail "the drive does not have the card"

step "in the guest"
start_supervisor
expect_ready test
expect_equal "slots" "$(slots)" "[('nic0', 16), ('nic1', 17), ('nic2', 18)]"
console=$PGSUP_HOME/instances/test/console.log
expect_text "$console" "mini: card eth1 52:54:01$tail" "mini: card eth2 5a:00:00:00:00:01"

step "changed while it runs: seen from its next start on, and no other card moves"
expect_ok "$PGSUP" instance set test --nic user --nic user,mac=5a:00:00:00:00:07
expect_text "$OUT" "test runs: the change takes effect at the next start" "until cloud-init runs again"
expect_equal "network-config" "$(cards)" "enp0s17=52:54:01$tail enp0s18=5a:00:00:00:00:07 primary0=$mac"
expect_ok "$PGSUP" instance set test --nic user,mac=5a:00:00:00:00:01 --nic "user,mac=52:54:01$tail"
expect_equal "network-config" "$(cards)" "enp0s17=52:54:01$tail enp0s18=5a:00:00:00:00:01 primary0=$mac"
expect_ok "$PGSUP" nic remove test "52:54:01$tail"
expect_text "$OUT" "card 1 with the MAC address 52:54:01$tail is removed, from its next start on" \
    "removes it when cloud-init runs again"
expect_ok "$PGSUP" nic list test --json
expect_equal "the cards" "$(json_of '[each["position"] for each in it]')" "[0, 2]"
expect_equal "slots" "$(slots)" "[('nic0', 16), ('nic1', 17), ('nic2', 18)]"
expect_equal "network-config" "$(cards)" "enp0s18=5a:00:00:00:00:01 primary0=$mac"
quietly stop -f test
quietly start test
expect_equal "slots" "$(slots)" "[('nic0', 16), ('nic2', 18)]"
expect_text "$folder/vm.sh" "addr=0x12"
expect_no_text "$folder/vm.sh" "addr=0x11"
expect_ok "$PGSUP" nic add test user
expect_text "$OUT" "card 1, enp0s17" "from its next start on"
quietly stop -f test

step "all of them, and one more"
for mac in 2 3 4 5 6; do
    expect_ok "$PGSUP" -q nic add test user,mac=5a:00:00:00:00:0$mac
    [ ! -s "$OUT" ] || fail "it is not quiet"
done
expect_fail 3 "has 7 network cards besides the first one, which is the maximum" \
    "$PGSUP" nic add test user
quietly start test
expect_equal "slots" "$(slots)" "[$(for i in 0 1 2 3 4 5 6 7; do
    printf "('nic%d', %d)%s" $i $((16 + i)) "$([ $i = 7 ] || echo ', ')"
done)]"
quietly stop -f test
end_supervisor

step "an edited network-config is kept"
echo "# mine" >>"$folder/cloud-init/network-config"
cp "$folder/cloud-init/network-config" "$WORK/edited"
expect_ok "$PGSUP" nic remove test 7
expect_text "$OUT" "your own network-config is kept: remove the card there"
cmp "$WORK/edited" "$folder/cloud-init/network-config" || fail "it was overwritten"
expect_text "$folder/cloud-init/network-config.new" "enp0s22"
expect_no_text "$folder/cloud-init/network-config.new" "enp0s23"

step "another document that is broken: nothing is changed"
folder=$PGSUP_HOME/instances/other
before=$(cards)
printf '#cloud-config\n  a: [\n' >"$folder/cloud-init/user-data"
expect_fail 2 "user-data: line" "$PGSUP" nic add other user
expect_equal "network-config" "$(cards)" "$before"
expect_no_text "$folder/vm.sh" "addr=0x11"
rm "$folder/cloud-init/user-data"
expect_ok "$PGSUP" nic add other user
expect_text "$OUT" "cloud-init reads network-config over HTTP only since 24.3"
expect_equal "network-config" "$(cards | wc -w | tr -d ' ')" 2
[ ! -e "$folder/cloud-init/network-config.new" ] || fail "it counts as edited"
expect_ok "$PGSUP" instance clone test copy
expect_ok "$PGSUP" nic list copy --json
expect_equal "cards of the clone" "$(json_of 'len(it)')" 7
