# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016,SC2034
# Sourced by 30-real-guest.sh for what is newer than Debian 12: cloud-init that runs its stages in one
# process, on a bridge with a real DHCP server. The image has a machine-id, and two instances of it are
# started at once, over HTTP: no address is given to both. A clone of the first one, copied with its
# cache, has an address, a machine-id and host keys of its own. With the server away cloud-init keeps them.
# Reports of the kind: systemd/systemd#9609, canonical/lxd#7180, and at once at the first boot:
# Hadron/carthage#122.
prepare() {
    image=${PGSUP_GUEST_IMAGE:-${XDG_CACHE_HOME:-$HOME/.cache}/pgsup/debian-$PGSUP_GUEST.qcow2}
    if [ -z "${PGSUP_IN_NAMESPACE:-}" ]; then # before the network is one of its own
        export PGSUP_GUEST_IMAGE=$image
        "$(dirname "$0")/../../../scripts/build-guest-image" --suite "$suite" \
            --arch "${PGSUP_GUEST#*-}" "$image" || exit 1
    fi
    . "$(dirname "$0")/../network.sh"
    . "$(dirname "$0")/../debian.sh"
    make_bridge br0 10.77.0.1
    serve_addresses br0
    add_machine_id
    network=(--network bridge --host-if br0 --host-ip4 10.77.0.1 --host-nm4 255.255.255.0)
    options=(--seed http)
    seed_source=nocloud
    version=
    [ "$suite" != trixie ] || version=25.1
}

# As an image has one that was made from a machine, and was not made for others.
add_machine_id() {
    local start
    qemu-img convert -O raw "$image" "$WORK/disk"
    image=$WORK/disk
    start=$(sfdisk --json "$image" | python3 -c 'import json,sys
print([row["start"] for row in json.load(sys.stdin)["partitiontable"]["partitions"] if row["name"] == "root"][0])')
    echo 0123456789abcdef0123456789abcdef >"$WORK/machine-id"
    debugfs -w "$image?offset=$((start * 512))" >"$OUT" 2>&1 <<WORDS
rm /etc/machine-id
write $WORK/machine-id /etc/machine-id
WORDS
    debugfs -R "cat /etc/machine-id" "$image?offset=$((start * 512))" 2>/dev/null >"$OUT"
    expect_text "$OUT" 0123456789abcdef
}

more_instances() {
    new_debian other "${options[@]}"
    nothing_to_do other
    together=other
}

nothing_to_do() { # NAME: for Ansible
    printf -- '- {hosts: all, gather_facts: false, tasks: []}\n' >"$PGSUP_HOME/instances/$1/deploy.yaml"
}

more_of_ssh() {
    expect_identity test
    expect_identity other
    who_it_is test >"$WORK/test"
}

more_of_ansible() {
    expect_own_addresses
}

expect_identity() { # NAME: that of its own instance
    local wanted
    "$PGSUP" instance get "$1" --json >"$OUT"
    wanted=$(json_of 'it["uuid"].replace("-", "")') # as machine-id(5) writes one
    in_guest_of "$1" sh -c '"hostname; cat /etc/machine-id"'
    expect_equal "host name and machine-id" "$(cat "$OUT")" "$1
$wanted"
}

# No address was given to a card while another one had it.
expect_own_addresses() {
    python3 - "$WORK/dnsmasq.log" >"$OUT" <<'WORDS'
import re, sys
owners = {}
for line in open(sys.argv[1]):
    found = re.search(r"(DHCPACK|DHCPRELEASE)\(\w+\) (\S+) (\S+)", line)
    if not found:
        continue
    what, address, mac = found.groups()
    if what == "DHCPRELEASE":
        owners.pop(address, None)
    elif owners.setdefault(address, mac) != mac:
        print(f"{address} of {owners[address]} given to {mac}")
print(len(owners) > 1)
WORDS
    expect_equal "addresses that two cards had" "$(cat "$OUT")" True
}

afterwards() {
    local name mac
    step "a clone, and the other of the image still on the bridge"
    expect_ok "$PGSUP" instance clone test two
    expect_text "$OUT" "if an older pgsup seeded"
    nothing_to_do two
    run "$PGSUP" start two --wait --timeout $BOOT_TIMEOUT_S
    expect_equal "status of start" "$STATUS" 0
    expect_event two "meta-data fetched by Cloud-Init/$version"
    expect_event two "two phoned home (Cloud-Init/$version"
    expect_sound two
    for name in other two; do
        expect_identity $name
        who_it_is $name >"$WORK/$name"
        mac=$("$PGSUP" instance get $name --json | sed -n 's/.*"mac": "\(.*\)".*/\1/p')
        expect_text "$WORK/leases" " $mac $(field_of $name 'it["address"]') "
        in_guest_of $name ip -4 -o address show scope global
        expect_text "$OUT" "inet $(field_of $name 'it["address"]')/24"
    done
    ! grep -qFxf "$WORK/test" "$WORK/two" || fail "the clone has something in common with its source"
    ! grep -qFxf "$WORK/other" "$WORK/two" || fail "they have something in common"
    expect_own_addresses

    step "what cloud-init does at a later boot, with the server away"
    kill_supervisor
    for name in other two; do
        in_guest_of $name sudo cloud-init init --local
        expect_equal "who $name is" "$(who_it_is $name)" "$(cat "$WORK/$name")"
    done
    start_supervisor
    run "$PGSUP" stop -f --all
    expect_equal "status of stop" "$STATUS" 0
    end_supervisor
    expect_nothing_left
}
