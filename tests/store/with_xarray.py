"""Reads a snapshot of the sample study (tests/store/sample.rs) with xarray."""

import sys

import numpy as np
import xarray

for engine in ["h5netcdf", "netcdf4"]:
    if engine == "netcdf4":
        try:
            import netCDF4  # noqa: F401
        except ImportError:
            continue
    with xarray.open_dataset(sys.argv[1], group="trials", engine=engine) as trials:
        assert trials.sizes["id"] == 13 and trials.sizes["parameter"] == 4, trials
        radius = trials.parameters.sel(parameter="radius", id=3)
        assert radius == 0.1 * 4
        photons = trials.objectives.sel(objective="photons")
        assert photons.dims == ("id",) and np.isnan(photons[2]) and photons[0] == -(1 - 0.1)
        assert trials.acceptable.dims == ("id",) and trials.acceptable[0] == 1
        assert trials.created.dtype.kind == "M" and trials.created.dt.year[0] == 2023
        assert trials.created.attrs["long_name"] == "proposal"
    with xarray.open_dataset(sys.argv[1], engine=engine) as root:
        assert root.hypervolume.dims == ("completions",)
    for group in ["tasks", "sessions", "strategy"]:
        with xarray.open_dataset(sys.argv[1], group=group, engine=engine) as table:
            assert len(table.variables) > 3, table
