#!/usr/bin/env python3
"""Checks whether the toy detector fits together; says so as geometry checkers do, in its output."""

import json

design = json.load(open("parameters.json"))
thickness, radius, sensor_z = (design[name] for name in ("thickness", "mirror_radius", "sensor_z"))

gap = sensor_z - 2 * thickness - 50  # what the sensors leave for the aerogel and the vessel, in cm
print("Checking overlaps ...")
print(f"Number of illegal overlaps/extrusions : {0 if gap > 0 else 1}")
json.dump({"cost": 20 * thickness + (radius / 10) ** 1.5}, open("result.json", "w"))
