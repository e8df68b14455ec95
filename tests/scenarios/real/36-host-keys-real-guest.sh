# Goal: on a real Debian guest the host keys that pgsup made are those of its sshd: ssh and Ansible
# work at the first contact, checked and without a question. A reset machine has others; the old ones
# are not trusted any more. Users with keys of their own may log in.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
BOOT_PATIENCE_S=900
make_key
ssh-keygen -q -t ed25519 -N '' -f "$WORK/anna"
expect_ok "$PGSUP" cloud create -n lab --no-admin-password --ssh-public-key "$KEY.pub" \
    --user "anna:$WORK/anna.pub" --network user --ph-port "$(free_port)"
expect_ok "$PGSUP" image import -n debian-12 "${PGSUP_TEST_IMAGE:?the image of the Debian guest}"
ssh_port=$(free_port)
expect_ok "$PGSUP" instance create -n test --os debian-12 --vcpu 2 --ram 1024 -s 4G --seed drive \
    --no-package-upgrade --ssh-port "$ssh_port"
folder=$PGSUP_HOME/instances/test
key_of() { # TYPE
    cut -d' ' -f2 "$folder/host-keys/ssh_host_$1_key.pub"
}
in_guest() { # COMMAND…: its output is in $OUT
    run "$PGSUP" ssh test -- "$@"
    expect_equal "status in the guest of: $*" "$STATUS" 0
    expect_no_text "$ERR" "authenticity" "Permanently added"
}
as_anna() { # KNOWN_HOSTS
    run ssh -i "$WORK/anna" -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes \
        -o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile="$1" -p "$ssh_port" \
        anna@127.0.0.1 sudo id -un
}
start_and_check() {
    run "$PGSUP" start test --wait --timeout $BOOT_PATIENCE_S
    expect_equal "status of start" "$STATUS" 0
    expect_event test "phoned home (Cloud-Init/"
    for type in ed25519 ecdsa rsa; do
        in_guest sudo cat "/etc/ssh/ssh_host_${type}_key.pub"
        expect_text "$OUT" "$(key_of $type)"
    done
    "$PGSUP" events test >"$WORK/events"
    expect_no_text "$WORK/events" "it was not given"
}

step "the first contact, with known_hosts as it was at the making"
cp "$folder/known_hosts" "$WORK/old"
start_supervisor
start_and_check
as_anna "$WORK/old"
expect_equal "who anna may become" "$(cat "$OUT")" root
as_anna "$PGSUP_HOME/known_hosts"
expect_equal "the file of the cloud" "$(cat "$OUT")" root
expect_ok "$PGSUP" -q wait test --for provisioned --timeout 600
expect_text "$folder/ansible.log" "unreachable=0" "failed=0"
in_guest sudo grep -c '^cloudadmin:!' /etc/shadow
in_guest cloud-init status

step "a reset machine"
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
expect_ok "$PGSUP" instance reset test
start_and_check
as_anna "$WORK/old"
expect_equal "ssh with the old keys" "$STATUS" 255
expect_text "$ERR" "Host key verification failed"
as_anna "$folder/known_hosts"
expect_equal "ssh with the new keys" "$STATUS" 0
run "$PGSUP" stop test
expect_equal "status of the last stop" "$STATUS" 0
