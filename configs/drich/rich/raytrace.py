"""Inverse ray tracing: from a hit on the sensors back to the angle at which the photon was emitted.

The photon is taken to come from the middle of its radiator, on the track, and to have met the mirror
once; light from the aerogel is refracted where it leaves. Arrays have one row per hit.
"""

import numpy as np

from . import optics
from .design import AEROGEL_INDEX

# Bisection of an angle below pi: this many halvings leave less than 1e-12 rad.
HALVINGS = 42
# The point where light leaves the aerogel and the mirror's point depend on each other; each round
# shrinks the error about a hundredfold.
ROUNDS = 4


def unit(vectors):
    """Rows scaled to length 1."""
    return vectors / np.linalg.norm(vectors, axis=1)[:, None]


def dot(a, b):
    """Scalar products of rows."""
    return np.einsum("ij,ij->i", a, b)


def reflection_points(emission, hits, centre, radius):
    """Points (n x 3) of a concave sphere where light goes from `emission` to `hits` (both n x 3).

    The point lies in the plane of emission, hit and centre, between the two, where the angles to the
    normal are equal. Both must be inside the sphere, and neither in its centre.
    """
    a, b = emission - centre, hits - centre
    distance_a, distance_b = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    towards = a / distance_a[:, None]
    aside = unit(b - dot(b, towards)[:, None] * towards)
    opening = np.arctan2(dot(b, aside), dot(b, towards))

    def excess(angle):
        """Angle of incidence from the emission point less that from the hit; rises with `angle`."""
        here = np.arctan2(distance_a * np.sin(angle), radius - distance_a * np.cos(angle))
        rest = opening - angle
        return here - np.arctan2(distance_b * np.sin(rest), radius - distance_b * np.cos(rest))

    low, high = np.zeros_like(opening), opening.copy()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = excess(middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    angle = ((low + high) / 2)[:, None]
    return centre + radius * (np.cos(angle) * towards + np.sin(angle) * aside)


def emission_angles(hits, directions, design, radiator):
    """Angle between photon and track in rad (n), for hits (n x 3) of tracks (n x 3, unit vectors).

    `radiator` is "aerogel" or "gas": the assumption under which the hit is looked at.
    """
    centre = np.array(design.mirror_centre)
    emission = directions * (design.middle_of(radiator) / directions[:, 2:3])
    if radiator == "gas":
        rays = unit(reflection_points(emission, hits, centre, design.mirror_radius) - emission)
        return np.arccos(np.clip(dot(rays, directions), -1, 1))

    ratio = optics.gas_index(400.0) / AEROGEL_INDEX
    start = emission
    for _ in range(ROUNDS):
        outside = unit(reflection_points(start, hits, centre, design.mirror_radius) - start)
        # Snell at a plane face: the components along the face are scaled by the ratio of indices.
        along = outside[:, :2] * ratio
        inside = np.column_stack([along, np.sqrt(1 - np.sum(along**2, axis=1))])
        path = (design.aerogel_exit - emission[:, 2]) / inside[:, 2]
        start = emission + inside * path[:, None]
    return np.arccos(np.clip(dot(inside, directions), -1, 1))
