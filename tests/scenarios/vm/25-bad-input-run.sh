# Goal: each thing that a person can get wrong at run time gives one sentence and its status, and
# leaves nothing behind: no process, no socket, no change of the cloud home.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"

step "without a cloud"
for command in "up $AS_ROOT" down list "start x" "stop x" "info x" events "ssh x" "wait x"; do
    # shellcheck disable=SC2086  # words of a command
    expect_refused 3 'cloud create' "$PGSUP" $command
done

new_cloud
new_mini test
expect_ok "$PGSUP" cloud get --json
port=$(json_of 'it["ph_port"]')

step "the command line"
for command in "start" "stop" "pause" "kill" "restart"; do
    expect_refused 2 '--all' "$PGSUP" $command
done
expect_refused 2 '--all' "$PGSUP" start test --all
expect_refused 2 'unknown option "--frob"' "$PGSUP" start test --frob
expect_refused 2 'unknown option "--wait"' "$PGSUP" stop test --wait
expect_refused 2 '"abc"' "$PGSUP" stop test -t abc
expect_refused 2 '"-1"' "$PGSUP" stop test -t -1
expect_refused 2 '"0"' "$PGSUP" start test --timeout 0
expect_refused 2 '"100000"' "$PGSUP" start test --timeout 100000
expect_refused 2 'yesterday' "$PGSUP" events --since yesterday
expect_refused 2 'unexpected argument "test"' "$PGSUP" up test
expect_refused 2 'unexpected argument "test"' "$PGSUP" down test
expect_refused 2 'unexpected argument "other"' "$PGSUP" ip test other
expect_refused 2 'pgsup ssh' "$PGSUP" ssh

step "no supervisor"
for command in "start test" "restart test" "pause test" "resume test" "reset test" "kill test" \
    "wait test" down "start --all"; do
    # shellcheck disable=SC2086  # words of a command
    expect_refused 4 'pgsup up' "$PGSUP" $command
done
expect_refused 3 '"ghost"' "$PGSUP" stop ghost

step "the port of the seed server is in use"
cat >"$WORK/hold.py" <<'END'
import socket, sys
with socket.socket() as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[1])))
    listener.listen()
    print("held", flush=True)
    sys.stdin.read()
END
mkfifo "$WORK/hold"
python3 "$WORK/hold.py" "$port" <"$WORK/hold" >"$WORK/held" &
holder=$!
at_exit "kill $holder 2>/dev/null"
exec 8>"$WORK/hold"
wait_until 20 grep -q held "$WORK/held"
expect_fail 3 "port $port" "$PGSUP" up ${AS_ROOT:+"$AS_ROOT"}
[ ! -e "$PGSUP_HOME/run/pgsup.sock" ] || fail "a socket was left"

step "... and what its sentence advises helps"
expect_text "$ERR" "pgsup cloud set --ph-port"
other=$(free_port)
expect_ok "$PGSUP" cloud set --ph-port "$other"
start_supervisor
expect_text "$UP_LOG" "http://127.0.0.1:$other"
expect_fail 3 "a supervisor runs" "$PGSUP" cloud set --ph-port "$port"
end_supervisor
: >"$UP_LOG"
exec 8>&-
wait $holder
expect_ok "$PGSUP" cloud set --ph-port "$port"

for own in ssh_port forward; do # of a guest that is off
    forwarded=$(free_port)
    if [ $own = forward ]; then
        expect_ok "$PGSUP" forward add test "$forwarded:80"
        says="is forwarded to the instance \"test\""
    else
        expect_ok "$PGSUP" instance set test --ssh-port "$forwarded"
        says="is the SSH port of the instance \"test\""
    fi
    expect_fail 3 "port $forwarded for --ph-port $says" "$PGSUP" cloud set --ph-port "$forwarded"
done
expect_ok "$PGSUP" forward remove test "$forwarded:80"

step "a supervisor that was killed is in nobody's way"
start_supervisor
kill_supervisor
[ -S "$PGSUP_HOME/run/pgsup.sock" ] || fail "there is no stale socket to try with"
expect_fail 4 'pgsup up' "$PGSUP" start test
start_supervisor

step "a second supervisor"
expect_fail 3 "process $SUPERVISOR" "$PGSUP" up ${AS_ROOT:+"$AS_ROOT"}
expect_ok "$PGSUP" list --json
expect_equal "the first one answers" "$(json_of 'it[0]["supervised"]')" True

step "no such instance"
for command in start stop restart pause resume reset kill wait info events ssh; do
    expect_fail 3 '"ghost"' "$PGSUP" $command ghost
done
expect_fail 3 '"ghost"' "$PGSUP" qmp ghost query-status
expect_fail 2 'lunch' "$PGSUP" wait test --for lunch

step "not in that state"
for command in pause resume reset; do
    expect_fail 3 'pgsup start test' "$PGSUP" $command test
done
expect_fail 3 'test' "$PGSUP" qmp test query-status
expect_fail 3 'test' "$PGSUP" wait test --timeout 5

step "ssh to a guest that does not run, or has not phoned home"
expect_fail 3 'test is stopped: `pgsup start test --wait` starts it' "$PGSUP" ssh test
idle test
expect_ok "$PGSUP" -q start test
expect_fail 3 'has not phoned home' "$PGSUP" ssh test

