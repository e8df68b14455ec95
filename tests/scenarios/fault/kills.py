"""What kills a command, or the QEMU that it talks to, at one call after the other: for scripts whose
usage is PGSUP HOME LIBRARY PLACES."""
import json
import os
import signal
import subprocess
import sys
import time

PGSUP, HOME, LIBRARY, PLACES = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
FOLDER = os.path.join(HOME, "instances", "test")
UNFINISHED = os.path.join(FOLDER, ".unfinished")
DISKS = ["os", "disk-data"]
LOG = os.path.join(HOME, "..", "calls")
KINDS = ("write", "spawn", "sqlite")
faults = []


def complain(what):
    faults.append(what)
    print(what, file=sys.stderr)


# --- pgsup ---

def pgsup(*words, **extra):
    environment = {**os.environ, **extra}
    return subprocess.run([PGSUP, "-q", *words], env=environment, text=True, capture_output=True,
                          timeout=60, check=False, stdin=subprocess.DEVNULL)


def well(*words):
    ran = pgsup(*words)
    if ran.returncode != 0:
        raise SystemExit(f"{words}: {ran.stderr}")
    return ran.stdout


def state():
    rows = json.loads(well("list", "--json"))
    return [row["state"] for row in rows if row["name"] == "test"][0]


def wait(wanted):
    for _ in range(400):
        if state() in wanted:
            return
        time.sleep(0.05)
    raise SystemExit(f"test is {state()}, not {wanted}")


def qemu():
    return json.loads(well("info", "test", "--json"))["pid"]


def end(process):
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass


# --- disks that no QEMU has ---

def path(disk, name="test"):
    return os.path.join(HOME, "instances", name, disk + ".qcow2")


def io(disk, command, name="test"):
    return subprocess.run(["qemu-io", "-f", "qcow2", "-c", command, path(disk, name)], text=True,
                          capture_output=True, check=False).stdout


def write(values):
    for disk, value in zip(DISKS, values):
        io(disk, f"write -P {value} 0 64k")


def holds(values, name="test"):
    return all("read 65536/65536" in said and "verification failed" not in said
               for said in (io(disk, f"read -P {value} 0 64k", name)
                            for disk, value in zip(DISKS, values)))


def told_to_guest():
    """Whether the seed drive is of the instance-id that the store has."""
    wanted = json.loads(well("instance", "get", "test", "--json"))["instance_id"]
    with open(os.path.join(FOLDER, "cloud-init.img"), "rb") as drive:
        return wanted.encode() in drive.read()


def check_by_hand(where, whole):
    """vm.sh starts nothing of which half is of another time."""
    if not os.path.exists(UNFINISHED):
        if not whole():
            complain(f"{where}: vm.sh would start half of a restore")
        return
    ran = subprocess.run(["bash", os.path.join(FOLDER, "vm.sh")], text=True, capture_output=True,
                         timeout=20, check=False, stdin=subprocess.DEVNULL)
    if ran.returncode != 3 or "is not complete: `pgsup snapshot list test`" not in ran.stderr:
        complain(f"{where}: vm.sh: status {ran.returncode}: {ran.stderr}")


# --- the faults ---

def count(kind, words):
    if os.path.exists(LOG):
        os.remove(LOG)
    ran = pgsup(*words, LD_PRELOAD=LIBRARY, FAULT_CALL=kind, FAULT_NTH="0", FAULT_LOG=LOG)
    if ran.returncode != 0:
        raise SystemExit(f"{words}: {ran.stderr}")
    with open(LOG, encoding="ascii") as log:
        return int([line for line in log if line.startswith("calls ")][-1].split()[1])


def places(calls, wanted=PLACES):
    return range(1, calls + 1) if wanted >= calls else [
        1 + i * (calls - 1) // max(wanted - 1, 1) for i in range(wanted)]


def kill(words, kind, place, victim=0):
    return pgsup(*words, LD_PRELOAD=LIBRARY, FAULT_CALL=kind, FAULT_NTH=str(place),
                 FAULT_SIGNAL="9", FAULT_VICTIM=str(victim))


def kill_each(name, operation, victim=None, wanted=PLACES):
    """operation: before(), the words, check(where, ran), after(). victim: finds another process."""
    before, words, check, after = operation
    total = 0
    for kind in KINDS:
        before()
        calls = count(kind, words())
        check(f"{name} {kind}", None)
        after()
        for place in places(calls, wanted):
            before()
            process = victim() if victim else 0
            ran = kill(words(), kind, place, process)
            where = f"{name}, killed at {kind} {place} of {calls}"
            if not victim and ran.returncode not in (0, -9):  # a call less than was counted
                complain(f"{where}: status {ran.returncode}: {ran.stderr}")
            if victim:
                end(process)  # a call less than was counted
                wait(["failed", "stopped"])
                if ran.returncode != 0 and len(ran.stderr.splitlines()) != 1:
                    complain(f"{where}: not one sentence: {ran.stderr}")
            check(where, ran)
            after()
            total += 1
            if victim:
                well("start", "test")
    print(f"{name}: {total} places")
