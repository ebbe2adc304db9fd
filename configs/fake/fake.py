#!/usr/bin/env python3
"""Stand-ins for the programs of an EIC detector simulation: the same names, arguments and files.

With `bin/` first in PATH a study file for the real programs runs in seconds, on a machine that has none of
them. Nothing is simulated. `npsim` reads the trial's geometry, follows its includes, and writes down the
values that are of interest with the events asked for; the analysis programs answer with a smooth function
of those values, plus noise as large as that many events would have. Made for trying out a study and its
failures, not for physics: see `response.py`.

The name under which this file is called says what it is. Noise depends on the seeds of the simulation
alone. FAKE_SECONDS: how long npsim takes.
"""

import sys

import analyses
import chain
from files import Wrong

PROGRAMS = {
    "checkOverlaps": chain.check_overlaps,
    "npsim": chain.npsim,
    "eicrecon": chain.eicrecon,
    "hadd": chain.hadd,
    "cmake": chain.cmake,
    "dRICHAna_bootstrap": analyses.drich_bootstrap,
    "b0_momentum": analyses.b0_momentum,
    "bic_energy_resolution": analyses.bic_energy_resolution,
    "bic_rejection": analyses.bic_rejection,
}


def main():
    name = sys.argv[0].rsplit("/", 1)[-1]
    if name not in PROGRAMS:
        sys.exit(f"{name}: call it by one of {', '.join(PROGRAMS)} (links in bin/)")
    try:
        PROGRAMS[name](sys.argv[1:])
    except Wrong as wrong:
        sys.exit(f"{name} (stand-in): {wrong}")


if __name__ == "__main__":
    main()
