#!/usr/bin/env python3
"""Goal: no two files of the house need each other, by however many steps. A file is the pair of its
.c and its .h; it needs the files whose headers it includes. Files that differ between the systems
(*_linux.c, *_darwin.c) belong to the file that they implement.

usage: check_circles.py SOURCE-FOLDER
"""
import os
import pathlib
import re
import sys

FOLDERS = ["qmp", "cloudinit", "store", "supervisor"]
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def name_of(path):
    return re.sub(r"(_linux|_darwin)?\.[ch]$", "", path)


def find(paths, user, header):
    """The path of an included header, or None for one that is made while building."""
    places = [os.path.join(os.path.dirname(user), header), os.path.join("supervisor", header), header]
    return next((place for place in places if place in paths), None)


def read_needs(source, paths):
    """File -> {file that it needs: where it says so}."""
    needs = {name_of(path): {} for path in paths}
    for path in paths:
        with open(os.path.join(source, path), encoding="utf-8") as text:
            for header in INCLUDE.findall(text.read()):
                found = find(paths, path, header)
                if found and name_of(found) != name_of(path):
                    needs[name_of(path)].setdefault(name_of(found), path)
    return needs


def reach(needs, start):
    """Every file that can be reached, with the one before it on a shortest way."""
    before, queue = {}, [start]
    for file in queue:
        for needed in needs[file]:
            if needed not in before:
                before[needed] = file
                queue.append(needed)
    return before


def circles(needs):
    """One shortest circle for each group of files that all need each other."""
    found, seen = [], set()
    for file in sorted(needs):
        before = reach(needs, file)
        if file in seen or file not in before:
            continue
        seen |= {other for other in before if file in reach(needs, other)}
        way = [file, before[file]]
        while way[-1] != file:
            way.append(before[way[-1]])
        found.append(list(reversed(way)))
    return found


def main():
    source = sys.argv[1]
    paths = [path.relative_to(source).as_posix() for folder in FOLDERS
             for path in pathlib.Path(source, folder).rglob("*.[ch]")]
    needs = read_needs(source, set(paths))
    found = circles(needs)
    for circle in found:
        print("circle: " + ", ".join(f"{needs[user][used]} includes {used}.h"
                                     for user, used in zip(circle, circle[1:])))
    print(f"{len(needs)} files, {sum(map(len, needs.values()))} includes, {len(found)} circles")
    return 1 if found or len(needs) < 2 else 0


sys.exit(main())
