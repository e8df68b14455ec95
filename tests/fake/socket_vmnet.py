"""Stands in for socket_vmnet: takes QEMU's frames on a Unix socket, each behind its length in four
bytes, the highest first, and gives every guest an address by DHCP.

Usage: socket_vmnet.py SOCKET. Says "listening", then a line for each connection and for each guest
that is given an address; "bad frame" for what cannot be an Ethernet frame."""

import os
import socket
import struct
import sys
import threading

from guest_dhcp import ACK, answer

FRAME_MAX = 65550


def read_exactly(link, length):
    data = b""
    while len(data) < length:
        part = link.recv(length - len(data))
        if not part:
            return None
        data += part
    return data


def serve(link, number):
    while True:
        head = read_exactly(link, 4)
        if head is None:
            break
        (length,) = struct.unpack("!I", head)
        if not 14 <= length <= FRAME_MAX:
            print("bad frame", length, flush=True)
            break
        frame = read_exactly(link, length)
        if frame is None:
            break
        address = bytes([192, 168, 105, 9 + number])
        reply, kind = answer(frame, address)
        if reply:
            link.sendall(struct.pack("!I", len(reply)) + reply)
        if kind == ACK:
            mac = ":".join("%02x" % byte for byte in frame[6:12])
            print("guest %d %s has %s" % (number, mac, socket.inet_ntoa(address)), flush=True)
    link.close()


def main():
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(sys.argv[1]):
        os.unlink(sys.argv[1])
    listener.bind(sys.argv[1])
    listener.listen()
    print("listening", flush=True)
    number = 0
    while True:
        link = listener.accept()[0]
        number += 1
        print("connection", number, flush=True)
        threading.Thread(target=serve, args=(link, number), daemon=True).start()


main()
