# Goal: the real cloud-init with a seed by both ways: its static address is up from the drive, the rest
# is fetched, its user's own document counts beside pgsup's. With the server away at the second boot
# it is the same machine. An edit takes effect after --rerun-cloud-init, then by drive alone; a
# guest that trusts its cache is cleaned over ssh.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
BOOT_PATIENCE_S=900

make_cloud
expect_ok "$PGSUP" image import -n debian-12 "${PGSUP_TEST_IMAGE:?the image of the Debian guest}"
own_document() { # WORD: a cloud-config that leaves it in a file
    printf '#cloud-config\nwrite_files:\n- {path: /var/own, content: "%s"}\n' "$1" >"$WORK/own.yaml"
}
own_document first
expect_ok "$PGSUP" instance create -n test --os debian-12 --vcpu 2 --ram 1024 -s 4G --seed both \
    --ip 10.0.2.77 --host-keys guest --no-package-upgrade --ssh-port "$(free_port)" \
    --user-data "$WORK/own.yaml"
folder=$PGSUP_HOME/instances/test
in_guest() { # COMMAND…: its output is in $OUT
    run "$PGSUP" ssh test -- "$@"
    expect_equal "status in the guest of: $*" "$STATUS" 0
}
start_guest() {
    run "$PGSUP" start test --wait --timeout $BOOT_PATIENCE_S
    expect_equal "status of start" "$STATUS" 0
}
expect_own() { # WORD
    in_guest cat /var/own
    expect_equal "what its user's own document did" "$(cat "$OUT")" "$1"
    in_guest ip -4 -o address show
    expect_text "$OUT" "10.0.2.77/24"
}
who_it_is() {
    in_guest sh -c '"hostname; cat /etc/machine-id /var/lib/cloud/data/instance-id; sudo ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"'
    cat "$OUT"
}

step "both: the address by drive, the rest by HTTP"
start_supervisor
start_guest
expect_event test "user-data fetched by Cloud-Init/22.4.2"
expect_event test "vendor-data fetched by Cloud-Init/22.4.2"
! has_event test "meta-data fetched" || fail "meta-data was fetched too"
expect_event test "phoned home (Cloud-Init/22.4.2"
expect_own first
in_guest sudo cloud-init status --wait
identity=$(who_it_is)
run "$PGSUP" -q wait test --for provisioned --timeout 600
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0

step "the second boot, with the server away"
run "$PGSUP" start test
expect_equal "status of start" "$STATUS" 0
kill_supervisor
can_log_in() {
    "$PGSUP" ssh test -- true
}
wait_until $BOOT_PATIENCE_S can_log_in
in_guest sudo cloud-init status --wait
expect_text "$OUT" "status: done"
expect_equal "who it is" "$(who_it_is)" "$identity"
expect_own first

step "an edit takes effect when cloud-init begins anew, now by drive"
start_supervisor
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
own_document second
expect_ok "$PGSUP" instance set test --seed drive --user-data "$WORK/own.yaml" --rerun-cloud-init
start_guest
expect_text "$ERR" "phase: phone-home"
expect_own second

step "cleaned over ssh when it trusts its cache"
expect_ok "$PGSUP" instance set test --seed http --rerun-cloud-init
expect_text "$OUT" "cloud-init begins anew at the next restart"
run "$PGSUP" ssh test -- test -e /var/lib/cloud/instance
expect_equal "status of looking for the cache" "$STATUS" 1
end_supervisor
expect_nothing_left
