"""Made-up answers: what a detector of these dimensions would do, smooth and plausible, and how noisy.

The dRICH's nominal design (114, 219.8, 155.5, 1, 110, 20 cm) has about 4.0 and 4.5 standard deviations at
15 and 45 GeV and an acceptance of 0.89; there are better ones, elsewhere for each of the three.
"""

import hashlib
import math
import random

# name: best value for aerogel, for gas, for the acceptance, and how far off (cm) costs about 12 %.
DRICH = {
    "mirror_radius": (212.0, 236.0, 205.0, 40.0),
    "mirror_centerx": (120.0, 133.0, 110.0, 30.0),
    "sensor_radius": (150.0, 210.0, 170.0, 130.0),
    "sensor_centerx": (160.0, 170.0, 152.0, 22.0),
    "sensor_centerz": (1.8, 2.3, 1.2, 1.5),
    "DRICH_snout_length": (17.0, 24.0, 12.0, 9.0),
}
# Relative error of N_sigma and of the acceptance with 1,500 tracks.
N_SIGMA_ERROR, ACCEPTANCE_ERROR, TRACKS = 0.022, 0.007, 1500


def drich(values, radiator, eta):
    """True N_sigma and acceptance of a radiator ("aerogel", "gas") in the middle of an eta range."""
    missing = sorted(set(DRICH) - set(values))
    if missing:
        raise KeyError(", ".join(missing))

    def quality(column):
        off = [(values[name] - row[column]) / row[3] for name, row in DRICH.items()]
        return math.exp(-sum(x * x for x in off) / 8)

    # The best eta of the radiator; its edges are worse.
    middle, best = sum(eta) / 2, {"aerogel": 1.9, "gas": 2.9}[radiator]
    edge = math.exp(-(((middle - best) / 1.5) ** 2))
    top = {"aerogel": 4.48, "gas": 6.37}[radiator]
    n_sigma = top * quality({"aerogel": 0, "gas": 1}[radiator]) * edge
    return n_sigma, min(0.99, 1.02 * quality(2) ** 0.8 * edge**0.5)


def drich_overlaps(values):
    """Number of overlaps: sensors that stick out of the vessel, a mirror that stands in its wall."""
    if not set(DRICH) <= set(values):
        return 0
    deep = values["sensor_radius"] + 6 * values["sensor_centerz"] + 3 * values["DRICH_snout_length"]
    wide = values["mirror_centerx"] + 0.5 * (260 - values["mirror_radius"])
    return sum(max(0, math.ceil(beyond)) for beyond in ((deep - 322) / 20, (wide - 168) / 4))


def noise(*what):
    """A standard normal number that depends on what is given, and on nothing else."""
    digest = hashlib.sha256(repr(what).encode()).digest()
    return random.Random(int.from_bytes(digest, "big")).gauss(0.0, 1.0)


def measured(true, relative, events, *what):
    """(value, standard error) of a quantity whose relative error is known for 1,500 events."""
    sem = true * relative * math.sqrt(TRACKS / events)
    return true + sem * noise(*what), sem
