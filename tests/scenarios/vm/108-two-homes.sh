# Goal: two homes, and two users, on one computer do not get into each other's way: a port that nobody
# chose is replaced when it is taken, said and kept; and what is meant is told where it can be known. Reports of the
# kind: lima-vm/lima#1514 and rancher-sandbox/rancher-desktop-2#330.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
make_cloud
one=$PGSUP_HOME two=$WORK/two
make_image "$WORK/empty.qcow2" 64M
printf '\177\040\003\325\377\377\377\027' >"$WORK/idle.fw" # aarch64: wfi; b .-4
phone_home=$(free_port)
expect_ok "$PGSUP" -p "$two" cloud create --no-admin-password --ssh-public-key "$KEY.pub" --network user \
    --ph-port "$phone_home"
make_idle() { # HOME NAME OPTION…
    expect_ok "$PGSUP" -p "$1" instance create -n "$2" --os mini --vcpu 1 --ram 64 --accel tcg "${@:3}"
    printf '%s\n' -bios "$WORK/idle.fw" >"$1/instances/$2/qemu.args"
}
for home in "$one" "$two"; do
    expect_ok "$PGSUP" -p "$home" image import -n mini --arch aarch64 "$WORK/empty.qcow2"
done
ssh_port() { # HOME NAME
    "$PGSUP" -p "$1" instance get "$2" --json >"$OUT"
    json_of 'it["ssh_port"]'
}

step "the advice can be followed"
while IFS='|' read -r image says; do
    expect_refused 3 "no image \"$image\" in this home: $says" "$PGSUP" instance create -n x --os "$image"
done <<'END'
minii|did you mean "mini"?
min|did you mean "mini"?
MINI|it has mini;
ubuntu|`pgsup image download -n NAME` can add ubuntu-
debian|`pgsup image download -n NAME` can add debian-
ubuntu-nobel|`pgsup image download -n NAME` can add ubuntu-noble
ubuntu-noble|`pgsup image download -n ubuntu-noble` adds it
debian-99|`pgsup image download -n NAME` can add debian-1
windows-11|it has mini; `pgsup image list --available` shows
END

step "pgsup's own port is named"
expect_refused 3 "port $phone_home is pgsup's own" "$PGSUP" -p "$two" instance create -n x --os mini \
    --forward "$phone_home:80"
expect_refused 3 "port $phone_home is pgsup's own" "$PGSUP" -p "$two" instance create -n x --os mini \
    --ssh-port "$phone_home"
make_idle "$two" two
expect_refused 3 "port $phone_home is pgsup's own" "$PGSUP" -p "$two" forward add two "0.0.0.0:$phone_home:80"
run "$PGSUP" -p "$two" forward add two "$phone_home:80/udp"
expect_equal "a UDP port is another one" "$STATUS" 0

step "a port that nobody chose is replaced, said and kept"
make_idle "$one" test
chosen=$(free_port)
make_idle "$one" fixed --ssh-port "$chosen"
taken=$(ssh_port "$one" test)
python3 - "$taken" "$chosen" "$WORK/listens" <<'END' &
import socket, sys, time
held, ports = [], sys.argv[1:3]
while ports: # as QEMU of another home would; one that has it already does as well
    for port in list(ports):
        each = socket.socket()
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            each.bind(("127.0.0.1", int(port)))
            each.listen()
        except OSError:
            continue
        held.append(each)
        ports.remove(port)
    open(sys.argv[3], "w").close()
    time.sleep(0.01)
time.sleep(300)
END
at_exit "kill $! 2>/dev/null"
wait_until 20 test -e "$WORK/listens"
# In the place of a program that is quicker: while the file grab is there, QEMU finds its port taken.
mkdir "$WORK/bin"
cat >"$WORK/bin/qemu-system-aarch64" <<END
#!/bin/sh
[ -e '$WORK/grab' ] || exec '$(command -v qemu-system-aarch64)' "\$@"
exec python3 '$WORK/grab.py' '$(command -v qemu-system-aarch64)' "\$@"
END
cat >"$WORK/grab.py" <<'END'
import os, re, socket, sys
port = re.search(r"hostfwd=tcp:127.0.0.1:([0-9]+)", " ".join(sys.argv))
if port:
    os.unlink(os.path.dirname(sys.argv[0]) + "/grab")
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind(("127.0.0.1", int(port.group(1))))
    taken.listen()
    taken.set_inheritable(True)
