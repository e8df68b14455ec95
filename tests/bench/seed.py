"""The seed server beside nginx and Python's http.server, which give the same documents as files. Guests of
user networking fetch through their QEMU, so each connection is one of that guest's (fake) QEMU too. Linux."""
import array
import glob
import json
import os
import re
import resource
import shutil
import socket
import sqlite3
import subprocess

from homes import Home, free_port, run, wait_for

DOCUMENTS = "meta-data", "user-data", "vendor-data", "network-config"
REQUESTS = 1000  # of each connection that is kept alive: what is done once for each counts little
NGINX = """daemon off; worker_processes 1; error_log stderr crit; pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000; open_file_cache max=10000;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}/www; }} }}
"""


def listens(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Guest:
    """QMP to a VM, which keeps the sockets that it is given for as long as this stays open."""

    def __init__(self, path):
        self.monitor = socket.socket(socket.AF_UNIX)
        self.monitor.connect(path)
        self.lines = self.monitor.makefile("r")
        self.lines.readline()  # the greeting
        self.tell("qmp_capabilities")

    def tell(self, command, fds=(), **arguments):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.monitor.sendmsg([json.dumps({"execute": command, "arguments": arguments}).encode()], rights)
        while "return" not in (line := self.lines.readline()):
            if not line or "error" in line:
                raise RuntimeError(line)

    def close(self):
        self.lines.close()
        self.monitor.close()


class Servers:
    """One home whose VMs run (of a fake QEMU), and its peers; each of `count` guests has its paths."""

    def __init__(self, pgsup, programs, folder, count):
        build, fake = programs
        self.client, self.count, self.processes = f"{build}/tests/bench_http", count, []
        self.home, self.folder = Home(pgsup, folder, count, fake), folder

    def open(self):
        self.home.up()
        self.home.start_all()
        folder = self.folder
        store = sqlite3.connect(f"{self.home.path}/cloud.sqlite3")
        rows = store.execute("SELECT name, token FROM instances").fetchall()
        self.names = [name for name, _ in rows]
        self.ports = {"pgsup": json.loads(self.home.do("cloud", "get", "--json"))["ph_port"]}
        store.close()
        self.paths = [" ".join(f"/seed/{token}/{each}" for each in DOCUMENTS) + "\n" for _, token in rows]
        for name, token in rows:
            shutil.copytree(f"{self.home.path}/instances/{name}/cloud-init", f"{folder}/www/seed/{token}")
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        self.open_nginx(folder)
        self.serve("http.server", "python3", "-m", "http.server", "--bind", "127.0.0.1", "-d", f"{folder}/www")

    def open_nginx(self, folder):
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if not nginx:
            return
        port = self.ports["nginx"] = free_port()
        with open(f"{folder}/nginx.conf", "w", encoding="ascii") as file:
            file.write(NGINX.format(folder=folder, port=port))
        self.spawn(port, nginx, "-c", f"{folder}/nginx.conf", "-p", folder)

    def serve(self, name, *words):
        port = self.ports[name] = free_port()
        self.spawn(port, *words, str(port))

    def spawn(self, port, *words):
        self.processes.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                               stderr=subprocess.DEVNULL))
        wait_for(lambda: listens(port), words[0])

    def give(self, sockets):
        """To each guest its own."""
        run_folder, guests = glob.escape(self.home.run_folder()), []
        for name, own in zip(self.names, sockets):
            found = glob.glob(f"{run_folder}/s/{name}.*.mon") or glob.glob(f"{run_folder}/{name}.*.mon")
            guests.append(Guest(found[0]))
            for each in own:
                guests[-1].tell("getfd", [each], fdname=f"seed{each}")
        return guests

    def ask(self, name, requests, clients=None):
        """Served, wanted, a second, and milliseconds: median, 99th of a hundred, most."""
        count = len(DOCUMENTS) if requests == 1 else 1
        paths = self.paths[:clients]
        sockets = [[socket.socket().detach() for _ in range(count)] for _ in paths]
        guests = self.give(sockets) if name == "pgsup" else []
        lines = [" ".join(map(str, own)) + " " + path for own, path in zip(sockets, paths)]
        fds = [fd for own in sockets for fd in own]
        try:
            said = run(self.client, str(self.ports[name]), str(requests), input="".join(lines), pass_fds=fds)
        finally:
            for fd in fds:
                os.close(fd)
            for guest in guests:
                guest.close()
        return [float(word) for word in re.findall(r"[0-9.]+", said)]

    def close(self):
        for process in self.processes:
            process.terminate()  # nginx ends its workers then; killed, it would leave them
            process.wait()
        self.home.close()


def warm(servers, table):
    """http.server keeps no connection alive, and lets more than five clients wait for seconds."""
    for name, kept, requests, clients in (("nginx", "kept alive", REQUESTS, 64), ("http.server", "new each", 1, 4)):
        if name in servers.ports:
            own, others = zip(*[[servers.ask(each, requests, clients)[2] for each in ("pgsup", name)]
                                for _ in range(table.pairs)])
            table.add(f"seed server, {clients} clients, {kept}", "a second", name, own, others)


def cold(servers, table):
    asked = [servers.ask("pgsup", 1) for _ in range(5)]
    others = [servers.ask("nginx", 1)[4] for _ in range(5)] if "nginx" in servers.ports else None
    served = min(row[0] / row[1] for row in asked) * 100
    table.add(f"{servers.count} guests at once: served", "%", None, [served])
    table.add(f"{servers.count} guests at once: p99", "ms", "nginx", [row[4] for row in asked], others)


def seed_server(pgsup, programs, folder, table, quick):
    """programs: the build with the client, and the fake QEMU."""
    if not table.wants("seed server"):
        return
    os.chmod(folder, 0o755)  # nginx reads as nobody
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    for count, measure in ((64, warm),) if quick else ((64, warm), (1000, cold)):
        servers = Servers(pgsup, programs, os.path.join(folder, f"seed{count}"), count)
        try:
            servers.open()
            measure(servers, table)
        finally:
            servers.close()
