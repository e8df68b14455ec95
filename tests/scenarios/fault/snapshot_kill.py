"""Kills commands on snapshots, or the QEMU that they talk to, at one call after the other, and looks
whether what is left agrees: usage: snapshot_kill.py PGSUP HOME LIBRARY PLACES"""
import json
import os
import subprocess
import sys

from kills import (DISKS, FOLDER, check_by_hand, complain, faults, holds, kill, kill_each, path,
                   pgsup, qemu, told_to_guest, well, write)


def in_disk(disk):
    said = subprocess.run(["qemu-img", "info", "-U", "--output=json", path(disk)], text=True,
                          capture_output=True, check=True).stdout
    return sorted(each["name"] for each in json.loads(said).get("snapshots", []))


def agree(where, _=None):
    """Completes or undoes what was begun, and looks at all that is left. Its names."""
    listed = pgsup("snapshot", "list", "test", "--json")
    if listed.returncode != 0 or listed.stderr:
        complain(f"{where}: list: {listed.stderr}")
    rows = json.loads(listed.stdout or "[]")
    names = sorted(row["name"] for row in rows)
    if any(row["state"] != "kept" for row in rows):
        complain(f"{where}: {[(row['name'], row['state']) for row in rows]}")
    for disk in DISKS:
        if in_disk(disk) != names:
            complain(f"{where}: {disk} has {in_disk(disk)}, the store {names}")
    folder = os.path.join(FOLDER, "snapshots")
    if sorted(os.listdir(folder)) != names:
        complain(f"{where}: the folder has {os.listdir(folder)}, the store {names}")
    return names


def clear():
    well("snapshot", "remove", "test", "--all")


def a_kept():
    write([1, 2])
    well("snapshot", "create", "test", "s1")
    write([3, 4])


def whole():
    return (holds([1, 2]) or holds([3, 4])) and told_to_guest()


def check_restored(where, _):
    check_by_hand(where, whole)
    names = agree(where)
    check_by_hand(where + ", completed", whole)
    if not whole():
        complain(f"{where}: half of it is restored")
    if "s1" not in names:
        complain(f"{where}: the snapshot is gone")


def nothing():
    pass


def words(*command):
    return lambda: ["snapshot", *command]


CREATE = (nothing, words("create", "test", "s2"), agree, clear)
REMOVE = words("remove", "test", "s1")
IDLE = {"create": CREATE, "remove": (a_kept, REMOVE, agree, clear),
        "restore": (a_kept, words("restore", "test", "s1"), check_restored, clear)}
LIVE = {"create": CREATE,
        "remove": (lambda: well("snapshot", "create", "test", "s1"), REMOVE, agree, clear)}

for title, each in IDLE.items():
    kill_each(f"{title}, stopped", each)
well("start", "test")
for title, each in LIVE.items():
    kill_each(f"{title}, running", each)
for title, each in LIVE.items():
    kill_each(f"{title}, QEMU", each, qemu)
well("stop", "-f", "test")

# A start completes it too.
a_kept()
for place in range(1, 20):  # the first ones look at the disks
    agree(f"before place {place}")
    write([3, 4])
    done = kill(["snapshot", "restore", "test", "s1", "--no-safety"], "spawn", place)
    if done.returncode != -9:
        complain(f"the restore was not killed: {done.stderr}")
    if done.returncode != -9 or not holds([3, 4]):
        break
if holds([1, 2]) or holds([3, 4]):
    complain("the restore was killed at another place than between its disks")
check_by_hand("between its disks", lambda: False)
well("start", "test")
well("stop", "-f", "test")
if not holds([1, 2]):
    complain("the start has not completed the restore")
check_by_hand("after a start", whole)
agree("after a start")
sys.exit(bool(faults))
