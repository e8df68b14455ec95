# Goal: nothing of a guest is lost by a word too many: what would be lost is named and asked for, a
# script says -y, and an instance that was removed comes back whole.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
make_image "$WORK/disk.qcow2" 64M
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
new() {
    expect_ok "$PGSUP" instance create --os base --vcpu 1 --ram 64 "$@"
}
new one --package-upgrade
expect_ok "$PGSUP" disk add one data 1G
expect_ok "$PGSUP" forward add one "$(free_port):80"
expect_ok "$PGSUP" nic add one user
echo precious >"$PGSUP_HOME/instances/one/notes"

step "in a pipe nothing is lost without -y, and what would be is named"
for command in "instance remove one" "instance rebuild one" "disk remove one data"; do
    # shellcheck disable=SC2086  # words of a command
    expect_refused 2 "the option -y says that this is meant" "$PGSUP" $command </dev/null
    grep -qE '[0-9.]+ (KiB|MiB|B)' "$ERR" || fail "it is not said how much: $command"
done
expect_refused 2 "\`pgsup instance rebuild\` is its name" "$PGSUP" instance reset one

step "on a terminal it is asked; no is no"
on_terminal "$PGSUP" instance remove one
wait_until 10 grep -qE '"one" with its disks, [0-9.]+ [KM]iB, will be removed, and lost in 7 days. Go on\? \[y/N\]' "$SCREEN"
type_keys 'n\n'
wait "$TERMINAL" && fail "no was taken for yes"
expect_text "$SCREEN" "pgsup: nothing was changed"
[ -e "$PGSUP_HOME/instances/one/notes" ] || fail "it was removed"
on_terminal "$PGSUP" instance rebuild one
wait_until 10 grep -q 'will be lost. Go on' "$SCREEN"
type_keys 'y\n'
wait "$TERMINAL" || fail "status $?: $(cat "$SCREEN")"
expect_text "$SCREEN" 'instance "one" rebuilt'

step "what was removed comes back whole"
tell() { # all that is known of it
    "$PGSUP" instance get one --json
    "$PGSUP" disk list one --json
    "$PGSUP" forward list one --json
    "$PGSUP" nic list one --json
    "$PGSUP" events -v -n all one
}
tell >"$WORK/before"
expect_ok "$PGSUP" instance remove -y one
expect_text "$OUT" "\`pgsup instance undelete one\` restores it, for 7 days"
expect_fail 3 '"one"' "$PGSUP" instance get one
[ ! -e "$PGSUP_HOME/instances/one" ] || fail "its folder is there"
expect_ok "$PGSUP" trash list --json
expect_equal "in the trash" "$(json_of '[(each["name"], each["bytes"] > 0) for each in it]')" "[('one', True)]"
expect_equal "mode" "$(mode_of "$PGSUP_HOME/trash")" "drwx------"
expect_ok "$PGSUP" instance undelete one
tell >"$WORK/after"
cmp -s "$WORK/before" "$WORK/after" || fail "something changed: $(diff "$WORK/before" "$WORK/after")"
expect_equal "notes" "$(cat "$PGSUP_HOME/instances/one/notes")" precious
expect_ok "$PGSUP" trash list --json
expect_equal "in the trash" "$(json_of 'it')" "[]"
expect_fail 3 'no instance "one" is in the trash' "$PGSUP" instance undelete one

step "not over another one of its name, nor without its image; another port for SSH if need be"
expect_ok "$PGSUP" instance remove -y one
new one
expect_refused 3 'another instance is called "one" now' "$PGSUP" instance undelete one
expect_ok "$PGSUP" instance rename one other
port_of() {
    "$PGSUP" instance get "$1" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["ssh_port"])'
}
expect_ok "$PGSUP" instance undelete one
expect_text "$OUT" "is back, its SSH at port $(port_of one)"
[ "$(port_of one)" != "$(port_of other)" ] || fail "two have one port"
expect_ok "$PGSUP" image import -n spare --arch aarch64 "$WORK/disk.qcow2"
expect_ok "$PGSUP" instance create --os spare --vcpu 1 --ram 64 two
expect_ok "$PGSUP" instance remove -y two
expect_ok "$PGSUP" image remove spare
expect_fail 3 'cannot restore "two": its image is gone' "$PGSUP" instance undelete two
expect_ok "$PGSUP" network add tools --subnet 10.99.5.0/24
expect_ok "$PGSUP" network add short --subnet 10.99.6.0/24
for card in tools,ip=10.99.5.7 user,mac=52:54:00:00:99:01 short; do
    expect_ok "$PGSUP" instance create --os base --vcpu 1 --ram 64 --nic user --nic "$card" three
    expect_ok "$PGSUP" instance remove -y three
    case $card in
    short) expect_ok "$PGSUP" network remove short ;;
    *) expect_ok "$PGSUP" instance create --os base --vcpu 1 --ram 64 --nic user --nic "$card" heir ;;
    esac
    run "$PGSUP" instance undelete three
    expect_equal "status with $card" "$STATUS" 3
    cat "$ERR" >>"$WORK/conflicts"
    [ "$card" = short ] || expect_ok "$PGSUP" instance remove -y heir
done
expect_text "$WORK/conflicts" 'its address 10.99.5.7/24 in tools belongs to "heir" now' \
    'its MAC address 52:54:00:00:99:01 belongs to "heir" now' 'the network of one of its cards is gone'
[ ! -e "$PGSUP_HOME/instances/three" ] || fail "its folder was left"
expect_ok "$PGSUP" instance remove -y one

step "seven days later it is gone; empty asks too"
touch -d '8 days ago' "$PGSUP_HOME"/trash/*/rows.sqlite3
expect_ok "$PGSUP" trash list --json
expect_equal "in the trash" "$(json_of 'it')" "[]"
expect_ok "$PGSUP" instance remove -y other
expect_fail 2 "1 removed instance, " "$PGSUP" trash empty
expect_ok "$PGSUP" trash empty -y
expect_equal "left" "$(ls "$PGSUP_HOME/trash")" ""
expect_ok "$PGSUP" trash empty
expect_text "$OUT" "the trash is empty"

step "how long is a setting of the cloud"
expect_refused 2 '"-1" is not a number of days for --trash-days: use one from 0 to 3650' \
    "$PGSUP" cloud set --trash-days -1
expect_ok "$PGSUP" cloud set --trash-days 2 --package-upgrade
expect_ok "$PGSUP" cloud get --json
expect_equal "settings" "$(json_of 'it["trash_days"], it["package_upgrade"], it["auto_up"]')" "(2, True, False)"
new four
expect_ok "$PGSUP" instance get four --json
expect_equal "setting of the new one" "$(json_of 'it["package_upgrade"]')" True
expect_ok "$PGSUP" instance remove -y four
expect_text "$OUT" "restores it, for 2 days"
touch -d '3 days ago' "$PGSUP_HOME"/trash/four-*/rows.sqlite3
expect_ok "$PGSUP" trash list
expect_no_text "$OUT" four
expect_ok "$PGSUP" cloud set --trash-days 0 --no-package-upgrade
new four
expect_ok "$PGSUP" instance remove -y four
expect_no_text "$OUT" "restores it"
expect_fail 3 four "$PGSUP" instance undelete four
