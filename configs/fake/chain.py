"""Overlap check, simulation, reconstruction and merging."""

import argparse
import json
import os
import re
import shutil
import time

import files
import geometry
import response
from files import Wrong


def parser(name):
    return argparse.ArgumentParser(prog=f"{name} (stand-in)", allow_abbrev=False)


def check_overlaps(arguments):
    """The verdict is in the text; the exit status is 0 whatever it is."""
    options = parser("checkOverlaps")
    options.add_argument("-c", required=True, metavar="XML")
    count = response.drich_overlaps(geometry.read(options.parse_args(arguments).c))
    print("Checking overlaps for geometry: world")
    print(f"Number of illegal overlaps/extrusions : {count}")


def npsim(arguments):
    """Particle gun (-G) or input files; the options of both are those that the shipped studies use."""
    options = parser("npsim")
    options.add_argument("--compactFile", required=True)
    options.add_argument("-G", "--enableGun", action="store_true")
    options.add_argument("-N", "--numberOfEvents", type=int, required=True)
    options.add_argument("-O", "--outputFile", required=True)
    options.add_argument("-I", "--inputFiles", nargs="*", default=[])
    options.add_argument("--random.seed", dest="seed", type=int, required=True)
    options.add_argument("--runType", default="batch")
    options.add_argument("--steeringFile")
    options.add_argument("--skipNEvents", type=int, default=0)
    for name in ("particle", "distribution", "momentumMin", "momentumMax"):
        options.add_argument(f"--gun.{name}", dest=name)
    for name in ("etaMin", "etaMax", "phiMin", "phiMax", "thetaMin", "thetaMax"):
        options.add_argument(f"--gun.{name}", dest=name)
    o = options.parse_args(arguments)
    if o.numberOfEvents < 1:
        raise Wrong(f"{o.numberOfEvents} events: nothing to do")
    if not o.enableGun and not o.inputFiles:
        raise Wrong("neither -G nor --inputFiles: where do the particles come from?")
    content = {"kind": "sim", "events": o.numberOfEvents, "values": geometry.read(o.compactFile)}
    content["gun"] = gun(o) if o.enableGun else {"particle": "file", "momentum": 0.0, "eta": []}
    time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
    # Where events are taken from a file, the seed alone does not tell them apart.
    content["seeds"] = [f"{o.seed}/{o.skipNEvents}"]
    files.write(o.outputFile, content)


def gun(o):
    """Particle, momentum in GeV and eta range of the gun."""
    low, high = momentum(o.momentumMin), momentum(o.momentumMax)
    if not o.particle or low != high:
        raise Wrong("the gun needs --gun.particle and one momentum")
    eta = [] if o.etaMin is None else [float(o.etaMin), float(o.etaMax)]
    return {"particle": o.particle, "momentum": low, "eta": eta}


def momentum(text):
    """GeV of a text like 15*GeV."""
    match = re.fullmatch(r"([0-9.]+)\*(GeV|MeV)", text or "")
    if not match:
        raise Wrong(f"momentum {text!r}: like 15*GeV")
    return float(match[1]) * {"GeV": 1.0, "MeV": 1e-3}[match[2]]


def eicrecon(arguments):
    """Settings are -Pname=value; the only other argument is the input."""
    settings = dict(a[2:].split("=", 1) for a in arguments if a.startswith("-P") and "=" in a)
    inputs = [a for a in arguments if not a.startswith("-P")]
    known = {
        "podio:output_file",
        "podio:output_collections",
        "podio:output_include_collections",
        "dd4hep:xml_files",
        "nthreads",
        "jana:nevents",
    }
    if len(inputs) != 1 or not set(settings) <= known or "podio:output_file" not in settings:
        raise Wrong(f"cannot make sense of {' '.join(arguments)}")
    content = files.read(inputs[0], "sim")
    if geometry.read(settings["dd4hep:xml_files"]) != content["values"]:
        raise Wrong("the geometry is not that of the simulation")
    files.write(settings["podio:output_file"], {**content, "kind": "recon"})


def hadd(arguments):
    """hadd [-f] OUTPUT INPUT ..."""
    force = "-f" in arguments
    names = [a for a in arguments if a != "-f"]
    if len(names) < 2:
        raise Wrong("an output and at least one input")
    if os.path.exists(names[0]) and not force:
        raise Wrong(f"{names[0]} is there already; -f overwrites it")
    files.write(names[0], files.joined([files.read(name, None) for name in names[1:]]))


def cmake(arguments):
    """cmake -S SOURCE -B BUILD -DCMAKE_INSTALL_PREFIX=..., --build BUILD, --install BUILD: copies the XML files."""
    options = parser("cmake")
    options.add_argument("-S", dest="source")
    options.add_argument("-B", dest="folder")
    options.add_argument("-D", dest="settings", action="append", default=[])
    options.add_argument("--build")
    options.add_argument("--install")
    options.add_argument("--parallel")
    o = options.parse_args(arguments)
    if o.source and o.folder:
        prefix = dict(setting.split("=", 1) for setting in o.settings)["CMAKE_INSTALL_PREFIX"]
        os.makedirs(o.folder)
        with open(os.path.join(o.folder, "cache.json"), "w", encoding="utf-8") as file:
            json.dump({"source": os.path.abspath(o.source), "prefix": prefix}, file)
        return
    folder = o.build or o.install
    if not folder or not os.path.isfile(os.path.join(folder, "cache.json")):
        raise Wrong(f"{folder}: not configured")
    if o.install:
        with open(os.path.join(folder, "cache.json"), encoding="utf-8") as file:
            cache = json.load(file)
        target = os.path.join(cache["prefix"], "share", "epic")
        shutil.copytree(cache["source"], target, ignore=shutil.ignore_patterns("*.sh"))
