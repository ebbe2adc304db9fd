#!/usr/bin/env python3
"""Efficiency and resolution of hits above a threshold within a window, both with their errors."""

import argparse
import json
import math
import statistics

arguments = argparse.ArgumentParser()
arguments.add_argument("--pitch", type=float, required=True, help="um")
arguments.add_argument("--threshold", type=float, required=True, help="noise widths")
arguments.add_argument("--window", type=float, required=True, help="pitches")
arguments.add_argument("--output", required=True)
arguments.add_argument("hits", nargs="+")
a = arguments.parse_args()

hits = [tuple(map(float, line.split()[1:])) for name in a.hits for line in open(name)]
found = [seen - place for place, seen, signal in hits if signal > a.threshold]
near = [apart for apart in found if abs(apart) < a.window * a.pitch]
n, k = len(hits), len(near)
efficiency, width = k / n, statistics.pstdev(near) if k > 1 else a.window * a.pitch
result = {
    "efficiency": {"value": efficiency, "sem": math.sqrt((k + 1) * (n - k + 1) / (n + 2) ** 3)},
    "resolution": {"value": width, "sem": width / math.sqrt(2 * max(k, 2))},
}
json.dump(result, open(a.output, "w"))
