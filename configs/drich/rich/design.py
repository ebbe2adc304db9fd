"""What is varied (`Design`) and what is fixed: the vessel of the sector and its planes."""

import json
import math
from dataclasses import dataclass

from . import Unbuildable, Unusable

# The vessel is a box of gas. Particles enter at its front and leave at its back.
VESSEL_X = (0.0, 1750.0)
VESSEL_Y = (-560.0, 560.0)
FRONT_Z = 1900.0
BACK_Z = 3190.0
# The aerogel lies on the front window, the mirror's furthest point touches the back.
AEROGEL_X = (110.0, 780.0)
AEROGEL_Y = (-250.0, 250.0)
# Mirror and sensors are pieces of spherical shells, cut out by these rectangles.
MIRROR_X = (100.0, 1500.0)
MIRROR_Y = (-520.0, 520.0)
MIRROR_THICKNESS = 2.0
SENSOR_X = (1130.0, 1630.0)
SENSOR_Y = (-250.0, 250.0)
SENSOR_THICKNESS = 20.0  # photon sensors and their boards, behind the sensitive face
# Beyond this plane there is no room for sensors: services of the neighbours.
SENSOR_Z_MAX = 2350.0
# Index of refraction of the aerogel at 400 nm, and the side of a square sensor pixel.
AEROGEL_INDEX = 1.020
PIXEL = 3.0


@dataclass(frozen=True)
class Design:
    """One candidate geometry.

    `mirror_radius` and `mirror_x`: of the mirror's sphere, concave side to the particles. `sensor_radius`
    and `sensor_x`: of the sphere that carries the sensors on the side of the mirror. `sensor_z`: depth of
    that sphere's highest point behind the front of the vessel. `aerogel`: thickness. All in mm.
    """

    mirror_radius: float
    mirror_x: float
    sensor_radius: float
    sensor_x: float
    sensor_z: float
    aerogel: float

    @classmethod
    def from_cm(cls, values):
        """From a mapping of names to numbers in cm, as a study file states them.

        Raises `Unusable` when a name is missing or not known, or a value is no finite number.
        """
        names = tuple(cls.__dataclass_fields__)
        if set(values) != set(names):
            raise Unusable(f"a design has {', '.join(names)}; given: {', '.join(values) or 'nothing'}")
        for name, value in values.items():
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not math.isfinite(value):
                raise Unusable(f"{name} is {value!r}; a length in cm is wanted")
        return cls(**{name: 10.0 * values[name] for name in names})

    @classmethod
    def read(cls, path):
        """From a JSON file of lengths in cm."""
        with open(path, encoding="utf-8") as file:
            return cls.from_cm(json.load(file))

    @property
    def aerogel_exit(self):
        """z of the face by which light leaves the aerogel."""
        return FRONT_Z + self.aerogel

    def middle_of(self, radiator):
        """z of the middle of the aerogel or of the gas behind it: where light is taken to come from."""
        first = FRONT_Z if radiator == "aerogel" else self.aerogel_exit
        last = self.aerogel_exit if radiator == "aerogel" else BACK_Z
        return (first + last) / 2

    @property
    def mirror_centre(self):
        """The mirror's centre (x, y, z), such that its furthest point touches the back of the vessel."""
        # The sphere is highest over its centre, or, seen from there, at the next edge of the piece.
        off = self.mirror_x - min(max(self.mirror_x, MIRROR_X[0]), MIRROR_X[1])
        height = sphere_height(self.mirror_radius, off, 0.0, "mirror")
        return (self.mirror_x, 0.0, BACK_Z - MIRROR_THICKNESS - 0.5 - height)

    @property
    def sensor_centre(self):
        """Centre (x, y, z) of the sphere that carries the sensors."""
        return (self.sensor_x, 0.0, FRONT_Z + self.sensor_z - self.sensor_radius)

    def sensor_heights(self):
        """Lowest and highest z of the sensors. Raises `Unbuildable` if the sphere is too small."""
        x, _, z = self.sensor_centre
        nearest = min(max(x, SENSOR_X[0]), SENSOR_X[1])
        furthest = max(SENSOR_X, key=lambda edge: abs(edge - x))
        across = max(abs(y) for y in SENSOR_Y)
        back = self.sensor_radius - SENSOR_THICKNESS
        low = sphere_height(back, furthest - x, across, "sensor")
        return z + low, z + sphere_height(self.sensor_radius, nearest - x, 0.0, "sensor")


def sphere_height(radius, dx, dy, what):
    """Height of a sphere over its centre's plane, (dx, dy) beside the centre."""
    square = radius**2 - dx**2 - dy**2
    if square <= 0.0:
        raise Unbuildable(f"the {what}'s sphere (radius {radius:.0f} mm) does not reach across the {what}")
    return math.sqrt(square)
