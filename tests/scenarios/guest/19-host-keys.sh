# Goal: host keys that pgsup makes are known before the first contact, go by drive alone, and change
# with a reset only. A guest that comes with others is told of and not believed.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
new_cloud
known() { # NAME
    cat "$PGSUP_HOME/instances/$1/known_hosts"
}
id_of() { # NAME
    "$PGSUP" instance get "$1" --json | python3 -c 'import json,sys
print(json.load(sys.stdin)["instance_id"])'
}

step "never over http"
create() { # OPTION…
    "$PGSUP" instance create test --os mini --vcpu 1 --ram 256 --ssh-port "$(free_port)" "$@"
}
expect_refused 2 "cannot be given over HTTP" create --seed http --host-keys preseed
expect_refused 2 '"both"' create --seed drive --host-keys both
start_supervisor # now that nothing else may change the home
new_mini served
expect_ok "$PGSUP" instance get served --json
expect_equal "its host keys" "$(json_of 'it["host_keys"]')" guest
[ ! -e "$PGSUP_HOME/instances/served/host-keys" ] || fail "keys were made for it"

step "nor where the seed's way changes"
new_mini changed --seed drive
expect_fail 2 "cannot be given over HTTP" "$PGSUP" instance set changed --seed http
expect_ok "$PGSUP" instance set changed --seed both
folder=$PGSUP_HOME/instances/changed
mcopy -n -i "$folder/cloud-init-include.img" ::vendor-data "$WORK/vendor-data"
expect_text "$WORK/vendor-data" "multipart/mixed"
! grep -rq "PRIVATE KEY" "$folder/cloud-init" || fail "a private key is where it is served"

step "known before the first start, by instance and by cloud"
new_mini test --seed drive
folder=$PGSUP_HOME/instances/test
expect_ok "$PGSUP" instance get test --json
expect_equal "its host keys" "$(json_of 'it["host_keys"]')" preseed
for type in ed25519 ecdsa; do
    key=$(cut -d' ' -f2 "$folder/host-keys/ssh_host_${type}_key.pub")
    expect_equal "mode of the $type key" "$(mode_of "$folder/host-keys/ssh_host_${type}_key")" \
        -rw-------
    expect_equal "mode of its public half" \
        "$(mode_of "$folder/host-keys/ssh_host_${type}_key.pub")" -rw-------
    expect_text "$folder/known_hosts" "$(id_of test)" "$key"
    expect_text "$PGSUP_HOME/known_hosts" "$key"
done

step "on the drive, and not where the seed server looks"
mcopy -n -i "$folder/cloud-init.img" ::vendor-data "$WORK/vendor-data"
expect_text "$WORK/vendor-data" "multipart/mixed"
cat >"$WORK/given.py" <<'END'
import email, pathlib, sys
parts = email.message_from_bytes(pathlib.Path(sys.argv[1]).read_bytes()).get_payload()
text = parts[-1].get_payload(decode=True).decode()
END
cat "$WORK/given.py" - >"$WORK/keys.py" <<'END'
for line in pathlib.Path(sys.argv[2], "ssh_host_ecdsa_key").read_text().splitlines():
    assert line in text, line
assert 'rsa_public: ""' in text and "rsa_private" not in text, text
END
python3 "$WORK/keys.py" "$WORK/vendor-data" "$folder/host-keys" || fail "the drive gives other keys"
! grep -rq "PRIVATE KEY" "$folder/cloud-init" || fail "a private key is where it is served"

step "a guest that tells another key is not believed"
known test >"$WORK/before"
expect_ready test
expect_event test "host keys that it was not given"
expect_equal "what is trusted" "$(known test)" "$(cat "$WORK/before")"
expect_ok "$PGSUP" info test --json
expect_equal "a sentence in info" \
    "$(json_of '"not trusted" in it["host_key_problem"]')" True
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0

step "a later start and an edited seed change nothing, and one that has an RSA key keeps it"
[ ! -e "$folder/host-keys/ssh_host_rsa_key" ] || fail "an RSA key was made"
ssh-keygen -q -t rsa -b 2048 -N "" -f "$folder/host-keys/ssh_host_rsa_key"
rsa=$(cut -d' ' -f2 "$folder/host-keys/ssh_host_rsa_key.pub")
echo "# edited" >>"$folder/cloud-init/user-data"
expect_ready test
run "$PGSUP" stop test
mcopy -n -i "$folder/cloud-init.img" ::vendor-data "$WORK/vendor-rsa"
(cat "$WORK/given.py" && echo 'assert "rsa_private" in text and sys.argv[2] in text, text') >"$WORK/rsa.py"
python3 "$WORK/rsa.py" "$WORK/vendor-rsa" "$rsa" || fail "the drive does not give its RSA key"
known test >"$WORK/with-rsa"
expect_text "$WORK/with-rsa" "$rsa"
expect_equal "what else is trusted" "$(grep -v "$rsa" "$WORK/with-rsa")" "$(cat "$WORK/before")"

step "a clone has its own"
expect_ok "$PGSUP" instance clone test twin
key=$(cut -d' ' -f2 "$PGSUP_HOME/instances/twin/host-keys/ssh_host_ed25519_key.pub")
expect_no_text "$WORK/before" "$key"
expect_text "$PGSUP_HOME/known_hosts" "$key"
expect_ok "$PGSUP" instance remove -y twin
expect_no_text "$PGSUP_HOME/known_hosts" "$key"

step "a reset makes new ones and forgets the old"
expect_ok "$PGSUP" instance rebuild -y test
old=$(cut -d' ' -f3 "$WORK/before" | head -n 1)
expect_no_text "$folder/known_hosts" "$old"
expect_no_text "$PGSUP_HOME/known_hosts" "$old"
expect_text "$folder/known_hosts" "$(id_of test)" \
    "$(cut -d' ' -f2 "$folder/host-keys/ssh_host_ed25519_key.pub")"

step "those that a guest makes are trusted when it has phoned home"
new_mini own --seed drive --host-keys guest
expect_fail 3 "own is stopped: \`pgsup start own --wait\` starts it" "$PGSUP" ssh own true
expect_ready own
expect_event own "phoned home"
wait_until 20 test -s "$PGSUP_HOME/instances/own/known_hosts"
expect_text "$PGSUP_HOME/known_hosts" "$(id_of own)"
"$PGSUP" events -v -n all own >"$WORK/events"
expect_no_text "$WORK/events" "not given"
run "$PGSUP" stop own
