# Goal: `pgsup exec` runs a program through the guest's agent, with its words, input, outputs and status
# as they are, of any length and while it runs, with and without a supervisor; an agent that is not
# there, hangs, refuses or is restarted is told within seconds, Ctrl-C ends the program, and nothing is
# left in the guest.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
# The guest is this host: what its agent keeps in /run is not that of another run of this.
if [ "$(id -u)" = 0 ] && [ -z "${PGSUP_IN_NAMESPACE:-}" ]; then
    PGSUP_IN_NAMESPACE=1 exec unshare --mount bash "$0"
fi
. "$(dirname "$0")/../lib.sh"
[ -z "${PGSUP_IN_NAMESPACE:-}" ] || mount -t tmpfs -o mode=755 none /run
GA=$(command -v qemu-ga || echo /usr/sbin/qemu-ga)
[ -x "$GA" ] || { echo "no qemu-ga here" >&2 && exit 77; }
make_cloud
make_image "$WORK/disk.qcow2" 64M
expect_ok "$PGSUP" image import -n base --arch aarch64 "$WORK/disk.qcow2"
expect_ok "$PGSUP" instance create test --os base --vcpu 1 --ram 64 --accel tcg --ssh-port "$(free_port)"
idle test
agent=
end_agent() {
    [ -z "$agent" ] || { kill -9 "$agent" && wait "$agent"; } 2>/dev/null || true
    agent=
}
at_exit end_agent
# The real agent, in the place of the guest's: its programs run here.
serve_agent() { # [OPTION…]
    end_agent
    socket=$(echo "$PGSUP_HOME"/run/s/test.*.qga)
    rm -f "$socket"
    env -i PATH="${GUEST_PATH:-}$PATH" HOME=/root "$GA" -m unix-listen -p "$socket" -t "$WORK" "$@" >"$WORK/ga.log" 2>&1 &
    agent=$!
    wait_until 10 test -S "$socket"
}
answers() { # in the place of an agent: PYTHON, over "sync" and "line" of each connection
    end_agent
    rm -f "$socket"
    python3 -c 'import json, re, socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(9)
while True:
    peer, _ = server.accept()
    stream = peer.makefile("rwb")
    try:
        sync = stream.readline()
        number = re.search(rb"\"id\": ?(\d+)", sync)[1]
        def say(text):
            stream.write(text.encode() + b"\n")
            stream.flush()
        def ready():
            stream.write(b"\xff")
            say("{\"return\": %s}" % number.decode())
        exec(sys.argv[2])
    except (OSError, TypeError):
        pass' "$socket" "$1" 2>"$WORK/ga.log" &
    agent=$!
    wait_until 10 test -S "$socket"
}

# By a word of this scenario's own: others may run such programs as well.
babbles() { pgrep -f "^yes $WORK"; }
is_quiet() { ! babbles; }

step "a VM that does not run, and words that make no sense"
expect_fail 3 'test is stopped: `pgsup start test --wait` starts it' "$PGSUP" exec test true
expect_fail 3 'no instance "none"' "$PGSUP" exec none true
expect_fail 3 'no instance "-x"' "$PGSUP" exec -- -x true
expect_fail 2 'give the command to run' "$PGSUP" exec test
expect_fail 2 'give the command to run' "$PGSUP" exec test --
for variable in A =x 1A=x 'A B=x' -A=x; do
    expect_fail 2 'sets no variable' "$PGSUP" exec test "--env=$variable" true
done
expect_fail 2 'is not the whole path' "$PGSUP" exec test --cwd - true
expect_fail 2 'is not a user to log in as' "$PGSUP" exec test --user '$(id)' true
start_supervisor
run "$PGSUP" -q start test
expect_equal "status of start" "$STATUS" 0
serve_agent

