#!/usr/bin/env python3
"""Goal: a document that cloud-init's YAML reader cannot construct is refused, and no other. Thousands
of generated documents are shown to pgsup's check and to PyYAML's SafeLoader; they must agree.

usage: check_yaml_types.py CHECK_DOCUMENTS [COUNT [SEED]]
"""
import random
import subprocess
import sys

import yaml

HEAD = "#cloud-config-archive\n"

# Inputs of reports from the field come first: cloud-init#3990 and ansible#65960 (the bare =),
# PyYAML#173 (dates), and what fails for the same reasons.
KNOWN = ["bootcmd: [[test, a, =, b]]", "x: 2024-02-30", "x: !!python/tuple [a]", "<<: 5", "x: 0x_",
         "x: =", "=: 1", "[=]", "- <<", "<<: {a: 1}", "<<: [{a: 1}, {b: 2}]", "<<: [{a: 1}, 2]",
         "a: &a {b: 1}\nc: {<<: *a}", "&a {<<: *a, b: 1}", "x: 0b_", "x: 0_", "x: 1_000", "x: +.5",
         "x: ! 5", 'x: ! "5"', 'x: ! "="', "x: !!str =", "x: !!int foo", "x: !!int 0o17", "x: !!bool 1",
         "x: !!float inf", "x: !!null x", "x: !!binary aGk=", "x: !!binary aGk", "x: !!binary a",
         "x: !!set {a, b}", "x: !!set [a]", "x: !!omap [{a: 1}]", "x: !!omap [{a: 1, b: 2}]",
         "x: !!omap {a: 1}", "x: !!pairs [a]", "x: !!map [a]", "x: !!seq {a: 1}", "x: !!str {=: a}",
         "x: !!str [a]", "? [a]\n: b", "? {a: 1}\n: b", "? !!str {=: a}\n: b", "x: !local a",
         "x: !!timestamp 2024-02-29", "x: !!timestamp x", "x: 2023-02-29", "x: 0000-01-01",
         "x: 2024-01-01 25:00:00", "x: 2024-01-01T10:00:60Z", "x: 2024-01-01 10:00:00 +24:00",
         "x: 2024-01-01 10:00:00.5 -23:59", "x: " + "9" * 4301, "x: " + "9" * 4300,
         "x: 0x" + "f" * 5000, "x: 190:20:30.15", "x: 190:20:30", "x: &x !!int 1\ny: *x", "",
         "x: !!merge <<", "x: !!value =", "!!value a: 1", "!!merge a: {b: 1}", "!!merge a: 1"]

SCALARS = ["a", "word", "=", "<<", "~", "", "null", "Null", "true", "YES", "off", "0", "00", "08", "0o7",
           "0x", "0x_", "0x1F", "-0x1", "0b", "0b_", "0b12", "1_0", "_1", "1:30", "1:60", "1:5:7", "-",
           "+", "-1", "+1", "--1", "1e3", "1e+3", "1.0e+3", "1.", ".", "..", ".5", "-.5", "1._", ".inf",
           "-.INF", "+.inf", ".nan", "-.nan", ".NaN", "1:2.5", "2024-02-29", "2023-02-29", "2024-13-01",
           "2024-1-1", "2024-1-1 1:00:00", "2024-12-31T24:00:00", "2024-12-31t23:59:59.123456789Z",
           "2024-12-31 23:59:60", "9999-99-99", "0000-00-00", "2024-06-31", "aGVsbG8=", "a===", "ab=c",
           "on", "On", "oN", "!", "&", "*"]
TAGS = ["", "", "", "", "", "", "", "! ", "!!str ", "!!int ", "!!float ", "!!bool ", "!!null ",
        "!!binary ", "!!timestamp ", "!!omap ", "!!pairs ", "!!set ", "!!seq ", "!!map ", "!!merge ",
        "!!value ", "!!python/tuple ", "!x "]


def a_number(rand):
    digits = "".join(rand.choice("0123456789_:.-+exb") for _ in range(rand.randint(1, 7)))
    return digits.rstrip(":") or "0"  # libyaml does not parse [1:], which is no question of types


def a_date(rand):
    date = "%04d-%02d-%02d" % (rand.choice([0, 1, 1900, 2000, 2023, 2024]), rand.randint(0, 13),
                               rand.randint(0, 32))
    if rand.random() < 0.5:
        date += rand.choice(["T", "t", " ", "  "]) + "%d:%02d:%02d" % (
            rand.randint(0, 25), rand.randint(0, 61), rand.randint(0, 61))
        date += rand.choice(["", ".", ".25", "Z", " Z", "+1", " -23:59", "+24:00", "-99"])
    return date


def a_scalar(rand):
    value = rand.choice([lambda: rand.choice(SCALARS), lambda: a_number(rand), lambda: a_date(rand)])()
    if rand.random() < 0.15 or value in ("!", "&", "*"):
        return rand.choice(["'%s'", '"%s"']) % value
    return value


def a_node(rand, depth, anchors):
    if anchors and rand.random() < 0.08:
        return "*" + rand.choice(anchors) + " "
    text = ""
    if rand.random() < 0.1:
        anchors.append("a%d" % len(anchors))
        text = "&" + anchors[-1] + " "
    text += rand.choice(TAGS)
    kind = rand.random() if depth else 0
    if kind < 0.5:
        return text + a_scalar(rand)
    if kind < 0.75:
        return text + "[" + ", ".join(a_node(rand, depth - 1, anchors) for _ in range(rand.randint(0, 3))) + "]"
    pairs = ((a_node(rand, rand.choice([0, 0, 0, depth - 1]), anchors), a_node(rand, depth - 1, anchors))
             for _ in range(rand.randint(0, 3)))
    return text + "{" + ", ".join(f"? {key} : {value}" for key, value in pairs) + "}"


def is_taken(text):
    try:
        yaml.safe_load(text)
        return True
    except (yaml.YAMLError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
            RecursionError):
        return False


def can_be_composed(text):
    """Whether PyYAML parses it at all: here types are compared, not parsers."""
    try:
        yaml.compose(text, Loader=yaml.SafeLoader)
        return True
    except (yaml.YAMLError, ValueError):
        return False


def main():
    program, count, seed = sys.argv[1], int((sys.argv[2:] or [8000])[0]), int((sys.argv[3:] or [1])[0])
    rand = random.Random(seed)
    documents = list(KNOWN)
    while len(documents) < count:
        text = a_node(rand, 3, [])
        if can_be_composed(text):
            documents.append(text)
    joined = "".join(HEAD + text + "\n\0" for text in documents).encode()
    answers = subprocess.run([program], input=joined, stdout=subprocess.PIPE, check=True).stdout.decode()
    taken = problems = 0
    for text, answer in zip(documents, answers.splitlines(), strict=True):
        expected = is_taken(HEAD + text + "\n")
        taken += expected
        if expected != (answer == "ok"):
            problems += 1
            print(f"{text!r}: PyYAML {'takes' if expected else 'refuses'} it; pgsup: {answer}")
    print(f"{len(documents)} documents, {taken} taken, {problems} differences")
    return 1 if problems or not count // 10 < taken < count * 9 // 10 else 0


sys.exit(main())
