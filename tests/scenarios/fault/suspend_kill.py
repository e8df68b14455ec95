"""Kills the supervisor, or the QEMU that it talks to, at one call after the other while memory goes
to disk and while it comes back: usage: suspend_kill.py PGSUP HOME LIBRARY PLACES FIRMWARE"""
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time

PGSUP, HOME, LIBRARY, PLACES, FIRMWARE = *sys.argv[1:4], int(sys.argv[4]), sys.argv[5]
FOLDER = os.path.join(HOME, "instances", "test")
WORK = os.path.dirname(HOME)
LOG, PLAN, UP_LOG = (os.path.join(WORK, name) for name in ("calls", "plan", "up.log"))
AS_ROOT = ["--as-root"] if os.geteuid() == 0 else []
# aarch64: at its boot it writes the counter to 0x40100000 and "B" to the console, and then sleeps.
PROGRAM = [0xD2A80200, 0xD53BE041, 0xF9000001, 0xD2A12002, 0x52800843, 0xB9000043, 0xD503207F, 0x17FFFFFF]
SETTLED = {"stopped", "failed", "suspended", "running", "booting", "paused"}
faults, places_seen, supervisor = 0, 0, None


def pgsup(*words):
    return subprocess.run([PGSUP, "-q", *words], text=True, capture_output=True, timeout=120, check=False)


def well(*words):
    ran = pgsup(*words)
    if ran.returncode != 0:
        raise SystemExit(f"{words}: {ran.stderr}")
    return ran.stdout


def complain(what):
    global faults
    faults += 1
    print(what, file=sys.stderr)


def until(condition, what):
    end = time.monotonic() + 60
    while not (value := condition()):
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain: {what}")
        time.sleep(0.02)
    return value


