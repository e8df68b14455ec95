#!/usr/bin/env python3
"""Every command line of pgsup that the README, the topics and the help texts show is understood by
the program: the command is there, and so are its options. `pgsup help` shows every topic. Every room
is in the table of rooms, and every check of `pgsup doctor` is in its topic and is broken by a test.

usage: check_documented.py PGSUP CHECKOUT

Each is given to the program with --help at its end, where the parser stops: nothing is run. What
the texts leave open is filled in: `set|resize` is tried in both forms, `[-f]` without and with."""
import glob
import itertools
import os
import re
import shlex
import subprocess
import sys

pgsup, checkout = sys.argv[1:3]
VERBATIM = ["ssh", "exec", "qmp", "monitor"]  # what follows belongs to another program


def blocks(text):
    """The indented lines and the inline code of a Markdown text or a help text, with line numbers."""
    lines, number = text.split("\n"), 0
    while number < len(lines):
        first, line = number + 1, lines[number]
        number += 1
        while line.endswith("\\") and number < len(lines):
            line = line[:-1] + " " + lines[number].strip()
            number += 1
        if re.match(r"^ {2,8}\S", line):
            yield first, line.strip()
    for match in re.finditer(r"`([^`]+)`", text):
        yield text.count("\n", 0, match.start()) + 1, " ".join(match.group(1).split())


def commands(line):
    """The calls of pgsup in one line of a shell."""
    line = line.replace("\\|", "|").removeprefix("$ ")
    line = re.sub(r"<\(.*?\)|\$\(.*?\)", "FILE", line)  # what a shell would run for itself
    line = re.sub(r"\s(#|→|->).*", "", line)
    for part in re.split(r"&&|\|\||;|\s\|\s|\s&(?=\s|$)|\s{3,}", line):
        words = part.strip().split(" ")
        while words and (words[0] == "sudo" or re.match(r"^[A-Z_]+=", words[0])):
            words = words[1:]
        if len(words) > 1 and words[0] == "pgsup":
            yield " ".join(words[1:])


def forms(text):
    """A usage text as the command lines that it stands for."""
    without = re.sub(r"\[[^\]]*\]", "", text)
    for form in {without, text.replace("[", "").replace("]", "")}:
        form = form.replace("…", "").replace("...", "")
        try:
            words = shlex.split(form)
        except ValueError:
            words = form.split()
        # A word of alternatives stands for each; in the value of an option it is one of them.
        yield from itertools.product(*[w.split("|") if re.fullmatch(r"[\w|-]+", w) else [w] for w in words])


def ask(words):
    words = [w for w in words if w]
    for index, word in enumerate(words):
        if word in VERBATIM and index + 1 < len(words):
            words = words[: index + 1]
            break
    if "--" in words:
        words = words[: words.index("--")]
    result = subprocess.run([pgsup, *words, "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return None if result.returncode == 0 else result.stderr.strip().split("\n")[0]


def texts():
    for path in [os.path.join(checkout, "README.md"), *sorted(glob.glob(checkout + "/supervisor/cli/manual/topics/*.md"))]:
        with open(path, encoding="utf-8") as file:
            yield os.path.relpath(path, checkout), file.read()
    for path in sorted(glob.glob(checkout + "/supervisor/cli/commands/*.c")):
        with open(path, encoding="utf-8") as file:
            for command in re.findall(r'\.path = "([^"]+)"', file.read()):
                shown = subprocess.run([pgsup, "help", *command.split()], capture_output=True, text=True)
                # Not the usage line, whose form is that of the table.
                yield "help " + command, re.sub(r"(?i)^usage:.*", "", shown.stdout)


def rooms_left_out():
    """Rooms that the table of the topic "contributing" does not have."""
    with open(checkout + "/supervisor/cli/manual/topics/contributing.md", encoding="utf-8") as file:
        text = file.read()
    for path in sorted(glob.glob(checkout + "/supervisor/**/CMakeLists.txt", recursive=True)):
        room = os.path.relpath(os.path.dirname(path), checkout)
        if room not in ("supervisor", "supervisor/fetch/wire") and f"| `{room}/` |" not in text:
            yield room


def checks_left_out():
    """Checks of `pgsup doctor` that its topic does not name or that no test sees warn or fail."""
    def read(path):
        with open(os.path.join(checkout, path), encoding="utf-8") as file:
            return file.read()
    checks = re.findall(r'^    \{"([a-z-]+)", "[a-z]+", [A-Z]', read("supervisor/cli/doctor/check.c"), re.M)
    topic = read("supervisor/cli/manual/topics/doctor.md")
    scenario, unit = read("tests/scenarios/vm/160-doctor.sh"), read("tests/unit/test_doctor.c")
    for check in checks if len(checks) > 20 else ["none was found, so that each"]:
        if f"`{check}`" not in topic:
            yield f"doctor.md does not name {check}"
        if not (re.search(rf"^finds (warning|failure) {check} ", scenario, re.M)
                or re.search(rf'"{check}", VERDICT_(WARNING|FAILURE)', unit)):
            yield f"no test breaks {check}"


def topics_left_out():
    """Topics whose title `pgsup help NAME` does not show, as where a command has that name."""
    for path in sorted(glob.glob(checkout + "/supervisor/cli/manual/topics/*.md")):
        with open(path, encoding="utf-8") as file:
            title = next(line for line in file if line.startswith("# "))[2:].strip()
        name = os.path.basename(path).removesuffix(".md")
        shown = subprocess.run([pgsup, "help", name], capture_output=True, text=True).stdout
        if title not in shown.split("\n"):
            yield f"pgsup help {name} does not show the topic"


def main():
    known, bad = {}, 0
    for fault in [f"contributing.md does not name {room}/" for room in rooms_left_out()] + [*checks_left_out(), *topics_left_out()]:
        bad += 1
        print(fault)
    for name, text in texts():
        for line, block in blocks(text):
            for command in commands(block):
                for words in forms(command):
                    if words not in known:
                        known[words] = ask(words)
                    if known[words]:
                        bad += 1
                        print(f"{name}:{line}: pgsup {' '.join(words)}: {known[words]}")
    print(f"{len(known)} command lines, {bad} faults")
    if len(known) < 50:
        print("too few were found: has the form of the texts changed?")
    return bad > 0 or len(known) < 50


sys.exit(main())
