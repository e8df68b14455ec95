# Goal: before QEMU is started it is known that its bridge helper lacks root's rights or a line in
# bridge.conf, and the sentence says how to give both; the steps of `pgsup help linux` are those that
# work on a Debian as it is installed. In a network and with files of its own.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../network.sh"
[ "$(id -u)" = 0 ] || {
    echo "only root can give up being root: nothing to test as $(id -un)"
    exit 0
}
uid=65534
helper=/usr/lib/qemu/qemu-bridge-helper
as_user() {
    env HOME="$HOME" setpriv --reuid=$uid --regid=$uid --clear-groups "$@"
}
at_exit 'as_user "$PGSUP" down 2>/dev/null'

step "a Debian as it is installed: the helper has no rights, and there is no bridge.conf"
cp "$helper" "$WORK/helper"
chmod 755 "$WORK" "$WORK/helper"
mount --bind "$WORK/helper" $helper
mknod -m 666 "$WORK/tun" c 10 200 # as udev makes it
mount --bind "$WORK/tun" /dev/net/tun
[ -d /etc/qemu ] || mkdir /etc/qemu
mount -t tmpfs none /etc/qemu
printf '%s\n' "$PASSWORD" >"$WORK/password"
make_key
make_image "$WORK/disk.qcow2"
chmod 644 "$WORK/password" "$KEY.pub" "$WORK/disk.qcow2"
mkdir "$WORK/place"
chown -R $uid:$uid "$HOME" "$WORK/place"
PGSUP_HOME=$WORK/place/home
steps=$("$PGSUP" help linux | sed -n 's/^ *sudo //p')
expect_equal "steps of \`pgsup help linux\`" "$(printf '%s\n' "$steps" | grep -c 'br0\|bridge-helper\|/etc/qemu')" 6
bash -e -c "$(printf '%s\n' "$steps" | grep '^ip ')"
expect_ok as_user "$PGSUP" cloud create --no-admin-password --ssh-public-key "$KEY.pub" --host-if br0 --ph-port "$(free_port)"
expect_ok as_user "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
expect_ok as_user "$PGSUP" instance create -n one --os base --vcpu 1 --ram 64
idle one
as_user "$PGSUP" up >"$UP_LOG" 2>&1 &
wait_until 20 grep -q supervising "$UP_LOG"
expect_fail 3 "QEMU may not put guests into the bridge br0: root allows it once by \`chmod u+s $helper\` and \`mkdir -p /etc/qemu; echo allow br0 >>/etc/qemu/bridge.conf\`" \
    as_user "$PGSUP" start one

step "one of the two"
echo "allow br1" >/etc/qemu/bridge.conf
chmod u+s "$helper"
expect_fail 3 "root allows it once by \`mkdir -p /etc/qemu; echo allow br0 >>/etc/qemu/bridge.conf\`" as_user "$PGSUP" start one
chmod u-s "$helper"
rm /etc/qemu/bridge.conf

step "the steps"
bash -e -c "$(printf '%s\n' "$steps" | grep -v '^ip ')"
run as_user "$PGSUP" start one
expect_equal "status" "$STATUS" 0
[ "$(ip -o link show master br0 | grep -c ': tap')" = 1 ] || fail "it is not in the bridge"
run as_user "$PGSUP" stop -f one
run as_user "$PGSUP" down
