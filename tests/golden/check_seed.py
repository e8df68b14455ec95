"""Judges the golden seeds with cloud-init's own code: schema, YAML types, network renderers.

Usage: check_seed.py CLOUD_INIT, in tests/. Exits 1 and says why if cloud-init would do anything
else with a document than what it was written for."""

import os
import pathlib
import subprocess
import sys
import tempfile

import yaml
from cloudinit import helpers, templater, user_data, util
from cloudinit.handlers import cloud_config
from cloudinit.net import eni, netplan, network_state, networkd
from cloudinit.reporting import handlers

sys.dont_write_bytecode = True
sys.path.insert(0, "scenarios")
from cloud_init import RUN_CLOUD_CONFIG

SEEDS = pathlib.Path("golden/seed")
PHONE_HOME_ANSWER = {"INSTANCE_ID": "test-1"}
UUID = "0D15EA5E-0000-4000-8000-00000000CAFE"
MACHINE = UUID.replace("-", "").lower()
failures = []


def check(condition, *what):
    if not condition:
        failures.append(" ".join(str(part) for part in what))


def run_schema(cloud_init, path):
    done = subprocess.run([cloud_init, "schema", "-c", path], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def check_schema(cloud_init, path):
    status, said = run_schema(cloud_init, path)
    check(status == 0, path, "is refused by cloud-init schema:", said)
    for word in ("deprecat", "warning", "invalid"):
        check(word not in said.lower(), path, "makes cloud-init say", word + ":", said)
    check(path.read_text().startswith("#cloud-config\n"), path, "lacks its first line")


def check_network_schema(cloud_init, path):
    """Only newer releases have one."""
    done = subprocess.run([cloud_init, "schema", "-t", "network-config", "-c", path], capture_output=True, text=True)
    said = done.stdout + done.stderr
    check(done.returncode == 0 or "unrecognized arguments" in said, path, "is refused by its schema:", said)


def check_meta_data(path):
    meta = yaml.safe_load(path.read_text())
    check(set(meta) == {"instance-id", "local-hostname"}, path, "has keys", list(meta))
    for key, value in meta.items():
        check(isinstance(value, str), path, key, "is read as", repr(value))


def check_user(path, user):
    name = user["name"]
    check(isinstance(user["sudo"], str), path, name, "sudo is", user["sudo"])
    check(user["lock_passwd"] is ("hashed_passwd" not in user), path, name, "lock_passwd")
    check(user.get("hashed_passwd", "$6$").startswith("$6$"), path, name, "hashed_passwd")
    check("passwd" not in user and "plain_text_passwd" not in user, path, name, "has a password")
    for key in user.get("ssh_authorized_keys", []):
        check(key.startswith("ssh-ed25519 "), path, name, "key is", key)


def check_user_data(path):
    config = yaml.safe_load(path.read_text())
    users = {user["name"]: user for user in config["users"]}
    for user in users.values():
        check_user(path, user)
    check(config["ssh_pwauth"] is ("hashed_passwd" in users["cloudadmin"]), path, "ssh_pwauth", users)
    check("ssh_authorized_keys" in users["ansible"], path, "ansible has no key")
    check(config["growpart"]["mode"] == "auto", path, "growpart", config["growpart"])
    phone_home = config.get("phone_home")
    if phone_home:
        check(type(phone_home["tries"]) is int, path, "tries", phone_home["tries"])
        url = templater.render_string(phone_home["url"], PHONE_HOME_ANSWER)
        check(url.endswith("/phone-home/test-1"), path, "posts to", url)


class Guest:
    """A folder as the root of a guest, in which the script of vendor-data runs."""

    PROGRAMS = ("cloud-init", "reboot", "sleep", "systemctl")

    def __init__(self, folder, script, **files):
        self.root = pathlib.Path(folder)
        self.files = {"run/cloud-init/cloud.cfg": "datasource_list: [ NoCloud, None ]\n",
                      "sys/class/dmi/id/product_uuid": UUID + "\n", "etc/machine-id": MACHINE + "\n",
                      "var/lib/cloud/instance/sem/consume_data.once": "", **files}
        for name, text in self.files.items():
            if text is not None:
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                (self.root / name).write_text(text)
        for name in self.PROGRAMS:
            program = self.root / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.root}/called"\n')
            program.chmod(0o755)
        for top in ("sys", "var", "etc", "run", "usr"):
            script = script.replace(f"/{top}/", f"{self.root}/{top}/")
        (self.root / "script").write_text(script)

    def boot(self):
        (self.root / "called").write_text("")
        environment = {"PATH": f"{self.root}/bin:/usr/bin:/bin"}
        done = subprocess.run(["sh", self.root / "script"], env=environment, capture_output=True, text=True)
        return done.returncode, done.stderr, [line.strip() for line in self.read("called").splitlines()]

    def read(self, name):
        path = self.root / name
        return path.read_text() if path.exists() else None


