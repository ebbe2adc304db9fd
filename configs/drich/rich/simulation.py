"""Particles of one species at one point through one design: who hits which sensor.

Every event has random numbers of its own, which depend on (seed, event, species, momentum) and on
nothing else: an event is the same in whatever chunk it is simulated, alone or with others.
"""

import json
import math
import os
from dataclasses import asdict, dataclass

import numpy as np

from . import Unusable, optics
from .detector import Detector
from .g4 import g4
from .physics import COMMANDS, Physics, apply_commands

# Half of the sector's width in azimuth.
PHI_HALF = np.radians(5.0)
# A hit this close (mm) to the sensors' sphere is on their face: Geant4 computes to 1e-9 mm.
ON_THE_FACE = 1e-3


@dataclass(frozen=True)
class Beam:
    """What is thrown: species, momentum in GeV, range of pseudorapidity, seed."""

    species: str
    momentum: float
    eta: tuple
    seed: int

    def stream(self, event):
        """The event's own random numbers: a numpy generator and seeds for Geant4's engine."""
        entropy = [self.seed, event, optics.PDG[self.species], round(1000 * self.momentum)]
        sequence = np.random.SeedSequence(entropy)
        ours, theirs = sequence.spawn(2)
        # Positive and below 2^31, which every engine of Geant4 takes.
        seeds = [int(word >> 1) or 1 for word in theirs.generate_state(4, np.uint32)]
        return np.random.default_rng(ours), seeds

    def direction(self, rng):
        """A unit vector: flat in pseudorapidity and in azimuth within the sector."""
        theta = 2 * np.arctan(np.exp(-rng.uniform(*self.eta)))
        phi = rng.uniform(-PHI_HALF, PHI_HALF)
        across = np.sin(theta)
        return across * np.cos(phi), across * np.sin(phi), np.cos(theta)


class Source(g4.G4VUserPrimaryGeneratorAction):
    """One particle per event, from the origin."""

    def __init__(self, beam, first):
        super().__init__()
        self.beam, self.first, self.event, self.directions = beam, first, first, []
        self.gun = g4.G4ParticleGun(1)
        self.gun.SetParticlePosition(g4.G4ThreeVector(0, 0, 0))

    def GeneratePrimaries(self, event):
        if not self.directions:
            table = g4.G4ParticleTable.GetParticleTable()
            self.gun.SetParticleDefinition(table.FindParticle(self.beam.species))
            self.gun.SetParticleMomentum(self.beam.momentum * g4.GeV)
        self.event = self.first + event.GetEventID()
        rng, seeds = self.beam.stream(self.event)
        # Nothing of the event has drawn a number yet. The list of seeds ends with a 0.
        g4.HepRandom.setTheSeeds([*seeds, 0])
        direction = self.beam.direction(rng)
        self.directions.append(direction)
        self.gun.SetParticleMomentumDirection(g4.G4ThreeVector(*direction))
        self.gun.GeneratePrimaryVertex(event)


class Sensors(g4.G4VSensitiveDetector):
    """Writes down photons that arrive on the face of the sensors, not on their back or edges."""

    def __init__(self, source, design):
        super().__init__("sensors")
        self.source, self.hits = source, []
        self.centre, self.radius = design.sensor_centre, design.sensor_radius

    def ProcessHits(self, step, history):
        track = step.GetTrack()
        if track.GetDefinition().GetParticleName() != "opticalphoton":
            return False
        at = step.GetPostStepPoint().GetPosition()
        if abs(math.dist((at.x, at.y, at.z), self.centre) - self.radius) > ON_THE_FACE:
            return False
        born, length = track.GetVertexPosition(), optics.HC * g4.eV / track.GetTotalEnergy()
        self.hits.append((self.source.event, at.x, at.y, at.z, born.z, length))
        return True


class Actions(g4.G4VUserActionInitialization):
    """Hands the source to Geant4."""

    def __init__(self, source):
        super().__init__()
        self.source = source

    def Build(self):
        self.SetUserAction(self.source)


def simulate(design, beam, first, count):
    """Simulates events first .. first + count; a process can do so once. Returns arrays by name.

    `track_event` (count), `track_direction` (count x 3); `hit_event` (n), `hit_position` (n x 3),
    `hit_wavelength` (n) and, for tests only, `hit_origin_z` (n), where the photon was made; `meta`, JSON
    with design and beam.
    """
    if count < 1 or first < 0:
        raise Unusable(f"{count} events from number {first}: at least one, from 0 or later, is wanted")
    manager = g4.G4RunManagerFactory.CreateRunManager(g4.G4RunManagerType.SerialOnly)
    # Geant4 wants it in this order: no source before the detector and the physics are given.
    detector, physics = Detector(design), Physics()
    manager.SetUserInitialization(detector)
    manager.SetUserInitialization(physics)
    source = Source(beam, first)
    detector.sensitive = sensors = Sensors(source, design)
    actions = Actions(source)
    manager.SetUserInitialization(actions)
    apply_commands(COMMANDS)
    manager.Initialize()
    manager.BeamOn(count)
    if len(source.directions) != count:
        raise RuntimeError(f"Geant4 ended after {len(source.directions)} of {count} events")
    hits = np.array(sensors.hits, dtype=float).reshape(-1, 6)
    meta = {"design_mm": asdict(design), **asdict(beam)}
    # Whoever holds these arrays keeps Geant4's objects alive no longer; the process is about to end.
    return {
        "track_event": np.arange(first, first + count),
        "track_direction": np.array(source.directions),
        "hit_event": hits[:, 0].astype(np.int64),
        "hit_position": hits[:, 1:4],
        "hit_origin_z": hits[:, 4],
        "hit_wavelength": hits[:, 5],
        "meta": np.array(json.dumps(meta)),
    }


def write(path, arrays):
    """Writes the arrays to an .npz file that is whole or not there."""
    beside = f"{path}.part"
    with open(beside, "wb") as file:
        np.savez(file, **arrays)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
