"""Kills the supervisor of a home with SIGKILL at random moments while its VMs start, stop and
pause, and compares after each kill what the next supervisor says with what is really there.

usage: chaos.py PGSUP HOME KILLS SEED
"""
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time

AS_ROOT = ["--as-root"] if os.geteuid() == 0 else []  # a home of root's own
PGSUP, HOME, KILLS, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
INSTANCES = 10
SETTLE_S = 90  # a VM whose supervisor died in mid-launch is found by a scan every 5 s; a busy computer takes longer
COMMAND_S = 60  # no command hangs, whatever happens to the supervisor
HARMLESS = (["start"], ["pause"], ["resume"])
HARMFUL = (["stop", "-f"], ["stop", "--timeout", "1"], ["kill"], ["restart", "-f"])
SETTLED = {"stopped", "failed", "running", "booting", "paused"}

chance = random.Random(SEED)
names = [f"vm{n}" for n in range(INSTANCES)]


def fail(text):
    sys.exit(f"FAILED (seed {SEED}): {text}")


supervisors = []


def supervise():
    log = open(os.path.join(HOME, "..", "up.log"), "a", encoding="utf-8")
    supervisors.append(subprocess.Popen([PGSUP, "up", *AS_ROOT], stdin=subprocess.DEVNULL, stdout=log,
                                        stderr=log))


def kill_supervisor():
    supervisors[-1].send_signal(signal.SIGKILL)
    supervisors.pop().wait()


def command(*words):
    return subprocess.Popen([PGSUP, "-q", *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def listed():
    """What pgsup says; None: nobody answers for the home."""
    done = subprocess.run([PGSUP, "list", "--json"], capture_output=True, text=True, check=False)
    rows = json.loads(done.stdout) if done.returncode == 0 else []
    if not rows or not rows[0]["supervised"]:
        return None
    return {row["name"]: row for row in rows}


def processes():
    """What is really there: instance -> pids of its QEMUs."""
    text = subprocess.run(["ps", "-axww", "-o", "pid=,stat=,args="], capture_output=True,
                          text=True, check=True).stdout
    found = {}
    for line in text.splitlines():
        pid, state, words = line.split(None, 2)
        if state[0] == "Z" or "qemu-system" not in words.split()[0]:
            continue
        for name in names:
            if f"{HOME}/instances/{name}/os.qcow2" in words:
                found.setdefault(name, []).append(int(pid))
    return found


def query_status(name, pid):
    """What QEMU itself says, over its second monitor; None: it does not answer."""
    run = os.path.join(HOME, "run")
    for file in os.listdir(run):
        if not file.startswith(name + ".") or not file.endswith(".pid"):
            continue
        try:
            if int(open(os.path.join(run, file), encoding="ascii").read()) != pid:
                continue
            with socket.socket(socket.AF_UNIX) as monitor:
                monitor.settimeout(5)
                monitor.connect(os.path.join(run, "s", file[:-4] + ".mon"))
                lines = monitor.makefile("rw")
                lines.readline()
                for word in "qmp_capabilities", "query-status":
                    print(json.dumps({"execute": word, "id": word}), file=lines, flush=True)
                for line in lines:
                    reply = json.loads(line)
                    if reply.get("id") == "query-status":
                        return reply["return"]["status"]
        except (OSError, ValueError):
            pass
    return None


def difference(said, real):
    """The first thing that is said and not so; None: all is as it is said."""
    for name in names:
        state, pid = said[name]["state"], said[name]["pid"]
        pids = real.get(name, [])
        if state not in SETTLED:
            return f"{name} is {state}: {said[name]['reason']}"
        if state in ("stopped", "failed"):
            if pids:
                return f"{name} is said to be {state}, and process {pids} runs"
            continue
        if pids != [pid]:
            return f"{name} is said to be process {pid}, and there is {pids}"
        status = query_status(name, pid)
        if (status == "running") != (state != "paused") or status is None:
            return f"{name} is said to be {state}, and QEMU says {status}"
    return None


def settle():
    """Until what is said is so."""
    end = time.monotonic() + SETTLE_S
    while True:
        said = listed()
        wrong = difference(said, processes()) if said else "no supervisor answers"
        if not wrong:
            return said
        if time.monotonic() > end:
            fail(f"after {SETTLE_S} s still: {wrong}")
        time.sleep(0.05)


def finish(commands):
    for each in commands:
        try:
            each.communicate(timeout=COMMAND_S)
        except subprocess.TimeoutExpired:
            fail(f"hangs: {' '.join(each.args)}")


def disturb(said):
    """Commands to most VMs; those in the answer must not end by anything that happens now."""
    commands, safe = [], {}
    for name in names:
        running = said[name]["pid"] if said[name]["state"] in ("running", "booting", "paused") else 0
        harmless = chance.random() < 0.7
        if harmless and running:
            safe[name] = running
        if chance.random() < 0.8:
            words = chance.choice(HARMLESS if harmless else HARMFUL) if running else ["start"]
            commands.append(command(*words[:1], name, *words[1:]))
    return commands, safe


def main():
    supervise()
    counts = {"kept": 0, "ended": 0}
    began = time.monotonic()
    for kill in range(KILLS):
        said = settle()
        commands, safe = disturb(said)
        time.sleep(chance.choice((0.05, 0.2, 0.5, 1, 2)) * chance.random())
        kill_supervisor()
        supervise()
        finish(commands)
        said = settle()
        for name, pid in safe.items():
            if said[name]["pid"] != pid:
                fail(f"kill {kill + 1} ended {name}, process {pid}: {said[name]}")
        counts["kept"] += len(safe)
        counts["ended"] += sum(row["state"] in ("stopped", "failed") for row in said.values())
    print(f"{KILLS} kills in {time.monotonic() - began:.0f} s, {counts['kept']} times a VM lived "
          f"through one, {counts['ended']} times one was down")
    if KILLS >= 20 and not all(counts.values()):
        fail("there was no chaos")
    finish([command("start", "--all"), command("resume", "--all")])
    settle()


try:
    main()
finally:
    kill_supervisor()
