"""Rows of what is done to one VM or its disks: events, snapshots, backups, creation beside others. Linux."""
import glob
import os
import select
import shutil
import socket
import subprocess
import sys
import time

from homes import Home, run

DATA_MIB = 128  # that differ from the image
WAIT_S = 30


def timed(words, environment=None):
    began = time.perf_counter()
    run(*words, env=environment)
    return (time.perf_counter() - began) * 1000


class Reader:
    """QEMU's second monitor, read and spoken to without pgsup."""

    def __init__(self, home, name):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(glob.glob(f"{home.run_folder()}/**/{name}.*.mon", recursive=True)[0])
        self.file = self.socket.makefile("rw")
        if "QMP" not in self.file.readline():
            sys.exit("bench: QEMU's second monitor does not answer")
        self.tell("qmp_capabilities")

    def tell(self, command):
        self.file.write(f'{{"execute": "{command}"}}\n')
        self.file.flush()

    def close(self):
        self.file.close()
        self.socket.close()


def next_line(poller, texts, wanted, began):
    """When each of the two said its word, in milliseconds."""
    seen = {}
    while len(seen) < len(wanted):
        ready = poller.poll(WAIT_S * 1000)
        now = (time.perf_counter() - began) * 1000
        if not ready:
            sys.exit(f"bench: no event: {texts}")
        for fd, _ in ready:
            got = os.read(fd, 65536)
            if not got:
                sys.exit("bench: the end of the events")
            texts[fd] += got
            if fd not in seen and wanted[fd] in texts[fd]:
                seen[fd] = now
                texts[fd] = b""
    return seen


def events(home, table, count):
    """From QMP's event to the line of `events --follow`, and to a reader of the second monitor."""
    if not table.wants("event"):
        return
    reader = Reader(home, "vm1")
    follow = subprocess.Popen(home.words("events", "--follow", "vm1", "-n", "1"), env=home.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    raw, own = reader.socket.fileno(), follow.stdout.fileno()
    poller, texts, rows = select.poll(), {raw: b"", own: b""}, []
    for fd in texts:
        poller.register(fd, select.POLLIN)
    time.sleep(1)
    for fd, _ in poller.poll(0):
        os.read(fd, 65536)  # what happened before
    for number in range(count):
        command, event, word = (("stop", b'"STOP"', b"paused, was"), ("cont", b'"RESUME"', b"running, was"))[number % 2]
        began = time.perf_counter()
        reader.tell(command)
        seen = next_line(poller, texts, {raw: event, own: word}, began)
        rows.append((seen[own], seen[raw]))
        time.sleep(0.05)
    follow.kill()
    follow.wait()
    reader.close()
    own_ms, raw_ms = map(list, zip(*rows))
    table.add("event to `events --follow`", "ms", "reader of the monitor", own_ms, raw_ms)
    above = sorted(a - b for a, b in rows)
    table.add("event: above the reader, p99", "ms", None, [above[round((len(above) - 1) * 0.99)]])


def snapshots(home, table):
    """Of a VM that runs, whose guest has no agent."""
    if not table.wants("snapshot"):
        return
    took = []
    for number in range(table.pairs):
        took.append(timed(home.words("snapshot", "create", "--no-freeze", "vm2", f"s{number}"), home.environment))
        home.do("snapshot", "remove", "vm2", f"s{number}")
    table.add("snapshot of a running VM", "ms", None, took)


def thin_backups(home, table):
    """Of a VM that is off, whose disk has DATA_MIB of its own."""
    if not table.wants("backup"):
        return
    home.do("stop", "-f", "vm2")
    disk, target = f"{home.path}/instances/vm2/os.qcow2", f"{home.folder}/converted.qcow2"
    subprocess.run(["qemu-img", "resize", "-q", disk, "1G"], check=True)
    subprocess.run(["qemu-io", "-c", f"write -P 7 0 {DATA_MIB}M", disk], check=True, stdout=subprocess.DEVNULL)
    folder = f"{home.folder}/backups"
    os.makedirs(folder)

    def own():
        took = timed(home.words("backup", "create", "--thin", "vm2", "--to", folder), home.environment)
        for each in os.listdir(folder):
            shutil.rmtree(f"{folder}/{each}")
        return took

    def convert():
        return timed(["qemu-img", "convert", "-O", "qcow2", "-B", f"{home.folder}/empty.qcow2", "-F", "qcow2", disk,
                      target])

    table.alternate("backup, thin", "qemu-img convert -B", own, convert, 5)
    table.alternate("backup, thin, on the disk", "convert -B && sync", own,
                    lambda: convert() + timed(["sync", target]), 5)


def create_beside(pgsup, folder, table):
    if not table.wants("create"):
        return
    homes = [Home(pgsup, os.path.join(folder, f"beside{count}"), count) for count in (200, 1)]

    def create(home, number):
        return timed(home.words("instance", "create", f"new{number}", "--os", "empty", "--seed", "http", "-s", "64M"),
                     home.environment)

    rows = [[create(home, number) for home in homes] for number in range(table.pairs)]
    table.add("create beside 200", "ms", "create beside one", *map(list, zip(*rows)))


def one_vm(pgsup, folder, table):
    if not any(table.wants(word) for word in ("event", "snapshot", "backup", "create")):
        return
    create_beside(pgsup, folder, table)
    home = Home(pgsup, os.path.join(folder, "one"), 3)
    home.up()
    try:
        home.do("start", "vm1", "vm2")
        events(home, table, 4 * table.pairs)
        snapshots(home, table)
        thin_backups(home, table)
    finally:
        home.close()
