# Goal: a start makes no files but the pid file and the sockets of its QEMU, and all that lies in the
# instance's folder stays the same file; who takes the VM over knows its hardware all the same, also
# that of a VM which an older version started.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines test
folder=$PGSUP_HOME/instances/test
start_supervisor
begin() {
    expect_ok "$PGSUP" -q start test
    wait_until 30 guest_runs test
}
files() { # in its folder, with their numbers
    find "$folder" -type f -exec ls -i {} + | sed 's/^ *//' | sort
}
in_run() { # the kinds of what is in run/ of it
    find "$PGSUP_HOME/run/" -name 'test.*' | sed 's/.*\.//' | sort | tr '\n' ' '
}

step "a start makes no file that is there"
begin
expect_equal "files of it in run/" "$(in_run)" "con mon pid qga qmp "
quietly stop -f test
files >"$WORK/before"
expect_text "$WORK/before" "$folder/.hardware" "$folder/smbios.bin" "$folder/console.log.times"
begin
files >"$WORK/after"
diff "$WORK/before" "$WORK/after" || fail "files were made anew"
expect_equal "files of it in run/, again" "$(in_run)" "con mon pid qga qmp "

step "the next supervisor knows what its guest sees"
kill_supervisor
start_supervisor
wait_state test running
expect_ok "$PGSUP" -q suspend test
expect_nothing_left
begin

step "but not by what is told of another launch"
kill_supervisor
cp "$folder/.hardware" "$WORK/noted"
sed 's/^[^ ]*/n1/' "$WORK/noted" >"$folder/.hardware"
start_supervisor
wait_state test running
expect_fail 3 "test was not started by this pgsup" "$PGSUP" -q suspend test
guest_runs test || fail "it was halted"

step "of a VM that an older version started, it is in run/"
kill_supervisor
pid_file=$(find "$PGSUP_HOME/run/" -name 'test.*.pid')
launch=$(basename "$pid_file" .pid)
sed 's/^[^ ]* //' "$WORK/noted" | tr -d '\n' >"$PGSUP_HOME/run/s/$launch.hw"
rm "$folder/.hardware"
start_supervisor
wait_state test running
expect_ok "$PGSUP" -q suspend test
expect_nothing_left
