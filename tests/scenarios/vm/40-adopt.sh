# Goal: `pgsup up` takes over every VM that runs, whether its supervisor was killed or it was started
# by hand, harms none of them, and says what is wrong with those it cannot take over.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one two three four
run_folder=$(cd "$PGSUP_HOME/run" && pwd)

step "the supervisor is killed: VMs live on, the next one has them all, paused ones paused"
start_supervisor
quietly start one two three
quietly pause two
pids="$(pid_of one) $(pid_of two) $(pid_of three)"
kill_supervisor
expect_equal "state without a supervisor" "$(state_of two)" paused
start_supervisor
wait_state one running 10
wait_state two paused 10
wait_state three running 10
expect_equal "processes" "$(pid_of one) $(pid_of two) $(pid_of three)" "$pids"

step "they obey the new one"
quietly resume two
expect_state two running
run "$PGSUP" stop -f two
expect_text "$OUT" "stopped: quit"
expect_state two stopped

step "what ended meanwhile is recorded as that"
kill_supervisor
dead=$(pid_of three)
kill -9 "$dead"
wait_until 10 is_gone "$dead"
start_supervisor
expect_state three stopped
expect_event three "ended while unsupervised" # what is recorded comes behind what is said
expect_ok "$PGSUP" info three --history
expect_text "$OUT" "ended while unsupervised"

step "a pid that belongs to somebody else by now"
kill_supervisor
sleep 1000 &
stranger=$!
at_exit "kill $stranger 2>/dev/null"
real=$(pid_of one)
in_store "UPDATE launches SET pid = $stranger, ended_ms = 0 WHERE number = (SELECT max(number)
    FROM launches JOIN instances ON instances.id = launches.instance WHERE name = 'three')"
echo "$stranger" >"$run_folder/three.77.pid"
touch -t 202001010000 "$run_folder/three.77.pid"
start_supervisor
expect_state three stopped
expect_event three "ended while unsupervised; process $stranger is another one by now"
expect_ok "$PGSUP" info three
expect_text "$OUT" "ended while unsupervised; process $stranger is another one by now"
[ ! -e "$run_folder/three.77.pid" ] || fail "the stale pid file was kept"
kill -0 $stranger || fail "a stranger was killed"
wait_state one running 10
expect_equal "the process of one" "$(pid_of one)" "$real"

step "what somebody began over the second monitor is found too"
qemu-img create -q -f raw "$WORK/copy.raw" 5G
qmp() { # NAME COMMAND ARGUMENTS
    run "$PGSUP" qmp "$@"
    expect_equal "status of $2" "$STATUS" 0
}
qmp one blockdev-add \
    "{\"driver\": \"raw\", \"node-name\": \"copy\", \"file\": {\"driver\": \"file\", \"filename\": \"$WORK/copy.raw\"}}"
qmp one blockdev-mirror '{"job-id": "keep", "device": "disk0", "target": "copy", "sync": "full"}'
job_is_ready() {
    run "$PGSUP" qmp one query-jobs
    grep -q '"status": "ready"' "$OUT"
}
wait_until 60 job_is_ready
kill_supervisor
start_supervisor
wait_state one running 10
expect_event one "keep (mirror) is ready"
qmp one block-job-cancel '{"device": "keep"}'

step "in run/ is no more of it than its pid file; an older version had all its files there"
tag=$(cd "$run_folder" && echo one.n*.pid)
tag=${tag#one.}
tag=${tag%.pid}
expect_equal "files of one in run/" "$(cd "$run_folder" && echo one.*)" "one.$tag.pid"
kill_supervisor
for file in "$run_folder/one.$tag.pid" "$run_folder/s/one.$tag".*; do
    mv "$file" "$run_folder/one.${tag#n}.${file##*.}"
done
in_store "UPDATE launches SET tag = '${tag#n}' WHERE tag = '$tag'"
start_supervisor
wait_state one running 10
expect_equal "the process of one" "$(pid_of one)" "$real"
qmp one query-status
run "$PGSUP" stop -f one
expect_text "$OUT" "stopped: quit"
expect_equal "left in run/" "$(find "$run_folder" -name 'one.*')" ""
quietly start one
real=$(pid_of one)

step "started by hand with vm.sh while the supervisor runs, and before it"
bash "$PGSUP_HOME/instances/four/vm.sh" -bios "$WORK/idle.fw" </dev/null >"$WORK/vm.log" 2>&1 &
byhand=$!
wait_state four running 20
expect_equal "the process of four" "$(pid_of four)" $byhand
kill_supervisor
start_supervisor
wait_state four running 10
expect_equal "the process of four" "$(pid_of four)" $byhand
run "$PGSUP" stop -f four
expect_text "$OUT" "stopped: quit"
wait $byhand || fail "QEMU ended with status $?"

# A process that holds the pid file's lock, as QEMU does, and misbehaves on the QMP socket:
# absent, silent, or that of another VM.
cat >"$WORK/pretender.py" <<'END'
import fcntl, json, os, socket, sys
prefix, kind = sys.argv[1:]
pid_file = open(prefix + ".pid", "w")
fcntl.lockf(pid_file, fcntl.LOCK_EX)
print(os.getpid(), file=pid_file, flush=True)
listener = socket.socket(socket.AF_UNIX)
listener.bind(prefix + ".qmp")
if kind != "stale":
    listener.listen(8)
while kind != "other":
    sys.stdin.read(1)
    sys.exit()
while True:
    client = listener.accept()[0]
    lines, answers = client.makefile("r"), client.makefile("w")
    def say(message):
        print(json.dumps(message), file=answers, flush=True)
    version = {"qemu": {"major": 10, "minor": 0, "micro": 2}, "package": ""}
    try:
        say({"QMP": {"version": version, "capabilities": []}})
        for line in lines:
            command = json.loads(line)
            other = {"UUID": "00000000-0000-0000-0000-000000000001"}
            say({"return": other if command["execute"] == "query-uuid" else {},
                 "id": command.get("id")})
    except OSError:  # it has heard enough
        pass
END

pretend() { # KIND
    rm -f "$run_folder"/three.*
    mkfifo "$WORK/hold.$1"
    python3 "$WORK/pretender.py" "$run_folder/three.99" "$1" <"$WORK/hold.$1" &
    pretender=$!
    at_exit "kill $pretender 2>/dev/null"
    exec 9>"$WORK/hold.$1"
    wait_until 10 test -S "$run_folder/three.99.qmp"
    start_supervisor
}
let_go() {
    kill_supervisor
    exec 9>&-
    kill $pretender 2>/dev/null || true
    wait $pretender 2>/dev/null || true
}

step "a stale socket"
kill_supervisor
pretend stale
wait_state three lost
wait_reason three "cannot connect to its QMP socket"
expect_equal "the process shown" "$(field_of three 'it["pid"]')" $pretender
let_go

step "a socket that accepts and says nothing"
pretend silent
wait_state three lost
wait_reason three "no greeting came"
let_go

step "a socket with another VM behind it: hands off"
pretend other
wait_state three failed
expect_reason three "another VM" "does not touch"
kill -0 $pretender || fail "it was killed"
let_go

step "nothing was harmed by any of this"
expect_equal "the process of one" "$(pid_of one)" "$real"
expect_equal "state of one" "$(state_of one)" running
start_supervisor
wait_state one running 10
quietly stop -f --all
end_supervisor
expect_no_process
