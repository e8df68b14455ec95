# Goal: ports of the host lead to a guest with user networking: they are checked when they are asked
# for and at every start, changed while the guest runs, and kept.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
new_cloud
new_mini one
new_mini two
web=$(free_port) other=$(free_port)

# banner ADDRESS PORT: prints what is said to whoever connects.
banner() {
    python3 -c 'import socket,sys
print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 60).recv(20).decode().strip())' "$@"
}
leads_to_guest() { # ADDRESS PORT
    [ "$(banner "$@" 2>/dev/null)" = SSH-2.0-tiny ]
}
usernet() { # NAME: what QEMU forwards
    "$PGSUP" qmp "$1" human-monitor-command '{"command-line": "info usernet"}'
}
hold_port() { # PORT: by a program that is not pgsup's; $HOLDER
    rm -f "$WORK/held"
    python3 -c 'import socket,sys,time
each = socket.socket()
each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
each.bind(("127.0.0.1", int(sys.argv[1])))
each.listen()
print("held", flush=True)
time.sleep(600)' "$1" >"$WORK/held" &
    HOLDER=$!
    at_exit "kill $HOLDER 2>/dev/null"
    wait_until 20 grep -q held "$WORK/held"
}

step "defined before the first start"
expect_ok "$PGSUP" forward add one "$web:22" "0.0.0.0:$other:53/udp"
expect_text "$OUT" "one: $web:22 forwarded, from its next start on"
expect_ok "$PGSUP" forward list one --json
expect_equal "the forwards" \
    "$(json_of '[(it["host_address"], it["host_port"], it["guest_port"], it["protocol"], it["automatic"]) for it in it][1:]')" \
    "[('127.0.0.1', $web, 22, 'tcp', False), ('0.0.0.0', $other, 53, 'udp', False)]"
expect_ok "$PGSUP" forward list
expect_text "$OUT" one two "127.0.0.1:$web" "0.0.0.0:$other" ssh
expect_ok "$PGSUP" info one
expect_text "$OUT" "127.0.0.1:$web:22" "0.0.0.0:$other:53/udp"
expect_ok "$PGSUP" instance get one
expect_text "$OUT" "127.0.0.1:$web:22"
expect_text "$PGSUP_HOME/instances/one/vm.sh" "hostfwd=tcp:127.0.0.1:$web-:22" \
    "hostfwd=udp:0.0.0.0:$other-:53"

step "what cannot be is refused, and nothing is changed"
for bad in 80 8080: :80 a:80 0:80 8080:0 65536:80 8080:65536 1.2.3:8080:80 ::1:8080:80 \
    8080:80/sctp 8080-80 1.2.3.4:1:2:3 "8080:80,hostfwd=tcp::1-:1" "8080:80 "; do
    expect_refused 2 "is not a port forward: use HOST:GUEST" "$PGSUP" forward add one "$bad"
done
expect_refused 2 "192.0.2.1 is not an address of this host" \
    "$PGSUP" forward add one 192.0.2.1:8080:80
expect_refused 3 "port $web of 127.0.0.1 is already forwarded to the instance \"one\"" \
    "$PGSUP" forward add two "$web:80"
expect_refused 3 "is already forwarded to the instance \"one\"" \
    "$PGSUP" forward add two "0.0.0.0:$web:80"
ssh_port=$(field_of two 'it["port"]')
expect_refused 3 "port $ssh_port is the SSH port of the instance \"two\"" \
    "$PGSUP" forward add one "$ssh_port:80"
expect_refused 3 "is already forwarded to the instance \"one\"" \
    "$PGSUP" instance create -n three --os mini --ssh-port "$web"
busy=$(free_port)
hold_port "$busy"
expect_refused 3 "port $busy of 127.0.0.1 is in use by another program" \
    "$PGSUP" forward add one "$(free_port):80" "$busy:80"
