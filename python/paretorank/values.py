# paretorank: written by `paretorank init --python`, which also replaces it.
"""Values as JSON has them, and nothing else."""

import hashlib
import json
import math


def strict(value, where):
    """The JSON text of a value; `where` names it in the TypeError or ValueError about what JSON does not have."""
    _check(value, where, ())
    return json.dumps(value, sort_keys=True)


def loads(text):
    """The value of a JSON text. NaN and Infinity, which Python reads by itself, are a ValueError."""
    return json.loads(text, parse_constant=_refuse)


def key_of(arguments):
    """What calls are known by: the SHA-1 of their arguments' JSON, sorted."""
    return hashlib.sha1(json.dumps(arguments, sort_keys=True).encode()).hexdigest()


def _refuse(word):
    raise ValueError(f"{word} is not JSON")


def _check(value, where, above):
    if value is None or isinstance(value, (bool, int, str)):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where} is {value!r}, which is no number that JSON has")
        return
    if any(value is outer for outer in above):
        raise ValueError(f"{where} contains itself")
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise TypeError(f"{where} has the key {name!r}: keys must be texts")
            _check(inner, f"{where}[{name!r}]", (*above, value))
    elif isinstance(value, (list, tuple)):
        for at, inner in enumerate(value):
            _check(inner, f"{where}[{at}]", (*above, value))
    else:
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        raise TypeError(
            f"{where} is of type {kind}, which JSON does not have: make it of None, bool, int, float, str, list and "
            "dict (a number of NumPy by float(), an array by .tolist())"
        )
