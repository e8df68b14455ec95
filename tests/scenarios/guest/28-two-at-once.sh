# Goal: what happens at the same moment does not collide: instances created by two commands at once,
# two that boot at once, two commands about the same instance.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
new_cloud

step "created at the same moment"
names="a b c d"
for name in $names; do
    "$PGSUP" instance create --os mini --vcpu 1 --ram 256 "$name" >"$WORK/create.$name" 2>&1 &
    pids="${pids:-} $!"
done
for pid in $pids; do
    wait "$pid" || fail "instance create ended with status $?: $(cat "$WORK"/create.*)"
done
expect_ok "$PGSUP" instance list --json
expect_equal "names" "$(json_of '" ".join(sorted(i["name"] for i in it))')" "$names"
for key in mac uuid instance_id ssh_port; do
    expect_equal "different values of $key" "$(json_of "len({i['$key'] for i in it})")" 4
done

step "the same name is given once"
for i in 1 2 3; do
    "$PGSUP" instance create --os mini same >"$WORK/same.$i" 2>&1 &
    echo $! >"$WORK/same.$i.pid"
done
made=0
for i in 1 2 3; do
    status=0
    wait "$(cat "$WORK/same.$i.pid")" || status=$?
    case $status in
    0) made=$((made + 1)) ;;
    3) expect_text "$WORK/same.$i" '"same"' ;;
    *) fail "status $status: $(cat "$WORK/same.$i")" ;;
    esac
done
expect_equal "instances made" $made 1
[ -f "$PGSUP_HOME/instances/same/os.qcow2" ] || fail "its disk is not there"

step "started at once"
# Their ports were chosen for people, other scenarios could have taken the same meanwhile.
for name in a b c d same; do
    expect_ok "$PGSUP" instance remove -y $name
done
new_mini one
new_mini two
start_supervisor
run "$PGSUP" start --wait --timeout 200 --all
expect_equal "status of start --all" "$STATUS" 0
expect_text "$OUT" "one is ready" "two is ready"
expect_equal "states" "$(state_of one) $(state_of two)" "ready ready"
expect_equal "processes" "$(pids_of_vms | wc -l | tr -d ' ')" 2
[ "$(pid_of one)" != "$(pid_of two)" ] || fail "both are one process"

step "stopped at once, one by two commands"
"$PGSUP" stop one >"$WORK/first" 2>&1 &
first=$!
run "$PGSUP" stop --all
expect_equal "status of stop --all" "$STATUS" 0
wait $first || fail "stop ended with status $?: $(cat "$WORK/first")"
expect_text "$OUT" "two stopped: guest-shutdown after 1 press"
expect_nothing_left

step "one started by two commands"
"$PGSUP" start one >"$WORK/first" 2>&1 &
first=$!
run "$PGSUP" start one
expect_equal "status of start" "$STATUS" 0
wait $first || fail "the other start ended with status $?: $(cat "$WORK/first")"
expect_equal "processes" "$(pids_of_vms | wc -l | tr -d ' ')" 1
run "$PGSUP" stop -f one
expect_equal "status of stop -f" "$STATUS" 0
end_supervisor
expect_nothing_left
