# Goal: guests on a bridge (by qemu-bridge-helper) and on a tap device get an address by DHCP or a
# static one, fetch their seed and phone home over it, and are reached there; guests on a socket talk
# to the daemon behind it as to socket_vmnet. In a network of its own.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../network.sh"

HOST=10.77.0.1
make_bridge br0 $HOST
ip tuntap add tap7 mode tap
ip link set tap7 master br0 up
echo "deny all" >/etc/qemu/bridge.conf
serve_addresses br0

network() { # KIND INTERFACE: a home with that network; $PORT is where its guests phone home
    PORT=$(free_port)
    expect_ok "$PGSUP" cloud create -n lab --admin-password-file "$WORK/password" \
        --ssh-public-key "$KEY.pub" --network "$1" --host-if "$2" --host-ip4 $HOST \
        --host-nm4 255.255.255.0 --ph-port "$PORT"
    expect_ok "$PGSUP" image import -n mini --arch aarch64 "$PGSUP_MINI_IMAGE"
}
new_guest() { # NAME [OPTION…]
    expect_ok "$PGSUP" instance create --os mini --vcpu 1 --ram 256 "$@"
}
expect_banner() { # ADDRESS
    expect_equal "the banner at $1" "$(python3 -c 'import socket,sys
print(socket.create_connection((sys.argv[1], 22), 60).recv(20).decode().strip())' "$1")" SSH-2.0-tiny
}
not_on_bridge() { # nothing but the tap that was there before
    [ "$(ip -o link show master br0 | grep -c ': tap')" = 1 ]
}
make_key
echo "$PASSWORD" >"$WORK/password"
mkdir -p "$WORK/bin"
printf '#!/bin/sh\n' >"$WORK/bin/ansible-playbook"
chmod +x "$WORK/bin/ansible-playbook"
PATH=$WORK/bin:$PATH

step "a bridge that QEMU's helper may not use"
network bridge br0
new_guest moving --seed http
new_guest fixed --ip 10.77.0.5
start_supervisor
run "$PGSUP" start moving
expect_equal "status of start" "$STATUS" 3
expect_text "$ERR" "/etc/qemu/bridge.conf denies guests the bridge br0"
echo "allow br0" >/etc/qemu/bridge.conf

step "an address by DHCP, the seed over HTTP"
expect_ready moving
address=$(field_of moving 'it["address"]')
case $address in 10.77.0.1[0-2][0-9]) ;; *) fail "the address is $address" ;; esac
expect_text "$WORK/leases" "$("$PGSUP" instance get moving --json | sed -n 's/.*"mac": "\(.*\)".*/\1/p')" "$address"
expect_text "$PGSUP_HOME/instances/moving/console.log" "mini: address $address"
wait_until 20 grep -q "mini: phoned home" "$PGSUP_HOME/instances/moving/console.log" # said when it is ready
expect_text "$UP_LOG" "user-data fetched by mini"
expect_banner "$address"

step "a static one, the seed on the drive"
expect_ready fixed
expect_equal "the address" "$(field_of fixed 'it["address"]')" 10.77.0.5
expect_text "$PGSUP_HOME/instances/fixed/console.log" "mini: seed drive" "mini: address 10.77.0.5"
wait_until 20 grep -q "mini: phoned home" "$PGSUP_HOME/instances/fixed/console.log"
expect_banner 10.77.0.5
expect_equal "cards on the bridge" "$(ip -o link show master br0 | grep -c ': tap[0-6]')" 2

step "by hand"
run "$PGSUP" stop fixed
expect_equal "status of stop" "$STATUS" 0
on_terminal bash "$PGSUP_HOME/instances/fixed/vm.sh"
wait_until 60 grep -q "mini: ready" "$SCREEN"
expect_banner 10.77.0.5
end_supervisor
expect_nothing_left
wait_until 20 not_on_bridge

