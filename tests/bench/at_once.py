"""Many starts at once, beside a shell loop that starts as many QEMUs by the same command lines. Linux."""
import glob
import os
import re
import resource
import socket
import subprocess
import sys
import time

from homes import Home

ANSWERS_S = 120


def command_line(home, name):
    """Of a VM that runs."""
    with open(glob.glob(f"{home.path}/run/{name}.*.pid")[0], encoding="ascii") as file:
        pid = file.read().strip()
    with open(f"/proc/{pid}/cmdline", "rb") as words:
        return words.read().decode().split("\0")[:-1]


def detached(words, home, folder, name):
    """The same QEMU without a supervisor: what was a descriptor is a socket at a path."""
    paths = {"id=qmp,fd=": "qmp", "id=console,fd=": "console"}
    for at, word in enumerate(words):
        for key, end in paths.items():
            if word.startswith(f"socket,{key}"):
                words[at] = f"socket,{key[:-3]}path={folder}/{name}.{end},server=on,wait=off"
    return [re.sub(f"{re.escape(home.path)}/run/(s/)?", f"{folder}/", word) for word in words]


def quoted(words):
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)


class Loop:
    """A shell script that starts them all; then each is told to run, and at the end to quit."""

    def __init__(self, home):
        self.names, self.folder = home.names, f"{home.folder}/loop"
        os.makedirs(self.folder)
        with open(f"{self.folder}/start.sh", "w", encoding="utf-8") as file:
            for name in self.names:
                words = quoted(detached(command_line(home, name), home, self.folder, name))
                file.write(f"{words} </dev/null >>'{self.folder}/log' 2>&1 &\n")
        self.monitors = []

    def connect(self, name):
        end = time.monotonic() + ANSWERS_S
        while time.monotonic() < end:
            one = socket.socket(socket.AF_UNIX)
            try:
                one.connect(f"{self.folder}/{name}.qmp")
                return one.makefile("rw")
            except OSError:
                time.sleep(0.001)
            finally:
                one.close()  # the file keeps it open
        sys.exit(f"bench: bare QEMU {name}: {open(f'{self.folder}/log', encoding='utf-8').read()[-300:]}")

    @staticmethod
    def tell(monitor, command):
        monitor.write(f'{{"execute": "{command}"}}\n')
        monitor.flush()

    @staticmethod
    def hear(monitor):
        while "return" not in (line := monitor.readline()):
            if not line:
                sys.exit("bench: a bare QEMU has ended")

    def start(self):
        began = time.perf_counter()
        subprocess.run(["/bin/sh", f"{self.folder}/start.sh"], check=True)
        for name in self.names:
            monitor = self.connect(name)
            monitor.readline()
            for command in "qmp_capabilities", "cont":
                self.tell(monitor, command)
                self.hear(monitor)
            self.monitors.append(monitor)
        return (time.perf_counter() - began) * 1000

    def quit(self):
        for monitor in self.monitors:
            self.tell(monitor, "quit")
        for monitor in self.monitors:
            try:
                while monitor.readline():
                    pass
            except OSError:
                pass
            monitor.close()
        self.monitors = []
        self.await_ends()

    def await_ends(self):
        end = time.monotonic() + ANSWERS_S
        while glob.glob(f"{self.folder}/*.pid") and time.monotonic() < end:
            time.sleep(0.02)


def starts_at_once(pgsup, folder, table, what, pairs):
    """what: how many VMs, and the program that stands in for QEMU, or None."""
    count, fake = what
    name = f"at once: {count} starts, {'fake' if fake else 'real'} QEMU"
    if not table.wants(name):
        return
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    home = Home(pgsup, os.path.join(folder, "at-once"), count, fake)
    home.up()
    try:
        home.start_all()
        loop = Loop(home)
        home.do("stop", "-f", "--all")

        def own():
            began = time.perf_counter()
            home.do("start", *home.names)
            took = (time.perf_counter() - began) * 1000
            home.do("stop", "-f", "--all")
            return took

        def bare():
            took = loop.start()
            loop.quit()
            return took

        table.alternate(name, "a shell loop", own, bare, pairs)
    finally:
        home.close()
