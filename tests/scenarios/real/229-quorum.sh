# Goal: from an empty home to a quorum of three real Debian guests by one command: cloud-init installs
# etcd of Debian's packages, which finds its peers by name. It takes writes while no supervisor runs,
# and while one of the three is off. The same command again has nothing to do. 253-quorum-later.sh has
# what comes later in its life.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/quorum.sh"

step "one command"
serve_packages
make_quorum
for name in server agent-1 agent-2; do
    expect_text "$WORK/apply.log" "$name: "
done
[ "$(grep -c "GET .*etcd-server.* 200" "$WORK/http.log")" -ge 3 ] || fail "not each guest got etcd from here"
etcd agent-2 member list || fail "member list"
expect_equal "members that started" "$(grep -c ', started, ' "$OUT")" 3
expect_text "$OUT" http://server:2380 http://agent-1:2380 http://agent-2:2380

step "names in all directions"
for name in server agent-1 agent-2; do
    run "$PGSUP" exec $name --no-stdin -- sh -c 'for each in server agent-1 agent-2; do getent ahostsv4 $each.lab.internal | head -n1; done'
    expect_equal "status in $name" "$STATUS" 0
    expect_equal "who $name knows" "$(grep -c '^10\.77\.0\.' "$OUT")" 3
done

step "the same command again"
before=$(pid_of server)
expect_ok "$PGSUP" apply -f "$LAB_FILE"
expect_text "$OUT" "nothing to do"
expect_equal "process of server" "$(pid_of server)" "$before"

step "writes without a supervisor, then without one member"
kill_supervisor
wait_until 120 etcd server put lab without-supervisor
expect_value agent-2 without-supervisor
start_supervisor
wait_until 60 is_in_state agent-2 ready
run "$PGSUP" kill agent-2
wait_until 120 etcd server put lab two-of-three
expect_value agent-1 two-of-three
run "$PGSUP" stop -f --all
end_supervisor
expect_nothing_left
