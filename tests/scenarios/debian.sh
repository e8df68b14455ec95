# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# Sourced by the scenarios of Debian guests instead of lib.sh, which it includes, or after network.sh.
# Where no name is given the instance is "test".
declare -F step >/dev/null || . "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
BOOT_TIMEOUT_S=900 # without hardware acceleration, beside other tests

new_debian() { # NAME [OPTION…]
    # shellcheck disable=SC2046  # words
    expect_ok "$PGSUP" instance create --os debian --vcpu 2 --ram 1024 -s 4G \
        --no-package-upgrade $(seed_words "$@") "$@"
}

start_guest() { # [NAME…], of others at the same time; its phases are in $ERR
    run "$PGSUP" start test "$@" --wait --timeout $BOOT_TIMEOUT_S
    if [ "$STATUS" != 0 ] && [ -n "${AGAIN_AFTER_PANIC:-}" ] && grep -q "kernel of the guest panicked" "$ERR"; then
        begin_again "$@"
        run "$PGSUP" start test "$@" --wait --timeout $BOOT_TIMEOUT_S
    fi
    expect_equal "status of start" "$STATUS" 0
}

# The kernel of sid, emulated by QEMU 7.2, panicked once at a first boot (of some fifty): that is said,
# and the guests begin anew, once.
begin_again() { # [NAME…]
    local name
    AGAIN_AFTER_PANIC=
    echo "once more, because the emulated kernel panicked: $(cat "$ERR")"
    tail -n 5 "$PGSUP_HOME/instances/test/console.log"
    for name in test "$@"; do
        run "$PGSUP" stop -f "$name"
        expect_ok "$PGSUP" instance rebuild "$name" --yes
    done
}

stop_guest() {
    run "$PGSUP" stop test
    expect_equal "status of stop" "$STATUS" 0
}

in_guest_of() { # NAME COMMAND…: its output is in $OUT
    run "$PGSUP" ssh "$1" -- "${@:2}"
    expect_equal "status in $1 of: ${*:2}" "$STATUS" 0
    expect_no_text "$ERR" "authenticity" "Permanently added"
}
in_guest() { # COMMAND…
    in_guest_of test "$@"
}

# who_it_is [NAME]: all by which a guest is known to be the same one.
who_it_is() {
    in_guest_of "${1:-test}" sh -c '"hostname; cat /etc/machine-id /var/lib/cloud/data/instance-id; sudo ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"'
    cat "$OUT"
}
