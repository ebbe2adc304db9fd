#!/usr/bin/env python3
"""Acceptance, and separation of pions and kaons in standard deviations, both with their errors."""

import argparse
import math
import random
import statistics

arguments = argparse.ArgumentParser()
arguments.add_argument("--radiator", required=True)
arguments.add_argument("--momentum", type=float, required=True)
arguments.add_argument("--pions", nargs="+", required=True)
arguments.add_argument("--kaons", nargs="+", required=True)
arguments.add_argument("--output", required=True)
a = arguments.parse_args()


def read(files):
    """(photons, mean angle) of every event of all chunks."""
    lines = [line.split() for name in files for line in open(name)]
    return [(int(n), float(angle)) for _, n, angle in lines]


def separation(pions, kaons):
    """Of two samples of mean angles; 0 if there are too few."""
    if min(len(pions), len(kaons)) < 2:
        return 0.0
    apart = abs(statistics.fmean(pions) - statistics.fmean(kaons))
    return apart / ((statistics.stdev(pions) + statistics.stdev(kaons)) / 2)


events = [read(a.pions), read(a.kaons)]
seen = [[angle for n, angle in sample if n > 5] for sample in events]
total, hits = sum(map(len, events)), sum(map(len, seen))
# One event more of either kind, so that "all of them" is not known without error.
acceptance_sd = math.sqrt((hits + 1) * (total - hits + 1) / (total + 2) ** 3)
draw = random.Random(1)
replicas = [separation(*(draw.choices(s, k=len(s)) if s else s for s in seen)) for _ in range(40)]
with open(a.output, "w") as out:
    out.write(f"{hits / total:.6g} {acceptance_sd:.6g}\n")
    out.write(f"{separation(*seen):.6g} {statistics.stdev(replicas):.6g}\n")
