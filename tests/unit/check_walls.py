#!/usr/bin/env python3
"""Goal: what a room does not use, it cannot include. For each pair of rooms a file that includes one
header of the other room is compiled with the include path of the first: where CMake lets the first
use the second it must compile, and where not it must fail because the header is not found.

usage: check_walls.py COMPILER SOURCE-FOLDER BUILD-FOLDER
"""
import concurrent.futures
import glob
import json
import os
import subprocess
import sys


def a_header(source, folder):
    """One header of a room, as others include it."""
    headers = sorted(glob.glob(os.path.join(source, folder, "*.h")))
    name = os.path.join(folder, os.path.basename(headers[0]))
    return name.removeprefix("supervisor/")


def includes(compiler, path, header):
    """Whether a file with this include compiles. What a room uses must suffice for the headers that
    are included in turn: where one of those is missing, RuntimeError says so."""
    run = subprocess.run([compiler, "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-x", "c",
                          *(f"-I{folder}" for folder in path), "-"], cwd="/",
                         input=f'#include "{header}"\n', text=True, capture_output=True, check=False)
    missing = f"{header}: No such file" in run.stderr or f"'{header}' file not found" in run.stderr
    if run.returncode != 0 and not missing:
        raise RuntimeError(run.stderr)
    return run.returncode == 0


def check(compiler, source, rooms, user, used):
    header = a_header(source, rooms[used]["folder"])
    try:
        found = includes(compiler, rooms[user]["path"], header)
    except RuntimeError as error:
        return f'{user} includes "{header}", but not what that needs: {error}'
    allowed = used == user or used in rooms[user]["uses"].split()
    if found == allowed:
        return None
    return f'{user} {"cannot" if allowed else "can"} include "{header}"'


def main():
    compiler, source, build = sys.argv[1:]
    with open(os.path.join(build, "rooms.json"), encoding="utf-8") as text:
        rooms = json.load(text)
    pairs = [(user, used) for user in rooms for used in rooms]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: check(compiler, source, rooms, *pair), pairs))
    problems = [answer for answer in answers if answer]
    print("\n".join(problems + [f"{len(rooms)} rooms, {len(pairs)} pairs, {len(problems)} problems"]))
    walls = sum(used != user and used not in rooms[user]["uses"].split() for user, used in pairs)
    return 1 if problems or not walls else 0


sys.exit(main())
