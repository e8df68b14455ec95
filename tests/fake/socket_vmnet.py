"""Stands in for socket_vmnet: takes QEMU's frames on a Unix socket, each behind its length in four
bytes, the highest first, and gives every guest an address by DHCP.

Usage: socket_vmnet.py SOCKET. Says "listening", then a line for each guest that is given an
address; "bad frame" for what cannot be an Ethernet frame."""

import os
import socket
import struct
import sys
import threading

SERVER, MASK = bytes([192, 168, 105, 1]), bytes([255, 255, 255, 0])
SERVER_MAC = b"\x52\x55\x00\x00\x00\x01"
FRAME_MAX = 65550
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
COOKIE = b"\x63\x82\x53\x63"


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def kind_of(options):
    at = 0
    while at + 2 < len(options) and options[at] != 255:
        if options[at] == 0:
            at += 1
            continue
        if options[at] == 53:
            return options[at + 2]
        at += 2 + options[at + 1]
    return 0


def answer(frame, address):
    """The frame that answers a DHCP request, and its kind; None for any other frame."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 17 or frame[36:38] != b"\x00\x43":
        return None, 0
    request = frame[42:]
    if request[236:240] != COOKIE:
        return None, 0
    kind = {DISCOVER: OFFER, REQUEST: ACK}.get(kind_of(request[240:]), 0)
    if not kind:
        return None, 0
    options = bytes([53, 1, kind, 54, 4]) + SERVER + b"\x01\x04" + MASK
    options += b"\x33\x04" + struct.pack("!I", 3600) + b"\xff"
    body = b"\x02\x01\x06\x00" + request[4:16] + address + SERVER + request[24:28]
    body += request[28:44] + bytes(192) + COOKIE + options
    body += bytes(len(body) % 2)
    udp = struct.pack("!HHHH", 67, 68, 8 + len(body), 0) + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + SERVER + b"\xff" * 4
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return b"\xff" * 6 + SERVER_MAC + b"\x08\x00" + head + udp, kind


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
        threading.Thread(target=serve, args=(link, number), daemon=True).start()


main()
