"""From hits to what is optimized: how far pions and kaons are apart, and how many of them are seen.

The analysis knows the tracks (as a tracking detector would), the hit pixels and the design. It does not
know which radiator a photon came from: every hit is looked at under one radiator's hypothesis, and what
falls into that radiator's window of angles makes up the ring.
"""

import json
from dataclasses import dataclass

import numpy as np

from . import Unbuildable, Unusable, raytrace
from .design import PIXEL, Design


@dataclass(frozen=True)
class Ring:
    """What a ring is: window of angles, half-width around the median, photons to have an angle at all,
    and photons to count as well seen."""

    window: tuple
    half_width: float
    photons: int
    well_seen: int


# The windows hold the rings of pions and kaons at the momenta of the study, and no ring of the other
# radiator. The half-widths are about three times the spread of single photons.
RINGS = {
    "aerogel": Ring((0.165, 0.225), 0.006, 3, 8),
    "gas": Ring((0.025, 0.055), 0.009, 4, 12),
}

# Below this many tracks with a ring, neither a spread nor its error means anything.
LEAST_RINGS = 20


@dataclass(frozen=True)
class Sample:
    """All chunks of one species at one point: per-track ring angle (NaN without a ring), photons."""

    species: str
    angle: np.ndarray
    photons: np.ndarray


def read_chunks(paths, species):
    """Joins simulated files. Returns (design, beam's point, arrays by name), events in order.

    Raises `Unusable` if a file is of another species, design or point, or an event is there twice.
    """
    if not paths:
        raise Unusable(f"no file of {species}")
    parts, first = [], None
    for path in paths:
        with np.load(path, allow_pickle=False) as file:
            part = {name: file[name] for name in file.files}
        meta = json.loads(str(part.pop("meta")))
        if meta["species"] != species:
            raise Unusable(f"{path} holds {meta['species']}, not {species}")
        first = first or meta
        for key in ("design_mm", "momentum", "eta", "seed"):
            if meta[key] != first[key]:
                raise Unusable(f"{path} has {key} = {meta[key]}; {paths[0]} has {first[key]}")
        parts.append(part)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(joined["track_event"], kind="stable")
    events = joined["track_event"][order]
    twice = events[:-1][np.diff(events) == 0]
    if twice.size:
        raise Unusable(f"event {twice[0]} of {species} is there twice: the same chunk was given twice")
    joined["track_event"], joined["track_direction"] = events, joined["track_direction"][order]
    return Design(**first["design_mm"]), (first["momentum"], first["eta"]), joined


def pixelated(hits, design):
    """Hits (n x 3) moved to the middle of their pixel, on the sensors' sphere."""
    x_c, y_c, z_c = design.sensor_centre
    flat = (np.floor(hits[:, :2] / PIXEL) + 0.5) * PIXEL
    square = design.sensor_radius**2 - (flat[:, 0] - x_c) ** 2 - (flat[:, 1] - y_c) ** 2
    return np.column_stack([flat, z_c + np.sqrt(square)])


def rings(arrays, design, radiator, species):
    """The `Sample` of joined arrays: a truncated mean of photon angles for every track."""
    ring = RINGS[radiator]
    tracks = arrays["track_event"].size
    angle = np.full(tracks, np.nan)
    photons = np.zeros(tracks, dtype=int)
    if arrays["hit_event"].size:
        row = np.searchsorted(arrays["track_event"], arrays["hit_event"])
        hits = pixelated(arrays["hit_position"], design)
        angles = raytrace.emission_angles(hits, arrays["track_direction"][row], design, radiator)
        inside = (angles > ring.window[0]) & (angles < ring.window[1])
        row, angles = row[inside], angles[inside]
        # Rayleigh scattering and the other radiator leave a flat background: the median finds the ring,
        # the mean near it has the better resolution.
        for track in np.unique(row):
            mine = angles[row == track]
            near = mine[np.abs(mine - np.median(mine)) < ring.half_width]
            photons[track] = near.size
            if near.size >= ring.photons:
                angle[track] = near.mean()
    return Sample(species, angle, photons)


