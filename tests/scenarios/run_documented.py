#!/usr/bin/env python3
"""Runs the command lines that the README and the topics show, as they stand there, in a terminal.

usage: run_documented.py CHECKOUT

In the order of PAGES, in the folder and the home of the caller. Questions are answered with yes.
A line that cannot be run here is in NOT_RUN, with the reason; a row there that fits no line is an
error too."""
import os
import pty
import re
import select
import signal
import sys
import time

LINE_TIMEOUT_S = 120

# Pages, and what has to be typed before each.
PAGES = [
    ("README.md", None),
    ("supervisor/cli/manual/topics/console.md", "pgsup start test --wait"),
    ("supervisor/cli/manual/topics/reach.md", None),
    ("supervisor/cli/manual/topics/instances.md", "pgsup stop test"),
    ("supervisor/cli/manual/topics/ansible.md", None),
    ("supervisor/cli/manual/topics/background.md", None),
    ("supervisor/cli/manual/topics/networks.md", "pgsup instance create old"),
    ("supervisor/cli/manual/topics/doctor.md", None),
    ("supervisor/cli/manual/topics/snapshots.md", "pgsup instance create test --ram 256"),
]
SHOWN_ELSEWHERE = ["backups", "moving", "dns", "lab", "linux", "mac", "mrmat-playground", "contributing"]

# A regular expression, and why a line that fits is not run here.
NOT_RUN = [
    (r"^brew ", "a Mac"),
    (r"--network vmnet-helper|image download|^pgsup instance create test$", "a Mac with a network"),
    (r"--host-if br0|if=br1", "a bridge of the host: 66"),
    (r"^scripts/", "builds"),
    (r"^pgsup ssh (--wait )?(test|node-1)", "the mini guest lets nobody in: 30"),
    (r"^pgsup (exec|cp)", "the mini guest lets nobody in and has no agent: 30, 175"),
    (r"--playbook", "what runs: 80"),
    (r"^ansible ", "the mini guest has no Python: 30"),
    (r"^pgsup service", "a service manager: 124"),
    (r"^pgsup start test --console", "the VM runs: 123"),
]


def lines_of(text):
    """Indented commands, with what follows a backslash joined, without comments."""
    for line in re.sub(r"\\\n\s+", "", text).split("\n"):
        if re.match(r"^ {4}(sudo )?(pgsup|brew|scripts|ansible)\b", line):
            yield re.sub(r"\s+#.*", "", line.strip())


def run(line):
    """Gives the exit status and all that was shown."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("bash", ["bash", "-c", line])
    shown, answered, end = "", 0, time.monotonic() + LINE_TIMEOUT_S
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # the end, on Linux
            chunk = b""
        if not chunk:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown
        shown += chunk.decode(errors="replace")
        if "[y/N]" in shown[answered:]:
            os.write(terminal, b"y\n")
            answered = len(shown)
        elif "Ctrl-]" in shown[answered:]:
            os.write(terminal, b"\x1d")
            answered = len(shown)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "no end", shown


def main():
    checkout, unused, failed = sys.argv[1], dict(NOT_RUN), []
    for page, first in PAGES:
        with open(os.path.join(checkout, page), encoding="utf-8") as file:
            lines = list(lines_of(file.read()))
        for line in [first] * bool(first) + lines:
            reasons = [(pattern, why) for pattern, why in NOT_RUN if re.search(pattern, line)]
            for pattern, why in reasons:
                unused.pop(pattern, None)
            print(f"{os.path.basename(page)}: {line}" + (f"  (not run: {reasons[0][1]})" if reasons else ""), flush=True)
            if reasons:
                continue
            status, shown = run(line)
            if status != 0:
                failed.append(line)
                print(f"  status {status}\n" + "".join("  | " + s + "\n" for s in shown.splitlines()), flush=True)
    for pattern in unused:
        print(f"no line fits {pattern}")
    listed = {os.path.basename(page) for page, _ in PAGES} | {name + ".md" for name in SHOWN_ELSEWHERE}
    for name in sorted(os.listdir(os.path.join(checkout, "supervisor/cli/manual/topics"))):
        with open(os.path.join(checkout, "supervisor/cli/manual/topics", name), encoding="utf-8") as file:
            if name not in listed and list(lines_of(file.read())):
                failed.append(name)
                print(f"{name} has commands and is not among the pages")
    return bool(failed or unused)


sys.exit(main())
