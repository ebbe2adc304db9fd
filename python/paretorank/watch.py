# paretorank: written by `paretorank init --python`, which also replaces it.
"""The thread that hears of a task's jobs, and settles their futures."""

import threading
import time

from . import values
from .calls import WorkError
from .line import Away, Refused

# How long the server may let a request for results wait, in seconds.
WAIT_S = 30.0
# First and longest pause where it does not wait, or is away.
PAUSES_S = (0.2, 5.0)
# After so long without the server nothing is waited for any more.
PATIENCE_S = 3600.0


def start(line, task, calls, timeout):
    """Settles the calls of a task as they end, and those that are left after `timeout` seconds."""
    end = None if timeout is None else time.monotonic() + timeout
    watch = Watch(line, task, {call.job_id: call for call in calls}, end)
    threading.Thread(target=watch.run, name=f"paretorank task {task}", daemon=True).start()


class Watch:
    def __init__(self, line, task, calls, end):
        self.line, self.task, self.calls, self.end = line, task, calls, end
        self.after = 0
        self.heard = time.monotonic()
        self.was_away = False
        self.pause_s = PAUSES_S[0]

    def run(self):
        """Until there is nothing to wait for."""
        try:
            while self.waits():
                if self.end is not None and time.monotonic() >= self.end:
                    self.stop()
                    return
                self.look()
        # Whatever it was: nobody waits for ever.
        except Exception as error:
            self.give_up(f"it is not known what became of it: {error}")

    def waits(self):
        self.calls = {job: call for job, call in self.calls.items() if not call.done()}
        return self.calls

    def left_s(self, most):
        return most if self.end is None else max(0.0, min(most, self.end - time.monotonic()))

    def look(self):
        began = time.monotonic()
        # The first request after a failure is a short one: a proxy may cut longer ones.
        wait_s = 0 if self.was_away else self.left_s(WAIT_S)
        try:
            ended = self.line.results(self.task, self.after, wait_s)
            if self.was_away:
                # One that has lost its memory never speaks of these jobs.
                self.line.show(next(iter(self.calls)))
        except Away as error:
            self.was_away = True
            if time.monotonic() - self.heard > PATIENCE_S:
                raise Refused(f"no server for {PATIENCE_S:.0f} s: {error}") from None
            return self.pause()
        self.was_away, self.heard = False, time.monotonic()
        for result in ended:
            self.after = max(self.after, result["seq"])
            call = self.calls.get(result["job_id"])
            if call is not None:
                settle(call, result)
        if ended or self.heard - began >= wait_s / 2 > 0:
            self.pause_s = PAUSES_S[0]
        else:
            # It did not wait: it is asked from time to time.
            self.pause()

    def pause(self):
        time.sleep(self.left_s(self.pause_s))
        self.pause_s = min(2 * self.pause_s, PAUSES_S[1])

    def stop(self):
        """The time is over."""
        left = list(self.calls.values())
        error = None
        try:
            self.line.kill([call.job_id for call in left])
        except (Away, Refused) as e:
            error = e
        for call in left:
            told = f"{call.name}, job {call.job_id}: not ended in time"
            call._settle(error=TimeoutError(told if error is None else f"{told}, and not cancelled: {error}"))

    def give_up(self, reason):
        for call in self.calls.values():
            call._settle(error=WorkError(call, reason))


def settle(call, result):
    """The future of a job that has ended."""
    report, status = result["report"], result["status"]
    try:
        said = values.loads(result["meta_data"] or "{}")
        if not isinstance(said, dict):
            raise ValueError("it is no object")
        unread = None
    except ValueError as error:
        said, unread = {}, f"its report cannot be read: {error}"
    if status == "finished" and "result" in said and said.get("key") == call.key:
        return call._settle(said["result"])
    error = said.get("error") or {}
    if status == "finished":
        reason = unread or "it ended without a result: the process ended before the function did"
        if "result" in said:
            reason = "its result is that of other arguments"
    else:
        reason = error.get("reason") or reason_of(report) or f"it is {status}"
    facts = {"status": status, "exit_code": report.get("trans_exit_code"), "attempt": result["attempt_number"]}
    call._settle(error=WorkError(call, reason, traceback=error.get("traceback"), **facts))


def reason_of(report):
    """What pilot and server say, which has the last lines of the output."""
    said = [report.get(f"{who}_error_diag") for who in ("pilot", "exe", "job_dispatcher", "ddm")]
    return "; ".join(text for text in said if text)