def check_boothook(path):
    """What the script does, which a guest's cloud-init runs at each boot."""
    script = path.read_text()
    check(script.startswith("#cloud-boothook\n#!/bin/sh\n"), path, "begins with", script[:40])
    check(("/report/" in script) == (RUN_CLOUD_CONFIG in script), path, "reports by another file")
    keeps = path.parent.name in ("http-dhcp", "behind-own")
    reports = "/report/" in script
    netplan = "run/systemd/network/10-netplan-eth0.network"
    renders = "etc/systemd/network/10-cloud-init-eth0.network"
    by_mac = "[DHCPv4]\nClientIdentifier=mac\n"

    def leaves(uuid):
        """Whether the instance that was made by a first boot is gone before another one, as this machine."""
        with tempfile.TemporaryDirectory() as folder:
            guest = Guest(folder, script)
            guest.boot()
            unit = guest.read("etc/systemd/system/cloud-init-local.service.d/pgsup.conf")
            check(unit and unit.endswith("\nExecStartPre=-/bin/sh %s/var/lib/cloud/pgsup-copy\n" % folder), path, "unit", unit)
            (guest.root / "sys/class/dmi/id/product_uuid").write_text(uuid + "\n")
            subprocess.run(["sh", guest.root / "var/lib/cloud/pgsup-copy"], capture_output=True, check=True)
            return not (guest.root / "var/lib/cloud/instance").exists()

    if keeps:
        check(not leaves(UUID), path, "leaves its own cache")
        check(leaves(UUID[::-1]), path, "keeps another machine's cache")

    def run(what, expected_calls, **files):
        with tempfile.TemporaryDirectory() as folder:
            guest = Guest(folder, script, **files)
            status, said, calls = guest.boot()
            check(status == 0 and said == "", path, what, "ends with", status, said)
            check([call for call in calls if not call.startswith("sleep")] == expected_calls, path, what, "calls", calls)
            return {name: guest.read(name) for name in (
                "run/cloud-init/cloud.cfg", "etc/machine-id", "var/lib/dbus/machine-id",
                "var/lib/cloud/instance/manual-clean", "var/lib/cloud/instance/pgsup-machine",
                f"etc/systemd/network/{netplan[20:]}.d/pgsup.conf", f"{renders}.d/pgsup.conf")}

    new_id = ["systemctl --no-block try-restart systemd-journald.service"]
    first = run("a first boot", [])
    check_report(path, first["run/cloud-init/cloud.cfg"], reports)
    check(first["etc/machine-id"] == MACHINE + "\n", path, "has changed its machine-id")
    check((first["var/lib/cloud/instance/manual-clean"] is not None) == keeps, path, "keeps its cache")
    check((first["var/lib/cloud/instance/pgsup-machine"] == MACHINE + "\n") == keeps, path, "knows its machine")
    later = run("a later boot", [], **{"var/lib/cloud/instance/sem/config_ssh": "", "etc/machine-id": "0\n"})
    check("reporting" not in later["run/cloud-init/cloud.cfg"], path, "reports at a later boot")
    check(later["etc/machine-id"] == "0\n", path, "changes its machine-id at a later boot")
    copied = run("a copy", new_id, **{"etc/machine-id": "0\n", "var/lib/dbus/machine-id": "0\n"})
    check(copied["etc/machine-id"] == copied["var/lib/dbus/machine-id"] == MACHINE + "\n", path, "is", copied)
    again = run("a copy with networkd", new_id + ["systemctl restart systemd-networkd.service"],
                **{"etc/machine-id": "0\n", netplan: "[Network]\nDHCP=yes\n", renders: "[Network]\n"})
    check(again[f"etc/systemd/network/{netplan[20:]}.d/pgsup.conf"] == by_mac, path, "netplan", again)
    check(again[f"{renders}.d/pgsup.conf"] == by_mac, path, "networkd", again)
    run("one whose network is by MAC", new_id, **{"etc/machine-id": "0\n", netplan: "[DHCP]\nClientIdentifier=mac\n"})
    run("without firmware", [], **{"sys/class/dmi/id/product_uuid": None, "etc/machine-id": "0\n"})
    run("without a machine-id", [], **{"etc/machine-id": None})
    run("a copied cache", ["cloud-init clean", "reboot"] if keeps else [],
        **{"var/lib/cloud/instance/sem/config_ssh": "", "var/lib/cloud/instance/pgsup-machine": "0\n"})


