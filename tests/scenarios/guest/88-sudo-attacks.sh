# Goal: the owner of a home, with `sudo pgsup up` running, becomes root by nothing that he can change:
# logs, the home itself, the seed, pid files, QEMU's monitor, qemu.args.
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
up_by_sudo() {
    : >"$UP_LOG"
    "${by_sudo[@]}" "$PGSUP" up "$@" >"$UP_LOG" 2>&1 &
    launcher=$!
    at_exit "kill $launcher 2>/dev/null; wait $launcher"
    wait_until 20 grep -q supervising "$UP_LOG"
}
# What only root may read and write, in a folder of root's that others see.
secret=$WORK/roots/shadow
expect_untouched() {
    expect_equal "what is root's after: $1" "$(cat "$secret"; stat -c '%u %a' "$secret"; ls "$WORK/roots")" \
        "root:only
0 600
shadow"
}

step "a home of a user, and a file of root's"
chmod 755 "$WORK"
mkdir "$WORK/roots" && echo root:only >"$secret" && chmod 600 "$secret"
chown -R $uid:$uid "$HOME"
mkdir "$WORK/place" && chown $uid:$uid "$WORK/place"
export PGSUP_HOME=$WORK/place/home
make_key
echo secret >"$WORK/password"
chmod 644 "$WORK/password" "$KEY.pub"
expect_ok as_user "$PGSUP" cloud create --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --network user --no-lab --ph-port "$(free_port)"
cp "${PGSUP_MINI_IMAGE:?the mini guest}" "$WORK/mini.qcow2"
chmod 644 "$WORK/mini.qcow2"
expect_ok as_user "$PGSUP" image import -n mini --arch aarch64 "$WORK/mini.qcow2"
expect_ok as_user "$PGSUP" instance create -n test --os mini --vcpu 1 --ram 256 -s 1G --ssh-port "$(free_port)"
folder=$PGSUP_HOME/instances/test
up_by_sudo

step "logs that lead to it"
for log in qemu.log console.log ansible.log vmnet-helper.log; do
    as_user ln -sf "$secret" "$folder/$log"
done
run as_user "$PGSUP" start test
[ "$STATUS" != 0 ] || fail "started although qemu.log cannot be written"
expect_text "$ERR" "qemu.log" "Permission denied"
rm "$folder/qemu.log"
run as_user "$PGSUP" start test
expect_equal "status of start" "$STATUS" 0
expect_untouched "logs"

step "QEMU's monitor: it writes as the user"
run as_user "$PGSUP" qmp test pmemsave "{\"val\": 1073741824, \"size\": 4096, \"filename\": \"$secret\"}"
[ "$STATUS" != 0 ] || fail "pmemsave wrote to a file of root's"
run as_user "$PGSUP" qmp test chardev-add "{\"id\": \"x\", \"backend\": {\"type\": \"file\", \"data\": {\"out\": \"$WORK/roots/new\"}}}"
[ "$STATUS" != 0 ] || fail "chardev-add made a file in a folder of root's"
expect_untouched "the monitor"

step "pid files that are predictable"
number=$(find "$PGSUP_HOME/run/" -name "test.*.pid" | sed "s/.*test\.n\([0-9]*\)\.pid/\1/")
as_user ln -s "$secret" "$PGSUP_HOME/run/test.n$((number + 1)).pid"
run as_user "$PGSUP" stop -f test
run as_user "$PGSUP" start test
expect_untouched "the pid file"
rm -f "$PGSUP_HOME/run/test.n$((number + 1)).pid"
run as_user "$PGSUP" stop -f test

step "a seed that leads to it, and one that never ends: the loop answers on"
documents=$folder/cloud-init
as_user ln -sf "$secret" "$documents/user-data"
run as_user "$PGSUP" start test
run as_user "$PGSUP" stop -f test
expect_untouched "the seed"
rm -f "$documents/user-data"
as_user mkfifo "$documents/user-data"
run as_user timeout 60 "$PGSUP" start test
[ "$STATUS" != 124 ] || fail "a FIFO for user-data stops the start"
expect_ok as_user timeout 60 "$PGSUP" list
run as_user timeout 60 "$PGSUP" stop -f test
[ "$STATUS" != 124 ] || fail "a FIFO for user-data stops the stop"
rm -f "$documents/user-data"
rm -f "$folder/qemu.log" "$folder/console.log"
as_user mkfifo "$folder/qemu.log"
run as_user timeout 60 "$PGSUP" start test
[ "$STATUS" != 0 ] || fail "started with a FIFO for a log"
expect_ok as_user timeout 60 "$PGSUP" list
rm -f "$folder/qemu.log"

step "qemu.args are refused unless root says otherwise, and then are the user's"
printf -- '-chardev\nfile,id=x,path=%s\n' "$WORK/roots/new" | as_user tee "$folder/qemu.args" >/dev/null
run as_user "$PGSUP" start test
expect_equal "status of start" "$STATUS" 3
expect_text "$ERR" "--allow-qemu-args"
as_user "$PGSUP" down --keep >/dev/null 2>&1
wait "$launcher" || true
up_by_sudo --allow-qemu-args
run as_user "$PGSUP" start test
[ "$STATUS" != 0 ] || fail "qemu.args wrote into a folder of root's"
expect_untouched "qemu.args"
rm "$folder/qemu.args"

step "another folder in the place of the home"
as_user mv "$PGSUP_HOME" "$WORK/place/away"
as_user ln -s "$WORK/roots" "$PGSUP_HOME"
sleep 6 # the supervisor scans each 5 s
expect_untouched "the exchanged home"
rm "$PGSUP_HOME"
as_user mv "$WORK/place/away" "$PGSUP_HOME"
run as_user "$PGSUP" down
expect_equal "status of down" "$STATUS" 0
