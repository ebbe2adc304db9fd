"""Checks of the program against what is computed in other ways. Run by `drich.py self-test`."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np

from . import Unbuildable, Unusable, analysis, geometry, optics, raytrace, simulation
from . import design as fixed
from .design import Design

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "drich.py")
NOMINAL_CM = {
    "mirror_radius": 220.0,
    "mirror_x": 115.0,
    "sensor_radius": 110.0,
    "sensor_x": 115.0,
    "sensor_z": 19.0,
    "aerogel": 4.0,
}
NOMINAL = Design.from_cm(NOMINAL_CM)


def run(folder, *arguments):
    """Runs the program in a folder. Returns (exit status, standard error)."""
    command = [sys.executable, PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


class Reflection(unittest.TestCase):
    def test_light_takes_a_path_of_stationary_length(self):
        """Fermat: on the great circle through the point, the length of the path is stationary there."""
        centre, radius = np.array([1100.0, 20.0, 900.0]), 2200.0
        rng = np.random.default_rng(0)
        emission = np.column_stack([rng.uniform(100, 700, 20), rng.uniform(-90, 90, 20), np.full(20, 1920.0)])
        hits = np.column_stack([rng.uniform(1130, 1630, 20), rng.uniform(-250, 250, 20), np.full(20, 2050.0)])
        points = raytrace.reflection_points(emission, hits, centre, radius)
        for start, end, point in zip(emission, hits, points):
            # A basis of the plane of start, end and centre, by other means than in raytrace.
            first, second = np.linalg.qr(np.column_stack([start - centre, end - centre]))[0].T
            bounds = sorted(
                np.arctan2((p - centre) @ second, (p - centre) @ first) for p in (start, end)
            )
            angle = np.linspace(*bounds, 200_001)[:, None]
            on = centre + radius * (np.cos(angle) * first + np.sin(angle) * second)
            length = np.linalg.norm(on - start, axis=1) + np.linalg.norm(on - end, axis=1)
            # Seen from two points near the sphere's middle, the path is longest or shortest between them.
            inner = length[1:-1]
            turning = np.flatnonzero((inner - length[:-2]) * (length[2:] - inner) <= 0) + 1
            nearest = min(np.linalg.norm(on[index] - point) for index in turning)
            self.assertLess(nearest, 3 * radius * (bounds[1] - bounds[0]) / 200_000)


class Angles(unittest.TestCase):
    def traced(self, radiator, theta):
        """Hits of photons emitted at an angle `theta` in the middle of the radiator: forward, by vectors."""
        centre, radius = np.array(NOMINAL.mirror_centre), NOMINAL.mirror_radius
        track = np.array([np.sin(0.22), 0.0, np.cos(0.22)])
        across = np.array([np.cos(0.22), 0.0, -np.sin(0.22)])
        phi = np.linspace(0, 2 * np.pi, 13)[:-1, None]
        ray = np.cos(theta) * track + np.sin(theta) * (
            np.cos(phi) * across + np.sin(phi) * np.array([0.0, 1.0, 0.0])
        )
        at = np.tile(track * NOMINAL.middle_of(radiator) / track[2], (len(ray), 1))
        if radiator == "aerogel":
            at = at + ray * ((NOMINAL.aerogel_exit - at[:, 2]) / ray[:, 2])[:, None]
            # Snell in vectors: m = r d + (sqrt(1 - r^2 (1 - c^2)) - r c) n, with c = d.n.
            normal, ratio = np.array([0.0, 0.0, 1.0]), fixed.AEROGEL_INDEX / optics.gas_index(400.0)
            cosine = ray[:, 2:3]
            ray = ratio * ray + (np.sqrt(1 - ratio**2 * (1 - cosine**2)) - ratio * cosine) * normal
        at = at + ray * self.distance(at - centre, ray, radius)[:, None]
        normal = (at - centre) / radius
        ray = ray - 2 * np.sum(ray * normal, axis=1)[:, None] * normal
        middle = np.array(NOMINAL.sensor_centre)
        hits = at + ray * self.distance(at - middle, ray, NOMINAL.sensor_radius, near=True)[:, None]
        return hits, np.tile(track, (len(hits), 1))

    @staticmethod
    def distance(at, ray, radius, near=False):
        """Along unit `ray` from `at` (from the centre) to a sphere."""
        half = np.sum(at * ray, axis=1)
        root = np.sqrt(half**2 - np.sum(at**2, axis=1) + radius**2)
        return -half - root if near else -half + root

    def test_what_was_emitted_is_found_again(self):
        for radiator, momentum in (("aerogel", 15.0), ("gas", 45.0)):
            index = fixed.AEROGEL_INDEX if radiator == "aerogel" else optics.gas_index(400.0)
            for mass in optics.MASS_GEV.values():
                theta = optics.cherenkov_angle(index, momentum, mass)
                hits, tracks = self.traced(radiator, theta)
                found = raytrace.emission_angles(hits, tracks, NOMINAL, radiator)
                np.testing.assert_allclose(found, theta, rtol=0, atol=1e-7)

    def test_no_light_below_threshold(self):
        self.assertTrue(np.isnan(optics.cherenkov_angle(1.02, 1.0, optics.MASS_GEV["kaon+"])))
        # n = 2 and beta = 0.5 sqrt(2): 45 degrees.
        self.assertAlmostEqual(optics.cherenkov_angle(2.0, 1.0, 1.0), np.pi / 4, places=12)

    def test_geant4_emits_at_arccos_of_one_over_n_beta(self):
        """Ring angles of simulated tracks, against the formula at the mean index of the photons seen."""
        for radiator, momentum, eta in (("aerogel", 15, (1.9, 2.1)), ("gas", 45, (2.6, 2.8))):
            with tempfile.TemporaryDirectory() as folder:
                write_design(folder)
                status, text = simulate(folder, "pi+", momentum, eta, 0, 60, "a.npz")
                self.assertEqual(status, 0, text)
                design, _, arrays = analysis.read_chunks([os.path.join(folder, "a.npz")], "pi+")
            found = np.nanmedian(analysis.rings(arrays, design, radiator, "pi+").angle)
            made_in_aerogel = arrays["hit_origin_z"] < design.aerogel_exit
            seen = arrays["hit_wavelength"][made_in_aerogel == (radiator == "aerogel")]
            index = optics.gas_index(seen)
            if radiator == "aerogel":
                index = optics.aerogel_index(seen, fixed.AEROGEL_INDEX)
            expected = optics.cherenkov_angle(index.mean(), momentum, optics.MASS_GEV["pi+"])
            # The reconstruction takes the index at 400 nm and the middle of the radiator.
            self.assertLess(abs(found - expected), 1.5e-3, radiator)


class Errors(unittest.TestCase):
    def test_bootstrap_error_is_that_of_gaussians(self):
        """For Gaussian samples the error of N_sigma is known from the moments of medians and quantiles."""
        rng, size, distance = np.random.default_rng(1), 4000, 3.0
        pions, kaons = rng.normal(0, 1, size), rng.normal(distance, 1, size)
        sem = analysis.bootstrap(analysis.separation, pions, kaons, np.random.default_rng(2), 500)
        # Asymptotic variance of a quantile: q (1 - q) / (n f^2); covariance of two, p < q: p (1 - q) / (n f f').
        quantile, density = 0.15865525, np.exp(-0.5) / np.sqrt(2 * np.pi)
        median = 0.25 * 2 * np.pi / size
        edge = quantile * (1 - quantile) / (size * density**2)
        both = quantile**2 / (size * density**2)
        spread = (2 * edge - 2 * both) / 4
        # N = D / S with S^2 the mean of two squares: D has twice the variance of a median, S half of a spread's.
        expected = np.sqrt(2 * median + distance**2 * spread / 2)
        self.assertLess(abs(sem / expected - 1), 0.12)
        self.assertLess(abs(analysis.separation(pions, kaons) - distance), 4 * expected)

    def test_the_share_of_all_has_an_error(self):
        value, sem = analysis.share(np.ones(300, dtype=bool))
        self.assertEqual(value, 1.0)
        # Beta(301, 1): mean 301/302, variance a b / ((a + b)^2 (a + b + 1)).
        self.assertAlmostEqual(sem, np.sqrt(301 / (302**2 * 303)), places=12)
        _, half = analysis.share(np.arange(10_000) % 2 == 0)
        self.assertAlmostEqual(half, 0.005, places=5)


class Geometry(unittest.TestCase):
    def test_what_does_not_fit_is_infeasible_and_says_why(self):
        cases = {
            "in front of the vessel": {"sensor_z": 10.0},
            "does not reach across": {"sensor_radius": 40.0},
            "must end at": {"sensor_z": 46.0},
            "the mirror comes forward": {"mirror_radius": 104.5, "mirror_x": 100.0},
        }
        for reason, change in cases.items():
            with tempfile.TemporaryDirectory() as folder:
                write_design(folder, **change)
                for command in (["geometry"], chunk("pi+", 15, (1.9, 2.1), 0, 1, "a.npz")):
                    status, text = run(folder, *command)
                    self.assertEqual(status, 9, text)
                    self.assertIn(reason, text)

    def test_geant4_is_asked_as_well(self):
        """Sensors that leave the vessel at its front, past the first check: Geant4 names them."""
        self.assertEqual(geometry.overlaps(NOMINAL), [])
        self.assertEqual(geometry.overlaps(Design.from_cm({**NOMINAL_CM, "sensor_z": 10.0})), ["sensor"])

    def test_a_design_is_complete_and_finite(self):
        for change in ({"aerogel": None}, {"aerogel": float("nan")}, {"foil": 1.0}):
            with self.assertRaises(Unusable):
                Design.from_cm({**NOMINAL_CM, **change})


class Chunks(unittest.TestCase):
    """Events do not depend on how they are cut into chunks."""

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.holder.cleanup)
        cls.folder = cls.holder.name
        write_design(cls.folder)
        for name, species, first, count in (
            ("whole.npz", "pi+", 0, 30),
            ("start.npz", "pi+", 0, 11),
            ("rest.npz", "pi+", 11, 19),
            ("kaon.npz", "kaon+", 0, 30),
        ):
            status, text = simulate(cls.folder, species, 15, (1.9, 2.3), first, count, name)
            assert status == 0, text

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_two_chunks_are_the_whole(self):
        _, _, whole = analysis.read_chunks([self.path("whole.npz")], "pi+")
        # In whatever order.
        design, _, parts = analysis.read_chunks([self.path("rest.npz"), self.path("start.npz")], "pi+")
        for name in ("track_event", "track_direction"):
            np.testing.assert_array_equal(whole[name], parts[name])
        order = np.argsort(parts["hit_event"], kind="stable")
        self.assertGreater(order.size, 300)
        np.testing.assert_array_equal(whole["hit_position"], parts["hit_position"][order])
        # Hits lie on the sphere of the sensors.
        distance = np.linalg.norm(parts["hit_position"] - design.sensor_centre, axis=1)
        np.testing.assert_allclose(distance, design.sensor_radius, atol=1e-3)

    def test_no_two_events_are_alike(self):
        streams = set()
        for species in optics.PDG:
            for seed, event in ((0, 1), (1, 0), (2**63, 1)):
                beam = simulation.Beam(species, 15.0, (1.9, 2.3), seed)
                streams.add(tuple(beam.stream(event)[1]))
        self.assertEqual(len(streams), 6)

    def test_files_that_do_not_belong_together_are_refused(self):
        whole, start, kaon = self.path("whole.npz"), self.path("start.npz"), self.path("kaon.npz")
        for files, species, word in (
            ([whole, start], "pi+", "twice"),
            ([kaon], "pi+", "holds kaon+"),
            ([], "pi+", "no file"),
        ):
            with self.assertRaisesRegex(Unusable, word):
                analysis.read_chunks(files, species)

    def test_the_result_is_finite_and_the_seed_is_in_it(self):
        status, text = run(
            self.folder, "analyse", "--radiator", "aerogel", "--seed", 7, "--result", "of-all.json",
            "--pions", "start.npz", "rest.npz", "--kaons", "kaon.npz",
        )
        self.assertEqual(status, 0, text)
        with open(self.path("of-all.json"), encoding="utf-8") as file:
            result = json.load(file)
        self.assertEqual((result["bootstrap_seed"], result["tracks_pion"]), (7, 30))
        for name in ("n_sigma", "acceptance"):
            self.assertGreater(result[name]["value"], 0)
            self.assertGreater(result[name]["sem"], 0)

    def test_without_light_there_is_no_number(self):
        _, _, arrays = analysis.read_chunks([self.path("whole.npz")], "pi+")
        dark = {name: values[:0] if name.startswith("hit") else values for name, values in arrays.items()}
        self.assertTrue(np.all(np.isnan(analysis.rings(dark, NOMINAL, "aerogel", "pi+").angle)))
        # These tracks point past every gas ring's window: infeasible, in words.
        with self.assertRaisesRegex(Unbuildable, "0 of 5 pi"):
            dark["meta"] = np.array(json.dumps(dark_meta(self.path("whole.npz"))))
            dark["track_event"], dark["track_direction"] = np.arange(5), arrays["track_direction"][:5]
            simulation.write(self.path("dark.npz"), dark)
            kaon = self.path("kaon.npz")
            analysis.analyse([self.path("dark.npz")], [kaon], "aerogel", 0, 10)


def dark_meta(path):
    """The description in a simulated file."""
    with np.load(path) as file:
        return json.loads(str(file["meta"]))


def write_design(folder, **changes):
    """Leaves the nominal design, with changes, in a folder."""
    with open(os.path.join(folder, "parameters.json"), "w", encoding="utf-8") as file:
        json.dump({**NOMINAL_CM, **changes}, file)


def chunk(species, momentum, eta, first, count, out):
    """Arguments that simulate a chunk."""
    return [
        "simulate", "--species", species, "--momentum", momentum, "--eta", *eta,
        "--first", first, "--events", count, "--seed", 5, "--out", out,
    ]  # fmt: skip


def simulate(folder, *what):
    """Simulates a chunk in a folder."""
    return run(folder, *chunk(*what))
