# Goal: the real cloud-init with a seed by both ways, on a machine that was reset: its static address
# and the host keys that pgsup made are up from the drive, the rest is fetched, its user's own document
# counts beside pgsup's. ssh and Ansible work at the first contact, checked and without a question; the
# keys of before the reset are not trusted any more; users with keys of their own may log in. With
# the server away cloud-init has the same. An edit takes effect after --rerun-cloud-init, by drive alone.
# In the network that each new instance is in, it and a mini guest reach each other by name.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../debian.sh"
make_key
ssh-keygen -q -t ed25519 -N '' -f "$WORK/anna"
expect_ok "$PGSUP" cloud create -n lab --no-admin-password --ssh-public-key "$KEY.pub" \
    --user "anna:$WORK/anna.pub" --network user --ph-port "$(free_port)"
expect_ok "$PGSUP" image import -n debian "${PGSUP_TEST_IMAGE:?the image of the Debian guest}"
ssh_port=$(free_port)
new_debian test --seed drive --ssh-port "$ssh_port"
folder=$PGSUP_HOME/instances/test
own_document() { # WORD: a cloud-config that leaves it in a file
    printf '#cloud-config\nwrite_files:\n- {path: /var/own, content: "%s"}\n' "$1" >"$WORK/own.yaml"
}
expect_own() { # WORD
    in_guest cat /var/own
    expect_equal "what its user's own document did" "$(cat "$OUT")" "$1"
    in_guest ip -4 -o address show
    expect_text "$OUT" "10.0.2.77/24" "10.77.0.2/24"
}
expect_host_keys() { # those that pgsup made are those of the guest
    local type
    for type in ed25519 ecdsa; do
        in_guest sudo cat "/etc/ssh/ssh_host_${type}_key.pub"
        expect_text "$OUT" "$(cut -d' ' -f2 "$folder/host-keys/ssh_host_${type}_key.pub")"
    done
    "$PGSUP" events -v -n all test >"$WORK/events"
    expect_no_text "$WORK/events" "it was not given"
    in_guest sh -c '"ls /etc/ssh; sudo grep -h WARN /var/log/cloud-init.log || true"'
    expect_no_text "$OUT" "rsa_key.pub: failed to open"
    ! grep -qx ssh_host_rsa_key "$OUT" || fail "an RSA key was made"
}
as_anna() { # KNOWN_HOSTS
    run ssh -i "$WORK/anna" -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes \
        -o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile="$1" -p "$ssh_port" \
        anna@127.0.0.1 sudo id -un
}

step "a reset machine has other host keys"
cp "$folder/known_hosts" "$WORK/old"
own_document first
expect_ok "$PGSUP" instance set test --seed both --ip 10.0.2.77 --user-data "$WORK/own.yaml"
expect_ok "$PGSUP" instance rebuild -y test
cp "$folder/known_hosts" "$WORK/new"

step "both: the address by drive, the rest by HTTP"
start_supervisor
start_guest
expect_event test "user-data fetched by Cloud-Init/22.4.2"
expect_event test "vendor-data fetched by Cloud-Init/22.4.2"
! has_event test "meta-data fetched" || fail "meta-data was fetched too"
expect_event test "phoned home (Cloud-Init/22.4.2"
expect_host_keys
expect_own first

step "the first contact, with known_hosts as it was at the making"
for file in "$WORK/new" "$PGSUP_HOME/known_hosts" "$folder/known_hosts"; do
    as_anna "$file"
    expect_equal "who anna may become, by $file" "$STATUS $(cat "$OUT")" "0 root"
done
as_anna "$WORK/old"
expect_equal "ssh with the old keys" "$STATUS" 255
expect_text "$ERR" "Host key verification failed"
expect_ok "$PGSUP" -q wait test --for provisioned --timeout 600
expect_text "$folder/ansible.log" "unreachable=0" "failed=0"
in_guest sudo grep -c '^cloudadmin:!' /etc/shadow
in_guest sudo cloud-init status --wait
expect_text "$OUT" "status: done"
in_guest cloud-init status
identity=$(who_it_is)

step "what cloud-init does at a later boot, with the server away"
kill_supervisor
in_guest sudo rm /var/own
in_guest sudo cloud-init init --local
in_guest sudo cloud-init init
in_guest sudo cloud-init single --name write-files --frequency always
expect_equal "who it is" "$(who_it_is)" "$identity"
expect_own first

step "an edit takes effect when cloud-init runs again, now by drive"
start_supervisor
stop_guest
own_document second
expect_ok "$PGSUP" instance set test --seed drive --user-data "$WORK/own.yaml" --rerun-cloud-init
expect_ok "$PGSUP" image import -n mini --arch aarch64 "${PGSUP_MINI_IMAGE:?the image of the mini guest}"
new_mini other --seed drive
misbehave other agent "ping test.lab.internal 3"
start_guest other
expect_text "$ERR" "phase: phone-home"
expect_own second
expect_host_keys

step "names in both directions, and the rest of /etc/hosts"
other_says() { # TEXT
    grep -qaF -- "$1" "$PGSUP_HOME/instances/other/console.log"
}
expect_reached() { # NAME: by TCP
    in_guest bash -c "'exec 3<>/dev/tcp/$1/22; head -c 12 <&3'"
    expect_equal "what $1 says" "$(tr -d '\r' <"$OUT")" "SSH-2.0-tiny"
}
rest_of_hosts() {
    in_guest sed "'/^# pgsup: begin/,/^# pgsup: end/d'" /etc/hosts
    cat "$OUT"
}
wait_until 120 other_says "ping test.lab.internal: 3 packets transmitted, 3 packets received"
expect_reached other
expect_reached other.lab.internal
in_guest sudo sh -c '"echo 192.0.2.7 mine >>/etc/hosts"'
rest=$(rest_of_hosts)
expect_equal "lines of its own" "$(grep -c '192.0.2.7 mine' <<<"$rest")" 1

step "... one that comes later is known"
new_mini later --seed drive
knows() { # NAME
    "$PGSUP" ssh test -- grep -q "$1.lab.internal" /etc/hosts
}
wait_until 90 knows later # a login alone takes long under emulation
wait_until 30 other_says "knows later.lab.internal at 10.77.0.4"
expect_equal "the rest of its /etc/hosts" "$(rest_of_hosts)" "$rest"
stop_guest
end_supervisor
expect_nothing_left