step "words, outputs and status as they are"
expect_ok "$PGSUP" exec test -- printf '[%s]' 'a  b' '$(id)' '' "'\"\\" '*' -- --user 'ü
x' ';reboot'
expect_equal "the words" "$(cat "$OUT")" "[a  b][\$(id)][]['\"\\][*][--][--user][ü
x][;reboot]"
run "$PGSUP" exec test -- sh -c 'printf "\0\377out"; printf err >&2; exit 42'
expect_equal "status" "$STATUS" 42
expect_equal "outputs" "$(od -An -tx1 "$OUT" | tr -d ' ') $(cat "$ERR")" "00ff6f7574 err"
run "$PGSUP" -q exec test sh -c 'kill -9 $$'
expect_equal "status of one that was killed" "$STATUS" 137
run "$PGSUP" exec test /none
expect_equal "status of one that is not there" "$STATUS" 127
expect_equal "what is said of it" "$(cat "$ERR")" "/none: not found"
run "$PGSUP" exec test -- nosuch -x
expect_equal "status and words of one that is in no folder of PATH" "$STATUS $(cat "$ERR")" "127 nosuch: not found"
run "$PGSUP" exec test -- "$KEY.pub"
expect_equal "status of a file that is no program" "$STATUS" 126
expect_ok "$PGSUP" exec test -- sh -c 'echo "$1" | wc -c' sh "$(printf '%065536d' 0)"
expect_equal "an argument of 64 KiB" "$(cat "$OUT")" 65537
run "$PGSUP" exec test -- echo "$(printf 'a\377b')"
expect_equal "status of a word that is not UTF-8" "$STATUS" 2
expect_text "$ERR" "word 2 of the command is not UTF-8"

step "environment, folder and user"
mkdir -m 755 "$WORK/a b;c"
expect_ok "$PGSUP" exec test -e 'A=1
2' --env 'B=$(id) = x' --cwd "$WORK/a b;c" -- sh -c 'printf "%s|%s|" "$A" "$B"; pwd'
expect_equal "what it had" "$(cat "$OUT")" "1
2|\$(id) = x|$WORK/a b;c"
printf '#!/bin/sh\necho "$V"\n' >"$WORK/a b;c/x=y"
chmod 755 "$WORK/a b;c/x=y"
expect_ok "$PGSUP" exec test -e V=7 "$WORK/a b;c/x=y"
expect_equal "a program with = in its name" "$(cat "$OUT")" 7
run "$PGSUP" exec test --cwd /none pwd
[ "$STATUS" != 0 ] || fail "a folder that is not there"
expect_ok "$PGSUP" exec test --user nobody -e A='x y' -- sh -c 'printf "%s %s %s %s" "$(id -un)" "$USER" "$A" "$1"' sh 'a  b'
expect_equal "as another user" "$(cat "$OUT")" "nobody nobody x y a  b"
run "$PGSUP" exec test --user nobody -- sh -c 'exit 9'
expect_equal "status" "$STATUS" 9
run "$PGSUP" exec test --user nosuchuser true
expect_equal "status of a user that is not there" "$STATUS" 126

# By then all of the input has been given.
run timeout 60 "$PGSUP" exec test --user nobody -- sh -c 'echo o >/dev/stdout; echo e >/dev/stderr; sleep 1; cat /dev/stdin' <<<i
expect_equal "its outputs, opened once more" "$STATUS $(cat "$OUT" "$ERR" | tr -d '\n')" "0 oie"

step "100 MiB in, out and as errors, while it runs"
head -c 104857600 /dev/urandom >"$WORK/data"
sum=$(cksum <"$WORK/data")
begun=$(date +%s%N)
expect_ok "$PGSUP" exec test cksum <"$WORK/data"
expect_equal "the sum of what came in" "$(cat "$OUT")" "$sum"
middle=$(date +%s%N)
expect_ok "$PGSUP" exec test -- cat "$WORK/data"
expect_equal "the sum of what came out" "$(cksum <"$OUT")" "$sum"
ended=$(date +%s%N)
echo "100 MiB in: $(((middle - begun) / 1000000)) ms, out: $(((ended - middle) / 1000000)) ms"
head -c 3000000 "$WORK/data" >"$WORK/some"
run "$PGSUP" exec test -- sh -c 'cat >&2; echo end' <"$WORK/some"
cmp "$WORK/some" "$ERR" || fail "the input came back as something else"
expect_equal "the output beside it" "$(cat "$OUT")" end
rm "$WORK/data"
mkfifo "$WORK/in" "$WORK/out"
"$PGSUP" exec test -- sh -c 'while read -r word; do echo "<$word>"; done; echo bye' <"$WORK/in" >"$WORK/out" &
talk=$!
exec 8>"$WORK/in" 9<"$WORK/out"
for word in one two three; do
    echo "$word" >&8
    read -r -t 60 answer <&9 || fail "no answer to \"$word\""
    expect_equal "the answer" "$answer" "<$word>"
