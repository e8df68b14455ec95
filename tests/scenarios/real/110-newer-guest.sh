# Goal: a guest of a newer Debian, whose cloud-init runs its stages in one process: its progress and
# its failed module are shown, and it complains of nothing in its seed. On a bridge with a real DHCP
# server it and its clone, which was copied with its cache, have two addresses, two machine-ids and two
# sets of host keys. With the server away cloud-init keeps both.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
#
#   PGSUP_NEWER        SUITE-ARCHITECTURE, sid-amd64 if not given
#   PGSUP_NEWER_IMAGE  its image; built and cached when not given
newer=${PGSUP_NEWER:-sid-amd64}
if [ -z "${PGSUP_NEWER_IMAGE:-}" ]; then # before the network is one of its own
    export PGSUP_NEWER_IMAGE=${XDG_CACHE_HOME:-$HOME/.cache}/pgsup/debian-$newer.qcow2
    "$(dirname "$0")/../../../scripts/build-guest-image" --suite "${newer%-*}" --arch "${newer#*-}" \
        "$PGSUP_NEWER_IMAGE" || exit 1
fi
. "$(dirname "$0")/../network.sh"
case $newer in
*-amd64) arch=x86_64 ;;
*) arch=aarch64 ;;
esac
BOOT_TIMEOUT_S=900 # without hardware acceleration, beside other tests

in_guest() { # NAME COMMAND…: its output is in $OUT
    run "$PGSUP" ssh "$1" -- "${@:2}"
    expect_equal "status in $1 of: ${*:2}" "$STATUS" 0
}
id_of() { # NAME: the instance's uuid, as machine-id(5) writes one
    "$PGSUP" instance get "$1" --json >"$OUT"
    json_of 'it["uuid"].replace("-", "")'
}
expect_identity() { # NAME: that of its own instance
    local wanted
    wanted=$(id_of "$1")
    in_guest "$1" sh -c '"hostname; cat /etc/machine-id"'
    expect_equal "host name and machine-id" "$(cat "$OUT")" "$1
$wanted"
}
who_it_is() { # NAME
    in_guest "$1" sh -c '"cat /var/lib/cloud/data/instance-id /etc/machine-id; sudo ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; ip -4 -o address show scope global"'
    sed 's/valid_lft .*//' "$OUT"
}
expect_sound() { # NAME: a script of its user failed, and nothing else
    "$PGSUP" info "$1" --json >"$OUT"
    json_of '" ".join(it["failed_modules"])' | tr - _ >"$WORK/failed"
    expect_equal "failed modules" "$(cat "$WORK/failed")" "modules_final/scripts_user"
    in_guest "$1" sh -c '"cloud-init status --format json || true"'
    json_of '[text for texts in it["recoverable_errors"].values() for text in texts if "scripts" not in text]' >"$WORK/errors"
    expect_equal "other errors" "$(cat "$WORK/errors")" "[]"
}

make_key
echo "$PASSWORD" >"$WORK/password"
mkdir -p "$WORK/bin"
printf '#!/bin/sh\n' >"$WORK/bin/ansible-playbook"
chmod +x "$WORK/bin/ansible-playbook"
PATH=$WORK/bin:$PATH
make_bridge br0 10.77.0.1
serve_addresses br0
expect_ok "$PGSUP" cloud create -n lab --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --network bridge --host-if br0 --host-ip4 10.77.0.1 \
    --host-nm4 255.255.255.0 --ph-port "$(free_port)"
expect_ok "$PGSUP" image import -n newer --arch $arch --seed-source nocloud "$PGSUP_NEWER_IMAGE"
printf '#cloud-config\nruncmd: [[sh, -c, "exit 3"]]\n' >"$WORK/own.yaml"
expect_ok "$PGSUP" instance create -n one --os newer --vcpu 2 --ram 1024 -s 4G --no-package-upgrade \
    --seed http --user-data "$WORK/own.yaml"
start_supervisor

step "its first boot is told as it goes on, with what fails"
run "$PGSUP" start one --wait --timeout $BOOT_TIMEOUT_S
expect_equal "status of start" "$STATUS" 0
expect_text "$ERR" "cloud-init: init-network, " "cloud-init: modules-config, " "cloud-init: modules-final, " "phase: phone-home"
for sentence in "init-network began" "modules-config ended" "modules-final ended, not all of it well"; do
    wait_until 120 has_event one "$sentence"
done
expect_sound one
expect_identity one
run "$PGSUP" stop one
expect_equal "status of stop" "$STATUS" 0

step "a clone, and both on the bridge"
expect_ok "$PGSUP" instance clone one two
expect_text "$OUT" "if an older pgsup seeded"
run "$PGSUP" start one two --wait --timeout $BOOT_TIMEOUT_S
expect_equal "status of start" "$STATUS" 0
expect_event two "meta-data fetched by Cloud-Init/"
expect_event two "two phoned home (Cloud-Init/"
has_failed() {
    "$PGSUP" info two --json >"$OUT"
    json_of '"".join(it["failed_modules"])' | grep -q scripts
}
wait_until 120 has_failed
expect_sound two
expect_identity one
expect_identity two
for name in one two; do
    who_it_is $name >"$WORK/$name"
    mac=$("$PGSUP" instance get $name --json | sed -n 's/.*"mac": "\(.*\)".*/\1/p')
    expect_text "$WORK/leases" " $mac $(field_of $name 'it["address"]') "
    expect_text "$WORK/$name" "inet $(field_of $name 'it["address"]')/24"
done
[ "$(field_of one 'it["address"]')" != "$(field_of two 'it["address"]')" ] || fail "they have one address"
! grep -qFxf "$WORK/one" "$WORK/two" || fail "they have something in common"

step "what cloud-init does at a later boot, with the server away"
kill_supervisor
for name in one two; do
    in_guest $name sudo cloud-init init --local
    expect_equal "who $name is" "$(who_it_is $name)" "$(cat "$WORK/$name")"
done
start_supervisor
run "$PGSUP" stop -f --all
expect_equal "status of stop" "$STATUS" 0
end_supervisor
expect_nothing_left
