#!/usr/bin/env python3
"""What a hostile client does to the seed server on 127.0.0.1, until its standard input ends.

flood.py PORT slow N     holds N connections, each of which sends a byte of a request every 2 s and
                         is made again when the server ends it
flood.py PORT fast N [TARGET]  N connections ask for what is not there, or for the target, as fast
                         as they are answered
At the end it prints how many connections the server ended, or how many requests it answered."""
import selectors
import socket
import sys
import threading
import time

port, kind, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
target = sys.argv[4] if len(sys.argv) > 4 else "/seed/" + "0" * 32 + "/meta-data"
ending = threading.Event()
done = [0] * count


def connect():
    client = socket.create_connection(("127.0.0.1", port), 10)
    client.setblocking(False)
    return client


def slow():
    selector = selectors.DefaultSelector()
    text = b"GET /seed/" + b"x" * 4000
    clients, ended, sent = {}, 0, 0
    due = time.monotonic()
    while not ending.is_set():
        while len(clients) < count:
            try:
                client = connect()
            except OSError:
                break
            clients[client] = 0
            selector.register(client, selectors.EVENT_READ)
        for key, _ in selector.select(0.2):
            try:
                gone = not key.fileobj.recv(4096)
            except OSError:
                gone = True
            if gone:
                selector.unregister(key.fileobj)
                del clients[key.fileobj]
                key.fileobj.close()
                ended += 1
        if time.monotonic() >= due:
            due += 2
            sent += 1
            for client in clients:
                try:
                    client.send(text[clients[client]:clients[client] + 1])
                    clients[client] += 1
                except OSError:
                    pass
    return ended


def fast(index):
    request = ("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % target).encode()
    client = None
    while not ending.is_set():
        try:
            client = client or socket.create_connection(("127.0.0.1", port), 10)
            client.sendall(request)
            if not client.recv(65536):
                raise ConnectionError
            done[index] += 1
        except OSError:
            client and client.close()
            client = None


threading.Thread(target=lambda: (sys.stdin.read(), ending.set()), daemon=True).start()
if kind == "slow":
    print(slow())
else:
    workers = [threading.Thread(target=fast, args=(i,)) for i in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(sum(done))
