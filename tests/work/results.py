"""Calls of all kinds: what becomes of each is printed as JSON."""

import concurrent.futures
import hashlib
import json
import os
import signal
import sys
import time

import helper
from paretorank import WorkError, work

DECIDES = dict(python=sys.executable, exclude=["left-out*"])


@work(map_results=True, **DECIDES)
def evaluate(x, y=2, *, text=""):
    print("noise on standard output", sys.stdin.read())
    os.chdir("/")
    return {"f": helper.product(x, y), "length": len(text), "pid": os.getpid(), "here": sorted(os.listdir(helper.HERE))}


@work(**DECIDES)
def misbehave(how):
    if how == "raise":
        raise ValueError("x is out of range, says gr\u00fcn")
    if how == "set":
        return {"values": [1, {1, 2}]}
    if how == "nan":
        return [0.0, float("nan")]
    if how == "long":
        return "x" * (5 << 20)
    if how == "exit":
        sys.exit(0)
    if how == "vanish":
        print("last words", file=sys.stderr, flush=True)
        os._exit(0)
    if how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "sleep":
        time.sleep(600)
    if how == "nested":
        return misbehave.map(["raise"])
    return how


def told(error):
    return {"kind": type(error).__name__, "text": str(error), **getattr(error, "__dict__", {})}


def outcome(future):
    try:
        return future.result(timeout=100)
    except (WorkError, TimeoutError, concurrent.futures.CancelledError) as error:
        return told(error)


def refused(call):
    try:
        call()
    except (TypeError, ValueError, KeyError) as error:
        return told(error)
    raise AssertionError("it was accepted")


def cancelled():
    """Calls that nobody has begun."""
    slow = misbehave.map(["sleep", "sleep", "sleep"])
    late = misbehave.map(["sleep"], timeout=0.5)[0]
    assert slow[0].cancel() and slow[0].cancelled() and slow[0].cancel()
    assert slow[1].cancel() and slow[2].cancel()
    concurrent.futures.wait(slow, timeout=10)
    said = {"slow": [outcome(future) for future in slow], "late": outcome(late)}
    print("nobody waits", flush=True)
    return said


def main():
    early = cancelled() if sys.argv[1] == "first" else {}
    sets = [(n, 10) for n in range(12)] + [{"x": 5, "text": "l" * 300_000}, [7], 8]
    results = evaluate.map(sets, timeout=100)
    values = results.values(timeout=100)
    kinds = ["raise", "set", "nan", "long", "exit", "vanish", "crash", "nested", "well"]
    bad = misbehave.map(kinds, timeout=100)
    done, _ = concurrent.futures.wait(bad, timeout=100)
    assert len(done) == len(kinds)
    assert not bad[0].cancel() and results.cancel() == 0
    key = hashlib.sha1(b'{"x": 3, "y": 10}').hexdigest()
    print(json.dumps({
        "local": evaluate(2, 3)["f"] + evaluate.local(1, 1)["f"],
        "f": [value["f"] for value in values],
        "lengths": [value["length"] for value in values],
        "processes": len({value["pid"] for value in values}),
        "here": values[0]["here"],
        "by arguments": [results[(3, 10)]["f"], results[{"y": 10, "x": 3}]["f"]],
        "by key": results.table()[f"study:evaluate:{key}"]["f"],
        "bad": {how: outcome(future) for how, future in zip(kinds, bad)},
        **early,
        "refused": {
            "nan": refused(lambda: evaluate.map([(1, 2), (1, float("nan"))])),
            "deep": refused(lambda: evaluate.map([{"x": {"a": [0, object()]}}])),
            "names": refused(lambda: evaluate.map([(1, 2), {"z": 1}])),
            "unknown": refused(lambda: results[(99, 99)]),
            "long": refused(lambda: evaluate.submit(1, text="l" * (9 << 20))),
        },
    }))


if __name__ == "__main__":
    main()
