#!/usr/bin/env python3
"""The calorimeter's price: 1, and 1 more for each stave that is there. No error: it is not measured."""

import json

with open("parameters.json", encoding="utf-8") as file:
    design = json.load(file)
staves = [value for name, value in design.items() if name.startswith("staves_")]
if len(staves) != 5:
    raise SystemExit(f"five switches staves_2 to staves_6, not {', '.join(design)}")
with open("result.json", "w", encoding="utf-8") as file:
    json.dump({"cost": {"value": 1 + sum(staves), "sem": 0.0}}, file)
