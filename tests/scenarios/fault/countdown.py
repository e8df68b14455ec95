"""Makes one call of the supervisor fail after the other (tests/fault/) while it starts, starts
and stops a VM, and ends; after each fault compares what is said with what is really there, and sees
that a supervisor without faults finds all in order.

usage: countdown.py PGSUP HOME FAULT_LIBRARY FAULTS [CALL…]

FAULTS is how many of a family's calls fail, one at a time, spread evenly: half of them from the
start of the supervisor, half while it starts and stops a VM. Every fourth one does not go away.
"""
import collections
import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time

AS_ROOT = ["--as-root"] if os.geteuid() == 0 else []  # a home of root's own
PGSUP, HOME, LIBRARY, FAULTS = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
CALLS = sys.argv[5:] or ["write", "open", "socket", "spawn", "uv", "sqlite"]
NAME = "test"
COMMAND_S = 90  # no command takes longer than 30 s, whatever fails, nor three times that on a busy computer
SETTLE_S = 90
FOR_EVER = 1000000
STATUSES = {0, 1, 2, 3, 4, 5}
SETTLED = {"stopped", "failed", "running", "booting", "paused"}
DISASTER = re.compile(r"Sanitizer|runtime error:|Assertion|double free|corrupt|[Ss]tack smashing")

WORK = os.path.dirname(HOME)
LOG, FAULT_LOG, PLAN = (os.path.join(WORK, name) for name in ("up.log", "fault.log", "plan"))
what = "nothing yet"
supervisors = []


