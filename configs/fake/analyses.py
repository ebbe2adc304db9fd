"""Analysis programs: dRICH's from its repository; those of B0 and BIC stand for programs of the user's."""

import json
import math

import files
import response
from files import Wrong


def drich_bootstrap(arguments):
    """<pi.root> <K.root> <out.txt> <radiator: 0 aerogel, 1 gas> <nsamples> <nboot>

    Writes one line: acceptance, its error, N_sigma, its error.
    """
    if len(arguments) != 6:
        raise Wrong("six arguments: pions, kaons, output, radiator, samples, replicas")
    pions, kaons = (files.read(name, "recon") for name in arguments[:2])
    for content, particle in ((pions, "pi+"), (kaons, "kaon+")):
        if content["gun"]["particle"] != particle:
            raise Wrong(f"{content['gun']['particle']} where {particle} is wanted")
    if pions["values"] != kaons["values"] or pions["gun"]["eta"] != kaons["gun"]["eta"]:
        raise Wrong("pions and kaons of different geometries or points")
    if arguments[3] not in ("0", "1"):
        raise Wrong(f"radiator {arguments[3]}: 0 or 1")
    radiator = ("aerogel", "gas")[int(arguments[3])]
    events = min(pions["events"], kaons["events"], int(arguments[4]))
    what = (radiator, sorted(pions["seeds"] + kaons["seeds"]))
    n_sigma, acceptance = response.drich(pions["values"], radiator, pions["gun"]["eta"])
    n_sigma = response.measured(n_sigma, response.N_SIGMA_ERROR, events, "n_sigma", *what)
    acceptance = response.measured(acceptance, response.ACCEPTANCE_ERROR, events, "acceptance", *what)
    with open(arguments[2], "w", encoding="utf-8") as file:
        print(*acceptance, *n_sigma, file=file)


def b0_momentum(arguments):
    """<sim.root>: prints the resolution of the transverse momentum in % and its error, as the last line."""
    if len(arguments) != 1:
        raise Wrong("one argument: the merged simulation")
    content = files.read(arguments[0], "sim")
    layers = [content["values"].get(f"B0TrackerLayer{k}_zstart") for k in range(1, 5)]
    if None in layers:
        raise Wrong("no B0 tracker in this geometry")
    lever = layers[3] - layers[0]
    uneven = sum((b - a - lever / 3) ** 2 for a, b in zip(layers, layers[1:])) / lever**2
    # A long lever arm measures better, until the last layer loses tracks; the layers best stand evenly.
    true = 3.0 + 2.0 * (30.0 / lever) ** 2 + 4.0 * uneven + ((layers[3] - 130.0) / 80.0) ** 4
    print(f"{content['events']} events")
    print(*response.measured(true, 0.01, content["events"] / 20, "b0", sorted(content["seeds"])))


def bic_staves(content):
    """How many of the five switchable staves a description has, and which."""
    names = [f"EcalBarrel_enable_staves_{k}" for k in range(2, 7)]
    values = [content["values"].get(name) for name in names]
    if any(value not in (0.0, 1.0) for value in values):
        raise Wrong(f"staves are 0 or 1, not {values}")
    return [int(value) for value in values]


def bic_files(arguments):
    """<recon.root> <sim.root> <output.json>: the events, and where the answer goes."""
    if len(arguments) != 3:
        raise Wrong("three arguments: reconstruction, simulation, output")
    recon, sim = files.read(arguments[0], "recon"), files.read(arguments[1], "sim")
    if recon["events"] != sim["events"] or recon["seeds"] != sim["seeds"]:
        raise Wrong("reconstruction and simulation of different events")
    return recon, bic_staves(recon)


def answer(path, name, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({name: {"value": value[0], "sem": value[1]}}, file)


def bic_energy_resolution(arguments):
    """Relative energy resolution of electrons in %."""
    recon, staves = bic_files(arguments)
    energy = recon["gun"]["momentum"]
    depth = 1 + sum(staves)
    true = math.hypot(5.5 / math.sqrt(energy), 0.8) * (1 + 0.25 / depth)
    answer(arguments[2], "energy_resolution", response.measured(true, 0.015, recon["events"], recon["seeds"]))


def bic_rejection(arguments):
    """Pions per pion that passes for an electron; staves in front tell them apart best."""
    recon, staves = bic_files(arguments)
    weights = (3.0, 2.4, 1.8, 1.2, 0.8)
    power = sum(weight * stave for weight, stave in zip(weights, staves))
    true = 8.0 * math.exp(0.28 * power) * (1 + 0.1 * math.log(recon["gun"]["momentum"]))
    answer(arguments[2], "rejection", response.measured(true, 0.05, recon["events"], recon["seeds"]))
