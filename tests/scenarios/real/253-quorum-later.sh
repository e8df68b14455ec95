# Goal: the later life of a quorum of three real Debian guests (229-quorum.sh): Ansible has the agents
# as a group, with variables of their own; the supervisor is killed without a lost ping between the
# guests; one member is killed and comes back; one reboots while no supervisor runs, and knows the
# others; one more is added by lines in the file.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/quorum.sh"

step "three guests from one file, that reach each other by TCP"
serve_packages
make_quorum
for name in server agent-1 agent-2; do
    in_guest_of $name bash -c '"for each in server agent-1 agent-2.lab.internal; do exec 3<>/dev/tcp/\$each/22; head -c 8 <&3; done"'
    expect_equal "TCP by name from $name" "$(tr -d '\r\n' <"$OUT")" "SSH-2.0-SSH-2.0-SSH-2.0-"
done
wait_until 120 etcd server put lab it-works

step "Ansible over the group of the agents, with their variables"
run env LC_ALL=C.UTF-8 ansible -T 120 -e ansible_become=false -i "$(cd "$(dirname "$PGSUP")" && pwd)/pgsup-inventory" group_k3s_agent \
    -m command -a 'echo {{ inventory_hostname }} is {{ role }}'
expect_equal "status of ansible" "$STATUS" 0
expect_text "$OUT" "agent-1 is agent" "agent-2 is agent"
expect_no_text "$OUT" "server"

step "the supervisor is killed: the guests go on, without a lost ping"
in_guest_of agent-1 sh -c '"nohup ping -i 0.5 -c 40 server >/var/tmp/ping 2>&1 &"'
kill_supervisor
sleep 5
wait_until 120 etcd agent-1 put lab without-supervisor
start_supervisor
has_pinged() {
    "$PGSUP" ssh agent-1 -- cat /var/tmp/ping >"$OUT" 2>"$ERR"
    grep -q "40 packets transmitted, 40 received, 0% packet loss" "$OUT"
}
wait_until 60 has_pinged

step "a member is killed and comes back"
in_guest_of agent-2 sync # what was installed a minute ago
run "$PGSUP" kill agent-2
wait_until 120 etcd server put lab two-of-three
run "$PGSUP" start agent-2 --wait --timeout $BOOT_TIMEOUT_S
expect_equal "status of start" "$STATUS" 0
wait_until 300 has_members server 3
expect_value agent-2 two-of-three

step "a reboot with no supervisor: the names are there, and the next supervisor takes it over"
boot_of() { # NAME: this boot's own number
    "$PGSUP" ssh "$1" -- cat /proc/sys/kernel/random/boot_id 2>/dev/null
}
BOOT=$(boot_of agent-1) && [ -n "$BOOT" ] || fail "no boot_id of agent-1"
process=$(pid_of agent-1)
kill_supervisor
run "$PGSUP" ssh agent-1 -- sudo systemctl reboot # the connection may break off
was_rebooted() {
    local now
    now=$(boot_of agent-1) && [ -n "$now" ] && [ "$now" != "$BOOT" ]
}
wait_until $BOOT_TIMEOUT_S was_rebooted
for other in server server.lab.internal agent-2 agent-2.lab.internal; do
    in_guest_of agent-1 getent hosts $other
    expect_text "$OUT" "10.77.0."
done
start_supervisor
wait_until 60 is_in_state agent-1 ready
expect_equal "process of agent-1" "$(pid_of agent-1)" "$process"
wait_until 300 has_members server 3

step "one more by lines in the file"
document=$(sed -n '/^  user-data:/,/^instances:/{/^instances:/!p}' "$LAB_FILE" |
    sed 's|INITIAL_CLUSTER=.*|&,agent-3=http://agent-3:2380|; s/CLUSTER_STATE=new/CLUSTER_STATE=existing/; s/^/  /')
printf '  agent-3:\n    groups: [k3s_agent]\n%s\n' "$document" >>"$LAB_FILE"
run "$PGSUP" diff -f "$LAB_FILE"
expect_equal "status of diff" "$STATUS" 6
expect_equal "steps" "$(wc -l <"$OUT")" 1
etcd server member add agent-3 --peer-urls=http://agent-3:2380 || fail "member add"
expect_ok "$PGSUP" apply -f "$LAB_FILE"
knows_it() { # NAME
    "$PGSUP" ssh "$1" -- grep -q agent-3.lab.internal /etc/hosts
}
began=$SECONDS
for name in server agent-1 agent-2; do
    wait_until 90 knows_it $name # a login alone takes long under emulation
done
printf 'known by name after %d s\n' $((SECONDS - began))
# shellcheck disable=SC2086  # one word or none
run "$PGSUP" apply -f "$LAB_FILE" --wait --timeout $LAB_TIMEOUT_S $AS_ROOT
expect_equal "status of apply" "$STATUS" 0
wait_until 300 has_members agent-3 4
expect_value agent-3 two-of-three
run "$PGSUP" stop --all
end_supervisor
expect_nothing_left
