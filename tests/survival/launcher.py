"""Starts runs of `dateline` in milliseconds: copies of one process that has imported everything.

In: lines of JSON on stdin, each a command line and where its output goes. Out: a line with the
copy's process id, and one with its exit code when it has ended. The copies' worker processes come
from a fork server that they share; it, too, has everything imported, and the model loaded.

Files of the archive are rotated after some kilobytes, so that a kill meets that moment, too.
"""

import json
import multiprocessing
import multiprocessing.forkserver
import os
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

from transforms import archive, workers
from transforms.annotate import load_reader

SITE = files("seeds") / "site"
LISTS = (str(SITE / "places.csv"), str(SITE / "actors.csv"))
ROTATE_AT = 12_000

archive.MAX_FILE_BYTES = ROTATE_AT
load_reader(None, *LISTS)


def run(argv: list[str], log: str) -> NoReturn:
    """Be the run."""
    os.setsid()
    with Path(log).open("ab") as told:
        os.dup2(told.fileno(), 1)
        os.dup2(told.fileno(), 2)
    from pipelines.__main__ import main

    code = main(argv)
    sys.stdout.flush()
    os._exit(code)


def main() -> None:
    """Start what is asked for, one after the other."""
    import pipelines.ingest  # noqa: F401 (for the copies)

    server: Any = multiprocessing.forkserver._forkserver
    multiprocessing.set_forkserver_preload([*workers.PRELOADED, __spec__.name])
    server.ensure_running()
    server.ensure_running = lambda: None  # a copy is not its parent, and could not ask for it
    print(server._forkserver_pid, flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            run(**json.loads(line))
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
