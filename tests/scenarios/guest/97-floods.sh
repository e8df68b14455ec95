# Goal: a guest becomes ready in the middle of a flood of the seed server: hundreds of slow connections,
# or requests as fast as they are answered; and no flood removes what is recorded, or fills the log.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
new_cloud
for name in quiet slow fast; do
    new_mini $name
done
expect_ok "$PGSUP" cloud get --json
port=$(json_of 'it["ph_port"]')
start_supervisor

flood() { # KIND COUNT: in the background, until flood_ends
    mkfifo "$WORK/hold.$1"
    python3 "$(dirname "$0")/../flood.py" "$port" "$@" <"$WORK/hold.$1" >"$WORK/flood.$1" &
    flooder=$!
    at_exit "kill $flooder 2>/dev/null"
    exec 8>"$WORK/hold.$1"
    sleep 1
}
flood_ends() { # KIND
    exec 8>&-
    wait $flooder || fail "the flood"
    echo "$1 flood: $(cat "$WORK/flood.$1")"
}
ready_in_time() { # NAME
    local began
    began=$(date +%s)
    expect_ready "$1"
    eval "took_$1=$(($(date +%s) - began))"
    run "$PGSUP" stop -f "$1"
}

step "without a flood"
ready_in_time quiet

step "300 connections, a byte every 2 s"
flood slow 300
ready_in_time slow
flood_ends slow

step "requests as fast as they are answered, of a stranger and of a guest that has a token"
target=$(seed_path_of quiet)meta-data
lines=$(wc -l <"$UP_LOG")
before=$("$PGSUP" events -v -n all quiet | grep -c .)
python3 "$(dirname "$0")/../flood.py" "$port" fast 4 "$target" <"$WORK/hold.slow" >"$WORK/greedy" &
greedy=$!
at_exit "kill $greedy 2>/dev/null"
exec 7>"$WORK/hold.slow"
flood fast 32
ready_in_time fast
flood_ends fast
exec 7>&-
wait $greedy || fail "the greedy guest"
[ "$(cat "$WORK/flood.fast")" -lt $((500 * (${took_fast:?} + 5))) ] || fail "the stranger is answered too often"
echo "greedy guest: $(cat "$WORK/greedy")"
echo "ready after: ${took_quiet:?} s without, ${took_slow:?} s slow, ${took_fast:?} s fast"
[ "$took_slow" -le $((3 * took_quiet + 60)) ] && [ "$took_fast" -le $((3 * took_quiet + 60)) ] ||
    fail "too slow"
[ $(($(wc -l <"$UP_LOG") - lines)) -lt $((60 + took_fast / 2)) ] || fail "the log was flooded"

step "what was recorded is still there, and the floods are in it with their counts"
expect_event quiet "meta-data fetched by "
[ "$("$PGSUP" events -v -n all quiet | grep -c .)" -lt $((before + 20)) ] || fail "the history was filled"
"$PGSUP" events -v -n all quiet >"$WORK/events"
expect_text "$WORK/events" "stopped --start--> starting" "phoned home (mini" "quitting --exited--> stopped"
end_supervisor
run "$PGSUP" events -v -n all
cp "$OUT" "$WORK/events"
grep -qE "refused a request from 127.0.0.1: unknown seed path \([0-9]+ more times\)" "$WORK/events" ||
    fail "the refused ones are not counted"
grep -qE "meta-data fetched by .*\([0-9]+ more times\)" "$WORK/events" || fail "those of the guest are not counted"
[ "$(grep -c "refused a request" "$WORK/events")" -lt 10 ] || fail "each refused one is an event"
