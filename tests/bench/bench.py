#!/usr/bin/env python3
"""What pgsup costs beside what it stands for: each figure and its peer are taken in turn, in one run.

usage: bench.py PGSUP BUILD-FOLDER [--quick] [--json FILE] [--only ROW,...] [--against PGSUP BUILD-FOLDER]

A row: the median of pgsup's figure and of its peer's, the ratio of each pair (median, and the 10th
and 90th of a hundred of them), and the number of pairs. Judges nothing. A peer that is not installed
leaves its column empty. --quick: fewer pairs, no more than 100 VMs, and no peers that take long. VMs of
rows with a number are of a fake QEMU, the others of a real one whose processor sleeps. --against: an
older program, measured by the same code before each part; the last table has both. A boot needs the image
of PGSUP_TEST_IMAGE. Linux."""
import argparse
import glob
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from at_once import starts_at_once
from boot import boots
from changes import one_vm
from homes import Home, run, wait_for
from peers import beside_libvirt
from seed import seed_server

SYS_WRITE = {"x86_64": 1, "aarch64": 64}.get(platform.machine())
REST_S = 11  # what has just happened is looked at, and its memory kept, for so long
EMPTY = """#include <jansson.h>
#include <sqlite3.h>
#include <uv.h>
int main(void) { return !json_null() || !sqlite3_libversion() || !uv_version_string(); }
"""


class Table:
    def __init__(self, pairs, only, name="pgsup"):
        self.pairs, self.only, self.rows, self.name = pairs, only, [], name
        self.seconds = {}  # of each part

    def head(self):
        print(f"{'':40}{self.name:>10}{'peer':>10}  {'ratio':>6}  (10 %..90 %)     pairs  peer")

    def wants(self, name):
        return not self.only or any(name.startswith(word) for word in self.only)

    def add(self, name, unit, peer, own, others=None):
        row = {"name": name, "unit": unit, "peer": peer, "pgsup": statistics.median(own), "pairs": len(own)}
        shown = f"{'-':>10}"
        if others:
            row["peer_figure"] = statistics.median(others)
            shown = f"{row['peer_figure']:10.2f}"
        ratios = sorted(a / b for a, b in zip(own, others or []) if b)
        if ratios:
            at = [ratios[round((len(ratios) - 1) * part)] for part in (0.1, 0.5, 0.9)]
            row.update(ratio=at[1], ratio_10=at[0], ratio_90=at[2])
            shown += f"  {at[1]:6.2f}  ({at[0]:.2f}..{at[2]:.2f})"
        self.rows.append(row)
        older = "" if self.name == "pgsup" else f" ({self.name})"
        print(f"{name + ', ' + unit + older:40}{row['pgsup']:10.2f}{shown:34}{len(own):6}  {peer or ''}", flush=True)

    def alternate(self, name, peer, own, other, pairs=None):
        """own and other: called in turn, each returns milliseconds; other None: there is no peer."""
        if not self.wants(name):
            return
        mine, theirs = [], []
        for _ in range(pairs or self.pairs):
            mine.append(own())
            if other:
                theirs.append(other())
        self.add(name, "ms", peer, mine, theirs)


def timed(words, environment=None):
    began = time.perf_counter()
    done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    took = (time.perf_counter() - began) * 1000
    if done.returncode:
        sys.exit(f"bench: {' '.join(words)[:200]}: {done.stderr.decode()[-300:]}")
    return took


class Bare:
    """QEMU by the command line of a VM of pgsup's, without pgsup: spawned, and told to run."""

    def __init__(self, home, name):
        pid = glob.glob(f"{home.path}/run/{name}.*.pid")[0]
        with open(pid, encoding="ascii") as file, open(f"/proc/{file.read().strip()}/cmdline", "rb") as words:
            line = words.read().decode().split("\0")[:-1]
        self.folder = os.path.join(home.folder, "bare")
        os.makedirs(f"{self.folder}/s", exist_ok=True)  # as pgsup's run folder has it
        self.words = [word.replace(f"{home.path}/run", self.folder) for word in line]
        self.process, self.log = None, open(f"{self.folder}/log", "w+b")

    def command(self, file, text):
        file.write(f'{{"execute": "{text}"}}\n')
        file.flush()
        while "return" not in (line := file.readline()):
            if not line:
                return

    def start(self):
        began = time.perf_counter()
        sockets = []
        for number in range(2):
            path = f"{self.folder}/{number}.sock"
            if os.path.exists(path):
                os.unlink(path)
            one = socket.socket(socket.AF_UNIX)
            one.bind(path)
            one.listen(1)
            sockets.append(os.dup(one.fileno()))
            one.close()
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$@" 3<&{sockets[0]} 4<&{sockets[1]}', "sh", *self.words],
            pass_fds=sockets, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for each in sockets:
            os.close(each)
        monitor = socket.socket(socket.AF_UNIX)
        monitor.connect(f"{self.folder}/0.sock")
        self.monitor = monitor.makefile("rw")
        monitor.close()
        try:
            self.monitor.readline()
            self.command(self.monitor, "qmp_capabilities")
            self.command(self.monitor, "cont")
        except OSError as problem:
            self.log.seek(0)
            sys.exit(f"bench: bare QEMU: {problem}: {self.log.read().decode()[-300:]}")
        return (time.perf_counter() - began) * 1000

    def quit(self):
        began = time.perf_counter()
        self.command(self.monitor, "quit")
        self.process.wait()
        self.monitor.close()
        return (time.perf_counter() - began) * 1000


