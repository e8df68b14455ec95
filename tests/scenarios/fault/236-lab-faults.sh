# Goal: whenever `pgsup apply` is killed, interrupted, or finds the disk full, the next one completes
# what it began: nothing is there twice, no disk or folder is left over, and after that there is nothing to do.
#
# PGSUP_FAULTS is how many times of each kind, spread over its whole run.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/empty.qcow2"
expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/empty.qcow2"
expect_ok "$PGSUP" network add other
expect_ok "$PGSUP" instance create old --os empty --vcpu 1 -s 64M --no-lab --nic other
expect_ok "$PGSUP" network info other --json
address=$(json_of 'it["members"][0]["ip4"].split("/")[0]') # that node-1 is to have: "old" gives it up first
qemu-img create -q -f qcow2 "$WORK/remote-arm64.qcow2" 32M
cat >"$WORK/lab.yaml" <<'END_OF_LAB'
networks:
  mesh: {kind: multicast}
images:
  remote: {url: "http://127.0.0.1:PORT/remote-arm64.qcow2"}
defaults: {image: empty, size: 64M, vcpu: 2, host-keys: guest, nics: [user, mesh]}
instances:
  old: {forwards: ["FORWARD:80"]}
  node-1: {image: remote, disks: {data: 8M}, nics: [user, mesh, "other,ip=ADDRESS"]}
  node-2: {after: old, disks: {data: 8M}, user-data: own.yaml}
END_OF_LAB
sed -i.bak "s/ADDRESS/$address/; s/FORWARD/$(free_port)/" "$WORK/lab.yaml"
printf '#cloud-config\nlocale: C\n' >"$WORK/own.yaml"
# The real one takes a second each time, and is not what fails here.
mkdir "$WORK/bin"
printf '#!/bin/sh\nexit 0\n' >"$WORK/bin/cloud-init"
chmod +x "$WORK/bin/cloud-init"
export PATH="$WORK/bin:$PATH"
python3 "$(dirname "$0")/lab_faults.py" "$PGSUP" "$PGSUP_HOME" "$WORK/lab.yaml" \
    "${PGSUP_FAULT:?the library of tests/fault}" "${PGSUP_FAULTS:-2}" "$WORK/remote-arm64.qcow2" || fail "see above"
