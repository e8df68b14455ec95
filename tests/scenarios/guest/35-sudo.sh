# Goal: under sudo one process of pgsup's stays root, the launcher; the supervisor, QEMU and Ansible
# are the user's, the user's own commands reach everything, and the launcher's end harms no VM.
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || {
    echo "only root can give up being root: nothing to test as $(id -un)"
    exit 0
}
: "${PGSUP_MINI_IMAGE:?the mini guest}"
uid=65534 # a user without anything of its own
as_user() {
    env HOME="$HOME" setpriv --reuid=$uid --regid=$uid --clear-groups "$@"
}
# As sudo runs a command: root, and the user in the environment.
by_sudo=(env -u HOME "SUDO_UID=$uid" "SUDO_GID=$uid" SUDO_USER=nobody)
up_by_sudo() { # the launcher's process is in $launcher
    : >"$UP_LOG"
    "${by_sudo[@]}" "$PGSUP" up >"$UP_LOG" 2>&1 &
    launcher=$!
    at_exit "kill $launcher 2>/dev/null; wait $launcher"
    wait_until 20 grep -q supervising "$UP_LOG"
}
uids_of() { # PID: real, effective, saved and file system
    awk '/^Uid:/ {print $2, $3, $4, $5}' "/proc/$1/status"
}
theirs="$uid $uid $uid $uid"

step "a home of a user, with a FIFO where a log would be"
chmod 755 "$WORK"
chown -R $uid:$uid "$HOME"
mkdir "$WORK/place" && chown $uid:$uid "$WORK/place"
export PGSUP_HOME=$WORK/place/home
make_key
echo secret >"$WORK/password"
chmod 644 "$WORK/password" "$KEY.pub"
port=$(free_port)
expect_ok as_user "$PGSUP" cloud create --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --ph-port "$port"
cp "$PGSUP_MINI_IMAGE" "$WORK/mini.qcow2" # where the user can read it
chmod 644 "$WORK/mini.qcow2"
expect_ok as_user "$PGSUP" image import -n mini --arch aarch64 "$WORK/mini.qcow2"
expect_ok as_user "$PGSUP" instance create -n test --os mini --vcpu 1 --ram 512 -s 1G --ssh-port "$(free_port)"
expect_ok "${by_sudo[@]}" "$PGSUP" instance create -n other --os mini --vcpu 1 --ram 512 -s 1G --ssh-port "$(free_port)"

step "root works in no home of another's, and not for nobody"
expect_fail 3 "only that user can work in it" "$PGSUP" list
expect_fail 3 "only that user can work in it" "$PGSUP" up --as-root
expect_fail 3 "--as-root" "$PGSUP" up

step "supervised by sudo"
up_by_sudo
supervisor=$(ps -o pid= --ppid $launcher | tr -d ' ')
run as_user "$PGSUP" start test --wait --timeout 120
expect_equal "status of start" "$STATUS" 0
vm=$(pid_of test)
expect_equal "the launcher's users" "$(uids_of "$launcher")" "0 0 0 0"
expect_equal "the supervisor's users" "$(uids_of "$supervisor")" "$theirs"
expect_equal "QEMU's users" "$(uids_of "$vm")" "$theirs"
expect_equal "parent of QEMU" "$(ps -o ppid= -p "$vm" | tr -d ' ')" "$launcher"
expect_equal "the launcher's files" "$(find "/proc/$launcher/fd" -type l -printf '%l\n' | grep -vE '^(/dev/null|socket:.*|pipe:.*)$' || true)" ""
for process in "$launcher" "$supervisor" "$vm"; do
    expect_equal "core limit of $process" "$(awk '/^Max core/ {print $5 $6}' "/proc/$process/limits")" 00
done

step "everything belongs to the user"
wait_until 60 grep -q "provision" "$UP_LOG" # Ansible was run, and failed: this guest has no sshd
run find -L "$PGSUP_HOME" ! -user $uid
expect_equal "files of others" "$(cat "$OUT")" ""

step "an end is reported with its status, and a VM that is frozen is killed"
kill -9 "$vm"
wait_until 20 as_user sh -c "'$PGSUP' events -v -n all test | grep -q 'signal 9'"
run as_user "$PGSUP" start test --wait --timeout 120
expect_equal "status of start" "$STATUS" 0

step "the launcher is killed: VMs run on, no other is started, until it is run again"
kill -9 $launcher
wait_until 10 grep -q "the launcher.*has ended" "$UP_LOG"
expect_ok as_user "$PGSUP" list
expect_text "$OUT" "Running(ready)"
run as_user "$PGSUP" start other
[ "$STATUS" != 0 ] || fail "started without a launcher"
expect_text "$ERR" "launcher" "sudo pgsup up"
run as_user "$PGSUP" down --keep
expect_equal "status of down" "$STATUS" 0
wait_until 10 is_gone "$supervisor"
up_by_sudo
expect_text "$UP_LOG" "adopting"
is_listed_ready() { # QEMU is asked meanwhile what its guest does
    as_user "$PGSUP" list 2>/dev/null | grep -qF "Running(ready)"
}
wait_until 20 is_listed_ready

step "the user's commands reach the VM, supervised or not"
expect_ok as_user "$PGSUP" list
expect_text "$OUT" "Running(ready)"
run as_user "$PGSUP" down --keep
expect_equal "status of down" "$STATUS" 0
wait $launcher || fail "pgsup up ended with status $?"
expect_note "no supervisor runs" as_user "$PGSUP" list
expect_text "$OUT" "Running"

step "a signal for the launcher is the supervisor's: Ctrl-C stops all VMs, then it ends"
: >"$UP_LOG"
"${by_sudo[@]}" python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$PGSUP" up >"$UP_LOG" 2>&1 &
launcher=$!
at_exit "kill $launcher 2>/dev/null; wait $launcher"
wait_until 20 grep -q "adopting" "$UP_LOG"
wait_until 20 grep -q supervising "$UP_LOG"
kill -INT $launcher
wait $launcher || fail "pgsup up ended with status $?"
expect_note "no supervisor runs" as_user "$PGSUP" list
expect_no_text "$OUT" Running
expect_nothing_left

step "a VM that vm.sh began under sudo is seen, kept and reached by the user too"
env -u SUDO_USER bash "$PGSUP_HOME/instances/test/vm.sh" </dev/null >"$WORK/vm.log" 2>&1 &
byhand=$!
at_exit "kill -9 $byhand 2>/dev/null"
runs_for_user() {
    as_user "$PGSUP" list --columns state,pid 2>/dev/null | grep -q "Running .*$byhand"
}
wait_until 20 runs_for_user
expect_fail 3 "runs (pid $byhand)" as_user "$PGSUP" instance remove -y test
wait_until 60 grep -q "mini: ready" "$WORK/vm.log"
run as_user "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
expect_text "$OUT" "stopped: guest-shutdown after 1 press"
wait $byhand || fail "QEMU ended with status $?"

step "one whose pid file the user may not read is not taken for one that does not run"
: >"$PGSUP_HOME/run/test.sh4242.pid"
chmod 600 "$PGSUP_HOME/run/test.sh4242.pid"
expect_fail 3 "use sudo here too" as_user "$PGSUP" instance remove -y test
expect_fail 3 "use sudo here too" as_user "$PGSUP" list
rm "$PGSUP_HOME/run/test.sh4242.pid"
