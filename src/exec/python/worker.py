"""Calls a function of the user for one task after the other.

Arguments: how ("serve" or "check"), the folder of the module, the module, the function. Requests come as
lines of JSON on standard input and are answered so on what was standard output at the start; what the
function prints goes to the logs of the attempt."""

import importlib
import inspect
import json
import math
import os
import sys
import traceback
import types


class Infeasible(Exception):
    """This design cannot be: raised by the function of a study."""


class Refused(Exception):
    """What the function returned is no result."""


def number(name, value):
    """A finite number of any type that is one, numpy's among them."""
    try:
        if isinstance(value, (bool, str, bytes)):
            raise TypeError
        plain = float(value)
    except (TypeError, ValueError):
        raise Refused(f"{name!r} is {value!r}, not a number") from None
    if not math.isfinite(plain):
        raise Refused(
            f"{name!r} is {plain}; a design without a value is infeasible or failed, "
            "to be told by an exception"
        )
    return plain


def result(returned):
    """{name: number} or {name: {"value": number, "sem": number}}, with plain numbers."""
    if returned is None:
        return {}
    if not isinstance(returned, dict):
        raise Refused(f'the function returned {type(returned).__name__}, not a dict {{"name": number}}')
    plain = {}
    for name, value in returned.items():
        if isinstance(value, dict):
            plain[str(name)] = {str(k): number(f"{name}.{k}", v) for k, v in value.items()}
        else:
            plain[str(name)] = number(str(name), value)
    return plain


def takes_context(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    by_name = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(
        p.kind is inspect.Parameter.VAR_KEYWORD or (p.name == "context" and p.kind in by_name)
        for p in parameters
    )


def enter(request):
    """Environment, directory and logs of an attempt."""
    sys.stdout.flush()
    sys.stderr.flush()
    for number_of, name in ((1, "stdout"), (2, "stderr")):
        log = os.open(os.path.join(request["logs"], name), os.O_WRONLY | os.O_APPEND)
        os.dup2(log, number_of)
        os.close(log)
    os.environ.update(request["env"])
    os.chdir(request["context"]["directory"])
    try:
        # The most memory that this process had begins anew.
        with open("/proc/self/clear_refs", "w") as peak:
            peak.write("5")
    except OSError:
        pass


def call(function, request):
    """The answer to a request."""
    context = request["context"]
    more = {"context": context} if takes_context(function) else {}
    try:
        plain = result(function(dict(context["parameters"]), **more))
        with open(os.path.join(context["directory"], "result.json"), "w") as file:
            json.dump(plain, file, indent=2, allow_nan=False)
            file.write("\n")
        return {"is": "ok"}
    except Refused as wrong:
        return {"is": "output", "reason": str(wrong)}
    except Exception as wrong:
        if any(kind.__name__ == "Infeasible" for kind in type(wrong).__mro__):
            return {"is": "infeasible", "reason": str(wrong) or "the function raised Infeasible"}
        # The first step of the traceback is this file's.
        trace = wrong.__traceback__.tb_next or wrong.__traceback__
        traceback.print_exception(type(wrong), wrong, trace)
        return {"is": "exception", "reason": type(wrong).__name__}


def find(module, name):
    function = getattr(importlib.import_module(module), name)
    if not callable(function):
        raise TypeError(f"{name} of module {module} cannot be called")
    return function


def serve(replies, requests, module, name):
    function = None
    for line in requests:
        request = json.loads(line)
        enter(request)
        # What fails to be imported ends this process: the traceback is in the attempt's log.
        function = function or find(module, name)
        answer = call(function, request)
        sys.stdout.flush()
        sys.stderr.flush()
        replies.write(json.dumps(answer) + "\n")
        replies.flush()


def main(how, folder, module, name):
    replies = os.fdopen(os.dup(1), "w")
    requests = os.fdopen(os.dup(0), "r")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    # What is printed is seen at once, and not lost if the function ends the process.
    sys.stdout.reconfigure(line_buffering=True)
    own = types.ModuleType("paretorank")
    own.Infeasible = Infeasible
    sys.modules["paretorank"] = own
    sys.path[0] = folder
    sys.argv = [module]
    if how == "serve":
        serve(replies, requests, module, name)
        return
    try:
        find(module, name)
        reply = "ok"
    except BaseException as wrong:
        reply = traceback.format_exception_only(type(wrong), wrong)[-1].strip()
    replies.write(reply)
    replies.flush()


main(*sys.argv[1:])
