"""A steel tube as a Python function: what it weighs and how far it bends."""

import math

import paretorank


def evaluate(parameters):
    """Mass in kg and deflection in mm of a tube that is one metre long and carries 500 N at its end."""
    outer, wall = parameters["outer"], parameters["wall"]
    inner = outer - 2 * wall
    if inner <= 0:
        raise paretorank.Infeasible(f"a wall of {wall:.1f} mm leaves no hole in a tube of {outer:.1f} mm")
    area = math.pi / 4 * (outer**2 - inner**2)
    moment = math.pi / 64 * (outer**4 - inner**4)
    print(f"{area:.1f} mm^2 of steel")
    return {"mass": 7.85e-6 * area * 1000, "deflection": 500 * 1000**3 / (3 * 210_000 * moment)}
