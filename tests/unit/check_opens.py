#!/usr/bin/env python3
"""Goal: no file keeps whoever opens it waiting. A FIFO in its place does, when it is opened to be read
or to be written and nobody is at its other end; O_NONBLOCK, or what only opens another kind, does not.

usage: check_opens.py SOURCE-FOLDER
"""
import pathlib
import re
import sys

OPEN = re.compile(r"\bopen(at)?\([^;]*;", re.S)
NEVER_WAITS = re.compile(r"O_NONBLOCK|O_DIRECTORY|O_EXCL|O_PATH|O_RDWR|\"/dev/|/proc/")
# What a person names on the command line may be a pipe on purpose: <(command).
GIVEN = {"supervisor/base/given_file.c", "supervisor/cli/input/password_input.c",
         "supervisor/cli/link/console_link.c", "supervisor/home/images/unpack.c",
         "supervisor/base/platform_linux.c"}  # the last: files of /proc


def main():
    top, problems = pathlib.Path(sys.argv[1]), 0
    for room in ("supervisor", "store", "qmp", "cloudinit"):
        for path in sorted((top / room).rglob("*.c")):
            text = path.read_text()
            for match in OPEN.finditer(text):
                if str(path.relative_to(top)) in GIVEN or NEVER_WAITS.search(match[0]):
                    continue
                print(f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}")
                problems += 1
    sys.exit(problems > 0)


main()