step "a tap device"
export PGSUP_HOME=$WORK/tap
network tap tap7
new_guest fixed --ip 10.77.0.6
new_guest moving --seed http
start_supervisor
expect_ready fixed
expect_equal "the address" "$(field_of fixed 'it["address"]')" 10.77.0.6
expect_banner 10.77.0.6

step "... which is for one guest at a time"
run "$PGSUP" start moving
expect_equal "status of start" "$STATUS" 1
expect_text "$ERR" "QEMU did not start" "tap7" "busy"
run "$PGSUP" stop fixed
expect_equal "status of stop" "$STATUS" 0
expect_ready moving
expect_banner "$(field_of moving 'it["address"]')"
end_supervisor

step "an interface that is gone by the time of a start"
export PGSUP_HOME=$WORK/gone
ip link add br9 type bridge
network bridge br9
new_guest one --ip 10.77.0.9
ip link delete br9
start_supervisor
run "$PGSUP" start one
expect_equal "status of start" "$STATUS" 3
expect_text "$ERR" 'no interface "br9" for the network of this cloud: it has ' br0
end_supervisor

step "a socket, with the daemon behind it"
export PGSUP_HOME=$WORK/socket
socket=$WORK/vmnet,1.sock
create_cloud() {
    "$PGSUP" cloud create -n lab --no-admin-password --ssh-public-key "$KEY.pub" --network socket \
        --ph-port "$(free_port)" "$@"
}
expect_fail 2 "there is no socket $socket for --host-if: start its daemon" \
    create_cloud --host-if "$socket"
expect_fail 2 '"vmnet.sock" is not the path of a socket' create_cloud --host-if vmnet.sock
expect_fail 2 "$UP_LOG" create_cloud --host-if "$UP_LOG"
start_daemon() {
    : >"$WORK/daemon.log"
    python3 "$(dirname "$0")/../../fake/socket_vmnet.py" "$socket" >"$WORK/daemon.log" &
    DAEMON=$!
    at_exit "kill $DAEMON 2>/dev/null"
    wait_until 20 grep -q listening "$WORK/daemon.log"
}
start_daemon
expect_ok create_cloud --host-if "$socket"
expect_ok "$PGSUP" image import -n mini --arch aarch64 "$PGSUP_MINI_IMAGE"
new_guest one
new_guest two --nic "user"
expect_ok "$PGSUP" instance get one --json
mac=$(json_of 'it["mac"]')
start_supervisor
run "$PGSUP" start one two
expect_equal "status of start" "$STATUS" 0
console=$PGSUP_HOME/instances/one/console.log
wait_until 60 grep -q "mini: address 192.168.105" "$console"
wait_until 60 grep -q "mini: address 192.168.105" "$PGSUP_HOME/instances/two/console.log"
address=$(sed -n 's/^mini: address \([0-9.]*\).*/\1/p' "$console" | tail -n 1)
grep -qE "^guest [0-9]+ $mac has $address\$" "$WORK/daemon.log" || fail "what the daemon saw"
expect_no_text "$WORK/daemon.log" "bad frame"
run "$PGSUP" stop --force one two
expect_equal "status of stop" "$STATUS" 0

step "... and without it"
kill $DAEMON
wait_until 20 is_gone $DAEMON
run "$PGSUP" start one
expect_equal "status of start" "$STATUS" 3
expect_text "$ERR" "no answer on the socket $socket for the network of this cloud"
rm "$socket"
run "$PGSUP" start one
expect_equal "status of start" "$STATUS" 3
expect_text "$ERR" "there is no socket $socket for the network of this cloud: start its daemon"

step "by hand"
start_daemon
end_supervisor
on_terminal bash "$PGSUP_HOME/instances/one/vm.sh"
wait_until 60 grep -q "mini: address 192.168.105." "$SCREEN"
grep -qE "^guest [0-9]+ $mac has 192.168.105" "$WORK/daemon.log" || fail "what the daemon saw"
