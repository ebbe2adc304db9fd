"""What the module does without a server: packing, strict JSON, keys, and what is refused at once."""

import hashlib
import http.server
import io
import json
import os
import sys
import tarfile
import tempfile
import threading

sys.path.insert(0, os.getcwd())
from paretorank import line, source, values, work


def refused(kind, words, call):
    try:
        call()
    except kind as error:
        assert words in str(error), (words, str(error))
        return
    raise AssertionError(f"not refused: {words}")


def packing():
    with tempfile.TemporaryDirectory() as folder:
        def write(name, text, mode=0o644):
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
            os.chmod(path, mode)
            return path

        write("b.py", "b = 1")
        write("sub/a.sh", "#!/bin/sh", 0o700)
        for name in [".git/config", "__pycache__/b.pyc", "sub/x.root", ".env"]:
            write(name, "not this")
        digest, packed = source.pack(folder, ["*.root"])
        assert hashlib.sha256(packed).hexdigest() == digest
        tar = tarfile.open(fileobj=io.BytesIO(packed))
        names = [entry.name for entry in tar if not entry.name.startswith("paretorank/")]
        assert names == ["b.py", "sub/a.sh"], names
        assert tar.getnames() == sorted(tar.getnames()) and "paretorank/run.py" in tar.getnames()
        assert {entry.mtime for entry in tar} == {0} and {entry.uname for entry in tar} == {""}
        assert tar.getmember("sub/a.sh").mode == 0o755
        os.utime(os.path.join(folder, "b.py"), (1, 1))
        assert source.pack(folder, ["*.root"]) == (digest, packed), "times do not count"
        write("b.py", "b = 2")
        assert source.pack(folder, ["*.root"])[0] != digest
        os.symlink(os.path.join(folder, "b.py"), os.path.join(folder, "c.py"))
        packed = source.pack(folder)[1]
        linked = tarfile.open(fileobj=io.BytesIO(packed)).extractfile("c.py").read()
        assert linked == b"b = 2", "a link to a file is packed as the file"
        os.symlink("/tmp", os.path.join(folder, "away"))
        refused(ValueError, "is a link to a folder: leave it out by exclude=['away']", lambda: source.pack(folder))
        os.mkfifo(os.path.join(folder, "pipe"))
        refused(ValueError, "is not a file", lambda: source.pack(folder, ["away"]))
        with open(os.path.join(folder, "large"), "wb") as file:
            file.truncate(300 << 20)
        refused(ValueError, "has more than 256 MiB (at large)", lambda: source.pack(folder, ["away", "pipe"]))
        write("paretorank/__init__.py", "")
        refused(ValueError, "is not the module paretorank that is in use", lambda: source.pack(folder))


def json_only():
    plain = {"b": [1, 2.5, None, True, "gr\u00fcn"], "a": (3,)}
    assert values.strict(plain, "v") == json.dumps(plain, sort_keys=True)
    assert values.key_of({"y": 1, "x": "\u00fc"}) == hashlib.sha1(b'{"x": "\\u00fc", "y": 1}').hexdigest()
    ring = []
    ring.append(ring)
    refused(ValueError, "v[0] contains itself", lambda: values.strict(ring, "v"))
    refused(TypeError, "v has the key 1", lambda: values.strict({1: 2}, "v"))
    refused(ValueError, "v[0] is -inf", lambda: values.strict([float("-inf")], "v"))
    refused(ValueError, "NaN is not JSON", lambda: values.loads('{"f": NaN}'))


@work
def renamed(x):
    return x


def decorating():
    assert renamed(3) == 3 and renamed.__name__ == "renamed"
    refused(ValueError, "must stand in its module by itself", lambda: work(lambda x: x))
    refused(TypeError, "is for functions", lambda: work(3))
    refused(ValueError, "write a whole number from 1", lambda: work(cores=0))
    refused(ValueError, "write a whole number from 1", lambda: work(walltime_s=1.5))
    refused(ValueError, "is no address: write http://HOST:PORT", lambda: line.Line("host:1"))
    kept = renamed
    globals()["renamed"] = None
    refused(ValueError, "is something else now", lambda: kept.submit(1))


def asking():
    heard = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append((self.path.split("?")[0], self.headers["Authorization"], self.headers["Origin"]))
            body = b'{"success": true, "message": "", "data": []}' if "results" in self.path else b"no JSON"
            self.send_response(307 if "task_id=2" in self.path else 200)
            self.send_header("Location", "/elsewhere/results")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    to = line.Line(f"http://127.0.0.1:{server.server_port}/")
    results = "/api/v1/queue/results"
    assert to.results(1, 0, 0) == [] and heard.pop() == (results, None, None)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(PANDA_AUTH_DIR=folder, PANDA_AUTH_TOKEN="token", PANDA_AUTH_ORIGIN="vo:production")
        refused(line.Refused, "the token file token is in none of", lambda: to.results(1, 0, 0))
        for token in ["first", "renewed"]:
            with open(os.path.join(folder, "token"), "w") as file:
                file.write(token + "\n")
            assert to.results(1, 0, 0) == [] and heard.pop() == (results, f"Bearer {token}", "vo:production")
        refused(line.Refused, "HTTP status 307", lambda: to.results(2, 0, 0))
        assert [path for path, *_ in heard] == [results], "a token follows nobody elsewhere"
        del os.environ["PANDA_AUTH_ORIGIN"]
        refused(line.Refused, "set PANDA_AUTH_ORIGIN=VO:role", lambda: to.results(1, 0, 0))
        del os.environ["PANDA_AUTH_TOKEN"]
    refused(line.Refused, "does not answer as a queue does: no JSON", lambda: to.show(1))
    many = [{"jobPars": "x" * (10 << 20)}] * 5
    assert [len(some) for some in line._portions(many)] == [2, 2, 1]


packing()
json_only()
asking()
decorating()
