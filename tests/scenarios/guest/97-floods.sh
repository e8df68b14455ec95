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

step "requests as fast as they are answered"
lines=$(wc -l <"$UP_LOG")
flood fast 32
ready_in_time fast
flood_ends fast
echo "ready after: ${took_quiet:?} s without, ${took_slow:?} s slow, ${took_fast:?} s fast"
[ "$took_slow" -le $((3 * took_quiet + 15)) ] && [ "$took_fast" -le $((3 * took_quiet + 15)) ] ||
    fail "too slow"
[ $(($(wc -l <"$UP_LOG") - lines)) -lt 60 ] || fail "the log was flooded"
end_supervisor