def separation(pions, kaons):
    """Distance of the median ring angles in units of the spread of one track, along the last axis.

    |median_pi - median_K| / sqrt((s_pi^2 + s_K^2) / 2), over tracks that have a ring (NaN otherwise); s is
    half of the range that holds the middle 68.27 % of the tracks: for a Gaussian its standard deviation,
    and not at the mercy of the few tracks whose ring was mistaken.
    """
    low, middle, high = spread_points(pions)
    low_k, middle_k, high_k = spread_points(kaons)
    variance = ((high - low) ** 2 + (high_k - low_k) ** 2) / 8
    return np.abs(middle - middle_k) / np.sqrt(variance)


def spread_points(angles):
    """Where a Gaussian has mean - sigma, mean, mean + sigma: three arrays."""
    return np.nanpercentile(angles, (15.865525, 50.0, 84.134475), axis=-1)


def bootstrap(statistic, pions, kaons, rng, replicas):
    """Standard error of `statistic(pions, kaons)`: tracks of each species drawn with replacement.

    The standard deviation of `replicas` values. Tracks without a ring are drawn, too, so that the size of
    the sample of rings varies as it would.
    """
    drawn = [
        sample[rng.integers(sample.size, size=(replicas, sample.size))] for sample in (pions, kaons)
    ]
    return float(np.std(statistic(*drawn), ddof=1))


def share(good):
    """Share of true values and its standard error: (value, sem).

    The error is that of the posterior for a flat prior. Neither the bootstrap nor sqrt(p (1 - p) / n) will
    do: with all of 300 tracks seen they say that the error is 0.
    """
    count, total = int(np.count_nonzero(good)), int(good.size)
    middle = (count + 1) / (total + 2)
    return count / total, float(np.sqrt(middle * (1 - middle) / (total + 3)))


def analyse(pion_files, kaon_files, radiator, seed, replicas):
    """The result of one point: a dictionary of {"value", "sem"} by name, and plain numbers.

    Raises `Unbuildable` if too few tracks have a ring for a separation to exist.
    """
    design, point, pion_arrays = read_chunks(pion_files, "pi+")
    other, other_point, kaon_arrays = read_chunks(kaon_files, "kaon+")
    if (design, point) != (other, other_point):
        raise Unusable("the files of pions and kaons are of different designs or points")
    samples = [
        rings(pion_arrays, design, radiator, "pi+"),
        rings(kaon_arrays, design, radiator, "kaon+"),
    ]
    for sample in samples:
        seen = int(np.count_nonzero(~np.isnan(sample.angle)))
        if seen < LEAST_RINGS:
            raise Unbuildable(
                f"{seen} of {sample.angle.size} {sample.species} at {point[0]} GeV have a ring of the {radiator} "
                f"({RINGS[radiator].photons} photons or more); a separation needs {LEAST_RINGS}"
            )
    pions, kaons = (sample.angle for sample in samples)
    rng = np.random.default_rng([seed, round(1000 * point[0])])
    sem = bootstrap(separation, pions, kaons, rng, replicas)
    result = {"n_sigma": {"value": float(separation(pions, kaons)), "sem": sem}}
    shares = [share(sample.photons >= RINGS[radiator].well_seen) for sample in samples]
    # Both species with equal weight, whatever their numbers.
    result["acceptance"] = {
        "value": sum(value for value, _ in shares) / 2,
        "sem": float(np.hypot(*(sem for _, sem in shares))) / 2,
    }
    for name, sample in zip(("pion", "kaon"), samples):
        low, middle, high = spread_points(sample.angle)
        result[f"angle_{name}_mrad"] = 1e3 * float(middle)
        result[f"spread_{name}_mrad"] = 1e3 * float(high - low) / 2
        result[f"photons_{name}"] = float(sample.photons.mean())
        result[f"tracks_{name}"] = int(sample.angle.size)
    result["bootstrap_seed"] = seed
    result["bootstrap_replicas"] = replicas
    wrong = [name for name, value in result.items() if not np.all(np.isfinite(numbers(value)))]
    if wrong:
        raise RuntimeError(f"{', '.join(wrong)}: not finite")
    return result


def numbers(value):
    """The numbers in an entry of a result."""
    return list(value.values()) if isinstance(value, dict) else [value]
