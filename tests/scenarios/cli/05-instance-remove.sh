# Goal: a running VM is removed only with -f, which ends it first: through the supervisor, and alone
# when there is none. No process and no file is left.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/disk.qcow2" 64M
expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/disk.qcow2"
run_folder=$(cd "$PGSUP_HOME/run" && pwd)

pid_of_vm() {
    sed -n 1p "$run_folder"/test.*.pid
}

supervise() {
    "$PGSUP" up ${AS_ROOT:+"$AS_ROOT"} >"$WORK/up.log" 2>&1 &
    supervisor=$!
    at_exit "kill -9 $supervisor 2>/dev/null"
    wait_until 20 test -S "$run_folder/pgsup.sock"
}

start_vm() { # its firmware finds nothing to boot, and stays
    expect_ok "$PGSUP" instance create -n test --os empty --ram 256 --accel tcg --ssh-port "$(free_port)"
    run "$PGSUP" start test
    expect_equal "status of start" "$STATUS" 0
    vm=$(pid_of_vm)
    at_exit "kill -9 $vm 2>/dev/null"
    kill -0 "$vm" || fail "no VM runs"
}

expect_gone() {
    wait_until 10 is_gone "$vm"
    [ ! -e "$PGSUP_HOME/instances/test" ] || fail "its folder is still there"
    expect_equal "what is left in run/" "$(find "$run_folder" -name 'test.*')" ""
    expect_fail 3 '"test"' "$PGSUP" instance get test
}

step "supervised"
supervise
start_vm
expect_fail 3 "pid $vm" "$PGSUP" instance remove -y test
kill -0 "$vm" || fail "the VM was ended all the same"
expect_ok "$PGSUP" instance remove -y -f test
expect_gone

step "the supervisor forgot it: one of the same name starts"
start_vm

step "alone"
kill -9 $supervisor
wait $supervisor 2>/dev/null || true
kill -0 "$vm" || fail "the VM died with its supervisor"
expect_fail 3 "pid $vm" "$PGSUP" instance remove -y test
expect_ok "$PGSUP" instance remove -y -f test
expect_gone

step "another process works on it: it is named, by all who have to wait for it"
expect_ok "$PGSUP" instance create -n test --os empty
python3 -c 'import fcntl, os, sys, time
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(600)' "$PGSUP_HOME/instances/test" >"$WORK/locked" &
holder=$!
at_exit "kill $holder 2>/dev/null"
wait_until 10 test -s "$WORK/locked"
expect_fail 3 "another process is working on $PGSUP_HOME/instances/test: $holder (" "$PGSUP" instance remove -y test
expect_fail 3 "/instances/test: $holder (" "$PGSUP" instance resize test 8G
rm -f "$run_folder/pgsup.sock" # of the one that was killed
supervise
expect_fail 3 "/instances/test: $holder (" "$PGSUP" -q start test
kill "$holder"
wait "$holder" 2>/dev/null || true
expect_ok "$PGSUP" instance remove -y test
expect_ok "$PGSUP" down
