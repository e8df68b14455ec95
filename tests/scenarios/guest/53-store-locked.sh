# Goal: while another process holds the store's lock for half a minute, VMs start and stop all the
# same, and afterwards everything that happened is recorded.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one two
expect_ok "$PGSUP" image import -n mini --arch aarch64 "${PGSUP_MINI_IMAGE:?the mini guest}"
new_mini guest
mkdir -p "$WORK/bin"
printf '#!/bin/sh\n' >"$WORK/bin/ansible-playbook"
chmod +x "$WORK/bin/ansible-playbook"
PATH=$WORK/bin:$PATH start_supervisor
quietly start one two
expect_event two "starting --qmp-ready--> booting"

hold_lock() { # SECONDS [FILE]: so long, and while there is the file
    rm -f "$WORK/held"
    python3 - "$PGSUP_HOME/cloud.sqlite3" "$@" >"$WORK/held" <<'END' &
import os, sqlite3, sys, time
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
while any(map(os.path.exists, sys.argv[3:])):
    time.sleep(0.05)
store.execute("ROLLBACK")
END
    holder=$!
    at_exit "kill $holder 2>/dev/null"
    wait_until 10 grep -q held "$WORK/held"
}

step "locked: what runs goes on, and is stopped, paused and looked at"
: >"$WORK/hold"
hold_lock 30 "$WORK/hold"
began=$SECONDS
quietly pause two
quietly resume two
run "$PGSUP" stop -f one
expect_equal "status" "$STATUS" 0
expect_text "$OUT" "stopped: quit"
expect_state two running
[ $((SECONDS - began)) -le 10 ] || fail "this took $((SECONDS - began)) s"

step "... a start needs the store, and waits for it or says why it cannot"
run "$PGSUP" -q start one
expect_equal "status of a start" "$STATUS" 1
expect_text "$ERR" "the store is in use by another process (waited 5 s): try again"
rm "$WORK/hold"
wait_until 40 is_gone $holder
wait $holder || fail "the holder failed"
wait_until 10 grep -q "cannot write to the store, will try again" "$UP_LOG"

step "free again: nothing is lost"
quietly start one
expect_event two "--qmp-stop--> paused"
expect_event two "paused --qmp-resume--> running"
expect_event one "quitting --exited--> stopped: quit"

step "a guest that phones home meanwhile is remembered, and provisioned"
"$PGSUP" -q start guest &
wait $! || fail "start ended with $?"
wait_until 60 grep -q "mini: up" "$PGSUP_HOME/instances/guest/console.log"
quietly pause guest # until the lock is held
hold_lock 12
quietly resume guest
wait_state guest ready 60
wait $holder || fail "the holder failed"
quietly wait guest --for provisioned --timeout 60
[ -s "$PGSUP_HOME/instances/guest/known_hosts" ] || fail "no known_hosts"
is_remembered() {
    [ "$(info_of guest 'it["hostname"], it["provisioning"], it["phoned_home"] is None')" = \
        "('guest', 'ok', False)" ]
}
wait_until 20 is_remembered
expect_equal "integrity_check" "$(in_store 'PRAGMA integrity_check')" ok
expect_equal "ends of one" "$(info_of one '[boot["end_cause"] for boot in it["boots"][1:]][-1]')" host-qmp-quit

step "killed before a phone-home was written down: the guest was not told that it was heard"
new_mini late
quietly start late
quietly pause late
hold_lock 200
quietly resume late
wait_until 120 grep -q "vm=late late phoned home" "$UP_LOG"
kill_supervisor
kill "$holder"
wait "$holder" || true
expect_equal "what was written down" \
    "$(in_store "SELECT count(*) FROM guests WHERE phoned_home_ms > 0 AND hostname = 'late'")" 0
expect_no_text "$PGSUP_HOME/instances/late/console.log" "mini: phoned home"
PATH=$WORK/bin:$PATH start_supervisor
wait_state late ready 60
is_known() {
    [ "$(info_of late 'it["hostname"], it["phoned_home"] is None')" = "('late', False)" ]
}
wait_until 20 is_known
wait_until 20 grep -q "mini: phoned home" "$PGSUP_HOME/instances/late/console.log"
quietly stop -f --all
end_supervisor
expect_no_process
