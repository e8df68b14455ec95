#!/usr/bin/env python3
"""What pgsup's commands cost, beside virsh's (libvirt) for the same: as many VMs on either side, of
the same QEMU, whose processor sleeps instead of running a guest.

usage: bench_commands.py PGSUP [VMS [ROUNDS]]

Prints the median of each command as a whole process, and what the supervisor and libvirtd use while
they have nothing to do. Asserts nothing about time. Without libvirtd (Debian: libvirt-daemon-system,
libvirt-clients) only pgsup is measured. Linux.
"""
import contextlib
import glob
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

AS_ROOT = ["--as-root"] if os.geteuid() == 0 else []  # a home of root's own
IDLE_S = 10
NOBODY = 65534
SLEEPING_FIRMWARE = b"\x7f\x20\x03\xd5\xff\xff\xff\x17"  # aarch64: wfi; b .-4
DOMAIN = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='aarch64' machine='virt'>hvm</type><loader readonly='yes' type='rom'>{firmware}</loader></os>
<cpu mode='custom' match='exact'><model>cortex-a72</model></cpu>
<devices><emulator>/usr/bin/qemu-system-aarch64</emulator><disk type='file' device='disk'>
<driver name='qemu' type='qcow2'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>
<interface type='user'><model type='virtio'/></interface><serial type='pty'/>
<memballoon model='none'/></devices></domain>"""


def run(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        sys.exit(f"bench_commands: {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def wait_for(condition, what):
    end = time.monotonic() + 30
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"bench_commands: {what} did not come")
        time.sleep(0.05)


def answers(*words):
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


class Pgsup:
    """A cloud home with its supervisor."""
    name = "pgsup"

    def __init__(self, program, folder, firmware, vms):
        self.words = [program, "-q", "-p", os.path.join(folder, "home")]
        self.names = [f"vm{n}" for n in range(vms)]
        key, image = os.path.join(folder, "key"), os.path.join(folder, "empty.qcow2")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        with open(os.path.join(folder, "password"), "w", encoding="ascii") as file:
            file.write("bench-4711\n")
        run("qemu-img", "create", "-q", "-f", "qcow2", image, "64M")
        self.command("cloud", "create", "-n", "bench", "--network", "user", "--ph-port", "10399",
                     "--ssh-public-key", key + ".pub", "--admin-password-file", file.name)
        self.command("image", "import", "-n", "empty", "--arch", "aarch64", image)
        for name in self.names:
            self.command("instance", "create", "-n", name, "--os", "empty", "--vcpu", "1", "--ram",
                         "64", "--accel", "tcg")
            with open(f"{folder}/home/instances/{name}/qemu.args", "w", encoding="ascii") as file:
                file.write(f"-bios\n{firmware}\n")
        with open(os.path.join(folder, "up.log"), "w", encoding="ascii") as log:
            self.process = subprocess.Popen([*self.words, "up", *AS_ROOT], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        wait_for(lambda: answers(*self.words, "wait", "--for", "stopped", "vm0"), "the supervisor")

    def command(self, *words):
        return run(*self.words, *words)

    def list(self):
        self.command("list")

    def start(self, name):
        self.command("start", name)

    def force_off(self, name):
        self.command("stop", "-f", name)

    def close(self):
        self.command("stop", "-f", "--all")
        self.command("down")
        self.process.wait()


class Libvirt:
    """libvirtd of a user's session (of nobody's when we are root), with a folder of its own for
    everything that it keeps."""
    name = "virsh"

    def __init__(self, folder, vms):
        self.home = os.path.join(folder, "libvirt")
        os.makedirs(os.path.join(self.home, "libvirt"))
        with open(f"{self.home}/libvirt/qemu.conf", "w", encoding="ascii") as file:
            file.write('stdio_handler = "file"\n')
        self.owner = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
        self.give(self.home, os.path.join(self.home, "libvirt"))
        self.environment = dict(os.environ, HOME=self.home)
        for name in "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME":
            self.environment[name] = self.home
        self.open()
        socket = f"{self.home}/libvirt/libvirt-sock"
        self.words = ["virsh", "-q", "-c", f"qemu+unix:///session?socket={socket}"]
        self.names = [f"bench{n}" for n in range(vms)]

    def open(self):
        self.process = subprocess.Popen(["libvirtd"], env=self.environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        **self.owner)

    def give(self, *paths):
        for path in paths:
            if self.owner:
                os.chown(path, NOBODY, NOBODY)

    def define(self, firmware, with_disks=None):
        """with_disks: how many of them will run; None: all."""
        wait_for(lambda: answers(*self.words, "list"), "libvirtd")
        for number, name in enumerate(self.names):
            disk, file_name = f"{self.home}/{name}.qcow2", f"{self.home}/{name}.xml"
            if with_disks is None or number < with_disks:
                run("qemu-img", "create", "-q", "-f", "qcow2", disk, "64M")
                self.give(disk)
            with open(file_name, "w", encoding="ascii") as file:
                file.write(DOMAIN.format(name=name, disk=disk, firmware=firmware))
            self.command("define", file_name)

    def command(self, *words):
        return run(*self.words, *words)

    def list(self):
        self.command("list", "--all")

    def start(self, name):
        self.command("start", name)

    def force_off(self, name):
        self.command("destroy", name)

    def running(self):
        done = subprocess.run([*self.words, "list", "--name"], capture_output=True, text=True, check=False)
        return len(done.stdout.split())

    def close(self):
        """Its VMs are killed: `virsh destroy` takes two seconds for each."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        for path in glob.glob(f"{self.home}/libvirt/qemu/run/*.pid"):
            with open(path, encoding="ascii") as file:
                pid = int(file.read())
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def timed(call, *arguments):
    began = time.perf_counter()
    call(*arguments)
    return (time.perf_counter() - began) * 1000


def status_of(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(next(line.split()[1] for line in file if line.startswith(field + ":")))


def switches(pid):
    """Of all its threads: how often it woke up."""
    return sum(status_of(f"{pid}/task/{task}", "voluntary_ctxt_switches")
               for task in os.listdir(f"/proc/{pid}/task"))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(side, rounds):
    figures = {"start, ms": [], "force off, ms": [], "list, ms": []}
    for name in side.names:
        side.start(name)
    for _ in range(rounds):
        figures["list, ms"].append(timed(side.list))
        figures["force off, ms"].append(timed(side.force_off, side.names[0]))
        figures["start, ms"].append(timed(side.start, side.names[0]))
    row = {key: statistics.median(values) for key, values in figures.items()}
    pid = side.process.pid
    time.sleep(2)
    before = switches(pid), cpu_s(pid)
    time.sleep(IDLE_S)
    row["idle: wake-ups a second"] = (switches(pid) - before[0]) / IDLE_S
    row["idle: CPU, ms a second"] = (cpu_s(pid) - before[1]) * 1000 / IDLE_S
    row["memory (RSS), MiB"] = status_of(pid, "VmRSS") / 1024
    return row


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__.strip())
    program = os.path.abspath(sys.argv[1])
    vms, rounds = (int(word) for word in (sys.argv[2:] + ["10", "30"][len(sys.argv) - 2:]))
    folder = tempfile.mkdtemp(prefix="pgsup-bench.", dir="/tmp")
    sides, rows = [], {}
    try:
        os.chmod(folder, 0o755)
        firmware = os.path.join(folder, "idle.fw")
        with open(firmware, "wb") as file:
            file.write(SLEEPING_FIRMWARE)
        sides.append(Pgsup(program, folder, firmware, vms))
        rows["pgsup"] = measure(sides[0], rounds)
        if shutil.which("libvirtd") and shutil.which("virsh"):
            sides.append(Libvirt(folder, vms))
            sides[1].define(firmware)
            rows["virsh"] = measure(sides[1], rounds)
    finally:
        for side in sides:
            side.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{vms} VMs, median of {rounds} rounds")
    print(f"{'':26}" + "".join(f"{name:>10}" for name in rows))
    for key in rows["pgsup"]:
        print(f"{key:26}" + "".join(f"{row[key]:10.1f}" for row in rows.values()))


if __name__ == "__main__":
    main()
