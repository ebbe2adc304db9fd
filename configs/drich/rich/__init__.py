"""One sector of a dual-radiator ring-imaging Cherenkov detector (RICH), simulated with Geant4.

`design` what is varied and what is fixed; `optics` what light does in the materials; `geometry` whether a
design can be built; `detector`, `physics` and `simulation` the Geant4 program; `raytrace` from a hit back
to the angle of emission; `analysis` from angles to the separation of pions and kaons.
Only `detector`, `physics`, `simulation` and the referee in `geometry` need Geant4.

Lengths in mm, angles in rad, momenta in GeV, wavelengths in nm, unless a name says otherwise.
Axes: z along the beam, x outwards in the middle of the sector; particles start in the origin.
"""


class Unbuildable(Exception):
    """The design cannot be built, or cannot see a ring: infeasible, which is no failure of the program."""


class Unusable(Exception):
    """Input that cannot be used: a missing key, a file of another design, an event that is there twice."""
