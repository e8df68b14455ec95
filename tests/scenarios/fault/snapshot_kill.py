"""Kills commands on snapshots, or the QEMU that they talk to, at one call after the other, and looks
whether what is left agrees: usage: snapshot_kill.py PGSUP HOME LIBRARY PLACES"""
import json
import os
import signal
import subprocess
import sys
import time

PGSUP, HOME, LIBRARY, PLACES = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
FOLDER = os.path.join(HOME, "instances", "test")
DISKS = ["os", "disk-data"]
LOG = os.path.join(HOME, "..", "calls")
faults = 0


def pgsup(*words, **extra):
    environment = {**os.environ, **extra}
    return subprocess.run([PGSUP, "-q", *words], env=environment, text=True, capture_output=True,
                          timeout=60, check=False)


def well(*words):
    ran = pgsup(*words)
    if ran.returncode != 0:
        raise SystemExit(f"{words}: {ran.stderr}")
    return ran.stdout


def path(disk):
    return os.path.join(FOLDER, disk + ".qcow2")


def io(disk, command):
    return subprocess.run(["qemu-io", "-f", "qcow2", "-c", command, path(disk)], text=True,
                          capture_output=True, check=False).stdout


def write(values):
    for disk, value in zip(DISKS, values):
        io(disk, f"write -P {value} 0 64k")


def holds(values):
    return all("verification failed" not in io(disk, f"read -P {value} 0 64k")
               for disk, value in zip(DISKS, values))


def in_disk(disk):
    said = subprocess.run(["qemu-img", "info", "-U", "--output=json", path(disk)], text=True,
                          capture_output=True, check=True).stdout
    return sorted(each["name"] for each in json.loads(said).get("snapshots", []))


def complain(what):
    global faults
    faults += 1
    print(what, file=sys.stderr)


def agree(where):
    """Completes or undoes what was begun, and looks at all that is left. Its names."""
    listed = pgsup("snapshot", "list", "test", "--json")
    if listed.returncode != 0 or listed.stderr:
        complain(f"{where}: list: {listed.stderr}")
    rows = json.loads(listed.stdout or "[]")
    names = sorted(row["name"] for row in rows)
    if any(row["state"] != "kept" for row in rows):
        complain(f"{where}: {[(row['name'], row['state']) for row in rows]}")
    for disk in DISKS:
        if in_disk(disk) != names:
            complain(f"{where}: {disk} has {in_disk(disk)}, the store {names}")
    folder = os.path.join(FOLDER, "snapshots")
    if sorted(os.listdir(folder)) != names:
        complain(f"{where}: the folder has {os.listdir(folder)}, the store {names}")
    return names


def state():
    rows = json.loads(well("list", "--json"))
    return [row["state"] for row in rows if row["name"] == "test"][0]


def qemu():
    return json.loads(well("info", "test", "--json"))["pid"]


def wait(wanted):
    for _ in range(200):
        if state() in wanted:
            return
        time.sleep(0.05)
    raise SystemExit(f"test is {state()}, not {wanted}")


def end(process):
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass


def count(kind, words):
    if os.path.exists(LOG):
        os.remove(LOG)
    pgsup(*words, LD_PRELOAD=LIBRARY, FAULT_CALL=kind, FAULT_NTH="0", FAULT_LOG=LOG)
    with open(LOG, encoding="ascii") as log:
        return int([line for line in log if line.startswith("calls ")][-1].split()[1])


def places(calls):
    return range(1, calls + 1) if PLACES >= calls else [
        1 + i * (calls - 1) // max(PLACES - 1, 1) for i in range(PLACES)]


def clear():
    well("snapshot", "remove", "test", "--all")


def a_kept():
    write([1, 2])
    well("snapshot", "create", "test", "s1")
    write([3, 4])


def check_restored(where, names):
    if not holds([1, 2]) and not holds([3, 4]):
        complain(f"{where}: half of it is restored")
    if "s1" not in names:
        complain(f"{where}: the snapshot is gone")


def nothing(*_):
    pass


OPERATIONS = {
    "create": (nothing, ["snapshot", "create", "test", "s2"], nothing),
    "remove": (a_kept, ["snapshot", "remove", "test", "s1"], nothing),
    "restore": (a_kept, ["snapshot", "restore", "test", "s1"], check_restored),
}
LIVE = {"create": OPERATIONS["create"],
        "remove": (lambda: well("snapshot", "create", "test", "s1"),
                   ["snapshot", "remove", "test", "s1"], nothing)}


def kill_each(name, operation, victim):
    before, words, check = operation
    total = 0
    for kind in ("write", "spawn", "sqlite"):
        before()
        calls = count(kind, words)
        agree(f"{name} {kind}")
        clear()
        for place in places(calls):
            before()
            process = victim() if victim else 0
            ran = pgsup(*words, LD_PRELOAD=LIBRARY, FAULT_CALL=kind, FAULT_NTH=str(place),
                        FAULT_SIGNAL="9", FAULT_VICTIM=str(process))
            where = f"{name}, killed at {kind} {place} of {calls}"
            if not victim and ran.returncode not in (0, -9):  # a call less than was counted
                complain(f"{where}: status {ran.returncode}: {ran.stderr}")
            if victim:
                end(process)  # a call less than was counted
                wait(["failed", "stopped"])
                if ran.returncode != 0 and len(ran.stderr.splitlines()) != 1:
                    complain(f"{where}: not one sentence: {ran.stderr}")
            check(where, agree(where))
            clear()
            total += 1
            if victim:
                well("start", "test")
    print(f"{name}: {total} places")


for title, each in OPERATIONS.items():
    kill_each(f"{title}, stopped", each, None)
well("start", "test")
for title, each in LIVE.items():
    kill_each(f"{title}, running", each, None)
for title, each in LIVE.items():
    kill_each(f"{title}, QEMU", each, qemu)
well("stop", "-f", "test")

# A start completes it too.
a_kept()
for place in range(1, 20):  # the first ones look at the disks
    agree(f"before place {place}")
    write([3, 4])
    done = pgsup("snapshot", "restore", "test", "s1", "--no-safety", LD_PRELOAD=LIBRARY,
                 FAULT_CALL="spawn", FAULT_NTH=str(place), FAULT_SIGNAL="9")
    if done.returncode != -9:
        complain(f"the restore was not killed: {done.stderr}")
    if done.returncode != -9 or not holds([3, 4]):
        break
if holds([1, 2]) or holds([3, 4]):
    complain("the restore was killed at another place than between its disks")
well("start", "test")
well("stop", "-f", "test")
if not holds([1, 2]):
    complain("the start has not completed the restore")
agree("after a start")
sys.exit(faults != 0)
