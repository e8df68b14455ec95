# Goal: a supervisor with few descriptors raises its limit to what it may, says at how many VMs that
# ends, refuses the next one, and harms no other. A QEMU that talks is not asked whether it lives.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
names=(vm0 vm1 vm2 vm3)
make_machines "${names[@]}" more
mkdir "$WORK/bin"
ln -s "${PGSUP_FAKE_QEMU:?the fake QEMU, see tests/fake}" "$WORK/bin/qemu-system-aarch64"
printf 'tell-commands\n' >"$WORK/faults"
limited() { # HARD LIMIT: of the supervisors that begin from now on
    printf '#!/bin/bash\nulimit -Sn 64 && ulimit -Hn %s && exec "$@"\n' "$1" >"$WORK/limited"
    chmod +x "$WORK/limited"
}
begin() {
    FAKE_QEMU_FILE=$WORK/faults PATH=$WORK/bin:$PATH UP_BY=$WORK/limited start_supervisor
}
heartbeats() { # NAME
    grep -c "told to query-status" "$PGSUP_HOME/instances/$1/qemu.log"
}

step "as many as its hard limit is enough for; the next is refused with that sentence"
limited 152 # 38 for clients, 38 for guests, 48 for itself: 28 are left, 7 for each VM
begin
quietly start "${names[@]}"
run "$PGSUP" -q start more
expect_equal "status" "$STATUS" 1
expect_text "$ERR" "the supervisor may open 152 files, which ends at 4 VMs, and so many run: start it again where \`ulimit -n\` gives more, or take a second computer"
expect_state more stopped
for name in "${names[@]}"; do
    expect_state "$name" booting
done

step "a QEMU that talks is not asked whether it lives"
asked=$(heartbeats vm0 || true) others=$(heartbeats vm1 || true)
until [ "$(heartbeats vm1 || true)" -ge $((others + 2)) ]; do
    quietly pause vm0
    quietly resume vm0
    sleep 0.5
done
[ "$(heartbeats vm0 || true)" -lt $((asked + 2)) ] || fail "it was asked all the same"

step "another one has its place once one has ended"
quietly stop -f vm3
quietly start more
expect_state more booting

step "a supervisor with fewer leaves those alone that it cannot hold, and takes them later"
kill_supervisor
limited 148
begin
are_supervised() { # HOW MANY: when they have answered
    [ "$("$PGSUP" -q list --no-header | grep -c Running)" = "$1" ]
}
wait_until 20 are_supervised 3
expect_equal "those that run" "$(our_qemus | wc -l | tr -d ' ')" 4
left=$("$PGSUP" -q list --no-header --columns name,reason | awk '/is not adopted/ { print $1 }')
expect_reason "$left" "it runs and is not adopted: the supervisor may open 148 files, which ends at 3 VMs"
other=$("$PGSUP" -q list --no-header --state running -q | sed -n 1p)
quietly stop -f "$other"
wait_state "$left" running
quietly stop -f --all
end_supervisor
expect_no_process
