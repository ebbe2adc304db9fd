#!/usr/bin/env python3
"""Support beam of a detector module: reads parameters.json, writes result.json.

A hollow rectangular profile of the given length, clamped at one end, carries a load at the other.
Bending by Euler and Bernoulli: deflection = load length^3 / (3 E I), stress = load length (h/2) / I,
first frequency by Rayleigh with the load's mass and 33/140 of the beam's. Ribs are plates across the
profile that keep its thin walls from buckling; they weigh something and stiffen nothing.

Exit code 9: the design cannot be built (the walls meet, buckle, or the material yields).
Lengths in mm, masses in kg, forces in N, stresses in MPa = N/mm^2.
"""

import json
import math
import sys

LOAD_KG = 25.0
GRAVITY_M_S2 = 9.81
INFEASIBLE = 9

# Young's modulus in MPa, density in kg/mm^3, allowed stress in MPa.
MATERIALS = {
    "aluminium": (70_000.0, 2.70e-6, 120.0),
    "steel": (210_000.0, 7.85e-6, 160.0),
    "carbon": (120_000.0, 1.60e-6, 250.0),
}


def infeasible(reason):
    print(reason, file=sys.stderr)
    sys.exit(INFEASIBLE)


def evaluate(height, width, wall, ribs, material, length):
    """Mass, stiffness, stress and frequency of one design."""
    young_mpa, density, allowed_mpa = MATERIALS[material]
    inner_height, inner_width = height - 2 * wall, width - 2 * wall
    if min(inner_height, inner_width) <= 0:
        infeasible("the walls meet")

    inertia_mm4 = (width * height**3 - inner_width * inner_height**3) / 12
    section_mm2 = width * height - inner_width * inner_height
    beam_kg = density * section_mm2 * length
    ribs_kg = density * ribs * inner_height * inner_width * wall

    force_n = LOAD_KG * GRAVITY_M_S2
    stiffness_n_mm = 3 * young_mpa * inertia_mm4 / length**3
    stress_mpa = force_n * length * (height / 2) / inertia_mm4

    # Buckling of the compressed wall: a long plate, k = 4, between the sides or between two ribs.
    span = min(inner_width, length / (ribs + 1))
    buckling_mpa = 4 * math.pi**2 * young_mpa / (12 * (1 - 0.3**2)) * (wall / span) ** 2
    if stress_mpa > min(allowed_mpa, buckling_mpa):
        infeasible(f"{stress_mpa:.0f} MPa is more than the beam bears")

    moving_kg = LOAD_KG + 33 / 140 * (beam_kg + ribs_kg)
    frequency_hz = math.sqrt(1000 * stiffness_n_mm / moving_kg) / (2 * math.pi)
    return {
        "mass": beam_kg + ribs_kg,
        # With a statistical error it would be {"value": ..., "sem": ...}; here there is none.
        "stiffness": {"value": stiffness_n_mm, "sem": 0.0},
        "stress": stress_mpa,
        "frequency": frequency_hz,
    }


if __name__ == "__main__":
    with open("parameters.json", encoding="utf-8") as file:
        design = json.load(file)
    result = evaluate(**design)
    with open("result.json", "w", encoding="utf-8") as file:
        json.dump(result, file, indent=2)
