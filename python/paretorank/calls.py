# paretorank: written by `paretorank init --python`, which also replaces it.
"""`@work`: functions whose calls are jobs."""

import functools
import hashlib
import inspect
import json
import shlex
import sys
import threading
import uuid
from concurrent.futures import Future

from . import values

# True where calls are made: what is imported there must not submit calls of its own.
ON_RANK = False
# Longest arguments of a call, in bytes of JSON.
MOST_ARGUMENTS = 8 << 20
END = "END-OF-CALL"


class WorkError(Exception):
    """A call has no result. `reason` says why, `traceback` where the function raised (or None), `exit_code` how its
    process ended (or None), `job_id` which job of the queue it was, `status` what the queue calls its end."""

    def __init__(self, call, reason, *, status=None, exit_code=None, traceback=None, attempt=None):
        self.job_id, self.reason, self.status = call.job_id, reason, status
        self.exit_code, self.traceback, self.attempt = exit_code, traceback, attempt
        text = f"{call.name}, job {call.job_id}: {reason}"
        if exit_code:
            text += f" (exit code {exit_code})"
        super().__init__(f"{text}\n\nOn the rank:\n{traceback}" if traceback else text)


class Call(Future):
    """The future of a call. `cancel` works until the result is there, and also ends the job: at once if it has not
    begun, else when its pilot next gives a sign of life, which may take minutes."""

    def __init__(self, name, arguments, given):
        super().__init__()
        self.name, self.arguments = name, arguments
        self.key = values.key_of(arguments)
        self.job_id = None
        self._given = given
        self._line = None
        self._cancelling = threading.RLock()

    def cancel(self):
        if self._give_up():
            self._line.kill([self.job_id])
        return self.cancelled()

    def _give_up(self):
        """Whether it is from now on, and was not before, a cancelled one."""
        with self._cancelling:
            if self.cancelled() or not super().cancel():
                return False
            # Wakes who waits for it; nobody else calls this.
            return not self.set_running_or_notify_cancel()

    def _settle(self, value=None, error=None):
        """The end, unless it was cancelled."""
        with self._cancelling:
            if self.done():
                return
            if error is None:
                self.set_result(value)
            else:
                self.set_exception(error)


class Results(list):
    """Futures in the order of the arguments; values by the arguments: `results[(1, 2)]`, `results[{"x": 1, "y": 2}]`.

    Of calls with equal arguments the first one counts there.
    """

    def __init__(self, calls, bind):
        super().__init__(calls)
        self._bind = bind
        self._by_key = {}
        for call in calls:
            self._by_key.setdefault(call.key, call)

    def __getitem__(self, which):
        if isinstance(which, (tuple, dict)):
            return self.future(which).result()
        return super().__getitem__(which)

    def future(self, given):
        """The future of these arguments; KeyError if they were not asked for."""
        key = values.key_of(self._bind(given, "these arguments")[0])
        if key not in self._by_key:
            raise KeyError(given)
        return self._by_key[key]

    def values(self, timeout=None):
        """All values in the order of the arguments. `timeout` seconds for each."""
        return [call.result(timeout) for call in self]

    def table(self, timeout=None):
        """Values by `name:key`; the key is the SHA-1 of the arguments' JSON by name, sorted."""
        return {f"{call.name}:{call.key}": call.result(timeout) for call in self._by_key.values()}

    def cancel(self):
        """Cancels what has not ended: how many calls that were."""
        cancelled = [call for call in self if call._give_up()]
        if cancelled:
            cancelled[0]._line.kill([call.job_id for call in cancelled])
        return len(cancelled)


