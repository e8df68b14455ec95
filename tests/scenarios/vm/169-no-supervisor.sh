# Goal: what a supervisor that is gone would have done is said once, at the next command; `start` begins
# one if the cloud wants that; what cloud-init reported is in the log.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/disk.qcow2"
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
for name in one two; do
    expect_ok "$PGSUP" instance create -n $name --os base --vcpu 1 --ram 64 --seed http --ssh-port "$(free_port)"
    idle $name
done
expect_ok "$PGSUP" instance set one --restart on-failure
at_exit '"$PGSUP" down 2>/dev/null'

step "without it, start says how"
expect_fail 4 "no supervisor runs for $PGSUP_HOME: \`pgsup up --detach\` starts one" "$PGSUP" start one
expect_refused 2 "--no-auto-up excludes --auto-up" "$PGSUP" cloud set --auto-up --no-auto-up

step "with it, start begins one in the background"
expect_ok "$PGSUP" cloud set --auto-up
run "$PGSUP" start one two
expect_equal "status" "$STATUS" 0
expect_text "$ERR" "supervising $PGSUP_HOME in the background"
run "$PGSUP" start one
expect_no_text "$ERR" "supervising"
supervisor=$(supervisor_pid)

step "what cloud-init reports is in the log"
report=$(sed -n 's|.*http://[^/]*\(/report/[a-z0-9-]*/[0-9a-f]*\)".*|\1|p' "$PGSUP_HOME/instances/one/cloud-init/vendor-data" | head -n 1)
expect_ok "$PGSUP" cloud get --json
port=$(json_of 'it["ph_port"]')
tell() { # EVENT MODULE
    python3 - "$port" "$report" "$1" "$2" <<'END'
import json, os, sys, urllib.request
sys.path.insert(0, os.environ["AS_VM"])
import as_vm
port, path, kind, name = sys.argv[1:]
as_vm.speak(os.environ["PGSUP_HOME"] + "/run", "one", int(port))
body = {"name": name, "event_type": kind, "origin": "cloudinit", "timestamp": 1.0, "description": "d", "result": "SUCCESS"}
request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
urllib.request.urlopen(request, timeout=10).read()
END
}
tell start modules-config
tell finish modules-config
tell start modules-final
reports_all() {
    [ "$("$PGSUP" log one --source cloud-init | grep -c modules)" = 3 ]
}
wait_until 10 reports_all
expect_ok "$PGSUP" log one --source cloud-init -n 1
expect_equal "the last line" "$(sed 's/^[0-9-]*T[0-9:.]*Z  //' "$OUT")" "modules-final began"
expect_ok "$PGSUP" log one --source all
expect_text "$OUT" "cloud-init: "
expect_fail 2 'qemu, ansible, helper, cloud-init or all, not "x"' "$PGSUP" log one --source x
expect_ok "$PGSUP" log -n 1
expect_equal "lines of the supervisor's own" "$(wc -l <"$OUT" | tr -d ' ')" 1

step "it is gone, and a VM ended unseen: said once"
kill -9 "$supervisor"
wait_until 10 is_gone "$supervisor"
kill -9 "$(pid_of one)"
wait_until 10 bash -c "! kill -0 $(pid_of one) 2>/dev/null"
run "$PGSUP" cloud get
expect_equal "status" "$STATUS" 0
expect_text "$ERR" 'one has ended while no supervisor ran, which restarts it (on-failure)' \
    'two boots for the first time, and no supervisor serves it its seed: `pgsup up --detach` starts one'
expect_equal "lines" "$(wc -l <"$ERR" | tr -d ' ')" 2
expect_ok "$PGSUP" cloud get

step "one that comes knows of it, and then nothing is left to say"
run "$PGSUP" start one
expect_equal "status" "$STATUS" 0
expect_ok "$PGSUP" cloud get
run "$PGSUP" stop -f one two
run "$PGSUP" down
expect_ok "$PGSUP" cloud get
