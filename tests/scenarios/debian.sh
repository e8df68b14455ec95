# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# Sourced by the scenarios of the Debian guest instead of lib.sh, which it includes. The instance is
# always "test".
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
BOOT_TIMEOUT_S=900 # without hardware acceleration, beside other tests

import_debian() {
    expect_ok "$PGSUP" image import -n debian-12 "${PGSUP_TEST_IMAGE:?the image of the Debian guest}"
}

new_debian() { # [OPTION…]
    expect_ok "$PGSUP" instance create -n test --os debian-12 --vcpu 2 --ram 1024 -s 4G \
        --no-package-upgrade "$@"
}

start_guest() { # its phases are in $ERR
    run "$PGSUP" start test --wait --timeout $BOOT_TIMEOUT_S
    expect_equal "status of start" "$STATUS" 0
}

stop_guest() {
    run "$PGSUP" stop test
    expect_equal "status of stop" "$STATUS" 0
}

in_guest() { # COMMAND…: its output is in $OUT
    run "$PGSUP" ssh test -- "$@"
    expect_equal "status in the guest of: $*" "$STATUS" 0
    expect_no_text "$ERR" "authenticity" "Permanently added"
}

# who_it_is: all by which a guest is known to be the same one.
who_it_is() {
    in_guest sh -c '"hostname; cat /etc/machine-id /var/lib/cloud/data/instance-id; sudo ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"'
    cat "$OUT"
}
