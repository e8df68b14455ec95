# Goal: of several instances each starts when the one that it comes after is ready, and stops before
# it, whoever asks for it; a group stands for its instances; --count makes several, or none.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
mkdir "$WORK/bin"
ln -s "${PGSUP_FAKE_QEMU:?the fake QEMU, see tests/fake}" "$WORK/bin/qemu-system-aarch64"
PATH=$WORK/bin:$PATH
make_cloud
make_image "$WORK/empty.qcow2"
expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/empty.qcow2"

step "several at once"
expect_ok "$PGSUP" instance create --count 3 -n node- --os empty --accel tcg --group web --json
expect_equal "objects" "$(grep -c '"schema": 1' "$OUT")" 3
expect_refused 3 'node-1: nothing was done: the instance "node-1" exists' \
    "$PGSUP" instance create --count 2 -n node- --os empty
expect_refused 3 'second-2: nothing was done: ' "$PGSUP" instance create --count 2 -n second- --os empty --forward 8123:80
expect_refused 2 'not "1001"' "$PGSUP" instance create --count 1001 -n many- --os empty
expect_ok "$PGSUP" instance create first --os empty --accel tcg
expect_ok "$PGSUP" instance set node-1 --after node-2
expect_ok "$PGSUP" instance set node-2 --after first
expect_ok "$PGSUP" instance set node-1 --group web,db

order_of() { # EVENT: the instances in whose log it stands, as they had it
    in_store "SELECT name FROM events JOIN instances ON instances.id = events.instance
        WHERE text LIKE '%$1%' ORDER BY events.id" | tr '\n' ' '
}

step "each starts when the one before is ready, or has failed to be so"
start_supervisor
quietly stop -f --all # what autostarts, and what waits to
run "$PGSUP" -q start --all --timeout 2
expect_equal "status" "$STATUS" 5
expect_text "$ERR" "first is not ready after 2 s" "node-2 is not ready after 2 s"
began_at() { # NAME: when it was started last, in ms
    in_store "SELECT coalesce(max(at_ms), 0) FROM events JOIN instances ON instances.id = events.instance
        WHERE name = '$1' AND text LIKE '%--start--> starting%'"
}
waited_for() { # its own event may come behind the answer
    [ $(($(began_at "$1") - $(began_at "$2"))) -ge 1900 ]
}
wait_until 10 waited_for node-2 first
wait_until 10 waited_for node-1 node-2
expect_equal "begun last" "$(order_of '--start--> starting' | awk '{print $(NF - 1), $NF}')" "node-2 node-1"

step "one that is interrupted tells who was not asked yet"
quietly stop -f --all
"$PGSUP" -q start first node-2 >"$OUT" 2>"$ERR" &
starts=$!
wait_state first booting
kill -TERM $starts
wait $starts || true
expect_text "$ERR" "first goes on booting: \`pgsup wait first\` waits again; not asked yet: node-2"
expect_state node-2 stopped

step "a group"
expect_fail 3 'no instance is in the group "none"' "$PGSUP" start --group none
expect_fail 2 'name the instances, or use --all or --group' "$PGSUP" stop
run "$PGSUP" -q start --group db --group web --timeout 1
expect_equal "status" "$STATUS" 5
of_group() {
    [ "$("$PGSUP" list -q --state booting | tr '\n' ' ')" = "first node-1 node-2 node-3 " ]
}
wait_until 20 of_group
"$PGSUP" export --group db >"$WORK/export.yaml"
expect_equal "exported" "$(grep -c 'image: ' "$WORK/export.yaml")" 1

stopped_in_order() { # EVENT
    order_of "$1" | tr ' ' '\n' | grep -v node-3 | tail -n 3 | tr '\n' ' '
}

step "they stop in reverse: by a command, with the supervisor, without one"
told=$(order_of '-> stopped' | wc -w)
all_told() { # events are written behind the answer
    [ "$(order_of '-> stopped' | wc -w)" -ge $((told + 4)) ]
}
quietly stop --all
wait_until 20 all_told
expect_equal "stopped" "$(stopped_in_order '-> stopped')" "node-1 node-2 first "
run "$PGSUP" -q start --all --timeout 1
wait_until 20 of_group
end_supervisor
expect_equal "stopped" "$(stopped_in_order '-> stopped')" "node-1 node-2 first "
[ "$(order_of '-> stopped' | wc -w)" -ge 12 ] || fail "not all of them were stopped by the supervisor"
start_supervisor
quietly stop -f --all
expect_state node-1 stopped
run "$PGSUP" -q start --all --timeout 1
wait_until 20 of_group
kill_supervisor
run "$PGSUP" stop --all
expect_equal "status" "$STATUS" 0
expect_equal "stopped" "$(sed -n 's/ stopped: .*//p' "$OUT" | grep -v node-3 | tr '\n' ' ')" "node-1 node-2 first "
