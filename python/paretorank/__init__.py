# paretorank: written by `paretorank init --python`, which also replaces it.
"""Python functions as jobs of a paretorank queue (`paretorank queue serve`, `paretorank pilot`).

    from paretorank import work

    @work
    def evaluate(x, y):
        return {"f": x * y}

    if __name__ == "__main__":
        for future in evaluate.map([(1, 2), (3, 4)]):
            print(future.result())

The calls are made by ranks of an allocation. What goes there and back is JSON: nothing is pickled. The folder of the
function's file goes along, packed, without what is hidden (`.git`) or made (`__pycache__`).

Servers: `@work(server="http://host:port")`, else the variable PARETORANK_QUEUE, else http://127.0.0.1:25080. Who you
are: a token in the file that PANDA_AUTH_TOKEN names, with PANDA_AUTH_ORIGIN (`VO:role`).
"""

from .calls import Call, Results, Work, WorkError, work

__all__ = ["Call", "Results", "Work", "WorkError", "work"]