expect_ok "$PGSUP" -q stop -f test
step "a document of its user's own, edited in place, is judged as when it was given"
own=$PGSUP_HOME/instances/test/cloud-init/own-user-data
printf '#cloud-config\nlocale: C.UTF-8\n' >"$WORK/own.yaml"
expect_ok "$PGSUP" instance set test --user-data "$WORK/own.yaml"
printf '#cloud-config\ngroups: [ansible]\n' >"$own"
expect_fail 2 'cloud-init/own-user-data of "test": the group "ansible" has the name' "$PGSUP" start test
expect_equal "state" "$(state_of test)" failed
printf '#cloud-config\nusers: [{name: ansible, sudo: false}]\n' >"$own"
for said in 1 0; do
    run "$PGSUP" start test
    expect_equal "status of start" "$STATUS" 0
    expect_equal "warnings" "$(grep -c 'cloud-init/own-user-data: its sudo of the user "ansible" replaces' "$ERR")" $said
    expect_ok "$PGSUP" -q stop -f test
done
expect_ok "$PGSUP" instance set test --user-data ""
expect_ok "$PGSUP" -q start test

step "ssh's own status is 255, the guest's is passed through"
path=$(phone_home_path_of test)
expect_ok "$PGSUP" instance get test --json
expect_ok python3 - "http://127.0.0.1:$port$path" "$(json_of 'it["instance_id"]')" "$(cat "$KEY.pub")" \
    "http://127.0.0.1:$port$(seed_path_of test)meta-data" "$PGSUP_HOME/run" "$port" <<'END'
import os, sys, urllib.parse, urllib.request
sys.path.insert(0, os.environ["AS_VM"])
import as_vm
as_vm.speak(sys.argv[5], "test", int(sys.argv[6]))
urllib.request.urlopen(sys.argv[4], None, 20).read()
form = urllib.parse.urlencode({"instance_id": sys.argv[2], "pub_key_ed25519": sys.argv[3],
                               "hostname": "test"})
urllib.request.urlopen(sys.argv[1], form.encode(), 20).read()
END
expect_event test "phoned home (Python-urllib"
run "$PGSUP" ssh test -- true
expect_equal "status without a guest" "$STATUS" 255
[ -s "$ERR" ] || fail "ssh did not say why"
printf '#!/bin/sh\nprintf "%%s\\n" "$@"\nexit 42\n' >"$WORK/bin/ssh"
chmod +x "$WORK/bin/ssh"
run "$PGSUP" ssh test -- echo "two words" -v
expect_equal "status" "$STATUS" 42
expect_equal "whose configuration" "$(head -n 2 "$OUT" | tr '\n' ' ')" "-F $PGSUP_HOME/ssh_config "
expect_text "$OUT" "two words"
expect_text "$PGSUP_HOME/ssh_config" "Host test" "StrictHostKeyChecking=yes"
expect_equal "the last argument" "$(tail -n 1 "$OUT")" -v
rm "$WORK/bin/ssh"

expect_ok "$PGSUP" -q stop -f test

step "QEMU's own words when it does not start"
printf -- '-device\nno-such-device\n' >"$PGSUP_HOME/instances/test/qemu.args"
run "$PGSUP" start test --wait
expect_equal "status of start" "$STATUS" 1
expect_equal "sentences" "$(grep -c '^pgsup: ' "$ERR")" 1
grep '^pgsup: ' "$ERR" >"$OUT"
expect_text "$OUT" "test" "no-such-device"
expect_equal "state" "$(state_of test)" failed
expect_nothing_left
rm "$PGSUP_HOME/instances/test/qemu.args"
end_supervisor

# Programs are looked for beyond PATH, so that one that is installed is hidden by a mount.
without() { # PROGRAM COMMAND…
    unshare --mount sh -c 'mount --bind /dev/null "$0" && exec "$@"' "$(command -v "$1")" "${@:2}"
}
if without qemu-img true 2>/dev/null; then
    step "programs that are not installed"
    expect_refused 3 'qemu-utils' without qemu-img "$PGSUP" instance create -n x --os mini
    expect_refused 3 'mtools' without mcopy "$PGSUP" instance create -n x --os mini
    expect_refused 3 'qemu-system-arm' without qemu-system-aarch64 \
        "$PGSUP" instance create -n x --os mini
    at_exit '"$PGSUP" down 2>/dev/null'
    UP_BY="without qemu-system-aarch64" start_supervisor
    run "$PGSUP" start test
    expect_equal "status of start" "$STATUS" 3
    expect_text "$ERR" "qemu-system-aarch64 is not installed" "qemu-system-arm"
    expect_nothing_left
    end_supervisor
fi

step "a home that may not be written"
cp "$PGSUP" "$WORK/pgsup"
chmod 711 "$WORK"
chmod 755 "$WORK/pgsup"
mkdir -m 755 "$WORK/theirs"
stranger() { # COMMAND…: as somebody who owns nothing here
    if [ "$(id -u)" = 0 ]; then
        python3 -c 'import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534); os.execvp(sys.argv[1], sys.argv[1:])' "$@"
    else
        "$@"
    fi
}
[ "$(id -u)" = 0 ] || chmod 555 "$WORK/theirs"
cp "$KEY.pub" "$WORK/password" "$WORK/theirs/" 2>/dev/null || true
expect_fail 3 "$WORK/theirs" stranger "$WORK/pgsup" -p "$WORK/theirs/home" cloud create \
    --admin-password-file "$WORK/password" --ssh-public-key "$KEY.pub"
expect_equal "what was made" "$(find "$WORK/theirs" -name home)" ""
expect_fail 3 "$PGSUP_HOME" stranger "$WORK/pgsup" up
