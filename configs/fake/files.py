"""The stand-ins' files: named like ROOT files, and begun like them, but JSON."""

import json
import os

MAGIC = "root (stand-in)\n"


class Wrong(Exception):
    """What a program says before it ends with status 1."""


def write(path, content):
    """Writes a file that is whole or not there."""
    if not str(path).endswith(".root"):
        raise Wrong(f"{path}: the name of the output must end in .root")
    with open(f"{path}.part", "w", encoding="utf-8") as file:
        file.write(MAGIC)
        json.dump(content, file)
    os.replace(f"{path}.part", path)


def read(path, kind):
    """Reads a file that `write` made and that is of that kind ("sim" or "recon"), or of any (None)."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise Wrong(f"{path}: {error.strerror}") from None
    if not text.startswith(MAGIC):
        raise Wrong(f"{path}: not a file of the stand-ins")
    content = json.loads(text[len(MAGIC) :])
    if kind not in (None, content["kind"]):
        raise Wrong(f"{path} is {content['kind']}, not {kind}")
    return content


def joined(contents):
    """Several files as one: events add up, the rest must be the same."""
    first = dict(contents[0])
    for other in contents[1:]:
        for key, value in other.items():
            if key not in ("events", "seeds") and value != first[key]:
                raise Wrong(f"files that differ in {key}: {value} and {first[key]}")
    first["events"] = sum(content["events"] for content in contents)
    first["seeds"] = [seed for content in contents for seed in content["seeds"]]
    if len(set(first["seeds"])) != len(first["seeds"]):
        raise Wrong("two files have the same seed: they hold the same events")
    return first
