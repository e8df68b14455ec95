# Goal: a home may be moved and copied as a whole: its disks go on with its own images, and a copy is
# told. The table: golden/moved-disks.txt.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
golden=$(cd "$(dirname "$0")/../../golden" && pwd)
make_cloud
make_image "$WORK/disk.qcow2" 64M
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
expect_ok "$PGSUP" instance create test --os base --ram 64 -s 64M --ssh-port "$(free_port)"
home=$PGSUP_HOME
backing() { # HOME [INSTANCE]
    qemu-img info -U --output=json "$1/instances/${2:-test}/os.qcow2" |
        python3 -c 'import json, sys; print(json.load(sys.stdin).get("backing-filename", ""))'
}
relative=../../images/base.qcow2

step "a new disk names its image relative to itself, also after a reset and as a clone"
expect_equal "of a new one" "$(backing "$home")" "$relative"
expect_ok "$PGSUP" instance rebuild -y test
expect_equal "after a reset" "$(backing "$home")" "$relative"
expect_ok "$PGSUP" instance clone test twin
expect_equal "of a clone" "$(backing "$home" twin)" "$relative"
expect_ok "$PGSUP" instance remove -y twin

step "each kind of name that a disk may have"
while IFS='|' read -r name after; do
    case $name in '' | '#'*) continue ;; esac
    name=${name//HOME/$home}
    after=${after//HOME/$home}
    qemu-img rebase -u -f qcow2 -F qcow2 -b "$name" "$home/instances/test/os.qcow2"
    run "$PGSUP" instance resize test 64M
    [ "$STATUS" = 0 ] || [ "$name" = "$after" ] || fail "$name: status $STATUS"
    expect_equal "what was named $name" "$(backing "$home")" "$after"
    if [ "$name" = "$after" ]; then
        expect_no_text "$ERR" "can be moved"
    else
        expect_text "$ERR" "named its image $name; it now names it $relative"
        expect_ok "$PGSUP" instance resize test 64M
    fi
done <"$golden/moved-disks.txt"

step "a home that was moved: start, resize and clone"
qemu-img rebase -u -f qcow2 -F qcow2 -b "$home/images/base.qcow2" "$home/instances/test/os.qcow2"
mv "$home" "$WORK/moved"
export PGSUP_HOME=$WORK/moved
expect_note "no supervisor runs" "$PGSUP" list
start_supervisor
expect_ok "$PGSUP" -q start test
expect_text "$UP_LOG" "it now names it $relative"
expect_ok "$PGSUP" -q stop -f test
expect_equal "what was absolute" "$(backing "$PGSUP_HOME")" "$relative"
expect_ok "$PGSUP" -q start test
expect_ok "$PGSUP" -q stop -f test
expect_equal "how often it was said" "$(grep -c 'it now names it' "$UP_LOG")" 1
end_supervisor
expect_ok "$PGSUP" instance clone test twin
expect_ok "$PGSUP" instance resize twin 80M

step "a copy is told, once, and is independent of the original"
cp -a "$PGSUP_HOME" "$WORK/copy"
run "$PGSUP" -p "$WORK/copy" list
expect_equal "status" "$STATUS" 0
expect_text "$ERR" "the home $WORK/copy is a copy of $WORK/moved"
expect_note "no supervisor runs" "$PGSUP" -p "$WORK/copy" list
expect_note "no supervisor runs" "$PGSUP" list
mv "$PGSUP_HOME" "$WORK/away"
expect_ok qemu-img check -q "$WORK/copy/instances/test/os.qcow2"
expect_ok "$PGSUP" -p "$WORK/copy" instance resize test 80M
mv "$WORK/away" "$PGSUP_HOME"

step "the same folder by another name is no copy, nor is another cloud in its place"
ln -s "$PGSUP_HOME" "$WORK/link"
expect_note "no supervisor runs" "$PGSUP" -p "$WORK/link" list
mv "$WORK/copy" "$WORK/third"
expect_ok "$PGSUP" -p "$WORK/copy" cloud create -n lab --no-admin-password \
    --ssh-public-key "$WORK/id_ed25519.pub" --network user
expect_note "no supervisor runs" "$PGSUP" -p "$WORK/third" list