os.execv(sys.argv[1], sys.argv[1:])
END
chmod +x "$WORK/bin/qemu-system-aarch64"
PATH=$WORK/bin:$PATH start_supervisor
run "$PGSUP" start test
expect_equal "status of start" "$STATUS" 0
now=$(ssh_port "$one" test)
[ "$now" -gt "$taken" ] || fail "its SSH port is $now, and was $taken"
expect_event test "port $taken of 127.0.0.1, forwarded to the SSH of \"test\", is in use by another program: from now on it is port $now"
expect_text "$ERR" "from now on it is port $now"
expect_text "$one/ssh_config" "Port=$now"
expect_no_text "$one/ssh_config" "Port=$taken"
expect_fail 3 "port $chosen of 127.0.0.1, forwarded to the SSH of \"fixed\", is in use" "$PGSUP" -q start fixed
expect_equal "one that was chosen" "$(ssh_port "$one" fixed)" "$chosen"
run "$PGSUP" restart -f test
expect_equal "it is kept" "$(ssh_port "$one" test)" "$now"

step "boots are counted for each instance; seconds have three decimals"
expect_ok "$PGSUP" instance set fixed --ssh-port "$(free_port)"
run "$PGSUP" start fixed
expect_equal "status of start" "$STATUS" 0
has_boots() { # written behind the answer
    run "$PGSUP" info fixed --history --json
    [ "$(json_of '[boot["boot"] for boot in it["boots"] if boot["phases_s"]]')" = "[1]" ]
}
wait_until 10 has_boots
python3 - "$OUT" <<'END' || fail "a number has more than three decimals"
import re, sys
assert not re.search(r"[0-9]\.[0-9]{4,}", open(sys.argv[1]).read())
END
run "$PGSUP" info test --history --json
expect_equal "those of test" "$(json_of 'sorted(boot["boot"] for boot in it["boots"])')" "[1, 2]"

step "one that is taken after it was looked at is said, with what to do"
expect_ok "$PGSUP" -q stop -f test
: >"$WORK/grab"
run "$PGSUP" -q start test
expect_equal "status of start" "$STATUS" 1
expect_text "$ERR" "another program took port $now of 127.0.0.1 at the same moment: run \`pgsup start test\` again"
expect_ok "$PGSUP" -q start test

step "the port for seeds likewise, with --ph-port auto"
expect_ok "$PGSUP" -p "$one" cloud get --json
taken=$(json_of 'it["ph_port"]')
expect_ok "$PGSUP" -p "$two" cloud set --ph-port "$taken" # that of the supervisor which runs
expect_fail 3 "$taken" "$PGSUP" -p "$two" up ${AS_ROOT:+"$AS_ROOT"}
expect_ok "$PGSUP" -p "$two" cloud set --ph-port auto

step "SIGHUP that is ignored stays ignored: nohup pgsup up &"
(trap '' HUP && exec "$PGSUP" -p "$two" up ${AS_ROOT:+"$AS_ROOT"} >"$WORK/two.log" 2>&1 </dev/null) &
other=$!
at_exit "kill -9 $other 2>/dev/null"
wait_until 20 grep -q supervising "$WORK/two.log"
expect_ok "$PGSUP" -p "$two" cloud get --json
phone_home=$(json_of 'it["ph_port"]')
expect_equal "it is kept as auto" "$(json_of 'it["ph_port_auto"]')" True
expect_text "$WORK/two.log" "port $taken is in use by another program: from now on it is port $phone_home" \
    "serving seeds on http://127.0.0.1:$phone_home"
kill -HUP "$other"
run "$PGSUP" -p "$two" start two
expect_equal "status of start" "$STATUS" 0
kill -0 "$other" || fail "it ended"
expect_ok "$PGSUP" -q -p "$two" stop -f two
kill -HUP "$SUPERVISOR"
wait "$SUPERVISOR" || fail "the other one, which has a terminal, ended with status $?"
SUPERVISOR=

step "another user's home"
if [ "$(id -u)" = 0 ] && [ "$(uname -s)" = Linux ]; then
    chmod 755 "$WORK"
    for command in list "info test" "ssh test" "instance create -n x --os mini"; do
        # shellcheck disable=SC2086  # words of a command
        run setpriv --reuid 65534 --regid 65534 --clear-groups "$PGSUP" -p "$one" $command
        expect_equal "status of $command" "$STATUS" 3
        expect_text "$ERR" "the home $one cannot be read (Permission denied): it belongs to root"
    done
fi
