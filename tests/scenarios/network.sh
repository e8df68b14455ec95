# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# Sourced by the scenarios of bridges instead of lib.sh, which it includes: runs the scenario in a
# network of its own, where nothing but the loopback interface is.
if [ -z "${PGSUP_IN_NAMESPACE:-}" ]; then
    if ! problem=$(unshare --net --mount true 2>&1); then
        echo "no network namespace can be made here: $problem" >&2
        [ "$(id -u)" = 0 ] && exit 1
        exit 77
    fi
    PGSUP_IN_NAMESPACE=yes exec unshare --net --mount bash "$0"
fi
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
ip link set lo up

# make_bridge NAME ADDRESS: with this host at the address (of /24), allowed to QEMU's helper.
make_bridge() {
    ip link add "$1" type bridge
    ip address add "$2/24" dev "$1"
    ip link set "$1" up
    [ -d /etc/qemu ] || mkdir /etc/qemu
    mount -t tmpfs none /etc/qemu
    echo "allow $1" >/etc/qemu/bridge.conf
}

# serve_addresses NAME: by DHCP on a bridge at 10.77.0.1; what is given is in $WORK/leases.
serve_addresses() {
    dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface="$1" --bind-interfaces \
        --dhcp-range=10.77.0.100,10.77.0.120,255.255.255.0 --dhcp-leasefile="$WORK/leases" \
        --pid-file= --log-facility="$WORK/dnsmasq.log" --user=root &
    at_exit "kill $!"
}
