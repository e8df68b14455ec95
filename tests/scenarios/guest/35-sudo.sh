# Goal: what a supervisor run as root (as under sudo) makes belongs to the user who owns the home,
# and that user's own commands reach it.
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || {
    echo "only root can give up being root: nothing to test as $(id -un)"
    exit 0
}
: "${PGSUP_MINI_IMAGE:?the mini guest}"
user=$(id -un 65534) # a user without anything of its own
as_user() {
    env HOME="$HOME" setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

step "a home of a user"
chmod 755 "$WORK"
chown -R 65534:65534 "$HOME"
mkdir "$WORK/place" && chown 65534:65534 "$WORK/place"
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
expect_ok as_user "$PGSUP" instance create -n test --os mini --vcpu 1 --ram 512 -s 1G

step "supervised by root"
SUDO_USER=$user "$PGSUP" up >"$WORK/up.log" 2>&1 &
at_exit "kill $! 2>/dev/null; wait $!"
wait_until 20 grep -q supervising "$WORK/up.log"
run as_user "$PGSUP" start test --wait --timeout 120
expect_equal "status of start" "$STATUS" 0

step "everything belongs to the user"
wait_until 60 grep -q "provision" "$WORK/up.log" # Ansible was run, and failed: this guest has no sshd
run find -L "$PGSUP_HOME" ! -user "$user"
expect_equal "files of others" "$(cat "$OUT")" ""

step "the user's commands reach the VM, supervised or not"
expect_ok as_user "$PGSUP" list
expect_text "$OUT" "Running(ready)"
run as_user "$PGSUP" down --keep
expect_equal "status of down" "$STATUS" 0
expect_ok as_user "$PGSUP" list
expect_text "$OUT" "no supervisor"
run as_user "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
expect_text "$OUT" "stopped: guest-shutdown after 1 press"

step "a VM that vm.sh began under sudo is seen, kept and reached by the user too"
env -u SUDO_USER bash "$PGSUP_HOME/instances/test/vm.sh" </dev/null >"$WORK/vm.log" 2>&1 &
byhand=$!
at_exit "kill -9 $byhand 2>/dev/null"
runs_for_user() {
    as_user "$PGSUP" list | grep -q "Running .*$byhand"
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
