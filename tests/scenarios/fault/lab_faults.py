"""Ends `pgsup apply` in the middle, again and again from the same home, and sees what the next one
makes of it.

usage: lab_faults.py PGSUP HOME LAB_FILE FAULT_LIBRARY FAULTS IMAGE

FAULTS is how many times of each kind, spread evenly over the calls of a whole run, and at the new
processes and changes of names four times as many. IMAGE is what a web server has, at the port that
is put in the place of PORT in the lab file.
"""
import contextlib
import http.server
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

PGSUP, HOME, LAB, LIBRARY, FAULTS, IMAGE = *sys.argv[1:5], int(sys.argv[5]), sys.argv[6]
NAMES = ["node-1", "node-2", "old"]
CARDS = ["node-1", "node-1", "node-2", "old"]
IMAGES = ["empty", "remote"]
MARKERS = [".incomplete", ".disk-data.incomplete"]  # of what has a row by now: the next one sweeps them
WORK = os.path.dirname(HOME)
PRISTINE, LOG = os.path.join(WORK, "pristine"), os.path.join(WORK, "fault.log")
FOR_EVER = "1000000"
# name, the calls that are counted, what comes of the Nth, how many of them fail, how often
KINDS = [("killed at a change of names", "name", "9", "1", 4),
         ("killed at a new process", "spawn", "9", "1", 4),
         ("killed at a write", "write", "9", "1", 1), ("killed at an open", "open", "9", "1", 1),
         ("Ctrl-C at an open", "open", "2", "1", 1), ("the disk is full", "write", None, FOR_EVER, 1),
         ("a failing write", "write", None, "1", 1),
         ("a failing change of names", "name", None, "1", 1)]
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
    return run("-q", "apply", "-f", LAB, LD_PRELOAD=LIBRARY, FAULT_CALL=call, FAULT_NTH=str(nth),
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
        fail(f"afterwards {' '.join(words)}: status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def check_files():
    folders = sorted(os.listdir(os.path.join(HOME, "instances")))
    if folders != NAMES:
        fail(f"folders: {folders}")
    left = [name for folder in folders for name in os.listdir(os.path.join(HOME, "instances", folder))
            if name not in MARKERS and (name.startswith(".") or name.endswith(".new"))]
    left += [name for name in os.listdir(os.path.join(HOME, "images"))
             if name not in (f"{image}.qcow2" for image in IMAGES)]
    if left:
        fail(f"left over: {left}")


def check_rows():
    with contextlib.closing(sqlite3.connect(os.path.join(HOME, "cloud.sqlite3"))) as store:
        for query, wanted in (
                ("PRAGMA integrity_check", ["ok"]), ("PRAGMA foreign_key_check", []),
                ("SELECT name FROM instances ORDER BY name", NAMES),
                ("SELECT name FROM images ORDER BY name", IMAGES),
                ("SELECT count(DISTINCT ip4) FROM nics", [len(CARDS)]),
                ("SELECT i.name FROM nics n JOIN instances i ON i.id = n.instance ORDER BY 1", CARDS),
                ("SELECT count(*) FROM disks", [2])):
            said = [row[0] for row in store.execute(query)]
            if said != wanted:
                fail(f"{query}: {said}")


def attempt(call, nth, signal, times):
    reset()
    done = faulty(call, nth, signal, times)
    if signal == "9" and done.returncode not in (-9, 0):  # a call less than was counted
        fail(f"it was to be killed, and has the status {done.returncode}: {done.stderr}")
    if signal == "2" and done.returncode not in (0, -2):
        fail(f"after Ctrl-C: {done.returncode} {done.stderr}")
    if not signal and done.returncode not in (0, 1, 2, 3):
        fail(f"status {done.returncode}: {done.stderr}")
    if not signal and done.returncode and not re.fullmatch(r"pgsup: [^\n]+\n", done.stderr):
        fail(f"not one sentence: {done.stderr!r}")
    good("-q", "apply", "-f", LAB)
    if good("diff", "-f", LAB) != "nothing to do\n":
        fail("a third time there is something to do")
    check_files()
    check_rows()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(IMAGE, "rb") as file:
            body = file.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who asked was killed
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(LAB, encoding="utf-8") as file:
        text = file.read().replace("PORT", str(server.server_port))
    with open(LAB, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    global what
    serve()
    shutil.copytree(HOME, PRISTINE, symlinks=True)
    for name, call, signal, times, often in KINDS:
        what = name
        began, calls = time.monotonic(), count(call)
        most = min(FAULTS * often, calls)
        for i in range(most):
            nth = 1 + i * (calls - 1) // max(most - 1, 1)
            what = f"{name} ({nth} of {calls})"
            attempt(call, nth, signal, times)
        print(f"{name}: {most} of {calls} calls, {time.monotonic() - began:.0f} s", flush=True)


main()
