"""Reads RUN/history.h5 of tests/slurm/study.toml and checks that it is whole.

usage: history.py RUN TRIALS SESSIONS
"""

import sys
from pathlib import Path

import h5py

run, trials, sessions = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
with h5py.File(run / "history.h5") as history:
    table = history["trials"]
    assert list(table["id"]) == list(range(trials)), "ids have gaps or doubles"
    assert set(table["status"].asstr()[:]) == {"ok"}
    assert sorted(history["completions"]) == list(range(trials)), "a trial ended twice or never"

    status, attempted = history["tasks/status"].asstr()[:], history["tasks/trial"][:]
    assert sorted(attempted[status == "ok"]) == list(range(trials)), "a result was paid for twice"

    parameters, objectives = table["parameters"], table["objectives"]
    assert parameters.shape == (trials, 6) and objectives.shape == (trials, 3)
    assert list(parameters.attrs["names"]) == [f"x{k}" for k in range(6)]
    assert list(objectives.attrs["names"]) == ["f0", "f1", "f2"]
    assert list(objectives.attrs["goal"]) == 3 * ["minimize"]
    assert list(parameters.attrs["units"]) == 6 * [""], "DTLZ2 has no units"
    assert table["evaluation_s"].attrs["units"] == "s"
    assert len({tuple(row) for row in parameters}) == trials, "a design was tried twice"

    # DTLZ2 in closed form: the sum of squares is (1 + g)^2, g the last parameters' distance to 1/2.
    g = ((parameters[:, 2:] - 0.5) ** 2).sum(axis=1)
    error = abs((objectives[:] ** 2).sum(axis=1) - (1 + g) ** 2).max()
    assert error < 1e-12, error

    assert len(history["sessions/row"]) == sessions, list(history["sessions/job"].asstr())
    assert all(history["sessions/job"].asstr()[:])
