# Goal: a command that stops an instance first and cannot ends with one sentence, that of `pgsup stop`,
# and its status; a supervisor that ends at whatever moment is told in the same words.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines test
expect_ok "$PGSUP" snapshot create test s1
start_supervisor
quietly start test
ends() { # STATUS TEXT LINES: of what runs in the background
    local status=0
    wait "$restoring" || status=$?
    expect_equal "status: $(cat "$WORK/restore.err")" "$status" "$1"
    expect_equal "lines" "$(wc -l <"$WORK/restore.err" | tr -d ' ')" "$3"
    [ "$3" = 0 ] || expect_text "$WORK/restore.err" "$2"
}
begin() { # WORD…: options; this guest ignores its button
    "$PGSUP" -q snapshot restore test s1 --stop "$@" >"$WORK/restore.out" 2>"$WORK/restore.err" &
    restoring=$!
    wait_state test stopping 20
}

step "the supervisor is killed while it stops it"
begin
kill_supervisor
ends 4 "the supervisor ended before it answered" 1
start_supervisor
wait_state test running 20

step "a program reads it as JSON too"
begin --json
kill_supervisor
ends 4 "test was not stopped: nothing was restored" 2
expect_equal "as JSON" \
    "$(python3 -c 'import json,sys; it = json.load(sys.stdin); print(it["ok"], it["error"]["status"])' \
        <"$WORK/restore.out")" "False 4"
start_supervisor
wait_state test running 20

step "another stop ends it: it is restored"
begin
quietly stop -f test
ends 0 "" 0
expect_state test stopped

step "a supervisor that closes the connection before it has heard the question"
kill_supervisor
python3 -c 'import os, socket, sys
os.chdir(sys.argv[1])
server = socket.socket(socket.AF_UNIX)
server.bind("pgsup.sock.new")
server.listen(9)
os.rename("pgsup.sock.new", "pgsup.sock")
print("ready", flush=True)
while True:
    server.accept()[0].close()' "$PGSUP_HOME/run" >"$WORK/deaf" &
deaf=$!
at_exit "kill $deaf 2>/dev/null"
wait_until 10 grep -q ready "$WORK/deaf"
for _ in 1 2 3 4 5 6 7 8 9 10; do
    expect_fail 4 "the supervisor ended before it answered; the VMs keep running" "$PGSUP" suspend test
done