kill $HOLDER
expect_refused 3 'no instance "none"' "$PGSUP" forward add none 8080:80
expect_refused 3 'no instance "none"' "$PGSUP" forward list none
expect_refused 3 "\"two\" has no port forward $web:22" "$PGSUP" forward remove two "$web:22"
expect_refused 2 "needs an argument" "$PGSUP" forward add one
if [ "$(id -u)" = 0 ] && [ "$(sysctl -n net.ipv4.ip_unprivileged_port_start 2>/dev/null)" = 1024 ]; then
    chmod 755 "$WORK"
    chown -R 65534:65534 "$PGSUP_HOME"
    expect_refused 2 "port 79 of 127.0.0.1 can be used only by root: use 1024 or above" \
        setpriv --reuid=65534 --regid=65534 --clear-groups "$PGSUP" forward add one 79:80
    chown -R 0:0 "$PGSUP_HOME"
fi

step "as many as an instance may have, and no more"
forwards=()
for i in $(seq 63); do
    forwards+=("127.0.0.1:$((31000 + i)):$i/udp")
done
expect_refused 2 "at most 64 port forwards" "$PGSUP" forward add one "${forwards[@]}"

step "they lead to the guest"
start_supervisor
hold_port "$web"
run "$PGSUP" start one
expect_equal "status of start" "$STATUS" 3
expect_text "$ERR" "port $web of 127.0.0.1, forwarded to port 22 of \"one\", is in use by another program" \
    "pgsup forward remove one 127.0.0.1:$web:22"
kill $HOLDER
wait_until 20 is_gone $HOLDER
expect_ready one
leads_to_guest 127.0.0.1 "$web" || fail "port $web does not lead to the guest"
usernet one >"$OUT"
grep -qE "UDP\[HOST_FORWARD\] +[0-9]+ +[*0-9.]+ +$other +10.0.2.15 +53 " "$OUT" || fail "no UDP"

step "changed while it runs"
new=$(free_port)
expect_ok "$PGSUP" forward add one "$new:22"
expect_text "$OUT" "one: $new:22 forwarded"
expect_no_text "$OUT" "next start"
leads_to_guest 127.0.0.1 "$new" || fail "port $new does not lead to the guest"
expect_ok "$PGSUP" forward rm one "$web:22" "0.0.0.0:$other:53/udp"
! leads_to_guest 127.0.0.1 "$web" || fail "port $web still leads to the guest"
usernet one >"$OUT"
expect_no_text "$OUT" "UDP[HOST_FORWARD]"

step "... also when no supervisor runs; kept over a restart"
kill_supervisor
expect_ok "$PGSUP" forward add one "$web:22"
leads_to_guest 127.0.0.1 "$web" || fail "port $web does not lead to the guest"
start_supervisor
wait_until 30 is_in_state one ready
run "$PGSUP" restart --wait one
expect_equal "status of restart" "$STATUS" 0
leads_to_guest 127.0.0.1 "$web" && leads_to_guest 127.0.0.1 "$new" || fail "not kept"

step "a QEMU that does not answer changes nothing"
kill -STOP "$(pid_of one)"
expect_fail 1 "QEMU does not answer" "$PGSUP" forward add one "$other:80"
kill -CONT "$(pid_of one)"
expect_ok "$PGSUP" forward list one
expect_no_text "$OUT" "$other"
run "$PGSUP" stop one
expect_equal "status of stop" "$STATUS" 0

step "one that refuses neither"
script=$PGSUP_HOME/instances/two/vm.sh
sed -e 's/id=net0/id=mine/; s/netdev=net0/netdev=mine/' "$script" >"$script.mine"
on_terminal bash "$script.mine"
wait_until 60 grep -q "mini: ready" "$SCREEN"
expect_fail 1 "the QEMU of two does not change the port forward 127.0.0.1:$other:80" \
    "$PGSUP" forward add two "$other:80"
expect_ok "$PGSUP" forward list two
expect_no_text "$OUT" "$other"
end_supervisor

step "only with user networking"
export PGSUP_HOME=$WORK/bridged
expect_ok "$PGSUP" cloud create -n lab --ssh-public-key "$KEY.pub" \
    --admin-password-file "$WORK/password" \
    --host-if "$(any_interface)" --host-ip4 127.0.0.2 --host-nm4 255.255.255.0
expect_ok "$PGSUP" image import -n mini --arch aarch64 "$PGSUP_MINI_IMAGE"
expect_ok "$PGSUP" instance create -n one --os mini --seed drive
expect_refused 2 "ports can be forwarded only with user networking" "$PGSUP" forward add one 8080:80