done
exec 8>&-
expect_equal "the rest" "$(cat <&9)" bye
exec 9<&-
wait "$talk" || fail "status of the conversation"
mkfifo "$WORK/open"
exec 8<>"$WORK/open"
run timeout 60 "$PGSUP" exec test -- sh -c 'exit 7' <&8
expect_equal "status of one that reads nothing of an input without an end" "$STATUS" 7
run "$PGSUP" exec test --no-stdin cat <&8
expect_equal "status without" "$STATUS" 0
run "$PGSUP" exec test cat <&-
expect_equal "status with a closed one" "$STATUS" 0

step "who reads no more, and a full disk, end it"
run sh -c '"$@" | head -n 1' sh "$PGSUP" exec test -- sh -c "echo first; exec yes $WORK"
expect_equal "what was read" "$(cat "$OUT")" first
wait_until 30 is_quiet
run sh -c '"$@" >/dev/full' sh "$PGSUP" exec test echo x
expect_equal "status with a full disk" "$STATUS" 1
expect_text "$ERR" "cannot write standard output"
left() {
    ls -d /run/pgsup-exec.* /tmp/pgsup-exec.* /var/tmp/pgsup-exec.*
}
wait_until 10 eval '! left'

step "a client that is killed leaves nothing: its guest's clock is 50 times as quick"
mkdir "$WORK/quick"
printf '#!/bin/sh\nPATH=%s; [ "$1" = 2 ] || exec sleep "$1"; exec sleep 0.02\n' "$PATH" >"$WORK/quick/sleep"
chmod 755 "$WORK/quick/sleep"
GUEST_PATH=$WORK/quick: serve_agent
paused() { # SECONDS until standard output, a pipe that does not block, is read; COMMAND…
    python3 -c 'import os, subprocess, sys, time
here, there = os.pipe()
os.set_blocking(there, False)
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=there)
os.close(there)
time.sleep(float(sys.argv[1]))
sys.stdout.buffer.write(open(here, "rb").read())
sys.exit(child.wait())' "$@"
}
cat "$WORK/some" "$WORK/some" "$WORK/some" >"$WORK/three"
run paused 10 "$PGSUP" exec test cat "$WORK/three"
expect_equal "status with a reader that waits for longer than the guest does" "$STATUS" 0
cmp "$WORK/three" "$OUT" || fail "what was read late is something else"
"$PGSUP" exec test -- sh -c "yes $WORK; cat; echo ended >$WORK/ended" <"$WORK/open" >/dev/null &
client=$!
wait_until 30 babbles
kill -9 "$client"
wait "$client" || true
wait_until 20 test -e "$WORK/ended"
wait_until 10 eval '! left'
GUEST_PATH=$WORK/quick: serve_agent # that a client's socket was reset may have ended it; that of a guest has none

step "a guest that gives up the pipes: its /run is full, or somebody removed them"
run "$PGSUP" exec test -- sh -c "rm -rf /run/pgsup-exec.* /tmp/pgsup-exec.*; yes $WORK"
expect_equal "status" "$STATUS" 1
expect_text "$ERR" "what the command said was cut: the guest gave up its pipes, most likely for lack of space in /"
wait_until 30 is_quiet
# Removed while others make files there, a folder may stay, with some of its files or with new ones.
# Who serves the pipes has them open by then.
for remains in 'rm "$d"/o*' 'rm "$d"/e0' 'rm "$d"/i*' 'echo x >"$d/new"; mv "$d/new" "$d/o0"; >"$d/o1"'; do
    run timeout 60 "$PGSUP" exec test -- sh -c "sleep 1; for d in /run/pgsup-exec.* /tmp/pgsup-exec.*; do [ ! -d \"\$d\" ] || { $remains; }; done; yes $WORK" <"$WORK/some"
    expect_equal "status after $remains" "$STATUS" 1
    expect_text "$ERR" "the guest gave up its pipes"
    wait_until 30 is_quiet
done
wait_until 30 eval '! left'

