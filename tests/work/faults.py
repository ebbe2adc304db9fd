"""Calls that take a while: their results, or what went wrong, as JSON. COUNT SECONDS PATIENCE ATTEMPTS WALLTIME"""

import json
import sys
import time

from paretorank import WorkError, line, watch, work

COUNT, SECONDS, PATIENCE, ATTEMPTS, WALLTIME = [float(word) for word in (sys.argv[1:] + ["1"] * 5)[:5]]


@work(python=sys.executable, attempts=int(ATTEMPTS), walltime_s=int(WALLTIME))
def slow(n, seconds):
    time.sleep(seconds)
    return n * n


def outcome(future):
    try:
        return future.result(timeout=100)
    except WorkError as error:
        return str(error)


if __name__ == "__main__":
    watch.PATIENCE_S = line.PATIENCE_S = PATIENCE
    futures = slow.map([(n, SECONDS) for n in range(int(COUNT))])
    print("submitted", flush=True)
    print(json.dumps([outcome(future) for future in futures]))
