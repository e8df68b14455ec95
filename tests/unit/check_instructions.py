#!/usr/bin/env python3
"""Counts the instructions of what people and VMs wait for, which repeat as times do not, and compares
them with instructions.txt, where each has a bound 10 % above what it was when it was set.

usage: check_instructions.py PGSUP BENCH_QMP BENCH_SEED FAKE_QEMU

Counted by callgrind, on Debian 12 for x86_64 alone: compilers and libraries differ elsewhere."""
import contextlib
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
from homes import Home, wait_for

VMS = 10
MANY = 300
FOUND = 30  # that run already
COMMANDS = 2  # that ask the supervisor
QMP_ROUNDS = 2
SEED_ROUNDS = 25  # of four documents
HERE = os.path.dirname(os.path.abspath(__file__))


def is_measured_system():
    with open("/etc/os-release", encoding="utf-8") as file:
        release = file.read()
    return "VERSION_CODENAME=bookworm" in release and platform.machine() == "x86_64"


CALLGRIND = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]


def collected(said):
    return int(re.search(r"Collected : (\d+)", said).group(1))


def count(environment, *command):
    words = [*CALLGRIND, *command]
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: status {done.returncode}: {done.stderr[-600:]}")
    return collected(done.stderr)


def adoption(pgsup, fake, folder):
    """What a supervisor does about VMs that run before it serves anybody."""
    home = Home(pgsup, folder, FOUND, fake)
    try:
        home.up()
        home.start_all()
        home.kill()
        words = [*CALLGRIND, "--toggle-collect=fleet_adopt", pgsup, "up", *home.as_root]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=home.environment) as up:
            home.process = up
            wait_for(home.answers, "the supervisor")
            up.send_signal(signal.SIGHUP)
            said = up.stderr.read()
        home.up()
        return collected(said)
    finally:
        home.close()


@contextlib.contextmanager
def supervisor(home):
    """Says of all VMs that they run, and of each that it has started, always in the same words, as
    counted ones must be."""
    words = {"ready": " ".join(f"{name} {3600000 + number}" for number, name in enumerate(home.names))}
    answers = {"hello": {"protocol": 1}, "status": {"brief": words, "reasons": {}},
               "start": {"name": "vm1", "state": "booting", "outcome": "started", "took_ms": 7}}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{home.path}/run/pgsup.sock")
        listener.listen()

        def answer():
            for _ in range(COMMANDS):
                client, _ = listener.accept()
                with client, client.makefile("r") as requests:
                    for request in map(json.loads, requests):
                        reply = {"jsonrpc": "2.0", "id": request["id"], "result": answers[request["method"]]}
                        client.sendall(json.dumps(reply, separators=(",", ":")).encode() + b"\n")

        threading.Thread(target=answer, daemon=True).start()
        yield
    os.remove(f"{home.path}/run/pgsup.sock")


def rounds(environment, count_of, *command):
    """Of so many rounds, without the program's beginning and end."""
    few, many = (count(environment, *command, str(number)) for number in (1, 1 + count_of))
    return many - few


def measure(pgsup, bench_qmp, bench_seed, fake):
    folder = tempfile.mkdtemp(prefix="pgsup-c.", dir="/tmp")
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C"}
    try:
        yield "version", count(environment, pgsup, "version")
        for vms in VMS, MANY:
            home = Home(pgsup, f"{folder}/{vms}", vms)
            here = dict(environment, PGSUP_HOME=home.path)
            yield f"list of {vms}", count(here, pgsup, "list")
        with supervisor(home):
            yield f"list of {vms} that run", count(here, pgsup, "list")
            yield f"start beside {vms}", count(here, pgsup, "-q", "start", "vm1")
        yield f"image list beside {vms}", count(here, pgsup, "image", "list")
        yield f"list --json of {vms}", count(here, pgsup, "list", "--json")
        yield f"create beside {vms}", count(here, pgsup, "-q", "instance", "create", "new", "--os", "empty",
                                            "--seed", "http", "-s", "64M")
        yield f"qmp, {QMP_ROUNDS} rounds", rounds(environment, QMP_ROUNDS, bench_qmp)
        yield f"seed, {4 * SEED_ROUNDS} answers", rounds(environment, SEED_ROUNDS, bench_seed, home.path)
        yield f"adoption of {FOUND}", adoption(pgsup, fake, f"{folder}/found")
    finally:
        shutil.rmtree(folder)


def bounds():
    with open(os.path.join(HERE, "instructions.txt"), encoding="utf-8") as file:
        rows = [line.strip().rsplit(None, 1) for line in file if not line.startswith("#")]
    return {name: int(bound) for name, bound in rows}


def main():
    programs = sys.argv[1:5]
    if not shutil.which("valgrind") or not is_measured_system():
        print("not the system that was measured, or no valgrind")
        return 0
    bound, bad = bounds(), 0
    for name, counted in measure(*programs):
        allowed = bound.pop(name, 0)
        print(f"{name:24}{counted:12}  bound {allowed:12}")
        bad += counted > allowed
    for name in bound:
        print(f"{name}: was not counted")
    if bad:
        print("more than allowed: find out why. If it is worth it, set a new bound and say so")
    return bad > 0 or bool(bound)


sys.exit(main())
