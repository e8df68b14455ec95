# Goal: two instances in a network of --kind pair reach each other while the supervisor is dead, and
# again after the QEMU of one was killed and started anew; nobody else can open their sockets; a third
# card is refused with a sentence.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"

pings() { # NAME COUNT: so often it has begun to reach the other
    [ "$(grep -caF "mini: ping began" "$PGSUP_HOME/instances/$1/console.log")" = "$2" ]
}
console_has() { # NAME TEXT
    grep -qaF -- "$2" "$PGSUP_HOME/instances/$1/console.log"
}
has_failed() { # NAME
    "$PGSUP" list --state failed -q | grep -qx "$1"
}
pid_of() { # NAME
    "$PGSUP" info "$1" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])'
}

step "a pair takes two"
new_cloud
expect_fail 2 "--host-if cannot be used with the network pair" "$PGSUP" network add link --kind pair --host-if lo
run "$PGSUP" network add link --kind pair --subnet 10.78.0.0/24
expect_equal "status of network add" "$STATUS" 0
few=$(cat /proc/sys/net/unix/max_dgram_qlen)
expect_equal "notes" "$(grep -c "^note: link: .*max_dgram_qlen=512" "$ERR")" "$([ "$few" -lt 128 ] && echo 1 || echo 0)"
for name in one two three; do
    new_mini $name --seed drive
done
expect_ok "$PGSUP" nic add one link
expect_ok "$PGSUP" nic add two link
expect_fail 2 'the network "link" is a pair, which connects two, and "one" and "two" are in it' "$PGSUP" nic add three link
expect_fail 2 'a card is not put on "pair" itself' "$PGSUP" nic add three pair
expect_fail 2 'is a pair, which connects two' "$PGSUP" instance clone one four
misbehave one "ping two 4"
misbehave two "ping one 4"

step "they reach each other while the supervisor is dead"
start_supervisor
run "$PGSUP" start --wait --timeout 240 one two
expect_equal "status of start" "$STATUS" 0
wait_until 180 pings one 1
wait_until 180 pings two 1
kill_supervisor
sleep 2
expect_equal "sockets" "$(find "$PGSUP_HOME/run/" -name 'pair-*.[01]' -type s | wc -l)" 2
expect_equal "mode of their folder" "$(stat -L -c %a "$PGSUP_HOME/run")" 700

step "one QEMU is killed and comes back in the place of its old socket"
start_supervisor # which reads their consoles again
wait_until 180 console_has one "4 packets transmitted, 4 packets received"
wait_until 180 console_has two "4 packets transmitted, 4 packets received"
one=$(pid_of one)
kill -9 "$(pid_of two)"
wait_until 60 has_failed two
run "$PGSUP" start two
expect_equal "status of start" "$STATUS" 0
wait_until 180 pings two 2
expect_equal "the other QEMU" "$(pid_of one)" "$one"

step "a place that is free again, when a lab file that lacks one of them was applied"
printf 'networks: {link: {kind: pair}}\ninstances: {one: {}, three: {}}\n' >"$WORK/lab.yaml"
expect_fail 3 'instance "two" runs and is not in the file' "$PGSUP" apply -f "$WORK/lab.yaml" --prune
run "$PGSUP" kill two
run "$PGSUP" apply -f "$WORK/lab.yaml" --prune
expect_equal "what is done" "$STATUS $(cat "$OUT")" $'0 prune two: to the trash\nprune two: to the trash: done'
expect_ok "$PGSUP" nic add three link,ip=10.78.0.9
expect_ok "$PGSUP" network list --json
expect_equal "the members" "$(json_of '[each["name"] for each in it[0]["members"]]')" "['one', 'three']"
expect_fail 3 'its place in the pair link belongs to "' "$PGSUP" instance undelete two
run "$PGSUP" kill one
end_supervisor
expect_ok "$PGSUP" instance remove one --yes
expect_ok "$PGSUP" instance remove three --yes
expect_ok "$PGSUP" network remove link
expect_equal "sockets" "$(find "$PGSUP_HOME/run/" -name 'pair-*' | wc -l)" 0