def empty_program(folder):
    empty = os.path.join(folder, "empty")
    flags = run("pkg-config", "--cflags", "--libs", "libuv", "sqlite3", "jansson").split()
    with open(empty + ".c", "w", encoding="ascii") as file:
        file.write(EMPTY)
    run("cc", "-O2", "-o", empty, empty + ".c", *flags)
    return empty


def real_vms(pgsup, folder, table):
    if not any(table.wants(word) for word in ("version", "start", "stop", "create")):
        return
    home = Home(pgsup, os.path.join(folder, "real"), 3)
    empty = empty_program(folder)
    table.alternate("version", "an empty program, same libraries", lambda: timed(home.words("version")),
                    lambda: timed([empty]))
    home.up()
    try:
        home.do("start", "vm0", "vm1", "vm2")
        home_and_bare(home, table)
        count = iter(range(10000))
        made = lambda: timed([*home.words("instance", "create"), f"new{next(count)}", "--os", "empty", "--seed",
                              "http", "-s", "64M"], home.environment)
        image = lambda: timed(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b",
                               f"{home.folder}/empty.qcow2", f"{home.folder}/new{next(count)}.qcow2"])
        table.alternate("create", "qemu-img create", made, image)
    finally:
        home.close()


def home_and_bare(home, table):
    bare = Bare(home, "vm0")
    home.do("stop", "-f", "vm0")
    own = {"start": [], "stop": []}
    others = {"start": [], "stop": []}
    for _ in range(table.pairs if table.wants("start") or table.wants("stop") else 0):
        own["start"].append(timed(home.words("start", "vm0"), home.environment))
        own["stop"].append(timed(home.words("stop", "-f", "vm0"), home.environment))
        others["start"].append(bare.start())
        others["stop"].append(bare.quit())
    if own["start"]:
        table.add("start", "ms", "bare QEMU, spawn to cont", own["start"], others["start"])
        table.add("stop -f, own", "ms", "bare QEMU, quit", own["stop"], others["stop"])

    def adopted():
        home.do("start", "vm1")
        home.kill()
        home.up()
        return timed(home.words("stop", "-f", "vm1"), home.environment)

    def quit_bare():
        bare.start()
        return bare.quit()

    table.alternate("stop -f, adopted", "bare QEMU, quit", adopted, quit_bare)


def switches(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt"))
    return total


def cpu_ms(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0]) / 1e6
    return total


