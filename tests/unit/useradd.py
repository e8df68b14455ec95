"""Whether cloud-init's own code, with the useradd(8) of this host on a folder of its own, creates
pgsup's accounts behind the users and groups of a document."""
import logging
import os
import shutil
import subprocess
import tempfile

import yaml
from cloudinit import distros, helpers, ssh_util, subp, util
from cloudinit.config import cc_users_groups

ACCOUNTS = """
- {name: cloudadmin, groups: [users, adm], sudo: ALL, shell: /bin/bash, lock_passwd: false, hashed_passwd: $6$a$b}
- {name: ansible, groups: [users], sudo: ALL, shell: /bin/bash, lock_passwd: true, ssh_authorized_keys: [ssh-ed25519 A]}
"""
PROGRAMS = ("useradd", "groupadd", "usermod")


def is_possible():
    """The rows say what the useradd of Debian 12 takes; newer ones take longer names, and not all others."""
    with open("/etc/os-release", encoding="utf-8") as file:
        known = "VERSION_CODENAME=bookworm" in file.read()
    return known and os.geteuid() == 0 and all(shutil.which(program) for program in PROGRAMS)


def names(root, file):
    with open(f"{root}/etc/{file}") as lines:
        return [line.split(":")[0] for line in lines]


def sudoers(_self, _user, rules, _file=None):
    if not isinstance(rules, (list, tuple, str)):
        raise TypeError("rules of sudo")


def go_to(root):
    """Makes cloud-init's code work on the folder."""
    def run(args, *_, **__):
        if args[0] in PROGRAMS:
            words = [args[0], "--prefix", root, *map(str, args[1:])]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode:
                raise subp.ProcessExecutionError(cmd=words, exit_code=done.returncode, stderr=done.stderr)
        return subp.SubpResult("", "")
    distros.subp.subp = run
    util.is_user = lambda name: str(name) in names(root, "passwd")
    util.is_group = lambda name: name in names(root, "group")
    distros.Distro.write_sudo_rules = sudoers
    ssh_util.setup_user_keys = lambda *_, **__: None


class Cloud:
    def __init__(self):
        system = {"default_user": {"name": "debian", "lock_passwd": True}}
        self.distro = distros.fetch("debian")("debian", system, helpers.Paths({}))

    def get_public_ssh_keys(self):
        return []


def handle(config):
    words = ["users-groups", config, Cloud(), logging.getLogger(), []]
    if cc_users_groups.handle.__code__.co_argcount == 4:
        del words[3]
    cc_users_groups.handle(*words)


def lost(text):
    """Why the accounts are not created; None: they are."""
    config = yaml.safe_load(text)
    config["users"] = config.get("users", []) + yaml.safe_load(ACCOUNTS)
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None # useradd waits for the disk
    with tempfile.TemporaryDirectory(dir=memory) as root:
        os.makedirs(f"{root}/etc/default")
        os.makedirs(f"{root}/home")
        for file in ("passwd", "group", "shadow", "gshadow", "login.defs"):
            shutil.copy(f"/etc/{file}", f"{root}/etc/")
        for file in ("subuid", "subgid"):
            open(f"{root}/etc/{file}", "w").close()
        go_to(root)
        try:
            handle(config)
        except Exception as error:  # any ends the module
            return repr(error)[:120]
        missing = {"cloudadmin", "ansible"} - set(names(root, "passwd"))
        return f"{missing} are not there" if missing else None
