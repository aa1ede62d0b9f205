"""Killable worker processes, for work that may hang, swell or crash on hostile input.

Comes in: a function of module level with its arguments. Goes out: a future. A task that does not
end in time, kills its process or runs out of memory raises `Rejected`; any other exception is a
bug and passes through unchanged. The pool is pebble's: it kills and replaces a process that
overruns. Processes come from a fork server that has imported the heavy modules once, so that a
worker starts in milliseconds and shares their memory.
"""

import functools
import gc
import multiprocessing
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import pebble

from schemas.vocabulary import Reason, Rejected

MAX_WORKER_BYTES = 4 << 30  # address space; the language model needs about 1 GB of it

# Imported once by the fork server: what the stages run in workers.
PRELOADED = ("transforms.feeds", "transforms.extract", "transforms.annotate")


class Workers:
    """A pool of `size` processes; size 0 runs each task at once in the calling process."""

    def __init__(self, size: int, *, preloaded: Sequence[str] = PRELOADED) -> None:
        self.size = size
        self._pool: pebble.ProcessPool | None = None
        if size:
            _let_tracker_be_quiet()
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(list(preloaded))
            self._pool = pebble.ProcessPool(
                max_workers=size, context=context, initializer=_prepare_worker
            )
            # starts the processes now, which takes seconds: the first task may come from a thread
            # that must not wait
            self._pool.schedule(len, args=("",))

    def submit(self, function: Callable[..., Any], *args: Any, timeout_s: float) -> "Future[Any]":
        """Start the task; `outcome` reads its result."""
        if self._pool is not None:
            return self._pool.schedule(function, args=args, timeout=timeout_s)
        done: Future[Any] = Future()
        try:
            done.set_result(function(*args))
        except (Rejected, MemoryError, RecursionError) as error:
            done.set_exception(error)
        return done

    def stop(self) -> None:
        """End the processes, finished or not."""
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()


def outcome(future: "Future[Any]", *, reason: Reason) -> Any:
    """Wait for a task's result; a killed, dead or swollen worker becomes `Rejected(reason)`."""
    try:
        return future.result()
    except TimeoutError as error:
        raise Rejected(reason, "not done within the time limit") from error
    except pebble.ProcessExpired as error:
        raise Rejected(reason, f"worker process died with code {error.exitcode}") from error
    except (MemoryError, RecursionError) as error:
        raise Rejected(reason, f"{type(error).__name__} while working on it") from error


@functools.cache
def shared_workers(size: int) -> Workers:
    """Give the process's one pool of that size; pebble ends it with the interpreter."""
    return Workers(size)


def _let_tracker_be_quiet() -> None:
    """Keep the process that tidies semaphores from saying so when a run is stopped."""
    said = "ignore:resource_tracker:UserWarning"
    if said not in sys.warnoptions:  # what is in here is handed to it when it starts
        sys.warnoptions.append(said)


def _prepare_worker() -> None:
    """Leave Ctrl-C to the launcher, and bound the memory of whatever a page makes us do.

    What was imported before the fork stays: the collector need not look at it again, and again.
    """
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_WORKER_BYTES, MAX_WORKER_BYTES))
