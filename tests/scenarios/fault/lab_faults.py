"""Ends `pgsup apply` in the middle, again and again from the same home, and sees what the next one
makes of it.

usage: lab_faults.py PGSUP HOME LAB_FILE FAULT_LIBRARY FAULTS

FAULTS is how many times of each kind, spread evenly over the calls of a whole run.
"""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time

PGSUP, HOME, LAB, LIBRARY, FAULTS = *sys.argv[1:5], int(sys.argv[5])
NAMES = ["node-1", "node-2", "node-3", "old"]
WORK = os.path.dirname(HOME)
PRISTINE, LOG = os.path.join(WORK, "pristine"), os.path.join(WORK, "fault.log")
FOR_EVER = "1000000"
# name, the calls that are counted, what comes of the Nth, how many of them fail
KINDS = [("killed at a write", "write", "9", "1"), ("killed at an open", "open", "9", "1"),
         ("killed at a new process", "spawn", "9", "1"), ("Ctrl-C at an open", "open", "2", "1"),
         ("the disk is full", "write", None, FOR_EVER), ("a failing write", "write", None, "1")]
what = "nothing yet"


def fail(text):
    sys.exit(f"FAILED: {what}: {text}")


def run(*words, **environment):
    done = subprocess.run([PGSUP, *words], capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, env={**os.environ, **environment})
    if re.search(r"Sanitizer|Assertion|corrupt", done.stderr):
        fail(done.stderr)
    return done


def reset():
    shutil.rmtree(HOME, ignore_errors=True)
    shutil.copytree(PRISTINE, HOME, symlinks=True)
    if os.path.exists(LOG):
        os.unlink(LOG)


def faulty(call, nth, signal, times):
    more = {"FAULT_SIGNAL": signal} if signal else {}
    return run("apply", "-f", LAB, LD_PRELOAD=LIBRARY, FAULT_CALL=call, FAULT_NTH=str(nth),
               FAULT_TIMES=times, FAULT_LOG=LOG, **more)


def count(call):
    reset()
    done = faulty(call, 0, None, "1")
    if done.returncode:
        fail(done.stderr)
    with open(LOG, encoding="utf-8") as file:
        return int(re.findall(r"calls (\d+)", file.read())[-1])


def good(*words):
    done = run(*words)
    if done.returncode or done.stderr:
        fail(f"afterwards {' '.join(words)}: status {done.returncode}: {done.stderr}")
    return done.stdout


def check_home():
    names = sorted(each["name"] for each in json.loads(good("list", "--json")))
    if names != NAMES:
        fail(f"instances: {names}")
    folders = sorted(os.listdir(os.path.join(HOME, "instances")))
    if folders != NAMES:
        fail(f"folders: {folders}")
    left = [name for folder in folders for name in os.listdir(os.path.join(HOME, "instances", folder))
            if name.startswith(".") or name.endswith(".new")]
    if left:
        fail(f"left over: {left}")
    members = json.loads(good("network", "info", "mesh", "--json"))["members"]
    if len({each["ip4"] for each in members}) != 4:
        fail(f"members: {members}")
    with sqlite3.connect(os.path.join(HOME, "cloud.sqlite3")) as store:
        said = store.execute("PRAGMA integrity_check").fetchall() + \
            store.execute("PRAGMA foreign_key_check").fetchall()
        if said != [("ok",)]:
            fail(said)


def attempt(call, nth, signal, times):
    reset()
    done = faulty(call, nth, signal, times)
    if signal == "9" and done.returncode != -9:
        fail(f"it was to be killed, and has the status {done.returncode}: {done.stderr}")
    if signal == "2" and done.returncode not in (0, -2):
        fail(f"after Ctrl-C: {done.returncode} {done.stderr}")
    if not signal and done.returncode not in (0, 1, 3):
        fail(f"status {done.returncode}: {done.stderr}")
    if not signal and done.returncode and not re.fullmatch(r"pgsup: [^\n]+\n", done.stderr):
        fail(f"not one sentence: {done.stderr!r}")
    good("apply", "-f", LAB)
    if good("apply", "-f", LAB) != "nothing to do\n":
        fail("a third time there is something to do")
    check_home()


def main():
    global what
    shutil.copytree(HOME, PRISTINE, symlinks=True)
    for name, call, signal, times in KINDS:
        what = name
        began, calls = time.monotonic(), count(call)
        for i in range(FAULTS):
            nth = 1 + i * (calls - 1) // max(FAULTS - 1, 1)
            what = f"{name} ({nth} of {calls})"
            attempt(call, nth, signal, times)
        print(f"{name}: {calls} calls, {time.monotonic() - began:.0f} s", flush=True)


main()
