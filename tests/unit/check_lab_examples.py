#!/usr/bin/env python3
"""Goal: the lab files that the documentation shows are valid by the schema that `pgsup apply
--schema` prints, and to pgsup itself; and each option of `pgsup instance create` has its key.

usage: check_lab_examples.py PGSUP SOURCE-FOLDER
"""
import json
import pathlib
import re
import subprocess
import sys
import textwrap

import yaml

PGSUP, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
# Options that are no setting of an instance, or are called otherwise: an instance has several.
OTHERWISE = {"name": None, "count": None, "json": None, "help": None, "no-lab": None, "os": "image",
             "nic": "nics", "forward": "forwards", "group": "groups", "var": "vars",
             "no-provision": "provision", "no-package-upgrade": "package-upgrade"}
BEGINNINGS = ("networks:", "images:", "defaults:", "instances:", "cloud:")
problems = []


class Loader(yaml.SafeLoader):
    pass


Loader.add_constructor("!env", lambda loader, node: loader.construct_scalar(node))
KINDS = {"object": dict, "array": list, "string": str, "number": (int, float), "boolean": bool,
         "null": type(None)}


def is_kind(value, kind):
    return isinstance(value, KINDS[kind]) and not (kind == "number" and isinstance(value, bool))


def check(value, schema, where):
    """The part of JSON Schema that the printed one uses."""
    unknown = set(schema) - {"type", "properties", "additionalProperties", "items", "description",
                             "$schema", "title"}
    if unknown:
        problems.append(f"schema of {where}: {unknown} is not known here")
    kinds = schema.get("type", list(KINDS))
    if not any(is_kind(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        problems.append(f"{where}: {value!r} is not of {kinds}")
        return
    if isinstance(value, list):
        for each in value:
            check(each, schema.get("items", {}), where)
    if isinstance(value, dict):
        for key, each in value.items():
            inner = schema.get("properties", {}).get(key, schema.get("additionalProperties", {}))
            if inner is False:
                problems.append(f"{where}: the key {key} is not in the schema")
            elif inner is not True:
                check(each, inner, f"{where}.{key}")


def examples():
    files = [SOURCE / "README.md", *sorted(SOURCE.glob("supervisor/cli/manual/topics/*.md"))]
    for path in files:
        for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", path.read_text(), re.M):
            text = textwrap.dedent(block).strip() + "\n"
            if text.startswith(BEGINNINGS):
                yield path.name, text
    for path in sorted(SOURCE.glob("tests/labs/*.yaml")):
        yield path.name, path.read_text()


def main():
    schema = json.loads(subprocess.run([PGSUP, "apply", "--schema"], capture_output=True, text=True,
                                       check=True).stdout)
    count = 0
    for name, text in examples():
        count += 1
        check(yaml.load(text, Loader), schema, name)
    keys = schema["properties"]["instances"]["additionalProperties"]["properties"]
    page = subprocess.run([PGSUP, "help", "instance", "create"], capture_output=True, text=True,
                          check=True).stdout
    for option in re.findall(r"^ +(?:-\w, )?--([a-z-]+)", page, re.M):
        key = OTHERWISE.get(option, option)
        if key and key not in keys:
            problems.append(f"`instance create --{option}` has no key in a lab file")
    print(*problems, f"{count} lab files", sep="\n")
    sys.exit(bool(problems) or count < 2)


main()
