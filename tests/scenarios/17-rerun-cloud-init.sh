# Goal: cloud-init begins anew when its user asks for that, and only then: another instance-id, also in
# meta-data that was edited. A guest that trusts its cache is told over ssh when it runs; else what to
# do is said.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/faults.sh"
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
    [ "$("$PGSUP" events "$1" | grep -cF "phoned home (")" = "$2" ]
}
start_supervisor
expect_ready disk
quietly stop disk

step "an edit alone, or another setting, begins nothing anew"
first=$(id_of disk)
printf '#!/bin/sh\necho hello\n' >"$WORK/script"
expect_ok "$PGSUP" instance set disk --vendor-data "$WORK/script"
expect_text "$OUT" "reads it when cloud-init begins anew"
expect_equal "instance-id" "$(id_of disk) $(meta_id disk)" "$first $first"
expect_ready disk
quietly stop disk
wait_until 10 phoned_home disk 1

step "asked for: the guest phones home as another one"
expect_ok "$PGSUP" instance set disk --rerun-cloud-init
expect_text "$OUT" "cloud-init begins anew at the next start"
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
expect_text "$OUT" "cloud-init begins anew at the next restart"
expect_text "$WORK/ssh-args" "-oStrictHostKeyChecking=yes" "-oBatchMode=yes" \
    "$PGSUP_HOME/instances/net/known_hosts" "-- 127.0.0.1 sudo cloud-init clean"
expect_equal "that of meta-data" "$(meta_id net)" "$(id_of net)"
echo 255 >"$WORK/ssh-status"
expect_fail 1 "it is set, but the guest could not be told (" "$PGSUP" instance set net --rerun-cloud-init
expect_text "$ERR" "run \`pgsup ssh net -- sudo cloud-init clean --reboot\`"
end_supervisor
expect_no_process
