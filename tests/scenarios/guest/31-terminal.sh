# Goal: what pgsup says suits who reads it: a person at a terminal, a log file, a program that reads
# JSON, and those who want to hear nothing.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
new_cloud
new_mini test
start_supervisor

expect_plain() { # FILE…: lines of text, nothing that only a terminal understands
    expect_equal "control bytes in ${1##*/}" "$(LC_ALL=C tr -d '\n -~' <"$1")" ""
}

step "progress that is no terminal: whole lines, with the name and the time"
expect_ready test -v
expect_plain "$ERR"
expect_plain "$UP_LOG"
! grep -vE '^test: +([0-9]+\.[0-9] s  (state|phase|seed|phone-home|provision|reason): |[a-z-]+ [0-9]+:[0-9]{2}(  |$))' "$ERR" ||
    fail "a line of another form"
[ "$(grep -c ' s  phase: ' "$ERR")" -ge 5 ] || fail "not every phase has a line"

step "JSON of list"
expect_ok "$PGSUP" list --json
expect_equal "keys that others build on" "$(json_of 'set("""name state reason pid supervised address
    port ip4 mac image vcpu ram_bytes disk_bytes""".split()) - set(it[0])')" "set()"
expect_equal "values" "$(json_of 'it[0]["name"], it[0]["state"], it[0]["reason"], type(it[0]["pid"]).__name__,
    it[0]["supervised"], it[0]["ip4"], it[0]["image"], it[0]["vcpu"], it[0]["ram_bytes"]')" \
    "('test', 'ready', None, 'int', True, None, 'mini', 1, 268435456)"

step "JSON of info"
cat >"$WORK/times.py" <<'END'
import datetime, json, sys
def check(value):
    return datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ")
if sys.argv[1] == "info":
    it = json.load(open(sys.argv[2]))
    for key in ["since", "created", "phoned_home"]:
        check(it[key])
    boot = it["boots"][0]
    check(boot["began"])
    phases = boot["phases_s"]
    assert boot["ended"] is None and boot["launch"] == 1, boot
    assert 0 <= phases["started"] <= phases["seed"] <= phases["phone-home"] <= phases["ready"], phases
else:
    events = [json.loads(line) for line in open(sys.argv[2])]
    assert all(list(each) == ["schema", "time", "instance", "kind", "text", "id"] for each in events), events[0]
    assert [each["id"] for each in events] == sorted({each["id"] for each in events})
    times = [check(each["time"]) for each in events]
    kinds = {each["kind"] for each in events}
    assert {"state", "phase", "seed", "phone-home"} <= kinds, kinds
    assert all(each["instance"] in ("test", None) for each in events)
END
expect_ok "$PGSUP" info test --json
expect_equal "keys that others build on" "$(json_of 'set("""name state reason pid supervised since folder
    created image arch vcpu ram_bytes disk_bytes ip4 mac ssh_port seed accel package_upgrade instance_id
    uuid hostname address address_source phoned_home provisioned provisioning boots""".split()) - set(it)')" "set()"
is_recorded() { # written behind the answer
    "$PGSUP" info test --json >"$WORK/info"
    python3 "$WORK/times.py" info "$WORK/info"
}
wait_until 10 is_recorded

step "JSON of events, one object a line"
expect_event test "booting --ready--> ready"
"$PGSUP" events -v -n all --json >"$WORK/events"
expect_ok python3 "$WORK/times.py" events "$WORK/events"
expect_ok "$PGSUP" events -v -n all test --since 2099-01-01T00:00:00Z
[ ! -s "$OUT" ] || fail "events of the future"

step "events as they happen"
"$PGSUP" events -v -n all test --follow >"$WORK/follow" 2>&1 &
follower=$!
at_exit "kill $follower 2>/dev/null"
wait_until 10 grep -q "booting --ready--> ready" "$WORK/follow"
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0
wait_until 10 grep -q "quitting --exited--> stopped" "$WORK/follow"
kill $follower
wait $follower || true

step "--quiet says nothing that is no error"
for command in "start test --wait --timeout 120" "wait test" "stop test" "stop test" "kill test"; do
    # shellcheck disable=SC2086  # words of a command
    expect_ok "$PGSUP" -q $command
    [ ! -s "$OUT" ] || fail "something on stdout: $command"
done
expect_fail 3 '"ghost"' "$PGSUP" -q start ghost

step "Ctrl-C ends the wait, not the VM"
on_terminal "$PGSUP" start test --wait
wait_until 60 grep -qE "test  (booting|firmware|kernel) 0:" "$SCREEN"
type_keys '\003'
status=0
wait "$TERMINAL" || status=$?
[ $status != 0 ] || fail "an interrupted wait ended with status 0"
expect_text "$SCREEN" 'pgsup: test goes on booting: `pgsup wait test` waits again'
run "$PGSUP" wait test --timeout 120
expect_equal "status of wait" "$STATUS" 0
run "$PGSUP" stop test
expect_equal "status of stop" "$STATUS" 0

step "a closed pipe is no disaster"
# shellcheck disable=SC2016
run bash -o pipefail -c '"$0" events | head -n 1' "$PGSUP"
expect_equal "lines" "$(wc -l <"$OUT" | tr -d ' ')" 1

step "the password: asked twice, not shown"
on_terminal "$PGSUP" -p "$WORK/second" cloud create --ssh-public-key "$KEY.pub" --network user
wait_until 10 grep -q ": $" "$SCREEN"
type_keys 'sesame-4712\n'
asked_twice() {
    [ "$(grep -o ": " "$SCREEN" | wc -l)" -eq 2 ]
}
wait_until 10 asked_twice
type_keys 'sesame-4712\n'
wait "$TERMINAL" || fail "status $?: $(cat "$SCREEN")"
expect_no_text "$SCREEN" sesame
expect_ok "$PGSUP" -p "$WORK/second" cloud get

step "Ctrl-C at that question leaves nothing, and a terminal that shows what is typed"
on_terminal sh -c 'trap : INT; "$0" -p "$1" cloud create --ssh-public-key "$2"; echo "status $?"; stty -a' \
    "$PGSUP" "$WORK/third" "$KEY.pub"
wait_until 10 grep -q "assword" "$SCREEN"
type_keys '\003'
wait "$TERMINAL" || true
expect_text "$SCREEN" " echo "
expect_no_text "$SCREEN" "-echo " "status 0"
[ ! -e "$WORK/third" ] || fail "a home was made"
end_supervisor
