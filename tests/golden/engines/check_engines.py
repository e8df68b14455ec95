#!/usr/bin/env python3
"""Judges the recorded forms of other engines: libvirt's by its own schema (virt-xml-validate), those
of Incus and KubeVirt by the types of which *-types.json tells the source. Neither Incus nor KubeVirt
runs here.

usage: check_engines.py VIRT-XML-VALIDATE   (in tests/)
"""
import base64
import json
import pathlib
import re
import subprocess
import sys

import yaml

FOLDER = pathlib.Path("golden/engines")
PATTERNS = {
    "mac": r"([0-9a-f]{2}:){5}[0-9a-f]{2}", "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "pci": r"[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]", "quantity": r"[0-9]+(Ki|Mi|Gi)",
    "boolstring": r"true|false", "intstring": r"[0-9]+", "string": r"(?s).+",
}


def judge(types, kind, value, where):
    """Yields what is wrong."""
    if kind == "any":
        return
    if kind[0] in "[{" and isinstance(value, list if kind[0] == "[" else dict):
        inner = kind[1:-1]
        for key, each in (enumerate(value) if kind[0] == "[" else value.items()):
            yield from judge(types, inner, each, f"{where}.{key}")
    elif kind in ("int", "bool"):
        if type(value).__name__ != kind:
            yield f"{where}: {value!r} is no {kind}"
    elif kind == "base64":
        base64.b64decode("".join(value.split()), validate=True)
    elif kind in PATTERNS:
        if not isinstance(value, str) or not re.fullmatch(PATTERNS[kind], value):
            yield f"{where}: {value!r} is no {kind}"
    elif kind in types and isinstance(value, dict):
        choice = [types[kind][k] for k in types[kind] if k == f"type={value.get('type')}"]
        members = types[choice[0]] if choice else types[kind]
        for key, each in value.items():
            if key not in members:
                yield f"{where}: {kind} has no {key!r}"
            else:
                yield from judge(types, members[key], each, f"{where}.{key}")
    else:
        yield f"{where}: {value!r} is no {kind}"


def references(machine):
    """What must fit together in a VirtualMachine: disks and volumes, interfaces and networks."""
    spec = machine["spec"]["template"]["spec"]
    devices = spec["domain"]["devices"]
    for one, other in ((devices["disks"], spec["volumes"]), (devices["interfaces"], spec["networks"])):
        if sorted(e["name"] for e in one) != sorted(e["name"] for e in other):
            yield f"names differ: {one} {other}"


def main():
    problems = []
    rows = [("incus", "incus-metadata.yaml", "Metadata"), ("incus", "incus-instance.yaml", "InstancePut"),
            ("kubevirt", "kubevirt-vm.yaml", "VirtualMachine"), ("kubevirt", "kubevirt-seed.yaml", "Secret")]
    for engine, end, kind in rows:
        types = json.loads((FOLDER / f"{engine}-types.json").read_text())
        files = sorted(FOLDER.glob(f"*-{end}"))
        if len(files) < 2:
            problems.append(f"no {end}")
        for file in files:
            document = yaml.safe_load(file.read_text())
            problems += judge(types, kind, document, file.name)
            if kind == "VirtualMachine":
                problems += references(document)
    for file in sorted(FOLDER.glob("*.xml")):
        done = subprocess.run([sys.argv[1], str(file), "domain"], capture_output=True, text=True, check=False)
        if done.returncode:
            problems.append(f"{file.name}: {done.stderr.strip()}")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


sys.exit(main())
