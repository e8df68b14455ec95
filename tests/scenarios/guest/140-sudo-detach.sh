# Goal: `up --detach` works under sudo: it returns when the supervisor serves; then one process of
# root's goes on, without a terminal and without anything that its caller had open.
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || {
    echo "only root can give up being root: nothing to test as $(id -un)"
    exit 0
}
uid=65534
as_user() {
    env HOME="$HOME" setpriv --reuid=$uid --regid=$uid --clear-groups "$@"
}
by_sudo=(env -u HOME "SUDO_UID=$uid" "SUDO_GID=$uid" SUDO_USER=nobody)
uids_of() {
    awk '/^Uid:/ {print $2, $3, $4, $5}' "/proc/$1/status"
}
of_pgsup() { # UID: processes of this program with that user
    pgrep -u "$1" -f "^$PGSUP -p $PGSUP_HOME up" || true
}

step "a home of a user"
chmod 755 "$WORK"
chown -R $uid:$uid "$HOME"
mkdir "$WORK/place" && chown $uid:$uid "$WORK/place"
export PGSUP_HOME=$WORK/place/home
make_key
echo "$PASSWORD" >"$WORK/password"
chmod 644 "$WORK/password" "$KEY.pub"
expect_ok as_user "$PGSUP" cloud create --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --network user --no-lab --ph-port "$(free_port)"
cp "$PGSUP_MINI_IMAGE" "$WORK/mini.qcow2"
chmod 644 "$WORK/mini.qcow2"
expect_ok as_user "$PGSUP" image import -n mini --arch aarch64 "$WORK/mini.qcow2"
expect_ok as_user "$PGSUP" instance create -n test --os mini --vcpu 1 --ram 256 -s 1G --ssh-port "$(free_port)"

step "in the background under sudo: one process is root's, and what its caller had open is closed"
exec 9<"$WORK/password"
run "${by_sudo[@]}" "$PGSUP" -p "$PGSUP_HOME" up --detach
expect_equal "status of up" "$STATUS" 0
exec 9<&-
at_exit 'kill $(of_pgsup 0) $(of_pgsup $uid) 2>/dev/null'
expect_text "$OUT" "supervising $PGSUP_HOME in the background"
is_one() { # a child that is about to become another program counts for a moment
    [ "$(of_pgsup "$1" | wc -w)" -eq 1 ]
}
wait_until 10 is_one 0
wait_until 10 is_one $uid
launcher=$(of_pgsup 0)
for process in $launcher $(of_pgsup $uid); do
    expect_equal "terminal of $process" "$(ps -o tty= -p "$process" | tr -d ' ')" "?"
    ! find "/proc/$process/fd" -lname "*/password" | grep . || fail "a file of the caller's is open"
done
run "${by_sudo[@]}" "$PGSUP" -p "$PGSUP_HOME" up --detach
expect_text "$OUT" "a supervisor runs already for $PGSUP_HOME"
expect_equal "root's processes after the second" "$(of_pgsup 0)" "$launcher"

step "a VM, which outlives the terminal of its caller and is stopped like any other"
run as_user "$PGSUP" start test --wait --timeout 120
expect_equal "status of start" "$STATUS" 0
vm=$(pid_of test)
expect_equal "parent of QEMU" "$(ps -o ppid= -p "$vm" | tr -d ' ')" "$launcher"
expect_equal "QEMU's users" "$(uids_of "$vm")" "$uid $uid $uid $uid"

step "both end together"
run as_user "$PGSUP" down
expect_equal "status of down" "$STATUS" 0
all_ended() { [ -z "$(of_pgsup 0)$(of_pgsup $uid)" ]; }
wait_until 10 all_ended

step "what fails in the background is said here, and leaves no process"
mv "$PGSUP_HOME" "$WORK/place/away"
run "${by_sudo[@]}" "$PGSUP" -p "$PGSUP_HOME" up --detach
[ "$STATUS" != 0 ] || fail "supervises a home that is not there"
expect_text "$ERR" "$PGSUP_HOME"
wait_until 10 all_ended
