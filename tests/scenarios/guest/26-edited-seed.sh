# Goal: the documents of a seed are their user's to edit. What cloud-init could not read is told, with
# the line, before anything is started; another instance-id in meta-data has the guest begin anew,
# and its phone-home is taken as that of a first boot.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
new_cloud
new_mini disk --seed drive
new_mini net --seed http
start_supervisor
seed_of() { # NAME DOCUMENT
    echo "$PGSUP_HOME/instances/$1/cloud-init/$2"
}
count() { # NAME TEXT: of its events
    "$PGSUP" events -v -n all "$1" | grep -cF -- "$2" || true
}
counts() { # NAME TEXT NUMBER
    [ "$(count "$1" "$2")" = "$3" ]
}

step "a slip of the hand in user-data"
cp "$(seed_of disk user-data)" "$WORK/user-data"
printf 'runcmd:\n- [ echo, hello\n' >>"$(seed_of disk user-data)"
lines=$(wc -l <"$(seed_of disk user-data)")
expect_fail 2 "cloud-init/user-data: line $((lines + 1)), column 1: " "$PGSUP" -q start disk
expect_text "$ERR" "correct the file, or delete it so that pgsup writes it again"
expect_state disk failed
expect_equal "what was started" "$(our_qemus)" ""

step "no first line that cloud-init knows"
tail -n +2 "$WORK/user-data" >"$(seed_of disk user-data)"
expect_fail 2 "line 1: a document must begin with its kind: #cloud-config" \
    "$PGSUP" -q start disk

step "meta-data without a name, network-config of another shape"
cp "$WORK/user-data" "$(seed_of disk user-data)"
cp "$(seed_of disk meta-data)" "$WORK/meta-data"
echo "local-hostname: disk" >"$(seed_of disk meta-data)"
expect_fail 2 "cloud-init/meta-data: it has no instance-id" "$PGSUP" -q start disk
cp "$WORK/meta-data" "$(seed_of disk meta-data)"
cp "$(seed_of disk network-config)" "$WORK/network-config"
echo "- nothing" >"$(seed_of disk network-config)"
expect_fail 2 'cloud-init/network-config: line 1: "key: value" is expected' "$PGSUP" -q start disk

step "deleted, it is written anew"
rm "$(seed_of disk network-config)"
expect_ready disk
cmp -s "$WORK/network-config" "$(seed_of disk network-config)" || fail "network-config differs"
quietly wait disk --for provisioned
quietly stop disk

step "a later boot phones home no more"
expect_ready disk
quietly stop disk
wait_until 10 counts disk "phoned home (" 1
expect_equal "how often it was provisioned" "$(count disk "provision   ok")" 1

step "another instance-id: it begins anew, and is ready when it has phoned home as that"
sed -i.bak 's/^instance-id: .*/instance-id: second-life/' "$(seed_of disk meta-data)"
expect_ready disk
expect_text "$ERR" "phase: phone-home"
wait_until 10 counts disk "phoned home (" 2
quietly wait disk --for provisioned
wait_until 10 counts disk "provision   ok" 2
expect_equal "refused or repeated" "$(count disk "phoned home again")" 0
quietly stop disk
expect_ready disk
quietly stop disk
wait_until 10 counts disk "phoned home (" 2

step "over HTTP the guest asks when it wants to; this one asks at every boot"
expect_ready net
quietly stop net
sed -i.bak 's/^instance-id: .*/instance-id: second-life/' "$(seed_of net meta-data)"
expect_ready net
wait_until 30 counts net "phoned home (" 2

step "meta-data says who may phone home: the first name is none any more"
quietly stop net
sed -i.bak 's/^instance-id: .*/instance-id: third-life/' "$(seed_of net meta-data)"
expect_ok "$PGSUP" cloud get --json
port=$(json_of 'it["ph_port"]')
path=$(phone_home_path_of net)
answer() { # INSTANCE-ID
    python3 - "http://127.0.0.1:$port$path/$1" "$1" <<'END'
import sys, urllib.error, urllib.parse, urllib.request
form = urllib.parse.urlencode({"instance_id": sys.argv[2], "hostname": "net", "fqdn": "net"})
try:
    print(urllib.request.urlopen(sys.argv[1], form.encode(), 20).status)
except urllib.error.HTTPError as error:
    print(error.code)
END
}
expect_equal "second-life" "$(answer second-life)" 400
expect_equal "third-life, of a guest that does not run" "$(answer third-life)" 403
end_supervisor
expect_no_process
