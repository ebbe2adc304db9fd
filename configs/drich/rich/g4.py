"""Geant4 as a Python module, without the data sets that it asks for and that nothing here reads.

`geant4_pybind` looks for (or downloads) data sets when it is imported. The processes kept in `physics`
read none of them, so every set "is" one empty folder. One file in it is opened: the run manager makes
a table of excited nuclei; no nucleus is made here, so it is empty.
"""

import atexit
import os
import tempfile

SETS = (
    "NEUTRONHP LE LEVELGAMMA RADIOACTIVE PARTICLEXS PII REALSURFACE SAIDXS ABLA INCL ENSDFSTATE CHANNELING"
).split()

if "GEANT4_DATA_DIR" not in os.environ:
    _empty = tempfile.TemporaryDirectory(prefix="no-geant4-data-")
    atexit.register(_empty.cleanup)
    open(os.path.join(_empty.name, "ENSDFSTATE.dat"), "w", encoding="utf-8").close()
    os.environ["GEANT4_DATA_DIR"] = _empty.name
    os.environ.update({f"G4{name}DATA": _empty.name for name in SETS})

import geant4_pybind as g4  # noqa: E402  (after the environment is set)

__all__ = ["g4"]
