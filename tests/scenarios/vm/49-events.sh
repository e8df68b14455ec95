# Goal: the events of an instance are read back by instance and by time, as text and as NDJSON, can be
# followed as they happen, and never take more than their room.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one two
start_supervisor

step "by instance"
quietly start one two
expect_event one "starting --qmp-ready--> booting"
expect_event two "starting --qmp-ready--> booting"
expect_ok "$PGSUP" events -v -n all one
expect_no_text "$OUT" "  two  "
expect_ok "$PGSUP" events
expect_text "$OUT" "  one  " "  two  "
expect_fail 3 '"ghost"' "$PGSUP" events ghost

step "NDJSON with RFC 3339 times, in order"
expect_ok "$PGSUP" events -v -n all --json
python3 - "$OUT" <<'END'
import datetime, json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
times = [datetime.datetime.strptime(row["time"], "%Y-%m-%dT%H:%M:%S.%fZ") for row in rows]
assert len(rows) > 5 and times == sorted(times)
assert [row["id"] for row in rows] == sorted({row["id"] for row in rows})
assert {"one", "two"} <= {row["instance"] for row in rows}
assert all(row["kind"] and row["text"] for row in rows)
END

step "--since"
expect_ok "$PGSUP" events -v -n all one --since 1h
expect_text "$OUT" "booting"
later=$(($(date -u +%Y) + 1))-12-31T23:59:59Z
expect_ok "$PGSUP" events -v -n all one --since "$later"
expect_equal "events of the future" "$(cat "$OUT")" ""
expect_fail 2 '"yesterday"' "$PGSUP" events --since yesterday

step "the last ones, in words, without QMP's own"
expect_ok "$PGSUP" events one -n 3
expect_equal "lines" "$(wc -l <"$OUT" | tr -d ' ')" 3
expect_ok "$PGSUP" events one
expect_text "$OUT" "  state       booting, was starting: QEMU has started"
expect_no_text "$OUT" "-->" "  qmp  "
expect_ok "$PGSUP" events one --kind state,phase -n all
expect_equal "kinds" "$(awk '{print $3}' "$OUT" | sort -u | tr '\n' ' ')" "phase state "
expect_fail 2 '"sate" is not a kind' "$PGSUP" events --kind sate
expect_fail 2 'an instance is named without an option' "$PGSUP" events -n one
"$PGSUP" events one -f -n 1 >"$WORK/last" &
follower=$!
at_exit "kill $follower 2>/dev/null"
wait_until 20 test -s "$WORK/last"
sleep 1 # what else would come
kill $follower
wait $follower || true
expect_equal "lines before what follows" "$(wc -l <"$WORK/last" | tr -d ' ')" 1

# Where all of the kernel's watches that this user may have are in use, it looks at intervals.
watchless() { # COMMAND…
    local limit=/proc/sys/user/max_inotify_instances
    unshare -Ur true 2>/dev/null || exec "$@"
    # shellcheck disable=SC2016  # variables of that shell
    exec unshare -Ur sh -c '{ echo 0 >"$0"; } 2>/dev/null; exec "$@"' "$limit" "$@"
}

step "--follow"
watchless "$PGSUP" events -v -n all two --follow --since 0s >"$WORK/watchless" 2>&1 &
watchless=$!
at_exit "kill $watchless 2>/dev/null"
"$PGSUP" events -v -n all two --follow --since 0s >"$WORK/followed" &
follower=$!
at_exit "kill $follower 2>/dev/null"
# It follows from when the supervisor knows of it, which nobody is told.
pause_is_followed() {
    quietly pause two
    sleep 1
    # shellcheck disable=SC2015  # what comes behind is for both
    grep -q -- "--qmp-stop--> paused" "$WORK/followed" && grep -q -- "--qmp-stop--> paused" "$WORK/watchless" ||
        { quietly resume two && false; }
}
wait_until 30 pause_is_followed
quietly resume two
wait_until 10 grep -q -- "--qmp-resume--> running" "$WORK/followed"
kill $follower
wait_until 10 grep -q -- "--qmp-resume--> running" "$WORK/watchless"
kill $watchless
expect_no_text "$WORK/watchless" "pgsup: " "  one  "
expect_no_text "$WORK/followed" "  one  " "stopped --start--> starting"

step "each of many changes is an event of its own, however quickly they come"
stops() {
    "$PGSUP" events -v -n all one | grep -c -- '--qmp-stop--> paused$' || true
}
before=$(stops)
python3 - "$PGSUP_HOME"/run/s/one.*.mon <<'END'
import socket, sys
monitor = socket.socket(socket.AF_UNIX)
monitor.settimeout(60)
monitor.connect(sys.argv[1])
file = monitor.makefile("rw")
for command, word in [("qmp_capabilities", "return")] + 40 * [("stop", '"STOP"'), ("cont", '"RESUME"')]:
    file.write('{"execute": "%s"}\n' % command)
    file.flush()
    while word not in (line := file.readline()):
        assert line, "QEMU closed the monitor"
END
all_stops() {
    [ "$(stops)" = $((before + 40)) ]
}
wait_until 20 all_stops

step "never more than 2,000 of a kind of an instance, the oldest go first; others are not removed by them"
in_store "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
    INSERT INTO events (instance, seq, at_ms, kind, text)
    SELECT id, i + (SELECT max(seq) FROM events WHERE instance = instances.id AND kind = 'state'), i,
    'state', 'number ' || i FROM n JOIN instances ON name = 'two'"
before=$("$PGSUP" events -v -n all two | grep -cv '  state  ')
quietly pause two
wait_until 20 sh -c "[ \$('$PGSUP' events -v -n all two | grep -c '  state  ') -le 2000 ]"
[ "$("$PGSUP" events -v -n all two | grep -cv '  state  ')" -ge "$before" ] || fail "others were removed"
expect_event two "running --qmp-stop--> paused"
expect_equal "the oldest" "$("$PGSUP" events -v -n all two | grep -c 'number 1$')" 0
expect_event one "starting --qmp-ready--> booting"
quietly stop -f --all
end_supervisor
expect_no_process
