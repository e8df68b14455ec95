"""Stands in for vmnet-helper (nirs/vmnet-helper, docs/integration.md): carries frames between the
datagram socket that it is given with --fd and a network. Shared, it gives the guest an address by
DHCP, of the last byte 9 and the like; bridged, it makes a tap device on the Linux bridge that
--shared-interface names.

Usage: vmnet_helper.py NOTES --fd FD [OPTION...], or --list-shared-interfaces. Appends to the file NOTES what it was called with,
and each guest that is given an address. A first word in NOTES.fault has it do wrong: exit, silent,
nonsense, slow, busy, other (network), and "boot N": as before macOS is ready, at the next N starts. NOTES.taken is
the network that others have: without addresses it takes the one after it. If NOTES.strict exists,
only the leased address of a card is answered to, as some say of macOS."""

import argparse
import fcntl
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time

from guest_dhcp import ACK, SERVER_MAC, answer, answer_neighbour, source_of

FRAME_MAX = 65550
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000
# Linux does not tell that the peer of a datagram socket is gone; a frame of the type that is for
# experiments finds out. macOS ends the read.
PROBE = b"\xff" * 6 + SERVER_MAC + b"\x88\xb5" + bytes(46)
PROBE_INTERVAL = 0.5


def parse():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("notes")
    if sys.argv[2:] == ["--list-shared-interfaces"]:
        print('["br0","en0"]')
        sys.exit()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--interface-id", required=True)
    parser.add_argument("--operation-mode", choices=["shared", "bridged", "host"])
    for name in ["shared-interface", "start-address", "end-address", "subnet-mask"]:
        parser.add_argument("--" + name)
    options = parser.parse_args()
    if (options.operation_mode == "bridged") != (options.shared_interface is not None):
        parser.error("shared-interface is for operation-mode=bridged")
    return options


def do_wrong(notes):
    try:
        fault, *more = open(notes + ".fault", encoding="ascii").read().split()
    except (FileNotFoundError, ValueError):
        return
    if fault == "boot" and int(more[0]) > 0:
        with open(notes + ".fault", "w", encoding="ascii") as file:
            file.write("boot %d" % (int(more[0]) - 1))
        fault = "exit"
    elif fault == "boot":
        return
    if fault == "busy":
        print("ERROR [main] vmnet_start_interface: VMNET_SHARING_SERVICE_BUSY", file=sys.stderr)
        sys.exit(1)
    if fault == "exit":
        print("ERROR [main] vmnet_start_interface: VMNET_FAILURE", file=sys.stderr)
        sys.exit(1)
    if fault == "other":
        return
    if fault == "nonsense":
        print("hello", flush=True)
    if fault in ("silent", "nonsense"):
        time.sleep(600)
    time.sleep(8)  # slow


def open_tap(bridge):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    name = "vmnet%d" % os.getpid()
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF_TAP | IFF_NO_PI))
    subprocess.run(["ip", "link", "set", name, "master", bridge, "up"], check=True)
    return tap


class Network:
    def __init__(self, options, note):
        self.note = note
        self.tap = open_tap(options.shared_interface) if options.shared_interface else -1
        self.strict = os.path.exists(options.notes + ".strict")
        self.leased = None

    def take(self, frame, guest):
        if self.tap >= 0:
            os.write(self.tap, frame)
            return
        address = bytes([192, 168, 105, 9 + frame[11] % 200])
        reply, kind = answer(frame, address)
        if not reply and (not self.strict or source_of(frame) == self.leased):
            reply = answer_neighbour(frame)
        if reply:
            guest.send(reply)
        if kind == ACK:
            self.leased = address
            mac = ":".join("%02x" % byte for byte in frame[6:12])
            self.note("%s has %s" % (mac, socket.inet_ntoa(address)))


def describe(options):
    about = {"vmnet_mtu": 1500, "vmnet_max_packet_size": 1514,
             "vmnet_mac_address": "92:5d:08:c7:65:c5"}
    if options.operation_mode != "bridged":
        first = other_network(options.notes) or options.start_address or "192.168.%d.1" % (taken_network(options.notes) + 1)
        about["vmnet_start_address"] = first
        about["vmnet_end_address"] = options.end_address or first.rsplit(".", 1)[0] + ".254"
        about["vmnet_subnet_mask"] = options.subnet_mask or "255.255.255.0"
    return about


def other_network(notes):
    """As a helper that does not do as it is told."""
    try:
        return "192.168.120.1" if open(notes + ".fault", encoding="ascii").read().split() == ["other"] else None
    except FileNotFoundError:
        return None


def taken_network(notes):
    try:
        return int(open(notes + ".taken", encoding="ascii").read())
    except FileNotFoundError:
        return 104


def serve(guest, network):
    wanted = [guest] + ([network.tap] if network.tap >= 0 else [])
    while True:
        ready = select.select(wanted, [], [], PROBE_INTERVAL)[0]
        if guest in ready:
            network.take(guest.recv(FRAME_MAX), guest)
        if network.tap in ready:
            guest.send(os.read(network.tap, FRAME_MAX))
        if not ready:
            guest.send(PROBE)


def main():
    options = parse()
    notes = open(options.notes, "a", encoding="ascii")

    def note(text):
        notes.write("%d %s\n" % (os.getpid(), text))
        notes.flush()

    def leave(*_):
        print("INFO  [main] received signal Terminated", file=sys.stderr)
        note("ends")
        sys.exit(2)

    note("called with " + " ".join(sys.argv[2:]))
    do_wrong(options.notes)
    signal.signal(signal.SIGTERM, leave)
    guest = socket.socket(fileno=options.fd)
    assert guest.family == socket.AF_UNIX and guest.type == socket.SOCK_DGRAM, guest
    network = Network(options, note)
    print(json.dumps(describe(options)), flush=True)
    try:
        serve(guest, network)
    except (ConnectionRefusedError, ConnectionResetError):
        print("INFO  [vm->host] socket was closed by peer", file=sys.stderr)
        note("ends")
        sys.exit(2)


main()
