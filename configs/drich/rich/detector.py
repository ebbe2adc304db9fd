"""The Geant4 volumes of a design, their materials and their surfaces."""

import numpy as np

from . import optics
from . import design as fixed
from .g4 import g4


def vector(values):
    """A Python sequence as Geant4's vector of doubles."""
    return g4.G4doubleVector([float(value) for value in values])


class Detector(g4.G4VUserDetectorConstruction):
    """Vessel of gas with aerogel, mirror and sensors.

    Geant4 keeps bare pointers to what is made here: `kept` holds the Python objects for as long as the
    detector lives, without which the program crashes.
    """

    def __init__(self, design):
        super().__init__()
        self.design, self.kept, self.placed = design, [], {}
        # What the sensors do with photons, if anything: set before Geant4 is initialized.
        self.sensitive = None

    def keep(self, *things):
        self.kept.extend(things)
        return things[0]

    def Construct(self):
        world = self.keep(g4.G4Box("world", 3000 * g4.mm, 2000 * g4.mm, 4500 * g4.mm))
        vacuum = g4.G4NistManager.Instance().FindOrBuildMaterial("G4_Galactic")
        volume = self.keep(g4.G4LogicalVolume(world, vacuum, "world"))
        top = self.keep(g4.G4PVPlacement(None, g4.G4ThreeVector(), volume, "world", None, False, 0))

        aerogel, gas, aluminium = self.materials()
        d = self.design
        vessel = box("vessel", fixed.VESSEL_X, fixed.VESSEL_Y, (fixed.FRONT_Z, fixed.BACK_Z))
        vessel_volume = self.place(*vessel, gas, volume, (0, 0, 0))
        at = vessel[1]
        slab = box("aerogel", fixed.AEROGEL_X, fixed.AEROGEL_Y, (fixed.FRONT_Z, d.aerogel_exit))
        self.place(*slab, aerogel, vessel_volume, at)
        shell = (d.mirror_radius, d.mirror_radius + fixed.MIRROR_THICKNESS)
        piece = self.shell("mirror", shell, d.mirror_centre, fixed.MIRROR_X, fixed.MIRROR_Y)
        mirror = self.place(piece, d.mirror_centre, aluminium, vessel_volume, at)
        shell = (d.sensor_radius - fixed.SENSOR_THICKNESS, d.sensor_radius)
        piece = self.shell("sensor", shell, d.sensor_centre, fixed.SENSOR_X, fixed.SENSOR_Y)
        self.sensor = self.place(piece, d.sensor_centre, aluminium, vessel_volume, at)

        ones = np.ones(optics.ENERGY_EV.size)
        self.surface(mirror, REFLECTIVITY=optics.MIRROR_REFLECTIVITY * ones)
        efficiency = optics.sensor_efficiency(optics.WAVELENGTH)
        self.surface(self.sensor, REFLECTIVITY=0 * ones, EFFICIENCY=efficiency)
        return top

    def ConstructSDandField(self):
        if self.sensitive is not None:
            g4.G4SDManager.GetSDMpointer().AddNewDetector(self.sensitive)
            self.SetSensitiveDetector("sensor", self.sensitive, True)

    def materials(self):
        """Aerogel, gas, and aluminium, which is opaque."""
        nist = g4.G4NistManager.Instance()
        aerogel = self.keep(g4.G4Material("aerogel", 0.11 * g4.g / g4.cm3, 2))
        gas = self.keep(g4.G4Material("C2F6", 5.7e-3 * g4.g / g4.cm3, 2))
        for material, parts in ((aerogel, (("Si", 1), ("O", 2))), (gas, (("C", 2), ("F", 6)))):
            for symbol, count in parts:
                material.AddElement(nist.FindOrBuildElement(symbol), count)
        length = optics.WAVELENGTH
        self.properties(
            aerogel,
            RINDEX=optics.aerogel_index(length, fixed.AEROGEL_INDEX),
            RAYLEIGH=optics.aerogel_scattering_length(length) * g4.mm,
            ABSLENGTH=np.full(length.size, 250.0 * g4.mm),
        )
        absorption = np.full(length.size, 1e4 * g4.mm)
        self.properties(gas, RINDEX=optics.gas_index(length), ABSLENGTH=absorption)
        return aerogel, gas, nist.FindOrBuildMaterial("G4_Al")

    def properties(self, owner, **columns):
        table = self.keep(g4.G4MaterialPropertiesTable())
        for name, values in columns.items():
            table.AddProperty(name, vector(optics.ENERGY_EV * g4.eV), vector(values))
        owner.SetMaterialPropertiesTable(table)

    def surface(self, volume, **columns):
        """A polished metallic skin: light is reflected, absorbed, or (EFFICIENCY) detected."""
        surface = self.keep(g4.G4OpticalSurface(volume.GetName()))
        surface.SetType(g4.dielectric_metal)
        surface.SetFinish(g4.polished)
        surface.SetModel(g4.unified)
        self.properties(surface, **columns)
        self.keep(g4.G4LogicalSkinSurface(volume.GetName(), volume, surface))

    def shell(self, name, radii, centre, x, y):
        """Piece of a spherical shell between two radii, on the side of rising z, over a rectangle."""
        x_c, y_c, z_c = centre
        # From the centre's plane upwards, and higher than the shell everywhere.
        cutter, middle = box(name + " cutter", x, y, (z_c, z_c + radii[1] + 10))
        whole = self.keep(g4.G4Sphere(name + " shell", *radii, 0, 360 * g4.deg, 0, 90 * g4.deg))
        offset = g4.G4ThreeVector(middle[0] - x_c, middle[1] - y_c, middle[2] - z_c)
        self.keep(cutter)
        return self.keep(g4.G4IntersectionSolid(name, whole, cutter, None, offset))

    def place(self, solid, at, material, mother, mother_at):
        """Places a solid with its own origin `at` (sector's axes) in a mother placed at `mother_at`."""
        name = solid.GetName()
        volume = self.keep(g4.G4LogicalVolume(solid, material, name), solid)
        where = g4.G4ThreeVector(*(a - b for a, b in zip(at, mother_at)))
        self.placed[name] = self.keep(g4.G4PVPlacement(None, where, volume, name, mother, False, 0))
        return volume


def box(name, x, y, z):
    """A box between coordinates, and its middle."""
    half = [(high - low) / 2 for low, high in (x, y, z)]
    middle = tuple((high + low) / 2 for low, high in (x, y, z))
    return g4.G4Box(name, *half), middle
