# paretorank: written by `paretorank init --python`, which also replaces it.
"""The folder of a function, packed: the same files always give the same bytes."""

import fnmatch
import gzip
import hashlib
import io
import os
import sys
import tarfile

PACKAGE = os.path.dirname(os.path.abspath(__file__))
# Limits of the queue's server, and of what ranks should have to unpack.
MOST_PACKED = 64 << 20
MOST_BYTES = 256 << 20


def whereabouts(function, source=None):
    """Where a function is: the folder that is packed, the folder below it that modules are found in, and its module."""
    name = function.__module__
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if file is None:
        raise ValueError(f"{function.__qualname__} is in no file: ranks import it, so that it must be in a module")
    file = os.path.realpath(file)
    if name == "__main__":
        spec = getattr(module, "__spec__", None)
        name = spec.name if spec else os.path.splitext(os.path.basename(file))[0]
        if not spec and "." in name:
            raise ValueError(f"{file} cannot be imported: its name has a dot before .py")
    root = os.path.dirname(file)
    for _ in range(name.count(".") + (os.path.basename(file) == "__init__.py")):
        root = os.path.dirname(root)
    source = os.path.realpath(source or root)
    below = os.path.relpath(root, source)
    if below.split(os.sep)[0] == os.pardir:
        raise ValueError(f"the source folder {source} does not hold {root}, which {name} is imported from")
    return source, below, name


def pack(folder, exclude=()):
    """A tar.gz of a folder and this package, and its SHA-256."""
    packed = io.BytesIO()
    total = 0
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as zipped, tarfile.open(
        fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT
    ) as tar:
        for name, path in sorted(_files(folder, exclude)):
            with open(path, "rb") as file:
                text = file.read(MOST_BYTES + 1)
            total += len(text)
            if total > MOST_BYTES:
                raise ValueError(_too_large(folder, MOST_BYTES, name))
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            entry.mode = 0o755 if os.stat(path).st_mode & 0o100 else 0o644
            tar.addfile(entry, io.BytesIO(text))
    packed = packed.getvalue()
    if len(packed) > MOST_PACKED:
        raise ValueError(_too_large(folder, MOST_PACKED, "all of it, packed"))
    return hashlib.sha256(packed).hexdigest(), packed


def _too_large(folder, most, what):
    return (
        f"the source folder {folder} has more than {most >> 20} MiB (at {what}): put the function into a folder of "
        'its own, or leave data out by exclude=["data", "*.root"]'
    )


def _files(folder, exclude):
    """Names in the archive and paths."""
    own = os.path.join(folder, "paretorank")
    if os.path.isdir(own) and os.path.realpath(own) != PACKAGE:
        raise ValueError(f"{own} is not the module paretorank that is in use ({PACKAGE}): remove one of them")
    for name in sorted(os.listdir(PACKAGE)):
        if name.endswith(".py"):
            yield f"paretorank/{name}", os.path.join(PACKAGE, name)
    for at, folders, files in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if not _is_left_out(folder, at, name, exclude) and os.path.join(at, name) != own
        ]
        for name in folders:
            if os.path.islink(os.path.join(at, name)):
                raise ValueError(f"{os.path.join(at, name)} is a link to a folder: leave it out by exclude=[{name!r}]")
        for name in files:
            if _is_left_out(folder, at, name, exclude):
                continue
            path = os.path.join(at, name)
            if not os.path.isfile(path):
                raise ValueError(f"{path} is not a file: leave it out by exclude=[{name!r}]")
            yield os.path.relpath(path, folder).replace(os.sep, "/"), path


def _is_left_out(folder, at, name, exclude):
    below = os.path.relpath(os.path.join(at, name), folder)
    patterns = ["__pycache__", "*.pyc", *exclude]
    return name.startswith(".") or any(fnmatch.fnmatch(x, p) for x in (name, below) for p in patterns)
