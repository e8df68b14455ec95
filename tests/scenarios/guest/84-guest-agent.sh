# Goal: QEMU's guest agent, where the guest has one, tells the address that the guest has by DHCP or by
# itself, also when that changes and after the supervisor was killed; only what can be the address of
# its first card is taken. It is known by name to all in the network of the cloud. One without an agent, or with one that says nothing, is not waited for.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../network.sh"

told() { # NAME FIELD: of its info
    "$PGSUP" info "$1" --json 2>/dev/null | python3 -c 'import json, sys
print(json.load(sys.stdin)[sys.argv[1]])' "$2"
}
is_told() { # NAME FIELD VALUE
    [ "$(told "$1" "$2")" = "$3" ]
}
is_at() { # NAME ADDRESS
    [ "$("$PGSUP" ip "$1")" = "$2" ] && grep -qx "$2 $1" "$PGSUP_HOME/hosts"
}
# Says nothing to this host by itself, so that neither the seed server nor the table of neighbours
# can know where it is.
new_silent() { # NAME OPTION…
    local name=$1
    shift
    expect_ok "$PGSUP" instance create "$name" --os mini --vcpu 1 --ram 256 --seed drive "$@"
    echo "#cloud-config" >"$PGSUP_HOME/instances/$name/cloud-init/user-data"
}
claims() { # NAME OPTION…: of tests/guest/init
    local name=$1
    shift
    echo "# mini: $*" >>"$PGSUP_HOME/instances/$name/cloud-init/user-data"
}

step "user networking: the agent answers, the guest is reached by its forwards as before"
new_cloud
new_mini test
claims test agent
start_supervisor
expect_ready test
expect_event test "the agent in the guest answers"
expect_equal "whether it answers" "$(told test agent)" True
expect_equal "where it is" "$("$PGSUP" ip test) $(told test address_source)" "127.0.0.1 user-net"
expect_ok "$PGSUP" info test
grep -q 'agent answers' "$OUT" || fail "info does not show the agent"
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
expect_equal "whether one answers" "$(told test agent)" None
end_supervisor

PGSUP_HOME=$WORK/bridged
make_bridge br0 10.77.0.1
expect_ok "$PGSUP" cloud create -n lab --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --network bridge --host-if br0 --host-ip4 10.77.0.1 \
    --host-nm4 255.255.255.0 --ph-port "$(free_port)"
expect_ok "$PGSUP" image import -n mini --arch aarch64 "$PGSUP_MINI_IMAGE"
sqlite3 "$PGSUP_HOME/cloud.sqlite3" "UPDATE images SET phones_home = 0"
cat >"$WORK/network-config" <<'END'
version: 2
ethernets:
  eth0: {addresses: [10.77.0.30/24]}
END
start_supervisor

step "an address that nobody but the agent tells; there its sshd is found"
new_silent moves --network-config "$WORK/network-config"
claims moves agent 127.0.0.1 169.254.7.7 224.0.0.9 10.77.0.255 10.77.0.1.2
expect_ok "$PGSUP" instance create fixed --os mini --vcpu 1 --ram 256 --ip 10.77.0.40
expect_ready moves
wait_until 20 is_at moves 10.77.0.30
expect_equal "the source" "$(told moves address_source)" agent
expect_event moves "10.77.0.30 (agent)"
expect_equal "times it moved" "$("$PGSUP" events -v -n all moves | grep -cF " address ")" 1

step "its /etc/hosts has the names of all in the network of the cloud"
knows() { # TEXT
    grep -qa "knows $1" "$PGSUP_HOME/instances/moves/console.log"
}
wait_until 60 knows "moves.lab.internal at 10.77.0.30, knows moves at"
expect_ok "$PGSUP" instance create later --os mini --vcpu 1 --ram 256 --ip 10.77.0.41
wait_until 60 knows "later.lab.internal at 10.77.0.41, knows later at"
knows "fixed.lab.internal at 10.77.0.40" || fail "the seed did not tell a static address"

step "file systems are frozen for a snapshot"
expect_ok "$PGSUP" snapshot create moves s1 --freeze-required
expect_text "$OUT" "its file systems were frozen for "
in_store() {
    sqlite3 -cmd ".timeout 20000" "$PGSUP_HOME/cloud.sqlite3" "$1"
}
expect_equal "what may be frozen" "$(in_store "SELECT count(*) FROM freezes")" 0

step "a supervisor that comes later asks it too, and thaws what was left frozen"
kill_supervisor
in_store "INSERT INTO freezes SELECT id, $(date +%s)000 FROM instances WHERE name = 'moves'"
start_supervisor
wait_until 30 is_told moves agent True
wait_until 30 has_event moves "which may have been frozen by a process that was ended, are thawed"
is_thawed() {
    [ "$(in_store "SELECT count(*) FROM freezes")" = 0 ]
}
wait_until 30 is_thawed
run "$PGSUP" stop moves
expect_equal "status of stop" "$STATUS" 0

step "the address changes, in a VM that was started by hand"
sed -i.bak '/mini:/d' "$PGSUP_HOME/instances/moves/cloud-init/user-data"
claims moves agent
expect_ready moves # with a drive that is made anew
run "$PGSUP" stop moves
expect_equal "status of stop" "$STATUS" 0
on_terminal bash "$PGSUP_HOME/instances/moves/vm.sh"
wait_until 60 grep -q "mini: ready" "$SCREEN"
wait_until 30 is_told moves agent True
expect_equal "where it is" "$("$PGSUP" ip moves)" 10.77.0.30
type_keys '\nip address add 10.77.0.31/25 dev eth0 && echo "second $((6*7))"\n'
wait_until 30 grep -qa "second 42" "$SCREEN"
sleep 8 # it is asked meanwhile
expect_equal "where it is, with two" "$("$PGSUP" ip moves)" 10.77.0.30
type_keys 'ip address del 10.77.0.30/24 dev eth0\n'
wait_until 30 is_at moves 10.77.0.31
expect_event moves "10.77.0.31 (agent), was 10.77.0.30"
wait_until 30 grep -qa "knows moves.lab.internal at 10.77.0.31" "$SCREEN"
wait_until 30 is_in_state moves ready
run "$PGSUP" stop moves
expect_equal "status of stop" "$STATUS" 0

step "no agent, or one that is deaf: nothing is waited for, and nothing complained of"
new_silent none
new_silent deaf
claims deaf agent-deaf
for name in none deaf; do
    run "$PGSUP" start $name
    expect_equal "status of start $name" "$STATUS" 0
done
for name in none deaf; do
    wait_until 60 grep -qa "mini: ready" "$PGSUP_HOME/instances/$name/console.log"
done
sleep 14 # the agent's time is up, and it was asked again
for name in none deaf; do
    wait_until 30 is_told $name agent False
    ! has_event $name "agent" || fail "an event tells of an agent in $name"
done
expect_no_text "$UP_LOG" "vm=deaf agent" warning
run "$PGSUP" stop none deaf
expect_equal "status of stop" "$STATUS" 0
end_supervisor
