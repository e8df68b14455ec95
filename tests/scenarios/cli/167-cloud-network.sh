# Goal: the network of a cloud can be corrected as it was made: an interface alone is enough, what is not
# this host's is refused at once, all that is missing is said at once, and instances that need another
# address are named and get one. Questions on a terminal come to the same. In a network of its own.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../network.sh"
make_bridge br0 10.77.0.1
make_bridge br1 10.78.0.1
ip link add bare type bridge
ip route add default via 10.77.0.254 dev br0
printf '# none\nnameserver 127.0.0.53\nnameserver 10.77.0.53\n' >"$WORK/resolv.conf"
mount --bind "$WORK/resolv.conf" /etc/resolv.conf
make_key
make_image "$WORK/disk.qcow2"
create() {
    "$PGSUP" cloud create -n lab --no-admin-password --ssh-public-key "$KEY.pub" --ph-port "$(free_port)" "$@"
}
network_of() {
    expect_ok "$PGSUP" cloud get --json
    json_of 'it["network"], it["host_if"], it["host_ip4"], it["host_nm4"], it["host_gw4"], it["host_ns4"]'
}

step "what is missing is said in one sentence, what is not this host's is refused"
expect_refused 2 "the network bridge requires --host-if, --host-ip4 and --host-nm4; an interface" create --network bridge
expect_refused 2 "the network bridge requires --host-ip4 and --host-nm4, because that interface" create --host-if bare
expect_refused 2 "no interface \"br9\" for --host-if: it has" create --host-if br9
expect_refused 2 "--host-ip4 10.77.0.2 is not an address of this host: br0 has 10.77.0.1" \
    create --host-if br0 --host-ip4 10.77.0.2 --host-nm4 255.255.255.0
expect_refused 2 "--host-nm4 255.255.0.0 is not the netmask of 10.77.0.1: br0 has 255.255.255.0" \
    create --host-if br0 --host-ip4 10.77.0.1 --host-nm4 255.255.0.0
expect_ok create --host-if bare --host-ip4 10.79.0.1 --host-nm4 255.255.0.0 -p "$WORK/later"
expect_text "$OUT" "bare has no address yet: guests find this host when it has 10.79.0.1"

step "an interface alone is enough"
expect_ok create --host-if br0
expect_text "$OUT" "found out: --host-ip4 10.77.0.1 --host-nm4 255.255.255.0 --host-gw4 10.77.0.254 --host-ns4 10.77.0.53"
expect_equal "network" "$(network_of)" "('bridge', 'br0', '10.77.0.1', '255.255.255.0', '10.77.0.254', '10.77.0.53')"

step "instances that need another address are named, and get one"
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
expect_ok "$PGSUP" instance create -n web --os base --ip 10.77.0.7
expect_ok "$PGSUP" instance create -n db --os base --ip 10.77.0.8
expect_ok "$PGSUP" instance create -n free --os base
expect_refused 3 '"db" (10.77.0.8), "web" (10.77.0.7) would be outside of the network: --renumber gives them' \
    "$PGSUP" cloud set --host-if br1
expect_ok "$PGSUP" cloud set --host-if br1 --renumber
expect_text "$OUT" "db: 10.78.0.8 instead of 10.77.0.8" "web: 10.78.0.7 instead of 10.77.0.7" \
    "found out: --host-ip4 10.78.0.1 --host-nm4 255.255.255.0"
expect_equal "network" "$(network_of)" "('bridge', 'br1', '10.78.0.1', '255.255.255.0', None, '10.77.0.53')"
expect_text "$PGSUP_HOME/instances/web/cloud-init/network-config" 10.78.0.7
expect_text "$PGSUP_HOME/instances/web/vm.sh" br1

step "one at a time, and taken away"
expect_ok "$PGSUP" cloud set --host-gw4 10.78.0.9
expect_equal "network" "$(network_of)" "('bridge', 'br1', '10.78.0.1', '255.255.255.0', '10.78.0.9', '10.77.0.53')"
expect_ok "$PGSUP" cloud set --host-gw4 "" --host-ns4 ""
expect_equal "network" "$(network_of)" "('bridge', 'br1', '10.78.0.1', '255.255.255.0', None, None)"
expect_refused 2 "--host-gw4 10.77.0.9 is outside the network 10.78.0.0/24" "$PGSUP" cloud set --host-gw4 10.77.0.9
expect_refused 2 "--renumber goes with options of the network" "$PGSUP" cloud set --renumber

