#!/usr/bin/env python3
"""Simulates tracks through layers of strips: per hit the event, the true place, the measured place and the signal."""

import argparse
import random

arguments = argparse.ArgumentParser()
arguments.add_argument("--layers", type=int, required=True)
arguments.add_argument("--pitch", type=float, required=True, help="um")
arguments.add_argument("--events", type=int, required=True)
arguments.add_argument("--seed", type=int, required=True)
arguments.add_argument("--output", required=True)
a = arguments.parse_args()

draw = random.Random(a.seed)
with open(a.output, "w") as out:
    for event in range(a.events):
        place = draw.uniform(0, 1000)
        for layer in range(a.layers):
            place += draw.gauss(0, 4)  # um, scattering in the layer before
            # A wide strip collects more charge, in widths of the noise.
            signal = draw.gauss(3 + a.pitch / 10, 1.5)
            seen = round(place / a.pitch) * a.pitch + draw.gauss(0, 2)
            out.write(f"{event} {place:.3f} {seen:.3f} {signal:.3f}\n")
            if draw.random() < 0.1:  # a noisy strip
                out.write(f"{event} {place:.3f} {draw.uniform(0, 1000):.3f} {abs(draw.gauss(0, 1.5)):.3f}\n")
