"""Gives guests addresses by DHCP, for what stands in for networks of macOS: frames in, frames out."""

import struct

SERVER, MASK = bytes([192, 168, 105, 1]), bytes([255, 255, 255, 0])
SERVER_MAC = b"\x52\x55\x00\x00\x00\x01"
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


def answer_neighbour(frame):
    """The frame in which the host answers an ARP request for it, or an ICMP echo; None."""
    kind = frame[12:14]
    if kind == b"\x08\x06" and frame[20:22] == b"\0\1" and frame[38:42] == SERVER:
        told = frame[14:20] + b"\0\2" + SERVER_MAC + SERVER + frame[22:32]
        return frame[6:12] + SERVER_MAC + kind + told
    if kind == b"\x08\0" and frame[23] == 1 and frame[34] == 8 and frame[30:34] == SERVER:
        echo = b"\0\0\0\0" + frame[38:]
        echo = echo[:2] + struct.pack("!H", checksum(echo + bytes(len(echo) % 2))) + echo[4:]
        return frame[6:12] + SERVER_MAC + frame[12:26] + SERVER + frame[26:30] + echo
    return None


def source_of(frame):
    """The IPv4 address that a frame of ARP or IPv4 comes from; None."""
    if frame[12:14] == b"\x08\x06":
        return frame[28:32]
    return frame[26:30] if frame[12:14] == b"\x08\0" else None
