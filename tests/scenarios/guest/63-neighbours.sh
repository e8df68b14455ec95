# Goal: the address that a guest has by DHCP is learned from its phone-home and from the host's table
# of neighbours, followed when it changes, and told by ip, list, info, events and PATH/hosts.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../network.sh"

HOST=10.77.0.1
make_bridge br0 $HOST
serve_addresses br0

mac_of() { # NAME
    "$PGSUP" instance get "$1" --json | sed -n 's/.*"mac": "\(.*\)".*/\1/p'
}
is_at() { # NAME ADDRESS
    [ "$("$PGSUP" ip "$1")" = "$2" ] && [ "$(field_of "$1" 'it["address"]')" = "$2" ] &&
        grep -qx "$2 $1" "$PGSUP_HOME/hosts"
}
source_of() { # NAME
    "$PGSUP" info "$1" --json | sed -n 's/.*"address_source": "\(.*\)".*/\1/p'
}
make_key
echo "$PASSWORD" >"$WORK/password"
mkdir -p "$WORK/bin"
printf '#!/bin/sh\n' >"$WORK/bin/ansible-playbook"
chmod +x "$WORK/bin/ansible-playbook"
PATH=$WORK/bin:$PATH
expect_ok "$PGSUP" cloud create -n lab --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --network bridge --host-if br0 --host-ip4 $HOST \
    --host-nm4 255.255.255.0 --ph-port "$(free_port)"
expect_ok "$PGSUP" image import -n mini --arch aarch64 "$PGSUP_MINI_IMAGE"
make_image "$WORK/blank.qcow2" 1G
expect_ok "$PGSUP" image import -n blank --arch aarch64 "$WORK/blank.qcow2"
expect_ok "$PGSUP" instance create --seed http --os mini --vcpu 1 --ram 256 talks
expect_ok "$PGSUP" instance create --os blank --vcpu 1 --ram 256 silent
start_supervisor

step "from the phone-home's peer"
expect_ready talks
expect_ok "$PGSUP" ip talks --wait --timeout 30
address=$(cat "$OUT")
expect_text "$WORK/leases" "$(mac_of talks) $address"
wait_until 30 is_at talks "$address"
has_source() {
    [ "$(source_of "$1")" = "$2" ]
}
wait_until 20 has_source talks phone-home
expect_event talks "$address (" # the table of neighbours may have it first

step "from the table of neighbours, of a guest that does not phone home"
run "$PGSUP" start silent
expect_equal "status of start" "$STATUS" 0
ip neighbour add 10.77.0.50 lladdr "$(mac_of silent)" dev br0 nud permanent
expect_ok "$PGSUP" ip silent --wait --timeout 60
wait_until 30 is_at silent "$("$PGSUP" ip silent)"
wait_until 20 has_source silent neighbour

step "... when it changes"
ip neighbour flush dev br0 nud all
ip neighbour replace 10.77.0.60 lladdr "$(mac_of silent)" dev br0 nud permanent
wait_until 60 is_at silent 10.77.0.60
expect_event silent "10.77.0.60 (neighbour), was "
expect_text "$UP_LOG" "vm=silent address: 10.77.0.60 (neighbour)"

step "... of nobody's VM: nothing"
run "$PGSUP" kill silent
wait_until 30 is_in_state silent stopped
ip neighbour flush dev br0 nud all
ip neighbour replace 10.77.0.70 lladdr "$(mac_of silent)" dev br0 nud permanent
sleep 8
is_at silent 10.77.0.60 || fail "followed a VM that does not run: $("$PGSUP" ip silent)"
expect_ok "$PGSUP" instance rebuild -y silent
expect_fail 3 "not known yet" "$PGSUP" ip silent
expect_no_text "$PGSUP_HOME/hosts" silent
end_supervisor
