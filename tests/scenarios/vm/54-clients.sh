# Goal: no client of the control socket disturbs the supervisor, its VMs or the other clients: fifty
# at once, one that says nothing, one that talks nonsense, one that goes in the middle of a wait, and
# more than there is room for.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines one two
start_supervisor
quietly start one
control=$PGSUP_HOME/run/pgsup.sock

expect_well() {
    expect_state one booting
    is_gone "$SUPERVISOR" && fail "the supervisor ended"
    quietly wait one --for running
}

step "fifty at once"
callers=()
for n in $(seq 50); do
    case $((n % 5)) in
    0) words="list" ;;
    1) words="start one" ;;
    2) words="wait one --for running" ;;
    3) words="info one" ;;
    4) words="instance create new$n --os empty --ram 64 -s 64M" ;;
    esac
    # shellcheck disable=SC2086  # words are meant
    "$PGSUP" -q $words >"$WORK/call.$n" 2>&1 &
    callers+=($!)
done
failed=0
for n in $(seq 50); do
    wait "${callers[n - 1]}" || { failed=$((failed + 1)) && cat "$WORK/call.$n" >&2; }
done
expect_equal "failed calls" $failed 0
expect_equal "instances" "$("$PGSUP" instance list -q | grep -c '^new')" 10
expect_well

cat >"$WORK/clients.py" <<'END'
import json, random, socket, sys, time
path, kind = sys.argv[1:]
def connect():
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    client.settimeout(30)
    return client
def ends(client):
    try:
        while client.recv(65536):
            pass
    except ConnectionError:
        pass
    return True
if kind == "silent":
    began = time.monotonic()
    assert ends(connect())
    assert 9 < time.monotonic() - began < 25
elif kind == "dribbles":
    client = connect()
    client.sendall(b'{"jsonrpc": "2.0", "id": 1, "method": "hello"}\n')
    client.recv(65536)
    client.settimeout(1)
    began = time.monotonic()
    try:
        while time.monotonic() - began < 60:
            client.send(b"{")
            try:
                if not client.recv(65536):
                    break
            except socket.timeout:
                pass
    except ConnectionError:
        pass
    assert 9 < time.monotonic() - began < 45
elif kind == "greedy":
    client = connect()
    request = {"jsonrpc": "2.0", "id": 1, "method": "wait", "params": {"name": "one", "for": "ready"}}
    client.setblocking(False)
    left, got = (json.dumps(request) + "\n").encode() * 5000, b""
    until = time.monotonic() + 60
    while time.monotonic() < until and b"at most 4096 requests" not in got:
        try:
            left = left[client.send(left):]
        except BlockingIOError:
            time.sleep(0.01)
        try:
            got = got[-1000:] + client.recv(65536)
        except BlockingIOError:
            pass
    assert b"at most 4096 requests" in got, got[-1000:]
elif kind == "garbage":
    chance = random.Random(1)
    for text in (b"\x00\xff\n", b"{}\n", b"[]\n", b'{"jsonrpc": "2.0", "id": 1, "method": 7}\n',
                 b"GET / HTTP/1.1\r\n\r\n", bytes(chance.randrange(256) for _ in range(5000)) + b"\n"):
        client = connect()
        client.sendall(text)
        reply = json.loads(client.makefile().readline())
        assert reply["error"]["message"], reply
        client.close()
    client = connect()
    try:
        for _ in range(100):
            client.sendall(b"x" * 65536) # never a line end
    except OSError:
        pass
    assert ends(client)
elif kind == "leaves":
    client = connect()
    request = {"jsonrpc": "2.0", "id": 1, "method": "start", "params": {"name": "two", "wait": True}}
    client.sendall(json.dumps(request).encode() + b"\n")
    client.recv(1)
    client.close()
elif kind == "many":
    clients = [connect() for _ in range(256)]
    for client in clients[:10]:
        client.sendall(b'{"jsonrpc": "2.0", "id": 1, "method": "hello"}\n')
        assert b"protocol" in client.recv(65536)
    more = [connect() for _ in range(20)]
    assert all(ends(each) for each in more) # there is no room
    print("full", flush=True)
    sys.stdin.read()
END

step "one that says nothing, or a byte now and then, is let go after 10 s"
python3 "$WORK/clients.py" "$control" dribbles &
dribbles=$!
python3 "$WORK/clients.py" "$control" silent || fail "the silent client"
wait $dribbles || fail "the one that dribbles"
expect_well

step "one that asks for more than all together is told so"
python3 "$WORK/clients.py" "$control" greedy || fail "the greedy client"
expect_well

step "nonsense is answered with a sentence"
python3 "$WORK/clients.py" "$control" garbage || fail "the client that talks nonsense"
expect_well

step "one that goes in the middle of start --wait: the VM starts all the same"
python3 "$WORK/clients.py" "$control" leaves
wait_state two booting
expect_well

step "more than there is room for"
mkfifo "$WORK/hold"
python3 "$WORK/clients.py" "$control" many <"$WORK/hold" >"$WORK/many" &
many=$!
exec 9>"$WORK/hold"
wait_until 20 grep -q full "$WORK/many"
for command in list "stop one" "wait one"; do
    # shellcheck disable=SC2086  # words are meant
    expect_fail 1 "the supervisor has all the 256 clients it takes" "$PGSUP" $command
done
exec 9>&-
wait $many || fail "the many clients"
wait_state one booting # as soon as it has seen them go
expect_well
quietly stop -f --all
end_supervisor
expect_no_process
