"""Reads a snapshot of the sample study (tests/store/sample.rs) with plain h5py."""

import json
import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1]) as f:
    a = f.attrs
    assert a["format"] == "paretorank-history" and a["format_version"] == 4
    assert a["seed"] == 7 and a["records"] == 40 and a["job"] == "4711"
    assert a["mpi_version"] == "none" and a["hdf5_version"].count(".") == 2
    assert a["study"].startswith("[study]") and json.loads(a["resolved"])["seed"] == 7

    t = f["trials"]
    assert list(t["id"][:]) == list(range(13))
    status = list(t["status"].asstr()[:])
    assert status[:3] == ["ok", "ok", "infeasible"] and status[4] == "failed", status
    assert t["failure"].asstr()[4] == "signal" and t["reason"].asstr()[4] == "nö: trials/4"

    p = t["parameters"]
    assert p.shape == (13, 4) and list(p.attrs["names"]) == ["radius", "count", "gas", "material"]
    assert list(p.attrs["units"]) == ["m", "", "", ""]
    assert json.loads(p.attrs["values"][2]) == ["C2F6", "CF4", 1]
    assert list(p[:, 2]) == [k % 3 for k in range(13)] and p[3, 0] == 0.1 * 4
    assert list(t["integers"][:, 0]) == [9007199254740993 + k for k in range(13)]

    y = t["objectives"]
    assert list(y.attrs["goal"]) == ["minimize", "maximize"] and list(y.attrs["threshold"]) == [1, -1]
    assert y.dims[0].keys() == ["id"] and y.dims[1].keys() == ["objective"]
    assert list(y.dims[1]["objective"].asstr()[:]) == ["resolution", "photons"]
    assert y.dims[0][0] == t["id"] and p.dims[1]["parameter"].asstr()[0] == "radius"
    assert (np.isnan(y[:, 0]) == [s != "ok" for s in status]).all() and np.isnan(y.attrs["_FillValue"])
    assert np.isnan(t["sem"][0, 0]) and t["sem"][0, 1] == 0.01
    assert t["metrics"].attrs["units"][0] == "EUR" and t["metrics"][1, 0] == 20

    fine = t["acceptable"]
    assert fine.dtype == np.int8 and fine.dims[0].keys() == ["id"]
    assert list(fine[:]) == [s == "ok" for s in status] and "outcome_constraints" not in fine.attrs

    assert f["tasks/trial"].shape == (13,) and f["tasks/host"].asstr()[0] == "node2"
    assert f["sessions/evaluators"][0] == 3
    assert list(f["strategy/length"][:]) == [k % 5 for k in range(0, 13, 2)]
    assert list(f["strategy/memory"][:3]) == [2, 2, 4]

    done, volume = f["completions"], f["hypervolume"]
    assert list(done[:]) == list(range(13)) and volume.dims[0][0] == done
    reference = volume.attrs["reference_point"]
    assert list(reference) == [1, 1]
    # Both objectives turned so that smaller is better; two of them, so the volume is an area.
    front = []
    for trial, v in zip(done, volume):
        if status[trial] == "ok":
            front.append((y[trial, 0], -y[trial, 1]))
        area, right = 0.0, reference[0]
        for x, h in sorted(front, reverse=True):
            top = reference[1] - min(q for w, q in front if w <= x)
            area += max(right - x, 0) * max(top, 0)
            right = min(right, x)
        assert abs(area - v) < 1e-12, (trial, area, v)
