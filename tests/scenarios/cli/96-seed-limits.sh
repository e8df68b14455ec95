# Goal: no client of the seed server holds it up: whole heads, requests and answers have deadlines that
# no byte puts off, an address and an instance have a share of the connections, and whoever comes last
# gets in.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
new_cloud
new_mini test
new_mini other
expect_ok "$PGSUP" cloud get --json
port=$(json_of 'it["ph_port"]')
start_supervisor

cat >"$WORK/client.py" <<'END'
import selectors, socket, sys, threading, time
port, kind, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
head = "GET %smeta-data HTTP/1.1\r\nHost: x\r\n\r\n" % path

def connect(source="127.0.0.1"):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.bind((source, 0))
    client.settimeout(60)
    client.connect(("127.0.0.1", port))
    return client

def ask(client, text=head):
    client.sendall(text.encode())
    return client.recv(65536)

def open_ones(clients):  # those that the server has not closed; what it sends is dropped
    left = []
    for client in clients:
        client.setblocking(False)
        try:
            while client.recv(65536):
                pass
        except BlockingIOError:
            left.append(client)
        except OSError:
            pass
    return left

def wait_closed(clients, most):  # those that are open when no more than so many are
    end = time.monotonic() + 7  # before a deadline ends them
    while len(open_ones(clients)) > most and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.3)  # for more than is right
    return open_ones(clients)

def dribble(client, began, text, pause, limits):  # the answer to a byte every now and then, and when it came
    client.settimeout(pause)
    got = b""
    for byte in text:
        try:
            client.send(byte.encode())
            got = client.recv(4096)
            break
        except socket.timeout:
            pass
        except OSError:
            break
    took = time.monotonic() - began
    print("%.1f s: %r" % (took, got[:20]))
    if not limits[0] <= took <= limits[1]:
        failed.append("it took %.1f s, expected %s" % (took, limits))

failed = []
if kind == "deadlines":
    began = time.monotonic()
    body = "POST %sphone-home HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n" % path
    slow_body = connect()
    slow_body.sendall(body.encode())
    half = [threading.Thread(target=dribble, args=each) for each in (
        (connect(), began, head + "x" * 100, 1, (9, 25)),
        (connect(), began, "G" * 500, 0.2, (9, 25)),
        (slow_body, began, "x" * 9000, 1, (29, 55)))]
    for each in half:
        each.start()
    deaf = connect()  # asks for much, and never reads
    began = time.monotonic()
    deaf.sendall(head.replace("meta-data", "user-data").encode() * 40)
    deaf.settimeout(1)
    while time.monotonic() - began < 80:
        time.sleep(0.5)
        try:
            deaf.send(b"x")
        except OSError:
            break
    took = time.monotonic() - began
    print("%.1f s: never read" % took)
    if not 29 <= took <= 55:
        failed.append("the deaf client had %.1f s" % took)
    for each in half:
        each.join()
elif kind == "address":
    known = [connect() for _ in range(3)]
    for client in known:
        assert b" 200 " in ask(client)
    others = connect("127.0.0.2") if sys.platform == "linux" else None
    strangers = [connect() for _ in range(40)]
    left = wait_closed(strangers, 16)
    print(len(left), "of 40")
    assert len(left) == 16 and left == strangers[-16:], len(left)
    assert all(b" 200 " in ask(client) for client in known)
    assert not others or b" 200 " in ask(others)
    late = strangers[-1]
    late.settimeout(10)
    assert b" 200 " in ask(late)
elif kind == "instance":
    clients = []
    for _ in range(40):
        clients.append(connect())
        assert b" 200 " in ask(clients[-1])
    left = wait_closed(clients, 16)
    assert left == clients[-16:], len(left)
elif kind == "places":  # 300 of 127.0.0.1 … 127.0.0.20, each with its share
    clients = []
    for n in range(300):
        clients.append(connect("127.0.0.%d" % (1 + n % 20)))
    began = time.monotonic()
    assert b" 200 " in ask(connect("127.0.0.99"))
    print("%.2f s" % (time.monotonic() - began))
    left = wait_closed(clients, 256)
    assert 200 <= len(left) <= 256, len(left)
for text in failed:
    sys.exit(text)
END
client() { # KIND INSTANCE
    run python3 "$WORK/client.py" "$port" "$1" "$(seed_path_of "$2")"
    cat "$OUT"
    expect_equal "status of $1" "$STATUS" 0
}

head -c 200000 /dev/zero | tr '\0' '#' >>"$PGSUP_HOME/instances/test/cloud-init/user-data"

step "a head in 10 s, a request in 30 s, an answer in 30 s, however they dribble"
client deadlines test

step "sixteen for an address without a token; those with one, and other addresses, are not harmed"
client address test

step "sixteen for an instance"
client instance other

if [ "$(uname)" = Linux ]; then
    step "all places taken: the newcomer gets in"
    client places test
fi
end_supervisor
