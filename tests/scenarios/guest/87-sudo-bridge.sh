# Goal: under sudo a VM gets its card in a bridge from QEMU's helper, which asks bridge.conf, and
# neither the supervisor nor QEMU is root for it; QEMU is confined.
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || {
    echo "only root can give up being root: nothing to test as $(id -un)"
    exit 0
}
# Networks and mounts of its own.
if [ -z "${PGSUP_OWN_NETWORK:-}" ]; then
    rm -rf "$WORK"
    PGSUP_OWN_NETWORK=1 exec unshare --net --mount bash "$0"
fi
uid=65534
as_user() {
    env HOME="$HOME" setpriv --reuid=$uid --regid=$uid --clear-groups "$@"
}
by_sudo=(env -u HOME "SUDO_UID=$uid" "SUDO_GID=$uid" SUDO_USER=nobody)
uids_of() {
    awk '/^Uid:/ {print $2, $3, $4, $5}' "/proc/$1/status"
}

step "a bridge, which bridge.conf does not name"
ip link set lo up
ip link add br-lab type bridge
ip address add 192.168.77.1/24 dev br-lab
ip link set br-lab up
mkdir -p "$WORK/qemu" /etc/qemu
mount --bind "$WORK/qemu" /etc/qemu
echo "allow br-other" >"$WORK/qemu/bridge.conf"
chmod 755 "$WORK"
chown -R $uid:$uid "$HOME"
mkdir "$WORK/place" && chown $uid:$uid "$WORK/place"
export PGSUP_HOME=$WORK/place/home
make_key
echo secret >"$WORK/password"
chmod 644 "$WORK/password" "$KEY.pub"
expect_ok as_user "$PGSUP" cloud create --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --network bridge --host-if br-lab --host-ip4 192.168.77.1 \
    --host-nm4 255.255.255.0 --ph-port "$(free_port)"
cp "$PGSUP_MINI_IMAGE" "$WORK/mini.qcow2"
chmod 644 "$WORK/mini.qcow2"
expect_ok as_user "$PGSUP" image import -n mini --arch aarch64 "$WORK/mini.qcow2"
expect_ok as_user "$PGSUP" instance create -n test --os mini --vcpu 1 --ram 256 -s 1G
"${by_sudo[@]}" "$PGSUP" up >"$UP_LOG" 2>&1 &
launcher=$!
at_exit "kill $launcher 2>/dev/null; wait $launcher"
wait_until 20 grep -q supervising "$UP_LOG"
run as_user "$PGSUP" start test
[ "$STATUS" != 0 ] || fail "a bridge was used that bridge.conf does not name"
expect_text "$ERR" "br-lab"

step "one that it names"
echo "allow br-lab" >"$WORK/qemu/bridge.conf"
run as_user "$PGSUP" start test
expect_equal "status of start" "$STATUS" 0

vm=$(pid_of test)
for process in $(ps -eo pid=,args= | awk -v work="$WORK" 'index($0, work) {print $1}') "$launcher"; do
    [ ! -d "/proc/$process" ] || ps -o pid=,uid=,args= -p "$process" || true
done
expect_equal "processes of root's: the launcher alone" "$(ps -eo pid=,ppid=,uid= | awk -v first="$launcher" '
    { parent[$1] = $2; user[$1] = $3 }
    END {
        for (each in user)
            for (at = each; at in parent; at = parent[at])
                if (at == first) { if (user[each] == 0) print each; break }
    }')" "$launcher"
expect_equal "the supervisor's users" "$(uids_of "$(pgrep -P "$launcher" -x pgsup)")" "$uid $uid $uid $uid"
expect_equal "QEMU's users" "$(uids_of "$vm")" "$uid $uid $uid $uid"
expect_equal "QEMU's capabilities" "$(awk '/^CapEff/ {print $2}' "/proc/$vm/status")" 0000000000000000
expect_equal "system calls are filtered" "$(awk '/^Seccomp:/ {print $2}' "/proc/$vm/status")" 2
ip link show master br-lab >"$OUT"
expect_text "$OUT" tap

step "its end takes the device away"
run as_user "$PGSUP" stop -f test
expect_equal "status of stop" "$STATUS" 0
has_no_tap() { ! ip link show master br-lab | grep -q tap; }
wait_until 10 has_no_tap
