#!/usr/bin/env python3
"""A dual-radiator RICH in Geant4, one stage of its evaluation per subcommand.

  drich.py geometry                                       can the design be built?
  drich.py simulate --species pi+ --momentum 15 --eta 1.9 2.3 --events 150 --first 0 --seed 1
  drich.py analyse --radiator aerogel --pions a.npz b.npz --kaons c.npz d.npz --seed 1
  drich.py self-test                                      checks the program against independent ones

The design is read from parameters.json in the working directory (lengths in cm); see `Design` in
rich/design.py for the six parameters. Exit status: 0 done, 9 the design is infeasible (the reason is the
last line of standard error), 1 failed, 2 wrong usage. Needs numpy; `geometry`, `simulate` and `self-test`
also geant4_pybind (requirements.txt). What is left out: magnetic field, hadronic interactions, decays,
dark counts, errors of the tracking.
"""

import argparse
import json
import os
import sys
import unittest

from rich import Unbuildable, Unusable

INFEASIBLE, FAILED = 9, 1


def geometry(options):
    """Writes nothing but a word: the exit status is the answer."""
    from rich import design, geometry as check

    check.check(design.Design.read(options.design))
    print("the design can be built")


def simulate(options):
    """One chunk of events."""
    from rich import design, geometry as check, simulation

    read = design.Design.read(options.design)
    # Out of place, sensors see something else than what was asked for.
    check.check_shape(read)
    beam = simulation.Beam(options.species, options.momentum, tuple(options.eta), options.seed)
    arrays = simulation.simulate(read, beam, options.first, options.events)
    simulation.write(options.out, arrays)
    write_result(options, {"events": options.events, "photons": arrays["hit_event"].size})


def analyse(options):
    """One point: all chunks of both species."""
    from rich import analysis

    result = analysis.analyse(
        options.pions, options.kaons, options.radiator, options.seed, options.replicas
    )
    write_result(options, result)


def write_result(options, result):
    """Writes and prints a result."""
    with open(options.result, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=2, allow_nan=False)
    print(json.dumps(result))


def self_test(options):
    """Every check, in processes of their own where Geant4 is needed."""
    suite = unittest.defaultTestLoader.loadTestsFromName("rich.selftest")
    outcome = unittest.TextTestRunner(verbosity=2).run(suite)
    if not outcome.wasSuccessful() or outcome.skipped or outcome.testsRun == 0:
        raise RuntimeError("the self-test failed")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, action, text):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(action=action)
        return sub

    def seed(sub):
        sub.add_argument("--seed", type=natural, required=True, help="0 or more; recorded in the output")

    one = command("geometry", geometry, "check that sensors and mirror fit, and that nothing overlaps")
    two = command("simulate", simulate, "throw particles of one species at one point")
    for sub in (one, two):
        sub.add_argument("--design", default="parameters.json", help="JSON, lengths in cm")
    two.add_argument("--species", choices=("pi+", "kaon+"), required=True)
    two.add_argument("--momentum", type=float, required=True, help="GeV")
    two.add_argument("--eta", type=float, nargs=2, required=True, help="range of pseudorapidity")
    two.add_argument("--events", type=natural, required=True)
    two.add_argument("--first", type=natural, default=0, help="number of the first event")
    two.add_argument("--out", default="hits.npz", help="hits and tracks")
    seed(two)
    three = command("analyse", analyse, "separation and acceptance at one point")
    three.add_argument("--radiator", choices=("aerogel", "gas"), required=True)
    three.add_argument("--pions", nargs="+", required=True, help="files of simulate")
    three.add_argument("--kaons", nargs="+", required=True)
    three.add_argument("--replicas", type=natural, default=400, help="of the bootstrap")
    seed(three)
    for sub in (two, three):
        sub.add_argument("--result", default="result.json", help="what is told of it, as JSON")
    command("self-test", self_test, "check the program against independent ones")
    return parser.parse_args()


def natural(text):
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return value


def main():
    options = arguments()
    try:
        options.action(options)
    except Unbuildable as reason:
        return INFEASIBLE, f"infeasible: {reason}"
    except (Unusable, RuntimeError, OSError, ValueError) as error:
        return FAILED, f"failed: {error}"
    return 0, None


if __name__ == "__main__":
    status, message = main()
    if message:
        print(message, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    # Geant4's objects are owned by two languages; taking them apart in order is not worth the risk of a
    # crash after the work is done and written.
    os._exit(status)