def check_report(path, text, expected):
    config = yaml.safe_load(text)
    check(config.pop("datasource_list") == ["NoCloud", "None"], path, "has overwritten", text)
    check(list(config) == ["reporting"] * expected, path, "adds", config)
    for handler in config.get("reporting", {}).values():
        check(handler["timeout"] == 5 and handler["retries"] == 0, path, "waits", handler)
        kind = handlers.available_handlers.registered_items[handler.pop("type")]
        check(kind is handlers.WebHookHandler, path, "reports by", kind)
        check("/report/" in kind(**handler).endpoint, path, "reports to", handler)


def check_host_keys(path):
    config = yaml.safe_load(path.read_text())
    check(config["ssh_keys"]["rsa_private"].endswith("BBBB\n"), path, "private key is", config)
    check(config["ssh_keys"]["ed25519_public"].startswith("ssh-ed25519 "), path, "public key")
    # cc_ssh writes the file that cc_phone_home then reads, and no key of this type is made
    check(config["ssh_keys"]["ecdsa_public"] == "", path, "no key")
    check("ecdsa_private" not in config["ssh_keys"], path, "no private key")


# The renderers write below a folder, as this user, without a library that writes elsewhere.
util.chownbyname = lambda path, user=None, group=None: None
netplan.netplan_api_write_yaml_file = lambda content, target=None: False


def check_network_config(path):
    config = yaml.safe_load(path.read_text())
    ethernet = config["ethernets"]["primary0"]
    mac = ethernet["match"]["macaddress"]
    check(isinstance(mac, str) and mac == mac.lower(), path, "MAC is read as", repr(mac))
    check(ethernet["dhcp4"] is ("addresses" not in ethernet), path, "dhcp4")
    for renderer in (eni.Renderer(), netplan.Renderer({"netplan_path": "netplan.yaml"}), networkd.Renderer()):
        state = network_state.parse_net_config_data(config)
        with tempfile.TemporaryDirectory() as target:
            renderer.render_network_state(state, target=target)
            written = "".join(p.read_text() for p in pathlib.Path(target).rglob("*") if p.is_file())
        check(written, path, renderer.__module__, "writes nothing")
        for address in ethernet.get("addresses", []):
            check(address.split("/")[0] in written, path, renderer.__module__, "lost", address)
        for route in ethernet.get("routes", []):
            check(route["via"] in written, path, renderer.__module__, "lost", route)


class Paths:
    """What the reader of user-data asks of cloud-init's own."""

    def __init__(self, folder):
        self.folder = folder

    def get_ipath(self, name=None):
        return os.path.join(self.folder, "cloud-config.txt")

    get_ipath_cur = get_ipath


def parts_of(path):
    """What cloud-init makes of a document: its parts, and what the cloud-configs come to."""
    with tempfile.TemporaryDirectory() as folder:
        message = user_data.UserDataProcessor(helpers.Paths({})).process(path.read_bytes())
        handler = cloud_config.CloudConfigPartHandler(Paths(folder))
        handler._write_cloud_config = lambda: None
        parts = [part for part in message.walk() if not part.is_multipart()]
        handler.handle_part(None, "__begin__", None, None, None, None)
        for part in parts:
            if part.get_content_type() == "text/cloud-config":
                text = part.get_payload(decode=True).decode()
                handler.handle_part(None, "text/cloud-config", "part", text, None, dict(part))
        return [(part.get_content_type(), part.get_payload(decode=True)) for part in parts], handler.cloud_buf