class Work:
    """A function whose calls may be jobs. Called as such it runs here, as if it were not decorated."""

    def __init__(self, function, settings):
        if not inspect.isfunction(function):
            raise TypeError(f"@work is for functions, not for {function!r}")
        if function.__qualname__ != function.__name__ or function.__name__ == "<lambda>":
            raise ValueError(f"{function.__qualname__} must stand in its module by itself: ranks find it by its name")
        functools.update_wrapper(self, function)
        self.local = function
        self._settings = settings
        self._signature = inspect.signature(function)

    def __call__(self, *args, **kwargs):
        """Runs the function here."""
        return self.local(*args, **kwargs)

    def submit(self, *args, **kwargs):
        """The future of one call."""
        return self._start([(args, kwargs)], None, None)[0]

    def map(self, sets, *, key=None, timeout=None):
        """Futures of calls, in the order of `sets`: tuples (or lists) of arguments, dicts of named ones, or, for
        anything else, the only argument.

        With a `key`, a program that is started again finds its calls of last time, as long as arguments, source and
        settings are the same. What has not ended after `timeout` seconds is cancelled: its future raises TimeoutError.
        """
        calls = self._start([_split(given) for given in sets], key, timeout)
        return Results(calls, self._bind_given) if self._settings["map_results"] else calls

    def _start(self, given, key, timeout):
        # Only here: ranks, which start for every call, need none of it.
        from . import source, watch
        from .line import Line

        if ON_RANK:
            raise RuntimeError(
                f'{self.__name__} submits calls while a rank imports its module: put that below `if __name__ == "__main__":`'
            )
        if getattr(sys.modules.get(self.__module__), self.__name__, None) is not self:
            raise ValueError(f"{self.__module__}.{self.__name__} is something else now: ranks would call that")
        settings = self._settings
        folder, below, module = source.whereabouts(self.local, settings["source"])
        name = f"{module}:{self.__name__}"
        calls = [self._call(name, at, *one) for at, one in enumerate(given)]
        if not calls:
            return calls
        line = Line(settings["server"])
        digest, packed = source.pack(folder, settings["exclude"])
        jobs = [self._job(call, below, digest) for call in calls]
        if key is not None:
            # Other arguments or another source are other calls.
            key = f"{key}:{hashlib.sha256(json.dumps(jobs, sort_keys=True).encode()).hexdigest()}"
        line.upload(digest, packed)
        task, ids = line.submit(settings["queue"], jobs, key or uuid.uuid4().hex)
        for call, job_id in zip(calls, ids):
            call.job_id, call._line = job_id, line
        watch.start(line, task, calls, timeout)
        return calls

    def _call(self, name, at, args, kwargs):
        arguments, bound = self._bind(args, kwargs, f"call {at} of {self.__name__}")
        return Call(name, arguments, {"args": bound.args, "kwargs": bound.kwargs})

    def _bind_given(self, given, where):
        return self._bind(*_split(given), where)

    def _bind(self, args, kwargs, where):
        """Arguments by name, and as they are called; what is wrong is said of `where`."""
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{where}: {error}") from None
        length = sum(len(values.strict(value, f"{where}: {name}")) for name, value in bound.arguments.items())
        if length > MOST_ARGUMENTS:
            raise ValueError(
                f"{where}: the arguments have {length} bytes of JSON, and may have {MOST_ARGUMENTS}: write a file that "
                "ranks see, and give its name"
            )
        return dict(bound.arguments), bound

    def _job(self, call, below, digest):
        settings = self._settings
        # A line for a shell has no room for long arguments; the runner's standard input has.
        told = json.dumps({**call._given, "key": call.key})
        words = f'"$PARETORANK_SOURCE/paretorank/run.py" {shlex.quote(below)} {shlex.quote(call.name)}'
        job = {
            "jobName": f"{call.name}:{call.key}",
            "transformation": settings["python"],
            "jobPars": f"{words} <<'{END}'\n{told}\n{END}",
            "packedSource": digest,
            "coreCount": settings["cores"],
            "minRamCount": settings["memory_mb"],
            "maxWalltime": settings["walltime_s"],
            "max_attempt": settings["attempts"],
            "container_name": settings["image"],
        }
        return {name: value for name, value in job.items() if value is not None}


def work(
    function=None,
    *,
    server=None,
    queue="work",
    map_results=False,
    source=None,
    exclude=(),
    python="python3",
    image=None,
    cores=1,
    memory_mb=None,
    walltime_s=None,
    attempts=3,
):
    """Makes a function one whose calls may be jobs: `@work`, or `@work(queue="Q", ...)`.

    server       address of the queue's server (default: variable PARETORANK_QUEUE, else http://127.0.0.1:25080)
    queue        its name
    map_results  `map` gives a Results, which also finds values by arguments
    source       folder that goes along (default: the one that the function's module is imported from)
    exclude      names and patterns in it that do not (`["data", "*.root"]`); hidden ones never do
    python       interpreter on the ranks: a path, or a name in their PATH
    image        container that calls run in
    cores, memory_mb, walltime_s    what a call may have; None: no limit
    attempts     how often a call is tried whose rank, node or process is killed; one that raises is not tried again
    """
    settings = dict(locals())
    del settings["function"]
    for name, least in [("cores", 1), ("memory_mb", 1), ("walltime_s", 1), ("attempts", 1)]:
        value = settings[name]
        if value is not None and (type(value) is not int or value < least):
            raise ValueError(f"@work({name}={value!r}): write a whole number from {least}")
    if isinstance(exclude, str):
        raise TypeError(f"@work(exclude={exclude!r}): write a list of names and patterns")
    if function is None:
        return lambda function: Work(function, settings)
    return Work(function, settings)


def _split(given):
    """Arguments and named arguments."""
    if isinstance(given, dict):
        return (), given
    return (tuple(given) if isinstance(given, (tuple, list)) else (given,)), {}