def pss_mb(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024


def idle(home, table, count, seconds):
    pid = home.process.pid
    time.sleep(REST_S)
    before = switches(pid), cpu_ms(pid)
    time.sleep(seconds)
    table.add(f"idle at {count}: wake-ups", "a second", None, [(switches(pid) - before[0]) / seconds])
    table.add(f"idle at {count}: processor", "ms a second", None, [(cpu_ms(pid) - before[1]) / seconds])


def readopt(home, count):
    home.kill()
    began = time.perf_counter()
    home.up()
    wait_for(lambda: home.do("list").count("Running") == count, "adoption")
    return (time.perf_counter() - began) * 1000


def curve(pgsup, fake, folder, table, counts, seconds):
    """What grows with the number of VMs."""
    if not any(table.wants(word) for word in ("list", "start at", "memory", "idle", "adoption")):
        return
    empty = empty_program(folder)
    for count in counts:
        home = Home(pgsup, os.path.join(folder, f"fake{count}"), count + 1, fake)
        home.up()
        try:
            home.start_all(1)
            table.alternate(f"list at {count}", "an empty program", lambda: timed(home.words("list"), home.environment),
                            lambda: timed([empty]))

            def start():
                took = timed(home.words("start", "vm0"), home.environment)
                home.do("stop", "-f", "vm0")
                return took

            table.alternate(f"start at {count}", None, start, None)
            if table.wants("idle"):
                idle(home, table, count, seconds)
            elif table.wants("memory"):
                time.sleep(REST_S)
            if table.wants("memory"):
                table.add(f"memory at {count}, PSS", "MB", None, [pss_mb(home.process.pid)])
            if count and table.wants("adoption"):
                table.add(f"adoption of {count}", "ms", None, [readopt(home, count) for _ in range(3)])
        finally:
            home.close()


def python_decode(rounds=2000):
    """Nanoseconds of a message by qemu.qmp, whose package Debian has not: pip install qemu.qmp; or None."""
    try:
        from qemu.qmp import Message
    except ImportError:
        return None
    event = (b'{"timestamp": {"seconds": 1795472802, "microseconds": 7}, "event": "RTC_CHANGE", '
             b'"data": {"offset": 7, "qom-path": "/machine/rtc"}}\r\n')
    reply = b'{"return": {"status": "running", "singlestep": false, "running": true}, "id": 7}\r\n'
    began = time.perf_counter()
    for _ in range(rounds):
        Message(event)["event"], Message(reply)["return"]
    return (time.perf_counter() - began) * 1e9 / (2 * rounds)


def read_messages(build, *words):
    """Nanoseconds of a message by pgsup and by jansson; None: an older one does not tell."""
    said = run(f"{build}/tests/bench_qmp", *words)
    found = [re.search(pattern, said) for pattern in (r"messages read, ([0-9.]+) ns", r"jansson alone, ([0-9.]+) ns")]
    return [each and float(each.group(1)) for each in found]


def schema_of(folder):
    """What QEMU answers to query-qmp-schema, as a file."""
    words = ["qemu-system-aarch64", "-machine", "none", "-nodefaults", "-display", "none", "-qmp", "stdio"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as qemu:
        qemu.stdin.write('{"execute": "qmp_capabilities"}\n{"execute": "query-qmp-schema"}\n')
        qemu.stdin.flush()
        answer = next(each for each in (json.loads(line).get("return") for line in qemu.stdout)
                      if isinstance(each, list))
        qemu.kill()  # not before: with "quit" behind the question QEMU would not write all of it
    with open(f"{folder}/schema", "w", encoding="utf-8") as file:
        json.dump(answer, file)
    return file.name


def decode(build, folder, table):
    if not table.wants("decode"):
        return
    own, others, python = zip(*[(*read_messages(build, "20", "jansson"), python_decode())
                                for _ in range(table.pairs)])
    if not others[0]:
        table.add("decode of a QMP message", "ns", None, own)
        return
    table.add("decode of a QMP message", "ns", "bare jansson", own, others)
    if python[0]:
        table.add("decode of a QMP message, too", "ns", "Python's qemu.qmp", own, python)
    schema = schema_of(folder)
    pairs = [read_messages(build, "10", "jansson", schema) for _ in range(table.pairs)]
    table.add("decode of query-qmp-schema", "us", "bare jansson",
              *([ns / 1000 for ns in column] for column in zip(*pairs)))


def paged_in(program):
    """Kilobytes of its own file that `version` has mapped when it is about to print: its output is full."""
    ends = os.pipe()
    os.set_blocking(ends[1], False)
    try:
        while os.write(ends[1], b"x" * 4096):
            pass
    except BlockingIOError:
        os.set_blocking(ends[1], True)
    process = subprocess.Popen([program, "version"], stdout=ends[1])
    sleeps = f"/proc/{process.pid}/syscall"  # a number while it waits in a system call
    wait_for(lambda: open(sleeps, encoding="ascii").read().startswith(f"{SYS_WRITE} 0x1 "), "the output of version")
    mapped = 0
    with open(f"/proc/{process.pid}/smaps", encoding="utf-8") as file:
        for line in file:
            if "-" in line.split()[0]:
                own = line.rstrip().endswith(program)
            elif own and line.startswith("Rss:"):
                mapped += int(line.split()[1])
    process.kill()
    process.wait()
    for end in ends:
        os.close(end)
    return mapped


def size(pgsup, folder, table):
    if not table.wants("size"):
        return
    stripped = f"{folder}/stripped"
    run("strip", "-o", stripped, pgsup)
    table.add("size of the program, stripped", "KB", None, [os.path.getsize(stripped) / 1024])
    if SYS_WRITE is not None:
        table.add("size of what `version` pages in", "KB", None, [paged_in(stripped)])


def parts(pgsup, build, own_build, quick):
    """What is measured, each with its name, as a function of a folder and a table."""
    counts = (0, 10, 100) if quick else (0, 10, 100, 300, 1000)
    seconds = 5 if quick else 15  # whole intervals of the supervisor's looks, or one more or less is in the figure
    fake, own_fake = f"{build}/tests/fake-qemu", f"{own_build}/tests/fake-qemu"  # an older one knows no getfd
    yield "size", lambda folder, table: size(pgsup, folder, table)
    yield "decode", lambda folder, table: decode(build, folder, table)
    yield "commands", lambda folder, table: real_vms(pgsup, folder, table)
    yield "one VM", lambda folder, table: one_vm(pgsup, folder, table)
    if not quick:
        yield "libvirt", lambda folder, table: beside_libvirt(pgsup, folder, table, seconds)
    yield "seed server", lambda folder, table: seed_server(pgsup, (own_build, own_fake), folder, table, quick)
    for count in counts:
        yield f"with {count}", lambda folder, table, n=count: curve(pgsup, fake, folder, table, (n,), seconds)
    if not quick:
        yield "40 at once", lambda folder, table: starts_at_once(pgsup, folder, table, (40, None), 10)
        yield "1000 at once", lambda folder, table: starts_at_once(pgsup, folder, table, (1000, fake), 3)
        yield "boot", lambda folder, table: boots(pgsup, folder, table, 2)


def measure(part, table):
    """A part that an older program cannot do is left out of its column."""
    name, function = part
    folder, began = tempfile.mkdtemp(prefix="pgsup-b.", dir="/tmp"), time.monotonic()
    try:
        function(folder, table)
    except (SystemExit, Exception) as problem:  # an older program says other things, or does not know how
        if table.name == "pgsup":
            raise
        print(f"{name}: left out for the older program: {problem}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # what was ended may still be writing
    table.seconds[name] = time.monotonic() - began


def curves(rows):
    """What grows with the number of VMs, a line for each figure."""
    found, counts = {}, []
    for row in rows:
        grown = re.fullmatch(r"(list|start|memory|idle|adoption) (?:at|of) (\d+)(.*)", row["name"])
        if grown:
            word, count, rest = grown.groups()
            found.setdefault(f"{word}{rest}, {row['unit']}", {})[int(count)] = row["pgsup"]
            counts = sorted({*counts, int(count)})
    if not found:
        return
    print(f"\n{'with so many VMs':40}" + "".join(f"{count:>10}" for count in counts))
    for name, figures in found.items():
        print(f"{name:40}" + "".join(f"{figures[count]:10.2f}" if count in figures else f"{'-':>10}"
                                     for count in counts))


def compare(before, after):
    older = {row["name"]: row for row in before.rows}
    print(f"\n{'':40}{'before':>10}{'after':>10}{'ratio':>8}")
    for row in after.rows:
        row["before"] = older.get(row["name"], {}).get("pgsup")
        was = f"{row['before']:10.2f}" if row["before"] is not None else f"{'cannot':>10}"
        was += f"{row['pgsup']:10.2f}"
        ratio = f"{row['pgsup'] / row['before']:8.2f}" if row["before"] else ""
        print(f"{row['name'] + ', ' + row['unit']:40}{was}{ratio}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pgsup")
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--against", nargs=2, type=os.path.abspath)
    parser.add_argument("--only", type=lambda words: words.split(","), default=[])
    options = parser.parse_args()
    build, pairs = os.path.abspath(options.build), 10 if options.quick else 20
    sides = [(Table(pairs, options.only), parts(os.path.abspath(options.pgsup), build, build, options.quick))]
    if options.against:
        sides.insert(0, (Table(pairs, options.only, "before"), parts(*options.against, build, options.quick)))
    sides[-1][0].head()
    for together in zip(*(each for _, each in sides)):
        for (table, _), part in zip(sides, together):
            measure(part, table)
    table = sides[-1][0]
    curves(table.rows)
    if options.against:
        compare(sides[0][0], table)
    seconds = {name: round(sum(each.seconds[name] for each, _ in sides), 1) for name in table.seconds}
    print("\nseconds: " + ", ".join(f"{name} {took:.0f}" for name, took in seconds.items()) +
          f"; together {sum(seconds.values()):.0f}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"seconds": seconds, "rows": table.rows}, file, indent=1)


main()