def contents(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def fail(text):
    print(contents(FAULT_LOG)[-400:], file=sys.stderr)
    sys.exit(f"FAILED: {what}: {text}")


def preloaded():
    """A program with AddressSanitizer wants its library to come first."""
    libraries = subprocess.run(["ldd", PGSUP], capture_output=True, text=True, check=True).stdout
    return " ".join(re.findall(r"=> (\S*/lib(?:a|ub)san\S*)", libraries) + [LIBRARY])


PRELOADED = preloaded()


def until(condition, seconds, text):
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            fail(text())
        time.sleep(0.01)
    return value


def processes():
    """The pids of this home's QEMUs, known or not."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if b"qemu-system" in words[0] and any(HOME.encode() + b"/run/" in word for word in words):
            found.add(int(pid))
    return found


# --- the supervisor ---

def supervise(call=None, nth=0, times=1):
    """Begins one, with a fault from its start if there is a call; True: it supervises."""
    for path in LOG, FAULT_LOG:
        with open(path, "w", encoding="utf-8"):
            pass
    environment = dict(os.environ, LD_PRELOAD=PRELOADED, FAULT_LOG=FAULT_LOG, FAULT_PLAN=PLAN)
    if call:
        environment.update(FAULT_CALL=call, FAULT_NTH=str(nth), FAULT_TIMES=str(times))
    with open(LOG, "a", encoding="utf-8") as log:
        supervisors.append(subprocess.Popen([PGSUP, "up", *AS_ROOT], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=environment))
    until(lambda: "supervising" in contents(LOG) or not alive(), COMMAND_S,
          lambda: "the supervisor neither begins nor ends")
    return alive()


def alive():
    return supervisors[-1].poll() is None


def arm(call, nth, times):
    with open(PLAN, "w", encoding="utf-8") as plan:
        plan.write(f"{call} {nth} {times}")
    supervisors[-1].send_signal(signal.SIGUSR2)
    until(lambda: "armed" in contents(FAULT_LOG), COMMAND_S, lambda: "the fault was not armed")


def fired():
    return "fault" in contents(FAULT_LOG)


def counted():
    """How many calls were counted up to each "armed" and up to the end."""
    return [int(number) for number in re.findall(r"^calls (\d+)", contents(FAULT_LOG), re.M)]


def check_end():
    """That of a supervisor that has ended: of itself, and in a known way."""
    status, log = supervisors.pop().wait(), contents(LOG)
    if status not in STATUSES:
        fail(f"the supervisor ended with {status}:\n{log}")
    last = log.splitlines()[-1] if log else ""
    if status != 0 and not last.startswith("pgsup: "):
        fail(f"the supervisor ended with {status} and no sentence:\n{log}")
    if DISASTER.search(log):
        fail(f"the supervisor:\n{log}")


def descriptors():
    """What the supervisor has open, without the store, which threads open when they need it. The
    descriptor that libuv keeps in reserve is of / or of /dev/null."""
    names, folder = [], f"/proc/{supervisors[-1].pid}/fd"
    for fd in os.listdir(folder):
        try:
            name = os.readlink(f"{folder}/{fd}")
        except OSError:
            continue
        if "/cloud.sqlite3" not in name and name != HOME:
            names.append(re.sub(r"\[\d+\]", "", "/dev/null" if name == "/" else name))
    return collections.Counter(names)


# --- commands ---

def command(*words):
    try:
        done = subprocess.run([PGSUP, *words], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=COMMAND_S, check=False)
    except subprocess.TimeoutExpired:
        fail(f"hangs: {' '.join(words)}\n{contents(LOG)}")
    said = f"{' '.join(words)}: status {done.returncode}: {done.stderr}"
    if done.returncode not in STATUSES or DISASTER.search(done.stderr):
        fail(said)
    if done.returncode and not re.fullmatch(r"pgsup: [^\n]+\n", done.stderr):
        fail(f"not one line that begins with \"pgsup: \": {said}")
    return done


def well(*words):
    done = command(*words)
    if done.returncode:
        fail(f"{' '.join(words)} without a fault: {done.stderr}{contents(LOG)}")


def row():
    """What pgsup says of the VM; None: it cannot say."""
    done = command("list", "--json")
    return json.loads(done.stdout)[0] if done.returncode == 0 else None


def difference():
    """What is said and not so; None: all is as it is said."""
    said, real = row(), processes()
    if said is None:
        return "list does not say" if real else None
    if not said["supervised"]:
        known = {said["pid"]} if said["pid"] else set()
        return None if known == real else f"unsupervised, said: {said}, there is: {real}"
    if said["state"] not in SETTLED:
        return f"it is {said['state']}: {said['reason']}"
    expected = set() if said["state"] in ("stopped", "failed") else {said["pid"]}
    return None if real == expected else f"said: {said}, there is: {real}"


def settle():
    state = {}

    def same():
        state["wrong"] = difference()
        return not state["wrong"]
    until(same, SETTLE_S, lambda: f"{state['wrong']}\n{contents(LOG)}")


# --- one fault ---

def start_and_stop(for_ever):
    """Each command may fail, but not lie."""
    done = command("-q", "start", NAME)
    if done.returncode == 0 and not processes():
        fail(f"start succeeded, and nothing runs\n{contents(LOG)}")
    row()
    done = command("-q", "stop", "--timeout", "2", NAME)
    if done.returncode == 0 and processes():
        fail(f"stop succeeded, and it runs: {row()}\n{contents(LOG)}")
    if alive() and not for_ever:
        settle()


def end(for_ever):
    """By `down`, as often as it takes; while faults last for ever, by the end of its terminal."""
    told = any(not alive() or command("down").returncode == 0 for _ in range(3))
    if not told and for_ever and alive():
        supervisors[-1].send_signal(signal.SIGHUP)
    until(lambda: not alive(), COMMAND_S, lambda: f"it does not end\n{contents(LOG)}")
    check_end()
    said = row()
    known = {said["pid"]} if said and said["pid"] else set()
    if known != processes():
        fail(f"without a supervisor: said {said}, there is {processes()}\n{contents(LOG)}")


STEP = re.compile(r"([a-z]+) --[a-z-]+--> ([a-z]+)")


def last_event():
    with store() as opened:
        return opened.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]


def untold(since):
    """The first change of state after an event that does not follow from the one before; None: the
    store tells all, up to the end of the last launch."""
    with store() as opened:
        rows = opened.execute("""SELECT text FROM events WHERE id > ? AND kind = 'state'
            ORDER BY id""", (since,)).fetchall()
    steps = [match.groups() for (text,) in rows if (match := STEP.match(text))]
    for before, after in zip(steps, steps[1:]):
        if before[1] != after[0]:
            return before, after
    return None if not steps or steps[-1][1] in ("stopped", "failed") else steps[-1]


def expect_watched(since):
    """Nobody said that a VM ended behind their back, for none did."""
    with store() as opened:
        said = opened.execute("""SELECT text FROM events WHERE id > ?
            AND text LIKE 'ended while unsupervised%'""", (since,)).fetchall()
    if said:
        fail(f"it ran, and the supervisor said {said}\n{contents(LOG)}")


def expect_recorded(since):
    """What happened under this supervisor is in the store, whatever the store did meanwhile."""
    until(lambda: not untold(since), 30, lambda: f"not told: {untold(since)}\n{contents(LOG)}")
    until(lambda: integrity() == ("ok", [], []), 30,
          lambda: f"the store: {integrity()}\n{contents(LOG)}")


def store():
    return contextlib.closing(sqlite3.connect(os.path.join(HOME, "cloud.sqlite3"), timeout=10))


def integrity():
    with store() as opened:
        return (opened.execute("PRAGMA integrity_check").fetchone()[0],
                opened.execute("PRAGMA foreign_key_check").fetchall(),
                opened.execute("""SELECT number, state, end_cause FROM launches WHERE ended_ms = 0
                    OR state NOT IN ('stopped', 'failed')
                    OR (state = 'failed' AND end_cause = 'guest-shutdown')""").fetchall())


def expect_order():
    """A supervisor without a fault finds what is there and does what it is told; it stays."""
    if not supervise():
        fail(f"no supervisor afterwards:\n{contents(LOG)}")
    settle()
    well("-q", "stop", "--timeout", "2", NAME)
    well("-q", "start", NAME)
    if len(processes()) != 1 or row()["state"] != "booting":
        fail(f"after start: {row()}, there is {processes()}")
    well("-q", "stop", "--timeout", "2", NAME)
    if processes() or row()["state"] != "stopped":
        fail(f"after stop: {row()}, there is {processes()}")
    expect_recorded(last_event())
    folders = [os.path.join(HOME, "run"), os.path.join(HOME, "run", "s")]
    left = [name for folder in folders for name in os.listdir(folder) if name.startswith(NAME + ".")]
    if left:
        fail(f"left in run/: {left}")


def leave_one():
    """A VM that runs, and no supervisor."""
    expect_order()
    well("-q", "start", NAME)
    well("down", "--keep")
    until(lambda: not alive(), COMMAND_S, lambda: f"it does not end\n{contents(LOG)}")
    check_end()


def try_at_start(call, nth, times):
    """A fault from the beginning of a supervisor on that finds a VM."""
    leave_one()
    left, since = processes(), last_event()
    up = supervise(call, nth, times)
    if up:
        start_and_stop(times > 1)
        end(times > 1)
        expect_watched(since)
    else:
        check_end()
        if processes() != left:
            fail(f"it was {left}, and is {processes()} after a supervisor that did not begin")
    return fired()


def try_at_work(call, nth, times):
    """A fault while a supervisor does what it is told."""
    expect_order()
    before, since = descriptors(), last_event()
    arm(call, nth, times)
    start_and_stop(times > 1)
    if alive() and times == 1 and not processes():
        expect_recorded(since)
        until(lambda: not descriptors() - before, 30,
              lambda: f"descriptors left: {descriptors() - before}\n{contents(LOG)}")
    end(times > 1)
    return fired()


def spread(count, bound):
    """The numbers from 1 to count, or as many of them as the bound allows."""
    if count <= bound:
        return list(range(1, count + 1))
    return sorted({1 + i * (count - 1) // (bound - 1) for i in range(bound)})


def count_calls(call):
    """Of a run without a fault: until it supervises a VM that it finds, and from then to the end."""
    leave_one()
    supervise(call)
    settle()
    well("-q", "stop", "--timeout", "2", NAME)
    arm(call, 0, 1)
    start_and_stop(False)
    end(False)
    return counted()


def main():
    global what
    began = time.monotonic()
    total = 0
    for call in CALLS:
        what = f"{call}, counting"
        at_start, at_work = count_calls(call)
        hits = 0
        for place, count, attempt in (("start", at_start, try_at_start),
                                      ("work", at_work, try_at_work)):
            for i, nth in enumerate(spread(count, max(2, FAULTS // 2))):
                times = FOR_EVER if i % 4 == 3 else 1
                what = f"{call} {nth} at {place}{' and ever after' if times > 1 else ''}"
                hits += attempt(call, nth, times)
        total += hits
        print(f"{call}: {at_start} + {at_work} calls, {hits} faults, "
              f"{time.monotonic() - began:.0f} s", flush=True)
        if at_start + at_work and not hits:
            fail("no fault came")
    what = "the end"
    expect_order()
    end(False)
    if not total:
        fail("there was no fault")


try:
    main()
finally:
    for supervisor in supervisors:
        supervisor.kill()
