"""A sampling calorimeter, simulated shower by shower: its energy resolution and its thickness."""

import math
import random
import statistics
import time

START_UP = 0.02  # seconds before the first event: what geometry and physics tables are in a real simulation


def shower(generator, layers, absorber):
    """Energy that a shower of 1 leaves in the layers, sampled between plates of absorber."""
    begin, seen = 0.0, 0.0
    scale = 12.0 * generator.lognormvariate(0.0, 0.2)  # mm of absorber in which a shower dies away
    for _ in range(layers):
        end = begin + absorber
        deposit = math.exp(-begin / scale) - math.exp(-end / scale)
        seen += max(0.0, generator.gauss(deposit, 0.15 * math.sqrt(deposit)))
        begin = end
    return seen


def evaluate(parameters, context):
    """Relative resolution with its standard error, and thickness in mm with 4 mm of readout per layer."""
    time.sleep(START_UP)
    layers, absorber, events = parameters["layers"], parameters["absorber"], parameters["events"]
    generator = random.Random(context["seed"])
    seen = [shower(generator, layers, absorber) for _ in range(events)]
    resolution = statistics.stdev(seen) / statistics.fmean(seen)
    error = resolution / math.sqrt(2 * (events - 1))
    thickness = layers * (absorber + 4)
    return {"resolution": {"value": resolution, "sem": error}, "thickness": {"value": thickness, "sem": 0}}