step "an agent that handles no files keeps 16 MiB, and no more is lost in silence"
serve_agent -b guest-file-open
run "$PGSUP" exec test -- sh -c 'cat; echo end >&2' <"$WORK/some"
cmp "$WORK/some" "$OUT" || fail "the input came back as something else"
head -c 16777217 /dev/zero >"$WORK/much"
run "$PGSUP" exec test cat <"$WORK/much"
expect_equal "status of more than the agent takes" "$STATUS" 2
expect_text "$ERR" "standard input is more than 16 MiB"
head -c 16777216 "$WORK/much" >"$WORK/limit"
run "$PGSUP" exec test cat <"$WORK/limit"
expect_equal "status of 16 MiB" "$STATUS" 0
cmp "$WORK/limit" "$OUT" || fail "16 MiB came back as something else"
run "$PGSUP" exec test -- sh -c 'head -c 17000000 /dev/zero'
expect_equal "status of more" "$STATUS" 1
expect_text "$ERR" "standard output was cut after 16 MiB"
expect_equal "what came" "$(wc -c <"$OUT" | tr -d ' ')" 16777216
run "$PGSUP" -q exec test /none
expect_equal "status of one that is not there" "$STATUS" 127
serve_agent

step "several at once, and a time limit"
for i in 1 2 3 4; do
    "$PGSUP" exec test -- sh -c "sleep 1; echo $i" >"$WORK/out-$i" 2>&1 &
    eval "p$i=$!"
done
for i in 1 2 3 4; do
    eval "wait \$p$i" || fail "one of several failed: $(cat "$WORK/out-$i")"
    expect_equal "its answer" "$(cat "$WORK/out-$i")" "$i"
done
run "$PGSUP" exec test --limit 2s -- sh -c 'echo begun; sleep 300; echo more'
expect_equal "status" "$STATUS" 5
expect_text "$ERR" "timeout: the command ran for more than 2 s in the guest: it was ended"
expect_equal "what it had said" "$(cat "$OUT")" begun
run "$PGSUP" exec test --limit 2s -- sh -c 'echo begun; sleep 300 & first=$!; sleep 301 & wait $first; echo more'
expect_equal "what it had said when one child was ended before the other" "$(cat "$OUT")" begun

mkfifo "$WORK/unread"
exec 7<>"$WORK/unread"
"$PGSUP" exec test --limit 3s -- sh -c "exec yes $WORK" >&7 2>"$WORK/unread-errors" &
client=$!
wait_until 30 babbles
expect_ok timeout 60 "$PGSUP" exec test -- echo beside
status=0
wait_until 20 eval '! kill -0 "$client" 2>/dev/null'
wait "$client" || status=$?
expect_equal "status of a limit while nobody reads" "$status" 5
expect_text "$WORK/unread-errors" "timeout: the command ran for more than 3 s"
exec 7>&-

step "Ctrl-C ends it, and what it runs"
export NEVER=$WORK/never # whoever opens it waits for ever
mkfifo "$NEVER"
interrupted() { # COMMAND…
    python3 -c 'import os, signal, subprocess, sys, time
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
for _ in range(300):
    if subprocess.run(["pgrep", "-f", "^cat " + os.environ["NEVER"]], stdout=subprocess.DEVNULL).returncode == 0:
        break
    time.sleep(0.1)
time.sleep(1.5)
child.send_signal(signal.SIGINT)
sys.exit(-child.wait() + 200)' "$@"
}
run interrupted "$PGSUP" exec test -- sh -c "cat $NEVER; echo more"
expect_equal "status" "$STATUS" 202
expect_text "$ERR" "interrupted: it was ended"
wait_until 10 eval '! pgrep -f "^cat $NEVER"'

step "a command that has ended, and has left something running"
run interrupted "$PGSUP" exec test -- sh -c "cat $NEVER & exit 0"
expect_equal "status" "$STATUS" 202
expect_text "$ERR" "interrupted: the command had ended; what it left running goes on"
left_running=$(pgrep -f "^cat $NEVER") || fail "what it left running was ended"
kill "$left_running"
run "$PGSUP" exec test --limit 3s -- sh -c "yes $WORK & exit 0"
expect_equal "status" "$STATUS" 5
expect_text "$ERR" "timeout: the command had ended; what it"
wait_until 30 is_quiet

step "without a supervisor"
kill_supervisor
expect_ok "$PGSUP" exec test -- echo alone
expect_equal "the answer" "$(cat "$OUT")" alone