def check_multipart(path):
    parts, config = parts_of(path)
    kinds = [kind for kind, content in parts]
    check(kinds[-1] == "text/cloud-config", path, "ends with", kinds)
    check(b"phone_home" in parts[-1][1], path, "pgsup's part is not the last")
    check("phone_home" in config, path, "lost phone_home:", config)
    names = [user["name"] for user in config["users"]]
    check(names[-2:] == ["cloudadmin", "ansible"], path, "users are", names)
    if path.name == "config":
        check(names == ["bob", "cloudadmin", "ansible"], path, "users are", names)
        check(config["locale"] == "de_CH.UTF-8", path, "locale is", config["locale"])
        files = [file["path"] for file in config["write_files"]]
        check(files == ["/a"], path, "write_files are", files)
        check(config["users"][0]["gecos"] == "Bj\u00f6rn", path, "gecos is", config["users"][0])
    elif path.name == "script":
        check(kinds[0] == "text/x-shellscript", path, "begins with", kinds)
        check(parts[0][1] == b"#!/bin/sh\necho gr\xc3\xbcezi\n", path, "holds", parts[0][1])
    elif path.name == "mime":
        check(kinds[:2] == ["text/x-shellscript", "text/cloud-config"], path, "begins with", kinds)
        check(config["runcmd"] == ["true"], path, "runcmd is", config.get("runcmd"))


# What nuageinit(7) of FreeBSD 15 knows of what is written for it; it passes over the rest.
NUAGEINIT_KEYS = {"timezone", "ssh_pwauth", "users", "package_update", "package_upgrade", "packages"}
NUAGEINIT_USER_KEYS = {"name", "gecos", "sudo", "shell", "passwd", "ssh_authorized_keys"}
NUAGEINIT_CARD_KEYS = {"match", "dhcp4", "addresses", "gateway4", "nameservers"}


def check_nuageinit(folder):
    text = (folder / "user-data").read_text()
    config = yaml.safe_load(text)
    check(text.startswith("#cloud-config\n"), folder, "user-data lacks its first line")
    check(set(config) == NUAGEINIT_KEYS, folder, "user-data has keys", list(config))
    for user in config["users"]:
        check(set(user) <= NUAGEINIT_USER_KEYS, folder, "a user has keys", list(user))
        check(user["shell"] == "/bin/sh", folder, "a shell is", user["shell"])
        check(("passwd" in user) != ("ssh_authorized_keys" in user), folder, "a user is", user)
    check("sudo" in config["packages"], folder, "packages are", config["packages"])
    network = yaml.safe_load((folder / "network-config").read_text())
    for card in network["ethernets"].values():
        check(set(card) <= NUAGEINIT_CARD_KEYS, folder, "a card has keys", list(card))
        check(isinstance(card["match"]["macaddress"], str), folder, "a MAC is", card["match"])


def main():
    if len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit("cloud-init is not installed: apt-get install cloud-init")
    folders = sorted(path for path in SEEDS.iterdir() if path.is_dir())
    check(len(folders) >= 4, "only", len(folders), "golden seeds found")
    for folder in folders:
        check_meta_data(folder / "meta-data")
        if folder.name == "nuageinit":
            check_nuageinit(folder)
            continue
        check_schema(sys.argv[1], folder / "user-data")
        check_user_data(folder / "user-data")
        check_boothook(folder / "vendor-data")
        check_network_config(folder / "network-config")
        check_network_schema(sys.argv[1], folder / "network-config")
    documents = sorted(pathlib.Path("golden/multipart").iterdir())
    check(len(documents) >= 3, "only", len(documents), "golden multi-part documents found")
    for document in documents:
        check_multipart(document)
    check_schema(sys.argv[1], SEEDS / "host-keys.yaml")
    check_host_keys(SEEDS / "host-keys.yaml")
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{len(folders)} seeds, {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
