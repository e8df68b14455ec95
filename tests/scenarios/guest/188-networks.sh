# Goal: three instances of a lab file reach each other by address and by name, in both directions, and
# go on while the supervisor is killed; a member that comes later is in their network by itself and
# known by name to those that run, one that goes is forgotten, and what a guest missed it has after its
# next boot.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"

member() { # NAME OTHER: pings the other
    printf '# mini: agent\n# mini: ping %s 12\n' "$2" >>"$PGSUP_HOME/instances/$1/cloud-init/user-data"
}
console_has() { # NAME TEXT
    grep -qaF -- "$2" "$PGSUP_HOME/instances/$1/console.log"
}

step "each of three pings another by name while the supervisor is killed and comes back"
LAB='' new_cloud
expect_ok "$PGSUP" apply -f "$(dirname "$0")/../../labs/mini.yaml"
expect_ok "$PGSUP" apply -f "$(dirname "$0")/../../labs/mini.yaml"
expect_equal "what is left to do" "$(cat "$OUT")" "nothing to do"
for name in one two three; do # by other scenarios, too, the first free port may be taken at the same moment
    expect_ok "$PGSUP" instance set $name --ssh-port "$(free_port)"
done
member one three.lab.internal # all begin when the last one is there
member two three
misbehave one "agent-after 6" # it is told by its agent all the same
misbehave three "ping one.lab.internal 12" # it has no agent
printf '#!/bin/sh\necho "$*" >>"%s"\ncat >>"%s"\n' "$WORK/ssh.words" "$WORK/ssh.script" >"$WORK/bin/ssh"
chmod +x "$WORK/bin/ssh" # in the place of the real one, which that guest does not answer
grep -q '"10.77.0.2/24"' "$PGSUP_HOME/instances/one/cloud-init/network-config" || fail "no address of one"
start_supervisor
run "$PGSUP" start --wait --timeout 240 one two three
expect_equal "status of start" "$STATUS" 0
for name in one two three; do
    wait_until 60 console_has $name "mini: ping began"
done
kill_supervisor
sleep 3
start_supervisor
for name in one two three; do
    wait_until 60 console_has $name "12 packets transmitted, 12 packets received"
done

step "a member that comes later, and one that goes"
new_mini newest --seed drive
for name in one two; do
    wait_until 60 console_has $name "knows newest.lab.internal at 10.77.0.5, knows newest at"
done
wait_until 60 grep -q "10.77.0.5 newest.lab.internal newest" "$WORK/ssh.script"
expect_text "$WORK/ssh.words" "-oBatchMode=yes" "-oStrictHostKeyChecking=yes" "-oHostName=127.0.0.1" "-l ansible -- three sudo -n sh"
expect_no_text "$WORK/ssh.words" "-- one" "-- two"
run "$PGSUP" stop two three
expect_ok "$PGSUP" instance remove three --yes
expect_ok "$PGSUP" instance remove two --yes
wait_until 60 console_has one "forgot two"
expect_ok "$PGSUP" network info lab --json
expect_equal "the members" "$(json_of '[each["name"] for each in it["members"]]')" "['newest', 'one']"

step "what a guest missed it has after its next boot"
run "$PGSUP" stop one
expect_ok "$PGSUP" instance rename newest another
run "$PGSUP" start one
wait_until 60 console_has one "knows another at 10.77.0.5"
run "$PGSUP" network remove lab
expect_equal "status of removing a network in use" "$STATUS" 3
grep -q 'used by 2 cards, that of "another" for one' "$ERR" || fail "not said who uses it"
run "$PGSUP" kill one
end_supervisor

step "... and keeps at one with no supervisor; the next one tells it who came meanwhile"
bash "$PGSUP_HOME/instances/one/vm.sh" </dev/null >"$WORK/by-hand" 2>&1 &
by_hand=$!
at_exit "kill $by_hand 2>/dev/null"
wait_until 120 grep -qaF "knows another.lab.internal at 10.77.0.5, knows another at" "$WORK/by-hand"
new_mini meanwhile --seed drive
start_supervisor # it takes that one over
wait_until 60 grep -qaF "knows meanwhile.lab.internal at 10.77.0" "$WORK/by-hand"
run "$PGSUP" stop -f one
expect_equal "status of stop" "$STATUS" 0
end_supervisor
wait $by_hand || fail "vm.sh ended with status $?"
