# Goal: each command that changes a definition says with --json what it made, as one document on stdout and
# nothing else there; a failure is a line of the same kind.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_key
make_image "$WORK/disk.qcow2" 64M

told() { # EXPRESSION EXPECTED COMMAND…: of the document "it"
    local expression=$1 expected=$2
    shift 2
    run "$@" --json
    [ "$STATUS" = 0 ] || fail "status $STATUS: $*"
    expect_equal "schema of: $*" "$(json_of 'it["schema"]')" 1
    expect_equal "$expression of: $*" "$(json_of "$expression")" "$expected"
}

step "the cloud and its images"
told 'it["name"], it["network"]' "('lab', 'user')" "$PGSUP" cloud create -n lab --no-admin-password --ssh-public-key "$KEY.pub" --network user
told 'it["trash_days"]' 3 "$PGSUP" cloud set --trash-days 3
run "$PGSUP" cloud set --json
expect_equal "status of a change of nothing" "$STATUS" 2
told 'it["name"], it["used_by"]' "('base', '')" "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
told 'it["arch"]' aarch64 "$PGSUP" image verify base
"$PGSUP" -q image import -n other --arch aarch64 "$WORK/disk.qcow2"
told 'it["name"], it["outcome"]' "('other', 'removed')" "$PGSUP" image remove other

step "instances, and what they have"
told 'it["name"]' test "$PGSUP" instance create test --os base --vcpu 1 --ram 64 --ssh-port "$(free_port)"
told 'list(it["disks"])' "['data']" "$PGSUP" disk add test data 1G
told 'len(it["disks"])' 0 "$PGSUP" disk remove test data -y
told 'it["kind"], it["members"]' "('multicast', [])" "$PGSUP" network add inner --kind multicast
told 'it["nics"][-1].split(",")[0]' inner "$PGSUP" nic add test inner
told 'len(it["nics"])' 1 "$PGSUP" nic remove test 2
told 'it["name"], it["ok"]' "('inner', True)" "$PGSUP" network remove inner
port=$(free_port)
told 'len(it["forwards"])' 1 "$PGSUP" forward add test "$port:80"
told 'len(it["forwards"])' 0 "$PGSUP" forward remove test "$port:80"
run "$PGSUP" snapshot create test before --json
expect_equal "snapshots" "$(json_of '[each["name"] for each in it]')" "['before']"
told 'it["name"]' test "$PGSUP" snapshot restore test before --no-safety
run "$PGSUP" snapshot remove test before --json
expect_equal "snapshots" "$(json_of 'it')" "[]"
told 'it["outcome"]' removed "$PGSUP" instance remove test -y
told 'it["name"]' test "$PGSUP" instance undelete test
"$PGSUP" -q instance remove test -y
told 'it["name"], it["outcome"]' "(None, 'done')" "$PGSUP" trash empty -y

step "failures"
run "$PGSUP" disk add none data 1G --json
expect_equal "status" "$STATUS" 3
expect_equal "what is said" "$(json_of 'it["ok"], it["error"]["status"]')" "(False, 3)"
