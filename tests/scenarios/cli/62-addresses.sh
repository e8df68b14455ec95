# Goal: `pgsup ip` prints the address that reaches a guest, or says why there is none; PATH/hosts
# carries names and addresses and follows what is created, changed, renamed and removed.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"

hosts=$PGSUP_HOME/hosts
expect_hosts() { # TEXT
    expect_equal "hosts" "$(cat "$hosts" 2>/dev/null)" "$1"
}

step "user networking: this computer's loopback"
new_cloud
[ ! -e "$hosts" ] || fail "hosts without an instance"
new_mini one
expect_ok "$PGSUP" ip one
expect_equal "the address" "$(cat "$OUT")" 127.0.0.1
expect_hosts "127.0.0.1 one"
expect_ok "$PGSUP" info one --json
expect_equal "its source" "$(json_of 'it["address"], it["address_source"], it["address_since"]')" \
    "('127.0.0.1', 'user-net', None)"
expect_refused 3 'no instance "none"' "$PGSUP" ip none
expect_refused 2 '--timeout' "$PGSUP" ip one --timeout soon

step "a bridged network, where guests have addresses of their own"
export PGSUP_HOME=$WORK/bridged
hosts=$PGSUP_HOME/hosts
expect_ok "$PGSUP" cloud create -n lab --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --network "$(bridged_kind)" --host-if "$(any_interface)" \
    --host-ip4 10.77.0.1 --host-nm4 255.255.255.0 --ph-port "$(free_port)"
expect_ok "$PGSUP" image import -n mini --arch aarch64 "$PGSUP_MINI_IMAGE"
expect_ok "$PGSUP" instance create --os mini two --ip 10.77.0.5
expect_ok "$PGSUP" instance create --seed http --os mini moving
expect_ok "$PGSUP" ip two
expect_equal "the address" "$(cat "$OUT")" 10.77.0.5
expect_hosts "10.77.0.5 two"
expect_refused 3 "the address of moving is not known yet" "$PGSUP" ip moving
expect_refused 5 "timeout: the address of moving is still unknown" "$PGSUP" ip moving --wait --timeout 1
expect_ok "$PGSUP" info two --json
expect_equal "its source" "$(json_of 'it["address_source"]')" static

step "... follow what is changed"
expect_ok "$PGSUP" instance set two --ip 10.77.0.6
expect_hosts "10.77.0.6 two"
expect_ok "$PGSUP" instance rename two three
expect_hosts "10.77.0.6 three"
expect_equal "mode of hosts" "$(mode_of "$hosts")" "-rw-------"
expect_ok "$PGSUP" instance set moving --ip 10.77.0.7
expect_hosts "10.77.0.7 moving
10.77.0.6 three"
expect_ok "$PGSUP" instance set moving --ip ""
expect_hosts "10.77.0.6 three"
expect_ok "$PGSUP" instance remove -y three
[ ! -e "$hosts" ] || fail "hosts is left: $(cat "$hosts")"

step "... cannot be written"
mkdir "$hosts"
expect_ok true
run "$PGSUP" instance create --os mini four --ip 10.77.0.8
expect_equal "status" "$STATUS" 0
expect_text "$ERR" "cannot write" "hosts"
