"""Homes to measure in: a cloud with as many instances as wanted, made by copying the row of one, and
what stands in for a guest: a fake QEMU, or the real one whose processor sleeps. Linux."""
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid

AS_ROOT = ["--as-root"] if os.geteuid() == 0 else []  # a home of root's own
SLEEPING_FIRMWARE = b"\x7f\x20\x03\xd5\xff\xff\xff\x17"  # aarch64: wfi; b .-4
TIMEOUT_S = 60
TOGETHER = 100  # starts at once: an older program on a busy computer prepares no more of them in time


def run(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        sys.exit(f"bench: {' '.join(words)[:200]}: {done.stderr.strip()[-400:]}")
    return done.stdout


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(condition, what):
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"bench: {what} did not come")
        time.sleep(0.002)


class Home:
    """A cloud with instances vm0, vm1 ...; fake: the program that stands in for QEMU."""

    def __init__(self, pgsup, folder, count, fake=None, limit=None):
        self.pgsup, self.folder, self.path = pgsup, folder, os.path.join(folder, "home")
        self.names = [f"vm{n}" for n in range(count)]
        self.environment = dict(os.environ, PGSUP_HOME=self.path, LC_ALL="C")
        self.limit, self.process = limit, None
        self.as_root = AS_ROOT if "--as-root" in run(pgsup, "up", "--help") else []  # not to an older one
        os.makedirs(folder, exist_ok=True)
        if fake:
            os.makedirs(f"{folder}/bin")
            shutil.copy(fake, f"{folder}/bin/qemu-system-aarch64")
            self.environment["PATH"] = f"{folder}/bin:{os.environ['PATH']}"
        key, image = os.path.join(folder, "key"), os.path.join(folder, "empty.qcow2")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        run("qemu-img", "create", "-q", "-f", "qcow2", image, "64M")
        self.do("cloud", "create", "-n", "bench", "--network", "user", "--no-admin-password",
                "--ph-port", str(free_port()), "--ssh-public-key", key + ".pub")
        self.do("image", "import", "-n", "empty", "--arch", "aarch64", image)
        self.do("instance", "create", "vm0", "--os", "empty", "--vcpu", "1", "--ram", "64",
                "--seed", "http", "--accel", "tcg", "-s", "64M")
        if not fake:
            self.put_to_sleep()
        self.multiply()

    def put_to_sleep(self):
        with open(f"{self.folder}/idle.fw", "wb") as file:
            file.write(SLEEPING_FIRMWARE)
        with open(f"{self.path}/instances/vm0/qemu.args", "w", encoding="ascii") as file:
            file.write(f"-bios\n{self.folder}/idle.fw\n")

    def multiply(self):
        store = sqlite3.connect(f"{self.path}/cloud.sqlite3")
        store.row_factory = sqlite3.Row
        row = dict(store.execute("SELECT * FROM instances WHERE name = 'vm0'").fetchone())
        model, first = f"{self.path}/instances/vm0", dict(row)
        for number, name in enumerate(self.names[1:], 1):
            row.update(id=first["id"] + number, name=name, uuid=str(uuid.uuid4()),
                       mac=f"52:54:00:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}",
                       ssh_port=first["ssh_port"] and 30000 + number)
            for column in {"instance_id", "token", "phone_home_token", "report_token"} & set(first):
                row[column] = first[column] and f"{first[column][:-6]}{number:06x}"
            store.execute(f"INSERT INTO instances ({', '.join(row)}) VALUES "
                          f"({', '.join('?' * len(row))})", list(row.values()))
            folder = f"{self.path}/instances/{name}"
            os.mkdir(folder, 0o700)
            for file in "os.qcow2", "qemu.args":
                if os.path.exists(f"{model}/{file}"):
                    shutil.copy(f"{model}/{file}", folder)
        store.commit()
        store.close()

    def do(self, *words):
        return run(self.pgsup, "-q", *words, env=self.environment)

    def words(self, *words):
        return [self.pgsup, "-q", *words]

    def up(self):
        prefix = ["prlimit", f"--nofile={self.limit}", "--"] if self.limit else []
        with open(os.path.join(self.folder, "up.log"), "a", encoding="ascii") as log:
            self.process = subprocess.Popen([*prefix, self.pgsup, "up", *self.as_root],
                                            env=self.environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        wait_for(self.answers, "the supervisor")

    def run_folder(self):
        """Where the sockets are: a link leads there when this path is too long for their addresses."""
        return os.path.realpath(f"{self.path}/run")

    def answers(self):
        """Any answer will do, and no command that has a deadline of its own: it would be in the figure."""
        if self.process.poll() is not None:
            sys.exit(f"bench: the supervisor ended: {self.folder}/up.log")
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(TIMEOUT_S)
            try:
                one.connect(f"{self.run_folder()}/pgsup.sock")
                one.sendall(b'{"jsonrpc": "2.0", "id": 1, "method": "hello"}\n')
                return one.recv(1) != b""
            except OSError:
                return False

    def start_all(self, first=0):
        for at in range(first, len(self.names), TOGETHER):
            self.do("start", *self.names[at:at + TOGETHER])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process and self.process.poll() is None:
            subprocess.run(self.words("stop", "-f", "--all"), env=self.environment,
                           capture_output=True, check=False)
            subprocess.run(self.words("down"), env=self.environment, capture_output=True,
                           check=False)
            self.process.wait()
