"""Reads RUN/history.h5 of tests/slurm/nodes.toml and checks that every trial ended once, and well.

usage: nodes.py RUN TRIALS SESSIONS JOB
"""

import sys
from collections import Counter
from pathlib import Path

import h5py

run, trials, sessions, job = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
with h5py.File(run / "history.h5") as history:
    table = history["trials"]
    assert list(table["id"]) == list(range(trials)), "ids have gaps or doubles"
    assert set(table["status"].asstr()[:]) == {"ok"}
    assert sorted(history["completions"]) == list(range(trials)), "a trial ended twice or never"

    status, attempted = history["tasks/status"].asstr()[:], history["tasks/trial"][:]
    assert sorted(attempted[status == "ok"]) == list(range(trials)), "a result was paid for twice"
    assert set(status) <= {"ok", "interrupted"}, set(status)

    x, y = table["parameters"][:].T
    f, g = table["objectives"][:].T
    assert abs(f - (x**2 + y)).max() < 1e-12 and abs(g - ((1 - x) ** 2 + y)).max() < 1e-12

    assert list(history["sessions/job"].asstr()[:]) == sessions * [job]
    print(dict(Counter(history["tasks/host"].asstr()[:])))
