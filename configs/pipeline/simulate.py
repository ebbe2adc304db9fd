#!/usr/bin/env python3
"""Simulates one chunk of events of the toy detector: per event the number of photons and their mean angle."""

import argparse
import json
import math
import random

INDEX = {"aerogel": 1.019, "gas": 1.00076}
MASS = {"pi+": 0.13957, "kaon+": 0.49368}  # GeV

arguments = argparse.ArgumentParser()
arguments.add_argument("--particle", choices=MASS, required=True)
arguments.add_argument("--momentum", type=float, required=True)
arguments.add_argument("--radiator", choices=INDEX, required=True)
arguments.add_argument("--first", type=int, required=True)
arguments.add_argument("--events", type=int, required=True)
arguments.add_argument("--seed", type=int, required=True)
arguments.add_argument("--output", required=True)
a = arguments.parse_args()

design = json.load(open("parameters.json"))
draw = random.Random(a.seed)
beta = a.momentum / math.hypot(a.momentum, MASS[a.particle])
cosine = min(1, 1 / (INDEX[a.radiator] * beta))
angle = 1000 * math.acos(cosine)  # mrad
length = design["thickness"] if a.radiator == "aerogel" else design["sensor_z"]
yield_per_cm = 250 if a.radiator == "aerogel" else 150
photons = yield_per_cm * length * (1 - cosine**2) * math.exp(-design["thickness"] / 12)
defocus = abs(design["sensor_z"] - design["mirror_radius"] / 2)
blur = 1.5 + 0.05 * defocus + (0.6 * design["thickness"] if a.radiator == "aerogel" else 0)

with open(a.output, "w") as out:
    for event in range(a.first, a.first + a.events):
        n = max(0, round(draw.gauss(photons, math.sqrt(photons))))
        mean = draw.gauss(angle, blur / math.sqrt(n)) if n else 0.0
        out.write(f"{event} {n} {mean:.6g}\n")
json.dump({"events": a.events}, open("result.json", "w"))
