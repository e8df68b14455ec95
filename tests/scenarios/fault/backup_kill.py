"""Kills backups and restores, or the QEMU that they copy from, at one call after the other, and looks
whether what is left is whole: usage: backup_kill.py PGSUP HOME LIBRARY PLACES"""
import json
import os
import shutil
import sys

from kills import (FOLDER, HOME, PLACES, UNFINISHED, check_by_hand, complain, faults, holds, kill_each,
                   pgsup, qemu, state, told_to_guest, well, write)

OUT = os.path.join(HOME, "..", "out")
INSTANCES = os.path.join(HOME, "instances")
AS_BACKED_UP, LATER = [1, 2], [3, 4]
BACKUP = []


def nothing():
    pass


def in_out():
    return [os.path.join(OUT, name) for name in sorted(os.listdir(OUT))]


def empty_out():
    for each in in_out():
        shutil.rmtree(each)


# --- making one ---

def jobs():
    return [job["id"] for job in json.loads(well("qmp", "test", "query-jobs"))] + [
        node["node-name"] for node in json.loads(well("qmp", "test", "query-named-block-nodes"))
        if node["node-name"].startswith("pgsup-backup-")]


def check_made(where, ran):
    """What has its final name is whole; the next backup removes what is left."""
    for each in in_out():
        if each.endswith(".part"):
            if ran is None or ran.returncode >= 0:
                complain(f"{where}: {each} is left by one that was not killed")
        else:
            verified = pgsup("backup", "verify", each)
            if verified.returncode != 0:
                complain(f"{where}: {verified.stderr}")
    again = pgsup("backup", "create", "test", "--to", OUT, "--thin")
    if again.returncode != 0:
        complain(f"{where}: the next backup: {again.stderr}")
    if any(each.endswith(".part") for each in in_out()):
        complain(f"{where}: the next backup leaves {in_out()}")
    if state() == "running" and jobs():
        complain(f"{where}: QEMU still has {jobs()}")


def create(*more):
    return (nothing, lambda: ["backup", "create", "test", "--to", OUT, *more], check_made, empty_out)


# --- making another machine of one ---

def check_another(where, _):
    names = [row["name"] for row in json.loads(well("list", "--json"))]
    if "two" in names:
        if not holds(AS_BACKED_UP, "two"):
            complain(f"{where}: half a machine was made")
        well("instance", "remove", "-y", "two")
    well("backup", "restore", BACKUP[0], "--as", "two")
    left = [name for name in os.listdir(INSTANCES) if name not in ("test", "two")]
    if left or not holds(AS_BACKED_UP, "two"):
        complain(f"{where}: the next restore leaves {left}")


def remove_another():
    well("instance", "remove", "-y", "two")


# --- putting it back ---

def change():
    write(LATER)
    well("instance", "set", "test", "--rerun-cloud-init")


def whole():
    return (holds(AS_BACKED_UP) or holds(LATER)) and told_to_guest()


def check_replaced(where, _):
    check_by_hand(where, whole)
    well("snapshot", "list", "test")
    if os.path.exists(UNFINISHED) or not whole():
        complain(f"{where}: what was left was not completed")
    left = [name for name in os.listdir(FOLDER) if name.startswith(".re")]
    if left:
        complain(f"{where}: left are {left}")


kill_each("create, stopped", create("--full"))
kill_each("create, stopped and thin", create("--thin"))
write(AS_BACKED_UP)
well("backup", "create", "test", "--to", OUT)
BACKUP.append(os.path.join(HOME, "..", "kept"))
os.rename(in_out()[0], BACKUP[0])
kill_each("restore, another", (nothing, lambda: ["backup", "restore", BACKUP[0], "--as", "two"],
                               check_another, remove_another))
kill_each("restore, in place", (change, lambda: ["backup", "restore", BACKUP[0], "--replace", "-y"],
                                check_replaced, nothing), wanted=2 * PLACES)
well("start", "test")
kill_each("create, running", create("--thin"))
kill_each("create, QEMU", create("--thin"), qemu)
well("stop", "-f", "test")
sys.exit(bool(faults))
