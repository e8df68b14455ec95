"""The first boot of a real guest until it phones home: by pgsup, and by a shell script with QEMU and nginx,
of the same documents, command line and image. Linux."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

from at_once import command_line, detached, quoted
from homes import Home, run, wait_for

TIMEOUT_S = 900
NGINX = """daemon off; worker_processes 1; error_log stderr crit; pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{ access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; root {folder}/www;
        location ~ ^/(phone-home|report)/ {{ return 200; }} }} }}
"""
SCRIPT = """{nginx} -c '{folder}/nginx.conf' -p '{folder}' &
{qemu} </dev/null >>'{folder}/log' 2>&1 &
until grep -q 'POST /phone-home/' '{folder}/access.log' 2>/dev/null; do
    sleep 0.02
    [ "$SECONDS" -lt {timeout} ] || exit 1
done
"""


class Guests:
    """Instances of the real image; each boots once."""

    def __init__(self, pgsup, folder, image):
        self.home, self.image = Home(pgsup, folder, 1), image
        self.nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        self.home.do("image", "import", "-n", "debian", "--arch", "aarch64", image)
        self.port = json.loads(self.home.do("cloud", "get", "--json"))["ph_port"]

    def make(self, name):
        self.home.do("instance", "create", name, "--os", "debian", "--vcpu", "2", "--ram", "1024", "--seed", "http",
                     "--accel", "tcg", "-s", "4G")

    def boot(self, name):
        """Milliseconds until it has phoned home."""
        self.make(name)
        self.home.up()
        began = time.perf_counter()
        start = subprocess.Popen([self.home.pgsup, "start", "--wait", "--progress", "plain", name],
                                 env=self.home.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        took, said = None, ""
        for line in start.stderr:
            said += line
            if "phase: phone-home" in line:
                took = (time.perf_counter() - began) * 1000
        if start.wait() or took is None:
            sys.exit(f"bench: {name} did not phone home: {said[-400:]}")
        return took

    def freeze(self, name):
        """Of a guest with an agent: the whole command, and what its file systems were frozen for; milliseconds."""
        began = time.perf_counter()
        said = run(self.home.pgsup, "snapshot", "create", "--freeze-required", name, "first", env=self.home.environment)
        took = (time.perf_counter() - began) * 1000
        return took, float(re.search(r"frozen for ([0-9.]+) s", said).group(1)) * 1000

    def end(self, name):
        self.home.do("stop", "-f", name)
        self.home.do("down")
        self.home.process.wait()

    def lay_out(self, name, folder):
        """The command line and the documents that pgsup gives to the guest, whose disk is new again."""
        self.make(name)
        self.home.up()
        self.home.do("start", name)
        words = [word for word in detached(command_line(self.home, name), self.home, folder, name) if word != "-S"]
        self.end(name)
        instance = f"{self.home.path}/instances/{name}"
        backing = json.loads(run("qemu-img", "info", "--output=json", f"{instance}/os.qcow2"))["full-backing-filename"]
        run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", backing, f"{instance}/os.qcow2", "4G")
        token = re.search(r"/seed/([0-9a-f]+)/", open(f"{instance}/smbios.bin", encoding="latin-1").read()).group(1)
        shutil.copytree(f"{instance}/cloud-init", f"{folder}/www/seed/{token}")
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        with open(f"{folder}/nginx.conf", "w", encoding="ascii") as file:
            file.write(NGINX.format(folder=folder, port=self.port))
        with open(f"{folder}/boot.sh", "w", encoding="utf-8") as file:
            file.write(SCRIPT.format(nginx=self.nginx, folder=folder, qemu=quoted(words), timeout=TIMEOUT_S))

    def boot_bare(self, name):
        folder = f"{self.home.folder}/{name}"
        os.makedirs(folder)
        self.lay_out(name, folder)
        began = time.perf_counter()
        script = subprocess.Popen(["bash", f"{folder}/boot.sh"], start_new_session=True)
        status = script.wait()
        took = (time.perf_counter() - began) * 1000
        os.killpg(script.pid, 9)
        wait_for(lambda: not group_lives(script.pid), "the end of the bare QEMU")
        if status:
            sys.exit(f"bench: the bare guest did not phone home: {open(f'{folder}/log', encoding='utf-8').read()[-300:]}")
        return took


def group_lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return any(state_of(path) != "Z" for path in glob.glob("/proc/[0-9]*/stat") if group_of(path) == group)


def field(path, number):
    try:
        with open(path, encoding="latin-1") as file:
            return file.read().rsplit(")", 1)[1].split()[number]
    except OSError:
        return ""


def state_of(path):
    return field(path, 0) or "Z"


def group_of(path):
    return int(field(path, 2) or 0)


def boots(pgsup, folder, table, pairs):
    image = os.environ.get("PGSUP_TEST_IMAGE")
    if not table.wants("boot") or not image:
        return
    os.chmod(folder, 0o755)  # nginx reads as nobody
    guests = Guests(pgsup, os.path.join(folder, "boot"), image)
    os.chmod(guests.home.folder, 0o755)
    own, bare, froze = [], [], []
    try:
        for number in range(pairs):
            own.append(guests.boot(f"own{number}") / 1000)
            froze.append(guests.freeze(f"own{number}"))
            guests.end(f"own{number}")
            if guests.nginx:
                bare.append(guests.boot_bare(f"bare{number}") / 1000)
    finally:
        guests.home.close()
    table.add("boot of a Debian guest to phone-home", "s", "a shell script with QEMU and nginx", own, bare or None)
    table.add("boot: snapshot of that guest", "ms", None, [row[0] for row in froze])
    table.add("boot: frozen for that snapshot", "ms", None, [row[1] for row in froze])
