#!/usr/bin/env python3
"""A stand-in for the simulation of a detector: reads the description that is its first argument, with all
that it includes, and measures how sharp an image the mirror makes on the sensors."""

import json
import os
import sys
from xml.etree import ElementTree

UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001}


def number(text):
    """Metres of a length such as 219.8*cm."""
    value, unit = text.split("*")
    return float(value) * UNITS[unit.strip()]


def files(path):
    """The root of a file and those of all that it includes."""
    root = ElementTree.parse(path).getroot()
    yield root
    for include in root.iter("include"):
        other = os.path.expandvars(include.get("ref"))
        yield from files(os.path.join(os.path.dirname(path), other))


def find(roots, path, attribute):
    for root in roots:
        element = root.find(path)
        if element is not None:
            return number(element.get(attribute))
    sys.exit(f"there is no {path}")


roots = list(files(sys.argv[1]))
mirror = find(roots, ".//detector/mirror/[@radius]", "radius")
center = find(roots, ".//detector/mirror/[@centerx]", "centerx")
sensor = find(roots, ".//detector/sensors/sphere/[@centerx]", "centerx")
snout = find(roots, ".//constant[@name='DRICH_snout_length']", "value")
if snout > 0.5 * mirror:
    print("the snout meets the mirror")
    sys.exit(9)
# A spherical mirror has its focus half a radius away; what is off blurs the image.
blur = abs(sensor - center - 0.2 * mirror) + 0.05 * abs(mirror - 2.0)
photons = 60.0 * snout * (1.0 + snout)
with open("result.json", "w") as file:
    json.dump({"blur": blur, "photons": photons}, file)
