#!/usr/bin/env python3
"""DTLZ2 at 40 points, evaluated by the ranks of a pilot: prints those that no other one dominates.

Needs the module paretorank (`paretorank init --python`), a queue and a pilot; see the README.
"""

import itertools
import math
import time

from paretorank import work


@work(map_results=True)
def evaluate(x, y):
    """DTLZ2 with two objectives, and some time that passes."""
    time.sleep(0.1)
    g = (y - 0.5) ** 2
    return {"f1": (1 + g) * math.cos(x * math.pi / 2), "f2": (1 + g) * math.sin(x * math.pi / 2)}


def main():
    points = list(itertools.product([n / 7 for n in range(8)], [n / 4 for n in range(5)]))
    results = evaluate.map(points, key="scan", timeout=300)
    values = results.values()

    def is_front(v):
        return not any(w["f1"] <= v["f1"] and w["f2"] <= v["f2"] and w != v for w in values)

    for point in points:
        value = results[point]
        if is_front(value):
            print("x = {:.2f}, y = {:.2f}: f1 = {f1:.3f}, f2 = {f2:.3f}".format(*point, **value))


if __name__ == "__main__":
    main()
