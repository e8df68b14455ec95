#!/usr/bin/env python3
"""Goal: of a user's own documents those are refused, and no others, that cost the guest its accounts,
its phone-home or its network. Each row of golden/own-documents.yaml is shown to pgsup's check and,
merged with pgsup's own as a guest gets it, to cloud-init; with "by: useradd" its users are created.

usage: check_own_documents.py JUDGE_DOCUMENTS, in tests/
"""
import base64
import logging
import os
import subprocess
import sys
import tempfile

import yaml

OURS = open("golden/seed/behind-own/user-data").read()
ACCOUNTS = {"cloudadmin", "ansible"}
MODULES = {"cloud_init_modules": ("users_groups", "ssh"), "cloud_final_modules": ("phone_home",)}
logging.disable(logging.CRITICAL)
try:
    from cloudinit import helpers, user_data, util
    from cloudinit.distros import ug_util
    from cloudinit.handlers import cloud_config
    from cloudinit.net import network_state
except ImportError:
    if sys.platform != "darwin":
        raise
    user_data = None  # it has no package there
if user_data:
    import useradd


def merged(own):
    """What cloud-init's own code makes of the document and pgsup's, as in cloudinit/multipart.c."""
    part = 'Content-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: base64\n\n%s'
    mime = "mime-version:" in own[:4096].lower() and not own.lstrip().startswith("#")
    first = own.lstrip() + "\n" if mime else part % base64.encodebytes(own.encode()).decode()
    text = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="=pgsup="\n\n'
    for each in (first, part % base64.encodebytes(OURS.encode()).decode()):
        text += "--=pgsup=\n" + each
    message = user_data.UserDataProcessor(helpers.Paths({})).process((text + "--=pgsup=--\n").encode())
    return read(message)


def read(message):
    with tempfile.TemporaryDirectory() as folder:
        paths = helpers.Paths({})
        paths.get_ipath = paths.get_ipath_cur = lambda name=None: os.path.join(folder, "cloud-config.txt")
        handler = cloud_config.CloudConfigPartHandler(paths)
        handler._write_cloud_config = lambda: None
        handler.handle_part(None, "__begin__", None, None, None, None)
        count = 0
        for part in message.walk():
            if part.is_multipart():
                continue
            count += 1
            if part.get_content_type() == "text/cloud-config":
                text = part.get_payload(decode=True).decode()
                handler.handle_part(None, "text/cloud-config", "part", text, None, dict(part))
        return handler.cloud_buf, count


class Distro:
    def get_default_user(self):
        return {"name": "debian"}

    def __getattr__(self, name):
        return None


def config_is_lost(kind, own):
    """Why a guest with this document is not one that pgsup can use; None: it is."""
    config, count = merged(own) if kind == "user-data" else (yaml.safe_load(OURS), 2)
    if kind == "vendor-data":
        message = user_data.UserDataProcessor(helpers.Paths({})).process(own.encode())
        config = util.mergemanydict([config, read(message)[0]])
    if count < 2:
        return "the document is passed over"
    if kind == "user-data" and own.startswith(("Content-Type: text/cloud-config", "MIME")) and not broken_ok(own, config):
        return "a part is passed over"
    users, groups = ug_util.normalize_users_groups(config, Distro())
    if not ACCOUNTS <= set(users) or users["ansible"].get("ssh_authorized_keys") is None:
        return "accounts are %s" % list(users)
    names = set(groups) & (ACCOUNTS | {"anna"})
    for user in users.values():
        own_groups = user.get("groups", "")
        own_groups = own_groups.split(",") if isinstance(own_groups, str) else own_groups
        names |= {group.strip() for group in own_groups} & ACCOUNTS # as create_user() does
        names |= {user.get("primary_group")} & ACCOUNTS
    if names:
        return "groups are %s" % names
    phone_home = config.get("phone_home")
    if not isinstance(phone_home, dict) or "/phone-home/" not in phone_home.get("url", ""):
        return "phone_home is %s" % phone_home
    vendor = util.mergemanydict([config, {"vendor_data": {"enabled": True}}])["vendor_data"]
    if not isinstance(vendor, dict) or not util.is_true(vendor.get("enabled")):
        return "vendor_data is %s" % vendor
    everywhere = [(each[0] if isinstance(each, list) else each).replace("-", "_")
                  for section in ("cloud_init_modules", "cloud_config_modules", "cloud_final_modules")
                  for each in config.get(section, [])]
    for section, modules in MODULES.items():
        for module in modules:
            if section in config and module not in everywhere:
                return "no %s" % module
    return None


def broken_ok(own, config):
    """Whether each cloud-config in it was read: it leaves a key beside pgsup's."""
    return set(config) - set(yaml.safe_load(OURS)) or "users:" in own and len(config["users"]) > 2 or "users: bob" in own \
        or "phone" in own or "dXNlcnM6IGJvYgo=" in own


def network_is_lost(own):
    config = yaml.safe_load(own)
    try:
        state = network_state.parse_net_config_data(config.get("network", config))
        return None if state and list(state.iter_interfaces()) else "no interface"
    except Exception as error:
        return repr(error)


def is_lost(kind, own):
    return network_is_lost(own) if kind == "network-config" else config_is_lost(kind, own)


def main():
    failures = []
    rows = yaml.safe_load(open("golden/own-documents.yaml"))
    for kind in ("user-data", "vendor-data", "network-config"):
        some = [row for row in rows if row["kind"] == kind]
        done = subprocess.run([sys.argv[1], kind], input="".join(row["text"] + "\0" for row in some).encode(),
                              capture_output=True, check=True)
        said = done.stdout.decode().split("\0")[:-1]
        for row, words in zip(some, said, strict=True):
            if not words.startswith(row["is"]) or row.get("says", "") not in words:
                failures.append(f"{row['text']!r}: pgsup says {words!r}, expected {row['is']}: {row.get('says')!r}")
            if not user_data:
                continue
            if "by" in row and not useradd.is_possible():
                continue
            lost = useradd.lost(row["text"]) if "by" in row else is_lost(kind, row["text"])
            if (row["is"] == "refused") != bool(lost) and row["is"] != "warned":
                failures.append(f"{row['text']!r} is {row['is']}, but with cloud-init {lost}")
    print(*failures, sep="\n")
    print(len(rows), "documents,", len(failures), "failures")
    sys.exit(1 if failures or len(rows) < 60 else 0)


main()
