#!/usr/bin/env python3
"""Steers a study of two parameters and two objectives through a pipe to `paretorank session`.

drive.py PROGRAM TARGET [KILL]: TARGET is a study file or a run directory; with KILL the session is
killed (kill -9) when so many trials have been told and candidates are pending, and begun again on the
run directory that it named. Prints the last status as JSON.
"""

import json
import subprocess
import sys


class Session:
    def __init__(self, program, target):
        line = [program, "session", target]
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, request, argument):
        self.process.stdin.write(json.dumps({request: argument}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer
        return answer


def objectives(x, y):
    return {"near": x**2 + y**2, "far": {"value": (x - 1) ** 2 + (y - 1) ** 2, "sem": 0.0}}


def evaluate(candidate):
    return {"trial": candidate["trial"], "objectives": objectives(**candidate["parameters"])}


def main(program, target, kill=None):
    session = Session(program, target)
    told = 0
    while True:
        candidates = session("ask", 2)["candidates"]
        if told == kill:
            session.process.kill()
            session.process.wait()
            session = Session(program, run)
            pending = session("status", {})["status"]["pending"]
            assert pending == candidates, (pending, candidates)
            kill = None
        if not candidates:
            break
        for candidate in candidates:
            session("tell", evaluate(candidate))
            told += 1
        run = session("status", {})["status"]["run"]
    status = session("status", {})["status"]
    session("quit", {})
    assert session.process.wait() == 0
    print(json.dumps(status))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
