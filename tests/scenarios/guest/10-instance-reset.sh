# Goal: a reset makes a new machine of an instance: empty disk, new instance-id, seed path and host
# keys, provisioned again. Refused while it runs. Killed at any moment it leaves the old or the new.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
new_cloud
new_mini test --seed drive
folder=$PGSUP_HOME/instances/test
identity() {
    in_store "SELECT instance_id, token FROM instances WHERE name = 'test'"
}
phoned_home() { # TIMES
    [ "$("$PGSUP" events -v -n all test | grep -cF "phoned home (")" = "$1" ]
}
meta_id() {
    sed -n 's/^instance-id: *//p' "$folder/cloud-init/meta-data" | tr -d '"'"'"
}

step "it does not run yet, and is unknown"
expect_refused 3 'no instance "other"' "$PGSUP" instance rebuild -y other
start_supervisor
expect_ready test
quietly wait test --for provisioned
keys=$(cat "$folder/known_hosts")
before=$(identity)

step "refused while it runs, supervised or not"
expect_fail 3 "runs (pid $(pid_of test)): stop it first with \`pgsup stop test\`" \
    "$PGSUP" instance rebuild -y test
expect_equal "identity" "$(identity)" "$before"
quietly stop test

step "reset"
expect_ok "$PGSUP" instance rebuild -y test
expect_text "$OUT" 'instance "test" rebuilt'
printf '%s\n' "$keys" | awk '{print $3}' >"$WORK/old-keys"
! grep -qFf "$WORK/old-keys" "$folder/known_hosts" "$PGSUP_HOME/known_hosts" ||
    fail "its old host keys are still trusted"
[ "$(identity)" != "$before" ] || fail "it has the same identity"
expect_equal "instance-id of its meta-data" "$(meta_id)" "$(identity | cut -d'|' -f1)"
expect_ready test
expect_text "$ERR" "phase: phone-home"
quietly wait test --for provisioned
wait_until 10 phoned_home 2
expect_text "$folder/known_hosts" "$(identity | cut -d'|' -f1)"
[ "$(cat "$folder/known_hosts")" != "$keys" ] || fail "the host keys are the old ones"
quietly stop test

step "killed at any moment: the old or the new, whole"
i=0
while [ $i -lt 12 ]; do
    "$PGSUP" instance rebuild -y test >/dev/null 2>&1 &
    reset=$!
    sleep "0.$(printf %02d $((i * 3)))"
    kill -9 $reset 2>/dev/null || true
    wait $reset 2>/dev/null || true
    i=$((i + 1))
    expect_ok "$PGSUP" instance get test
    [ -s "$folder/os.qcow2" ] || fail "no disk after a kill"
    qemu-img check -q "$folder/os.qcow2" || fail "a broken disk after a kill"
done
expect_ready test
expect_equal "instance-id of its meta-data" "$(meta_id)" "$(identity | cut -d'|' -f1)"
expect_equal "what is left of resets" "$(find "$folder" -name '.reset-*')" ""
quietly stop test
end_supervisor
expect_no_process
