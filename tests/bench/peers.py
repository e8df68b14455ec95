"""Rows beside libvirt's (Debian's, as a session daemon): on either side as many VMs, of which some run. Linux."""
import os
import shutil
import subprocess
import time

from bench_commands import Libvirt
from homes import Home, wait_for

VMS, RUNNING = 300, 40


def figures_of(pid):
    """Wake-ups, milliseconds of processor, megabytes of PSS."""
    woken = cpu_ms = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as file:
            woken += sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt"))
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            cpu_ms += int(file.read().split()[0]) / 1e6
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        pss_mb = next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024
    return woken, cpu_ms, pss_mb


def timed(call, *words):
    began = time.perf_counter()
    call(*words)
    return (time.perf_counter() - began) * 1000


def commands(home, libvirt, table):
    pairs = {f"list of {VMS}": [], "stop -f": [], "start": []}
    for _ in range(table.pairs):
        for word, own, other in ((f"list of {VMS}", ("list",), ("list", "--all")),
                                 ("stop -f", ("stop", "-f", "vm0"), ("destroy", "bench0")),
                                 ("start", ("start", "vm0"), ("start", "bench0"))):
            pairs[word].append((timed(home.do, *own), timed(libvirt.command, *other)))
    for word, found in pairs.items():
        table.add(f"libvirt: {word}", "ms", "virsh", *map(list, zip(*found)))


def adopt(home):
    home.kill()
    began = time.perf_counter()
    home.up()
    wait_for(lambda: home.do("list").count("Running") == RUNNING, "adoption")
    return (time.perf_counter() - began) * 1000


def readopt(home, libvirt, table):
    def restart():
        libvirt.process.kill()
        libvirt.process.wait()
        began = time.perf_counter()
        libvirt.open()
        wait_for(lambda: libvirt.running() == RUNNING, "libvirtd's restart")
        return (time.perf_counter() - began) * 1000

    own, others = zip(*[(adopt(home), restart()) for _ in range(3)])
    table.add(f"libvirt: adoption of {RUNNING}", "ms", "libvirtd's restart", own, others)


def idle(home, libvirt, table, seconds):
    time.sleep(11)  # what has just happened is looked at for so long
    pids = home.process.pid, libvirt.process.pid
    before = [figures_of(pid) for pid in pids]
    time.sleep(seconds)
    after = [figures_of(pid) for pid in pids]
    rows = [[(b[0] - a[0]) / seconds, (b[1] - a[1]) / seconds, b[2]] for a, b in zip(before, after)]
    for (word, unit), own, other in zip((("wake-ups", "a second"), ("processor", "ms a second"), ("memory", "MB")),
                                        *rows):
        table.add(f"libvirt: idle with {RUNNING}, {word}", unit, "libvirtd", [own], [other])


def beside_libvirt(pgsup, folder, table, seconds):
    if not table.wants("libvirt") or not shutil.which("libvirtd") or not shutil.which("virsh"):
        return
    os.chmod(folder, 0o755)
    home = Home(pgsup, os.path.join(folder, "beside"), VMS)
    libvirt = Libvirt(folder, VMS)
    try:
        home.up()
        libvirt.define(f"{home.folder}/idle.fw", RUNNING)
        home.do("start", *home.names[:RUNNING])
        for name in libvirt.names[:RUNNING]:
            libvirt.start(name)
        commands(home, libvirt, table)
        idle(home, libvirt, table, seconds)
        readopt(home, libvirt, table)
    finally:
        home.close()
        libvirt.close()
        subprocess.run(["chmod", "700", folder], check=False)
