# Goal: cloud-init runs again when its user asks for that, and only then: another instance-id, also in
# meta-data that was edited. A guest that trusts its cache, as one does that was ever seeded over HTTP,
# is told over ssh or by its agent when it runs; else what to do is said.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../faults.sh"
new_cloud
new_mini disk --seed drive
new_mini net --seed http
id_of() { # NAME
    in_store "SELECT instance_id FROM instances WHERE name = '$1'"
}
meta_id() { # NAME
    sed -n 's/^instance-id: *//p' "$PGSUP_HOME/instances/$1/cloud-init/meta-data" | tr -d "'\""
}
phoned_home() { # NAME TIMES
    [ "$("$PGSUP" events -v -n all "$1" | grep -cF "phoned home (")" = "$2" ]
}
start_supervisor
expect_ready disk
quietly stop disk

step "an edit alone, or another setting, begins nothing anew"
first=$(id_of disk)
printf '#!/bin/sh\necho hello\n' >"$WORK/script"
expect_ok "$PGSUP" instance set disk --vendor-data "$WORK/script"
expect_text "$OUT" "reads it when cloud-init runs again"
expect_equal "instance-id" "$(id_of disk) $(meta_id disk)" "$first $first"
expect_ready disk
quietly stop disk
wait_until 10 phoned_home disk 1

step "asked for: the guest phones home as another one"
expect_ok "$PGSUP" instance set disk --rerun-cloud-init
expect_text "$OUT" "cloud-init runs again at the next start"
second=$(id_of disk)
[ "$second" != "$first" ] || fail "the instance-id is the old one"
expect_equal "that of meta-data" "$(meta_id disk)" "$second"
expect_ready disk
wait_until 10 phoned_home disk 2
quietly stop disk

step "meta-data that was edited stays, but for the id"
sed -i.bak 's/^instance-id: .*/instance-id: mine/' "$PGSUP_HOME/instances/disk/cloud-init/meta-data"
echo "# mine" >>"$PGSUP_HOME/instances/disk/cloud-init/meta-data"
expect_ok "$PGSUP" instance set disk --rerun-cloud-init
expect_equal "that of meta-data" "$(meta_id disk)" "$(id_of disk)"
expect_text "$PGSUP_HOME/instances/disk/cloud-init/meta-data" "# mine"

step "over HTTP: stopped, what to do is said"
expect_ok "$PGSUP" instance set net --rerun-cloud-init
expect_text "$OUT" "pgsup ssh net -- sudo cloud-init clean --reboot"

step "over HTTP: running, the guest is told, with its host key checked"
printf '#!/bin/sh\necho "$@" >"%s"\nexit $(cat "%s")\n' "$WORK/ssh-args" "$WORK/ssh-status" >"$WORK/bin/ssh"
chmod +x "$WORK/bin/ssh"
echo 0 >"$WORK/ssh-status"
expect_ready net
expect_ok "$PGSUP" instance set net --rerun-cloud-init
expect_text "$OUT" "cloud-init runs again at the next restart"
expect_text "$WORK/ssh-args" "-F $PGSUP_HOME/ssh_config" "-oBatchMode=yes" "-- net sudo cloud-init clean"
expect_text "$PGSUP_HOME/ssh_config" "Host net" "StrictHostKeyChecking=yes" \
    "$PGSUP_HOME/instances/net/known_hosts"
expect_equal "that of meta-data" "$(meta_id net)" "$(id_of net)"
echo 255 >"$WORK/ssh-status"
expect_fail 1 "the setting is changed, but \`cloud-init clean\` failed in the guest (" "$PGSUP" instance set net --rerun-cloud-init
expect_text "$ERR" "run \`pgsup ssh net -- sudo cloud-init clean --reboot\`"
quietly stop net

step "seeded over HTTP once, it trusts its cache also when it is seeded by the drive: stopped"
expect_ok "$PGSUP" instance set net --seed drive --rerun-cloud-init
expect_text "$OUT" "net was seeded over HTTP and keeps its cached seed" "pgsup ssh net -- sudo cloud-init clean"

step "... running, where ssh does not get through, its agent is told; then it is another one"
new_mini agent --seed http
misbehave agent agent trust-cache
expect_ready agent
first=$(id_of agent)
quietly stop agent
expect_ok "$PGSUP" instance set agent --seed drive
expect_ready agent # whatever the drive says
expect_text "$PGSUP_HOME/instances/agent/console.log" "mini: seed from the cache"
agent_answers() { # of this boot
    info_of agent 'it["agent"]' | grep -q True
}
wait_until 60 agent_answers
expect_ok "$PGSUP" instance set agent --rerun-cloud-init
expect_text "$OUT" "cloud-init runs again at the next restart"
[ "$(id_of agent)" != "$first" ] || fail "the instance-id is the old one"
wait_until 20 grep -q "mini: cleaned" "$PGSUP_HOME/instances/agent/console.log"
quietly stop agent
expect_ready agent
wait_until 10 phoned_home agent 2
quietly stop agent

step "... and a guest that was cleaned, or never ran over HTTP, needs no more of it"
echo 0 >"$WORK/ssh-status"
rm -f "$WORK/ssh-args"
expect_ok "$PGSUP" instance set agent --rerun-cloud-init
expect_no_text "$OUT" "keeps its cached seed"
new_mini never --seed http
expect_ok "$PGSUP" instance set never --seed drive --rerun-cloud-init
expect_no_text "$OUT" "keeps its cached seed"
[ ! -e "$WORK/ssh-args" ] || fail "ssh was called"
end_supervisor
expect_no_process
