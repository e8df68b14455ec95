# Goal: `pgsup exec` runs a program through the guest's agent, with its words, input, outputs and status
# as they are, with and without a supervisor; an agent that is not there, hangs, refuses or is restarted
# is told within seconds, and Ctrl-C ends the program.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
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
    socket=$(echo "$PGSUP_HOME"/run/test.*.qga)
    rm -f "$socket"
    env -i PATH="$PATH" HOME=/root "$GA" -m unix-listen -p "$socket" -t "$WORK" "$@" >"$WORK/ga.log" 2>&1 &
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
expect_text "$ERR" "No such file"
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

step "standard input, whatever it is; and none"
head -c 3000000 /dev/urandom >"$WORK/data"
run "$PGSUP" exec test -- sh -c 'cat; echo end >&2' <"$WORK/data"
cmp "$WORK/data" "$OUT" || fail "the input came back as something else"
mkfifo "$WORK/pipe"
cat "$WORK/data" >"$WORK/pipe" &
run "$PGSUP" exec test cksum <"$WORK/pipe"
expect_equal "by a pipe" "$(cat "$OUT")" "$(cksum <"$WORK/data")"
mkfifo "$WORK/open"
exec 8<>"$WORK/open"
run "$PGSUP" exec test --no-stdin cat <&8
expect_equal "status without" "$STATUS" 0
head -c 16777217 /dev/zero >"$WORK/much"
run "$PGSUP" exec test cat <"$WORK/much"
expect_equal "status of more than the agent takes" "$STATUS" 2
expect_text "$ERR" "standard input is more than 16 MiB"

step "output as far as the agent keeps it, and no further in silence"
head -c 16777216 "$WORK/much" >"$WORK/limit"
run "$PGSUP" exec test cat <"$WORK/limit"
expect_equal "status of 16 MiB" "$STATUS" 0
cmp "$WORK/limit" "$OUT" || fail "16 MiB came back as something else"
run "$PGSUP" exec test -- sh -c 'head -c 17000000 /dev/zero'
expect_equal "status of more" "$STATUS" 1
expect_text "$ERR" "standard output was cut after 16 MiB"
expect_equal "what came" "$(wc -c <"$OUT" | tr -d ' ')" 16777216
run sh -c '"$@" >/dev/full' sh "$PGSUP" exec test echo x
expect_equal "status with a full disk" "$STATUS" 1
expect_text "$ERR" "cannot write standard output"

step "several at once, and a time limit"
for i in 1 2 3 4; do
    "$PGSUP" exec test -- sh -c "sleep 1; echo $i" >"$WORK/out-$i" 2>&1 &
    eval "p$i=$!"
done
for i in 1 2 3 4; do
    eval "wait \$p$i" || fail "one of several failed: $(cat "$WORK/out-$i")"
    expect_equal "its answer" "$(cat "$WORK/out-$i")" "$i"
done
run "$PGSUP" exec test --limit 1s -- sh -c 'echo begun; sleep 300; echo more'
expect_equal "status" "$STATUS" 5
expect_text "$ERR" "timeout: the command ran for more than 1 s in the guest: it was ended"
expect_equal "what it had said" "$(cat "$OUT")" begun

step "Ctrl-C ends it, and what it runs"
interrupted() { # COMMAND…
    python3 -c 'import os, signal, subprocess, sys, time
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
time.sleep(1.5)
child.send_signal(signal.SIGINT)
sys.exit(-child.wait() + 200)' "$@"
}
run interrupted "$PGSUP" exec test -- sh -c 'sleep 4711; echo more'
expect_equal "status" "$STATUS" 202
expect_text "$ERR" "interrupted: it was ended"
! pgrep -f 'sleep 471[1]' >/dev/null || fail "it runs on"

step "without a supervisor"
kill_supervisor
expect_ok "$PGSUP" exec test -- echo alone
expect_equal "the answer" "$(cat "$OUT")" alone

step "agents that do not do as they should"
serve_agent -b guest-exec
expect_fail 1 "the guest agent refuses" "$PGSUP" exec test true
answers 'time.sleep(60)'
begun=$SECONDS
expect_fail 5 "the guest agent does not answer" "$PGSUP" exec test true
[ $((SECONDS - begun)) -le 15 ] || fail "it waited for $((SECONDS - begun)) s"
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
answers 'ready()
line = stream.readline()
say("{\"return\": {}}")'
expect_fail 1 "the guest agent tells no process" "$PGSUP" exec test true
answers 'stream.write(b"x" * (2 << 20) + b"\n")
stream.flush()
time.sleep(60)'
run "$PGSUP" exec test true
[ "$STATUS" = 1 ] || [ "$STATUS" = 5 ] || fail "status $STATUS of one that says too much"
end_agent
expect_fail 1 "" "$PGSUP" exec test true
