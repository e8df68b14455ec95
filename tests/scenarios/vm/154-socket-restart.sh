# Goal: a VM on socket_vmnet is connected again when that daemon was restarted, where its QEMU can: from
# 8.0 on. An older one runs on without, and the daemon's end harms neither.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
socket=$WORK/vmnet.sock
start_daemon() { # LOG
    python3 "$(dirname "$0")/../../fake/socket_vmnet.py" "$socket" >"$1" &
    DAEMON=$!
    at_exit "kill $DAEMON 2>/dev/null"
    wait_until 20 grep -q listening "$1"
}
major=$(qemu-system-aarch64 --version | sed -n 's/.*version \([0-9]*\)\..*/\1/p')
start_daemon "$WORK/first"
make_key
expect_ok "$PGSUP" cloud create -n lab --no-admin-password --ssh-public-key "$KEY.pub" \
    --network socket --host-if "$socket" --ph-port "$(free_port)"
make_image "$WORK/empty.qcow2" 64M
expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/empty.qcow2"
expect_ok "$PGSUP" instance create one --os empty --vcpu 1 --ram 64 --accel tcg
idle one
start_supervisor
quietly start one
wait_until 10 grep -q "connection 1" "$WORK/first"

step "the daemon is restarted"
kill $DAEMON
wait_until 20 is_gone $DAEMON
start_daemon "$WORK/second"
if [ "$major" -ge 8 ]; then
    wait_until 10 grep -q "connection 1" "$WORK/second"
else
    sleep 2
    expect_no_text "$WORK/second" connection
fi
wait_until 10 guest_runs one

step "a VM that is started again has a network in any case"
quietly stop -f one
quietly start one
wait_until 10 grep -qE "connection [12]" "$WORK/second"
quietly stop -f one
end_supervisor
expect_no_process
