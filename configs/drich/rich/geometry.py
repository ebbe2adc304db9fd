"""Can a design be built? Plain reasons first, then Geant4's own search for overlaps as the referee."""

from . import Unbuildable
from . import design as fixed

# Points per volume that Geant4 tests, and what it may find in mm before it counts.
POINTS, TOLERANCE = 20_000, 0.01


def check_shape(design):
    """Raises `Unbuildable` with the reason, if mirror or sensors do not fit into the vessel."""
    if min(design.mirror_radius, design.sensor_radius, design.aerogel) <= 0:
        raise Unbuildable("radii and thickness must be above 0")
    x, _, z = design.mirror_centre
    for edge in fixed.MIRROR_X:
        across = max(abs(y) for y in fixed.MIRROR_Y)
        low = z + fixed.sphere_height(design.mirror_radius, edge - x, across, "mirror")
        if low < fixed.SENSOR_Z_MAX:
            raise Unbuildable(
                f"the mirror comes forward to z = {low:.0f} mm at x = {edge:.0f} mm; "
                f"it must stay behind {fixed.SENSOR_Z_MAX:.0f} mm"
            )
    low, high = design.sensor_heights()
    if low < fixed.FRONT_Z:
        raise Unbuildable(
            f"the sensors reach z = {low:.0f} mm, in front of the vessel, which begins at {fixed.FRONT_Z:.0f} mm"
        )
    if high > fixed.SENSOR_Z_MAX:
        raise Unbuildable(f"the sensors reach z = {high:.0f} mm; they must end at {fixed.SENSOR_Z_MAX:.0f} mm")


def overlaps(design):
    """Names of the volumes that overlap another, or leave their mother, as Geant4 finds them."""
    from .detector import Detector
    from .g4 import g4

    g4.G4UImanager.GetUIpointer().ApplyCommand("/control/verbose 0")
    detector = Detector(design)
    detector.Construct()
    return [
        name
        for name, placed in sorted(detector.placed.items())
        if placed.CheckOverlaps(POINTS, TOLERANCE * g4.mm, False, 1)
    ]


def check(design):
    """Raises `Unbuildable` if the design cannot be built."""
    check_shape(design)
    found = overlaps(design)
    if found:
        raise Unbuildable(f"Geant4 finds overlaps of {', '.join(found)}")