def contents(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def state():
    return [row["state"] for row in json.loads(well("list", "--json")) if row["name"] == "test"][0]


def settle(wanted=None):
    """Its state when nothing goes on by itself any more, and its process, if there is one, is known: a
    QEMU tells of itself a moment after its start."""
    until(lambda: not qemu() or state() not in ("suspended", "stopped", "failed"), "its QEMU is not adopted")
    return until(lambda: (now := state()) in (wanted or SETTLED) and now, f"{state()}, not {wanted or SETTLED}")


def qemu():
    """The process of the VM; 0: none."""
    for word in os.listdir("/proc"):
        try:
            with open(f"/proc/{word}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except (OSError, NotADirectoryError):
            continue
        if word.isdigit() and b"qemu-system" in words[0] and FOLDER.encode() in b" ".join(words):
            return int(word)
    return 0


def begin(victim=0):
    """A supervisor; at the call that arm() says, it or the victim is killed."""
    global supervisor
    before = contents(UP_LOG).count("supervising")
    extra = {"LD_PRELOAD": LIBRARY, "FAULT_PLAN": PLAN, "FAULT_LOG": LOG, "FAULT_SIGNAL": "9",
             "FAULT_VICTIM": str(victim)}
    with open(UP_LOG, "a", encoding="utf-8") as log:
        supervisor = subprocess.Popen([PGSUP, "up", *AS_ROOT], stdout=log, stderr=log,
                                      stdin=subprocess.DEVNULL, env={**os.environ, **extra})
    until(lambda: contents(UP_LOG).count("supervising") > before, "a supervisor")


def end():
    supervisor.kill()
    supervisor.wait()


def arm(place):
    with open(PLAN, "w", encoding="ascii") as file:
        file.write(f"write {place} 1")
    before = contents(LOG).count("armed")
    supervisor.send_signal(signal.SIGUSR2)
    until(lambda: contents(LOG).count("armed") > before, "an armed supervisor")


def counted():
    """How many calls there were since arm(0)."""
    before = contents(LOG).count("armed")
    supervisor.send_signal(signal.SIGUSR2)
    until(lambda: contents(LOG).count("armed") > before, "a count")
    return int(re.findall(r"calls (\d+)", contents(LOG))[-1])


def places(calls):
    return range(1, calls + 1) if PLACES >= calls else [
        1 + (2 * i + 1) * calls // (2 * PLACES) for i in range(PLACES)]


def boots():
    lines = contents(os.path.join(FOLDER, "console.log")).splitlines()
    return sum(line.count("B") for line in lines if not line.startswith("---"))


def in_memory():
    return well("qmp", "test", "human-monitor-command", '{"command-line": "xp /1gx 0x40100000"}')


def snapshots(disk):
    said = subprocess.run(["qemu-img", "info", "-U", "--output=json", os.path.join(FOLDER, disk + ".qcow2")],
                          text=True, capture_output=True, check=True).stdout
    return len(json.loads(said).get("snapshots", []))


def is_running():
    """The first connection to its monitor may meet an event of its start in place of a greeting."""
    return '"running": true' in pgsup("qmp", "test", "query-status").stdout


def wake(where, known, may_boot=False):
    """It runs with what it had in its memory, or has booted where it may; its disks hold nothing then."""
    mark, before = known
    if state() not in ("running", "booting"):
        well("start", "test")
    until(is_running, f"{where}: it stands still")
    if may_boot: # its console is written a moment after it runs
        until(lambda: boots() > before or (may_boot != "must" and in_memory() == mark), f"{where}: its boot or its memory")
    booted = boots() - before
    if booted and not may_boot:
        complain(f"{where}: it has booted")
    if not booted and may_boot != "must" and in_memory() != mark:
        complain(f"{where}: its memory is another")
    if snapshots("os") or snapshots("disk-data"):
        complain(f"{where}: its disks hold {snapshots('os')} and {snapshots('disk-data')} snapshots")


def known():
    """What tells a guest that goes on from one that has booted."""
    if state() not in ("running", "booting"):
        well("start", "test")
    until(is_running, "a guest that runs")
    until(lambda: " 0x0000000000000000" not in in_memory() and boots(), "its mark")
    return in_memory(), boots()


def supervisor_killed(word):
    global places_seen
    begin()
    known()
    if word == "start":
        well("suspend", "test")
    arm(0)
    well(word, "test")
    calls = counted()
    settle()
    for place in places(calls):
        first = known()
        if word == "start":
            well("suspend", "test")
        arm(place)
        pgsup(word, "test")
        end()
        begin()
        now = settle()
        if now in ("failed", "paused"):
            complain(f"{word}, supervisor killed at write {place} of {calls}: {now}")
        wake(f"{word}, supervisor killed at write {place} of {calls}", first)
        places_seen += 1
    end()


def qemu_killed_saving():
    global places_seen
    begin(1 << 22)
    known()
    arm(0)
    well("suspend", "test")
    calls = counted()
    end()
    for place in places(calls):
        begin()
        first = known()
        process = qemu()
        end()
        begin(process)
        settle({"running"})
        arm(place)
        pgsup("suspend", "test")
        try:
            os.kill(process, signal.SIGKILL)  # a call less than was counted
        except ProcessLookupError:
            pass
        now = settle({"failed", "stopped", "suspended"})
        wake(f"suspend, QEMU killed at write {place} of {calls}", first, may_boot=now != "suspended")
        places_seen += 1
        end()


def qemu_killed_loading():
    """Some time after its start: what it had not removed from the disks yet is loaded by the next."""
    global places_seen
    begin()
    for place in range(min(PLACES, 40)):
        first = known()
        well("suspend", "test")
        with subprocess.Popen([PGSUP, "-q", "start", "test"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as start:
            process = until(qemu, "a QEMU")
            time.sleep(0.4 * place / min(PLACES, 40))
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
            start.wait()
        now = settle({"failed", "stopped", "suspended"})
        wake(f"start, QEMU killed {place}", first, may_boot=now != "suspended")
        places_seen += 1
    end()


with open(FIRMWARE, "wb") as image:
    image.write(b"".join(struct.pack("<I", word) for word in PROGRAM))
supervisor_killed("suspend")
supervisor_killed("start")
qemu_killed_saving()
qemu_killed_loading()
begin()
well("stop", "-f", "test")
end()
print(f"{places_seen} places")
sys.exit(faults != 0)