step "to user networking and back: ports for SSH, addresses"
expect_ok "$PGSUP" cloud set --network user --renumber
expect_equal "network" "$(network_of)" "('user', None, None, None, None, None)"
expect_text "$OUT" '"network": "user"'
expect_ok "$PGSUP" instance get free --json
[ "$(json_of 'it["ssh_port"] > 0')" = True ] || fail "no port for SSH"
port=$(free_port)
expect_ok "$PGSUP" forward add free "$port:80"
expect_refused 3 'ports are forwarded to "free", which only the network user does' "$PGSUP" cloud set --host-if br0 --renumber
expect_ok "$PGSUP" forward remove free "$port:80"
expect_ok "$PGSUP" cloud set --host-if br0 --renumber
expect_ok "$PGSUP" instance get web --json
expect_equal "address and port" "$(json_of 'it["ip4"], it["ssh_port"]')" "('10.77.0.7', None)"

step "a network of the home is not overlapped"
expect_ok "$PGSUP" cloud set --network user --renumber
expect_ok "$PGSUP" network add lab --subnet 10.99.0.0/24
ip link add br9 type bridge
ip addr add 10.99.0.1/16 dev br9
ip link set br9 up
expect_refused 2 'the subnet 10.99.0.0/16 overlaps with 10.99.0.0/24, the subnet of "lab"' \
    "$PGSUP" cloud set --host-if br9 --renumber
expect_ok "$PGSUP" network remove lab

step "nor does one overlap with what this host has a route to"
expect_refused 2 'the subnet 10.99.5.0/24 overlaps with 10.99.0.0/16, to which this host has a route' \
    "$PGSUP" network add x --subnet 10.99.5.0/24
expect_refused 2 "10.0.2.0/24, which QEMU's user networking has" "$PGSUP" network add x --subnet 10.0.0.0/16
ip route add 10.77.0.0/16 dev br9
expect_ok "$PGSUP" network add x
expect_ok "$PGSUP" network info x --json
expect_equal "the subnet beside it" "$(json_of 'it["subnet"]')" "172.29.0.0/24"
expect_ok "$PGSUP" network remove x
ip link del br9
expect_ok "$PGSUP" cloud set --host-if br0 --renumber

step "a new key instead of the one before"
expect_refused 2 "--new-ssh-key excludes" "$PGSUP" cloud set --new-ssh-key --ssh-public-key "$KEY.pub"
expect_ok "$PGSUP" cloud set --new-ssh-key
expect_ok "$PGSUP" cloud get --json
expect_equal "private key" "$(json_of 'it["ssh_private_key_path"]')" "$PGSUP_HOME/ssh-keys/private"
expect_equal "its public one" "$(ssh-keygen -y -f "$PGSUP_HOME/ssh-keys/private" | cut -d' ' -f1,2)" \
    "$(json_of 'it["ssh_public_keys"][0]' | cut -d' ' -f1,2)"

step "with no options, a terminal is asked; the command is shown"
expect_refused 2 'needs the option --ssh-public-key FILE, or --new-ssh-key' "$PGSUP" cloud create </dev/null
PGSUP_HOME=$WORK/asked
on_terminal "$PGSUP" cloud create
wait_until 10 grep -q 'Name of the cloud \[pgsup\]: ' "$SCREEN"
type_keys 'mine\n'
wait_until 10 grep -qF 'a file, or new [new]: ' "$SCREEN"
type_keys '\n'
wait_until 10 grep -qF 'yes or no [no]: ' "$SCREEN"
type_keys '\n'
wait_until 10 grep -qF 'to bridge to (' "$SCREEN"
type_keys 'br1\n'
wait "$TERMINAL" || fail "status $?: $(cat "$SCREEN")"
expect_text "$SCREEN" "cloud create -n mine --new-ssh-key --no-admin-password --host-if br1"
expect_equal "network" "$(network_of)" "('bridge', 'br1', '10.78.0.1', '255.255.255.0', None, '10.77.0.53')"