step "agents that do not do as they should"
serve_agent -b guest-exec
expect_fail 1 "the guest agent refuses" "$PGSUP" exec test true
answers 'time.sleep(600)'
begun=$SECONDS
expect_fail 5 "the guest agent does not answer" "$PGSUP" exec test true
[ $((SECONDS - begun)) -le 120 ] || fail "it waited for $((SECONDS - begun)) s"
answers 'ready()
line = stream.readline()
say("{\"return\": {\"pid\": 7}}" if b"status" not in line else "{\"error\": {\"desc\": \"Invalid parameter \\u001b[31m\\u0027pid\\u0027\"}}")'
expect_fail 1 "it is not known how the command ended, because the guest or its agent was restarted or hangs" "$PGSUP" exec test true
expect_text "$ERR" "Invalid parameter"
answers 'ready()
line = stream.readline()
say("{\"return\": {\"pid\": 7}}" if b"status" not in line else "{\"return\": {\"exited\": true, \"exitcode\": 0, \"out-data\": \"%%%%\"}}")'
expect_fail 1 "told the output in a wrong way" "$PGSUP" exec test true
ended() { # MEMBERS of the answer
    answers 'ready()
line = stream.readline()
say("{\"return\": {\"pid\": 7}}" if b"status" not in line else "{\"return\": {\"exited\": true'"$1"'}}")'
    run "$PGSUP" exec test true
}
ended ', \"exitcode\": 256' # of another system, or untrue: never a success
expect_equal "status of 256" "$STATUS" 255
ended ', \"exitcode\": -1'
expect_equal "status of -1" "$STATUS" 255
ended ', \"signal\": 1000'
expect_equal "status of an odd signal" "$STATUS" 255
ended ''
expect_equal "status of none" "$STATUS" 1
expect_text "$ERR" "does not tell how the command ended"
sleep 4718 & # its number is another's by now: it is no child of the agent
other=$!
export other
answers 'ready()
import os, subprocess
for line in stream:
    words = json.loads(line).get("arguments", {}).get("arg", [])
    if b"\"guest-exec\"" in line and "kill" in str(words):
        subprocess.run(["/bin/sh"] + words)
    say("{\"return\": {\"pid\": %s, \"exited\": false}}" % os.environ["other"])'
expect_fail 5 "timeout: the command ran for more than 1 s" "$PGSUP" exec test --limit 1s true
kill "$other" || fail "another process was ended"
answers 'ready()
line = stream.readline()
say("{\"return\": {}}")'
expect_fail 1 "the guest agent tells no process" "$PGSUP" exec test true
files() { # READ: a Python expression for the answer to guest-file-read
    answers 'ready()
import base64
names = ["guest-file-" + each for each in ("open", "read", "write", "close")]
for line in stream:
    asked = json.loads(line)
    if "/bin/sh" in line.decode() and "arg" in asked["arguments"] and "mkfifo" in asked["arguments"]["arg"][1]:
        globals()["folder"] = "/run/" + asked["arguments"]["arg"][2] + "\n"
    say(json.dumps({"return": {
        "guest-info": {"supported_commands": [{"name": each, "enabled": True} for each in names]},
        "guest-exec": {"pid": 7},
        "guest-exec-status": {"exited": True, "exitcode": 0, "out-data": base64.b64encode(globals().get("folder", "").encode()).decode()},
        "guest-file-open": 1000, "guest-file-close": {}, "guest-file-write": {"count": 1},
        "guest-file-read": '"$1"'}[asked["execute"]]}))'
    run timeout 90 "$PGSUP" exec test true </dev/null
    expect_equal "status" "$STATUS" 1
}
files '{"count": 2000000, "buf-b64": "A" * 2000000}'
expect_text "$ERR" "the guest agent read a file in a wrong way"
files '{"count": 1, "buf-b64": "%"}'
expect_text "$ERR" "the guest agent read a file in a wrong way"
answers 'stream.write(b"x" * (2 << 20) + b"\n")
stream.flush()
time.sleep(60)'
run "$PGSUP" exec test true
[ "$STATUS" = 1 ] || [ "$STATUS" = 5 ] || fail "status $STATUS of one that says too much"
end_agent
expect_fail 1 "" "$PGSUP" exec test true
