#!/usr/bin/env python3
"""Runs the command lines that the README and the topics show, as they stand there, in a terminal.

usage: run_documented.py CHECKOUT

In the order of PAGES, in the folder and the home of the caller. Questions are answered with yes.
What a line needs is in FIRST, and what it is given in the place of a folder of the whole computer in
INSTEAD. A line that cannot be run here is in NOT_RUN, with the reason or the scenarios that do what it
does; a row of these tables that fits no line is an error too."""
import glob
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
    ("supervisor/cli/manual/topics/backups.md", "mkdir backups"),
    ("supervisor/cli/manual/topics/moving.md", "mkdir srv"),
    ("supervisor/cli/manual/topics/dns.md", None),
    ("supervisor/cli/manual/topics/lab.md", None),
    ("supervisor/cli/manual/topics/linux.md", None),
    ("supervisor/cli/manual/topics/mac.md", None),
    ("supervisor/cli/manual/topics/mrmat-playground.md", None),
    ("supervisor/cli/manual/topics/root.md", None),
]

# A regular expression, and what is typed before a line that fits.
FIRST = [
    (r"restore \S+Z$", "pgsup instance remove test"),
    (r"^pgsup import web.xml$", "pgsup instance remove web && cp srv/web/* . && mv domain.xml web.xml"),
    (r"^pgsup import web.xml --as", "pgsup instance rename web-2 web-of-before"),
]

# A regular expression, and what stands in its place here, of which the shell makes a name.
INSTEAD = [
    (r"/mnt/backups/test-\d+T\d+Z", '"$(ls -d backups/test-*Z | tail -n1)"'),
    (r"/mnt/backups", "backups"),
    (r"/srv/web", "srv/web"),
]

# A regular expression, and why a line that fits is not run here.
NOT_RUN = [
    (r"^brew ", "a Mac"),
    (r"--network vmnet-helper|image download|^pgsup instance create test$", "a Mac with a network"),
    (r"--host-if br|if=br1|^sudo (ip|chmod|mkdir|sh) ", "a bridge of the host: 66, 167"),
    (r"^sudo /usr/libexec/", "a Mac"),
    (r"^sudo -- pgsup up ", "a picture: 35"),
    (r"^scripts/", "builds"),
    (r"^pgsup ssh (--wait )?(test|node-1)", "the mini guest lets nobody in: 30"),
    (r"^pgsup (exec|cp)", "the mini guest lets nobody in and has no agent: 30, 175"),
    (r"--playbook", "what runs: 80"),
    (r"^ansible ", "the mini guest has no Python: 30"),
    (r"^pgsup service", "a service manager: 124"),
    (r"^pgsup start test --console", "the VM runs: 123"),
    (r"--dns-server|tsig-keygen", "a DNS server: 71"),
    (r"^pgsup apply -f (k3s|etcd)|^pgsup ssh server", "real Debian guests: 189, 229"),
    (r"^less |^virsh ", "libvirt, and a person: 213"),
    (r"appliance\.ova", "an appliance: 249"),
    (r"^pgsup suspend |^pgsup start test$", "a boot of its own: 245"),
    (r"mrmat-playground", "a folder of another program: 68"),
]


def lines_of(text):
    """Indented commands, with what follows a backslash joined, without comments."""
    for line in re.sub(r"\\\n\s+", "", text).split("\n"):
        if re.match(r"^ {4}(\(umask .*; )?(sudo|pgsup|brew|scripts|ansible|less|virsh)\b", line):
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


def fitting(table, line):
    """What the table says of a line: that of the first row that fits."""
    return next((text for pattern, text in table if re.search(pattern, line)), None)


def as_here(line):
    for pattern, text in INSTEAD:
        line = re.sub(pattern, lambda _, text=text: text, line)
    return line


def faults_of_tables(all_lines, checkout):
    """Rows that fit no line, reasons that name a scenario that is not there, and pages that are left out."""
    for table in (FIRST, INSTEAD, NOT_RUN):
        for pattern, _ in table:
            if not any(re.search(pattern, line) for line in all_lines):
                yield f"no line fits {pattern}"
    for _, why in NOT_RUN:
        for number in re.findall(r"\b\d+\b", why):
            if not glob.glob(f"{checkout}/tests/scenarios/*/{number}-*.sh"):
                yield f"there is no scenario {number}: {why}"
    listed = {os.path.join(checkout, page) for page, _ in PAGES}
    for path in sorted(glob.glob(f"{checkout}/supervisor/cli/manual/topics/*.md")):
        with open(path, encoding="utf-8") as file:
            if path not in listed and list(lines_of(file.read())):
                yield f"{path} has commands and is not among the pages"


def main():
    checkout, all_lines, failed = sys.argv[1], [], []
    for page, first in PAGES:
        with open(os.path.join(checkout, page), encoding="utf-8") as file:
            lines = [first] * bool(first) + list(lines_of(file.read()))
        all_lines += lines
        for line in lines:
            reason = fitting(NOT_RUN, line)
            print(f"{os.path.basename(page)}: {line}" + (f"  (not run: {reason})" if reason else ""), flush=True)
            for each in [] if reason else [fitting(FIRST, line), as_here(line)]:
                status, shown = run(each) if each else (0, "")
                if status != 0:
                    failed.append(line)
                    print(f"  {each}: status {status}\n" + "".join("  | " + s + "\n" for s in shown.splitlines()), flush=True)
    faults = list(faults_of_tables(all_lines, checkout))
    print("\n".join(faults))
    return bool(failed or faults)


sys.exit(main())
