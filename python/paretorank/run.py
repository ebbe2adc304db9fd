# paretorank: written by `paretorank init --python`, which also replaces it.
"""On a rank: makes the call that standard input tells, and writes what came of it to jobReport.json.

    run.py FOLDER MODULE:FUNCTION < {"args": [...], "kwargs": {...}, "key": "..."}

FOLDER, below the source folder, is what MODULE is imported from. The report has "key" and either "result" or "error";
its text goes back to the queue with the job's end.
"""

import importlib
import json
import os
import sys
import traceback

REPORT = "jobReport.json"
# Longest result and longest traceback, in bytes and characters.
MOST_RESULT = 4 << 20
MOST_TRACEBACK = 32 << 10


def main(folder, name):
    source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # Not the folder of this file, which Python puts there.
    sys.path[:1] = [os.path.normpath(os.path.join(source, folder)), source]
    from paretorank import calls, values

    calls.ON_RANK = True
    # The function may change the directory.
    report = os.path.abspath(REPORT)
    call = values.loads(sys.stdin.readline())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    # A module that reads its words when it is imported finds none.
    del sys.argv[1:]
    said, is_ok = made(name, call, values)
    with open(f"{report}.new", "w", encoding="ascii") as file:
        file.write('{"key": %s, %s}\n' % (json.dumps(call["key"]), said))
    os.replace(f"{report}.new", report)
    return 0 if is_ok else 1


def made(name, call, values):
    """The report's further text, and whether there is a result."""
    try:
        module, function = name.split(":")
        value = getattr(importlib.import_module(module), function)
        # As it was defined: on a rank it has no other meaning.
        value = getattr(value, "local", value)(*call["args"], **call["kwargs"])
    # Also SystemExit: no result is a failure.
    except BaseException as error:
        return failed(error, error.__traceback__.tb_next), False
    try:
        text = values.strict(value, "the result")
        if len(text) > MOST_RESULT:
            raise ValueError(
                f"the result has {len(text)} bytes of JSON, and may have {MOST_RESULT}: write a file, and return its name"
            )
    except (TypeError, ValueError) as error:
        return failed(error, None), False
    return f'"result": {text}', True


def failed(error, trace):
    text = "".join(traceback.format_exception(type(error), error, trace))
    sys.stderr.write(text)
    last = "".join(traceback.format_exception_only(type(error), error)).strip()
    return f'"error": {json.dumps({"reason": last[-2000:], "traceback": text[-MOST_TRACEBACK:]})}'


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
