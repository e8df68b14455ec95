#!/usr/bin/env python3
"""Goal: worker threads share no buffers of the C library. No source file calls a function that
answers in a static buffer; each has a form that does not (getpwuid_r, localtime_r, strtok_r …).

usage: check_reentrant.py SOURCE-FOLDER
"""
import pathlib
import re
import sys

FORBIDDEN = re.compile(r"\b(getpw(uid|nam|ent)|getgr(gid|nam|ent)|gethostby\w+|getservby\w+|"
                       r"(local|gm|asc|c)time|strtok|inet_ntoa|rand|ttyname|ptsname|getlogin)\(")


def main():
    problems = 0
    for room in ("supervisor", "store", "qmp", "cloudinit"):
        for path in sorted(pathlib.Path(sys.argv[1], room).rglob("*.[ch]")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                code = re.sub(r"/\*.*?\*/|^ \*.*|^\s*/\*.*", "", line)
                if FORBIDDEN.search(code):
                    print(f"{path}:{number}: {line.strip()}")
                    problems += 1
    sys.exit(problems > 0)


main()
