# paretorank: written by `paretorank init --python`, which also replaces it.
"""The line to a queue's server."""

import gzip
import http.client
import json
import os
import time
import urllib.error
import urllib.request

SERVER = "http://127.0.0.1:25080"
# A body longer than this is compressed, in bytes.
COMPRESS = 1024
# Bytes of definitions and jobs in one submission.
MOST_BYTES = 24 << 20
MOST_JOBS = 5000
# How long a server that is away is waited for, in seconds.
PATIENCE_S = 120.0
# Time for a request, beside what it waits for by agreement.
REQUEST_S = 60.0


class Away(Exception):
    """The server cannot be reached, or not answer now: the same request may succeed later."""


class Refused(Exception):
    """The server does not do what was asked, and will not do it later."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token is for one server: nobody else gets it."""

    def redirect_request(self, *_):
        return None


class Line:
    """Requests to a server. May be used by several threads."""

    def __init__(self, server=None):
        self.server = (server or os.environ.get("PARETORANK_QUEUE") or SERVER).rstrip("/")
        if not self.server.startswith(("http://", "https://")):
            raise ValueError(f"the server {self.server!r} is no address: write http://HOST:PORT")
        self._opener = urllib.request.build_opener(_NoRedirect)

    def upload(self, digest, packed):
        """Has the server keep a packed source, unless it does already."""
        path = f"/cache/source/{digest}"
        if patiently(lambda: self._ask("HEAD", path, missing=True)) is None:
            patiently(lambda: self._ask("PUT", path, packed, {"Content-Type": "application/gzip"}, time_s=600.0))

    def submit(self, queue, jobs, key):
        """Adds jobs to a queue: their task and numbers. The same key again adds nothing: an answer may be lost."""
        task, ids = None, []
        for number, some in enumerate(_portions(jobs)):
            request = {"queue": queue, "jobs": some, "key": f"{key}/{number}"}
            if task is not None:
                request["task_id"] = task
            data = patiently(lambda: self._post("queue/submit", request))
            task = data["task_id"]
            ids += data["job_ids"]
        if len(ids) != len(jobs):
            raise Refused(f"{self.server}: {len(jobs)} jobs were submitted, and it took {len(ids)}")
        return task, ids

    def results(self, task, after, wait_s):
        """Jobs of a task that ended after number `after`: at once if there are some, else within `wait_s` seconds."""
        query = f"task_id={task}&after={after}&wait={int(wait_s)}&limit=100"
        return self._envelope(self._ask("GET", f"/api/v1/queue/results?{query}", time_s=REQUEST_S + wait_s))

    def show(self, job):
        """All about a job; Refused if there is no such job."""
        return self._envelope(self._ask("GET", f"/api/v1/queue/show?job_id={job}"))

    def kill(self, jobs):
        """Ends jobs."""
        return patiently(lambda: self._post("queue/kill", {"job_ids": jobs}))

    def _post(self, path, value):
        headers = {"Content-Type": "application/json"}
        body = json.dumps(value, allow_nan=False).encode()
        if len(body) > COMPRESS:
            body = gzip.compress(body, 6)
            headers["Content-Encoding"] = "gzip"
        return self._envelope(self._ask("POST", f"/api/v1/{path}", body, headers))

    def _envelope(self, body):
        try:
            envelope = json.loads(body)
            success, message, data = envelope["success"], envelope["message"], envelope["data"]
        except (ValueError, KeyError, TypeError):
            raise Refused(f"{self.server} does not answer as a queue does: {_shown(body)}") from None
        if not success:
            raise Refused(f"{self.server}: {message}")
        return data

    def _ask(self, method, path, body=None, headers=None, missing=False, time_s=REQUEST_S):
        """The body of the answer; None for what is not there, if it may be missing."""
        url = self.server + path
        headers = {"Accept": "application/json", **_who(), **(headers or {})}
        request = urllib.request.Request(url, data=body, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=time_s) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            with error:
                said = _shown(error.read())
            if error.code == 404 and missing:
                return None
            kind = Away if error.code in (408, 429) or error.code >= 500 else Refused
            raise kind(f"{method} {url}: HTTP status {error.code}: {said}") from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise Away(f"{method} {url}: {type(reason).__name__}: {reason}") from None


def patiently(ask):
    """What a request gives, which is made again while the server is away, but not for ever."""
    end = time.monotonic() + PATIENCE_S
    pause_s = 0.1
    while True:
        try:
            return ask()
        except Away:
            if time.monotonic() + pause_s > end:
                raise
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 5.0)


def _portions(jobs):
    """Jobs in lists that are not too long for one request."""
    some, size = [], 0
    for job in jobs:
        length = len(job["jobPars"])
        if some and (size + length > MOST_BYTES or len(some) == MOST_JOBS):
            yield some
            some, size = [], 0
        some.append(job)
        size += length
    yield some


def _shown(body):
    return body[:300].decode("utf-8", "replace").strip()


def _who():
    """Headers that say who asks. The token's file is read each time: others renew it."""

    def told(name):
        return os.environ.get(f"PANDA_AUTH_{name}") or os.environ.get(f"OIDC_AUTH_{name}")

    token = told("TOKEN")
    if not token:
        return {}
    origin = told("ORIGIN")
    if not origin:
        raise Refused("PANDA_AUTH_TOKEN is set, but no origin: set PANDA_AUTH_ORIGIN=VO:role")
    folders = [folder for folder in (told("DIR"), ".", os.environ.get("HOME")) if folder]
    for path in (os.path.join(folder, token) for folder in folders):
        if os.path.isfile(path):
            with open(path, encoding="ascii") as file:
                return {"Authorization": f"Bearer {file.read().strip()}", "Origin": origin}
    raise Refused(f"the token file {token} is in none of: {', '.join(folders)}")
