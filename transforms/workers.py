"""Killable worker processes, for work that may hang, swell or crash on hostile input.

Comes in: a function of module level with its arguments. Goes out: a future. A task that does not
end in time, kills its process or runs out of memory raises `Rejected`; any other exception is a
bug and passes through unchanged. The pool is pebble's: it kills and replaces a process that
overruns. Processes come from a fork server that has imported the heavy modules once, so that a
worker starts in milliseconds and shares their memory.

To hand a task over and its result back costs half a millisecond and more. Where the work takes ten,
as reading a page does, `Batches` hands over several at a time: that costs 2 % instead of 6.
"""

import copy
import functools
import gc
import multiprocessing
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
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

    def submit(
        self,
        function: Callable[..., Any],
        *args: Any,
        timeout_s: float,
        is_again: bool = False,
    ) -> "Future[Any]":
        """Start the task; `outcome` reads its result.

        A task whose process dies is done again, once: the system may have chosen to kill it.
        """
        done: Future[Any] = Future()
        if self._pool is not None:
            task = self._pool.schedule(function, args=args, timeout=timeout_s)
            if is_again:
                return task
            again = functools.partial(
                self.submit, function, *args, timeout_s=timeout_s, is_again=True
            )
            task.add_done_callback(functools.partial(_pass_on_or_again, done, again))
            return done
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


@dataclass(frozen=True)
class _Call:
    """A task that waits for its batch to be full, and the future that its caller holds."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    done: "Future[Any]"


class Batches:
    """Hands tasks to workers several at a time; each still has a future and a limit of its own.

    A batch that overruns `batch_timeout_s`, kills its worker or meets a bug is done again task by
    task, so that only the task that is to blame is given up. `flush` hands over what is left.
    """

    def __init__(
        self, workers: Workers, *, size: int, timeout_s: float, batch_timeout_s: float
    ) -> None:
        self._workers = workers
        self._size = size
        self._timeout_s = timeout_s
        self._batch_timeout_s = batch_timeout_s
        self._waiting: list[_Call] = []

    def submit(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Put a task into the batch at hand, and hand the batch over when it is full."""
        if not self._workers.size:
            return self._workers.submit(function, *arguments, timeout_s=self._timeout_s)
        call = _Call(function, arguments, Future())
        self._waiting.append(call)
        if len(self._waiting) >= self._size:
            self.flush()
        return call.done

    def flush(self) -> None:
        """Hand over the batch at hand."""
        calls, self._waiting = self._waiting, []
        if calls:
            tasks = [(call.function, call.arguments) for call in calls]
            batch = self._workers.submit(
                _do_each, tasks, timeout_s=self._batch_timeout_s, is_again=True
            )
            batch.add_done_callback(functools.partial(self._share_out, calls))

    def _share_out(self, calls: list[_Call], batch: "Future[Any]") -> None:
        """Give each task what its batch brought; where that failed, do each by itself."""
        if batch.exception() is not None:
            for call in calls:
                self._do_again(call)
            return
        for call, (result, error) in zip(calls, batch.result(), strict=True):
            _settle(call.done, result, error)

    def _do_again(self, call: _Call) -> None:
        again = functools.partial(
            self._workers.submit, call.function, *call.arguments, timeout_s=self._timeout_s
        )
        _do_instead(call.done, again)


def _do_each(tasks: list[tuple[Callable[..., Any], tuple[Any, ...]]]) -> list[Any]:
    """Do the tasks of a batch, in the worker; give each one's result or why it has none."""
    answers: list[Any] = []
    for function, arguments in tasks:
        try:
            answers.append((function(*arguments), None))
        except (Rejected, MemoryError, RecursionError) as error:
            answers.append(
                (None, copy.copy(error))
            )  # a copy: without the page that its frames hold
    return answers


def _pass_on_or_again(
    done: "Future[Any]", again: "Callable[[], Future[Any]]", task: "Future[Any]"
) -> None:
    """Give what a task gave; where its process died, what it gives when it is done again."""
    if not task.cancelled() and isinstance(task.exception(), pebble.ProcessExpired):
        _do_instead(done, again)
    else:
        pass_on(done, task)


def _do_instead(done: "Future[Any]", begin: "Callable[[], Future[Any]]") -> None:
    """Begin a task, and give what it gives."""
    try:
        task = begin()
    except RuntimeError as error:  # the pool itself is stopped or broken
        done.set_exception(error)
    else:
        task.add_done_callback(functools.partial(pass_on, done))


def pass_on(done: "Future[Any]", alone: "Future[Any]") -> None:
    """Give what another future gave."""
    if alone.cancelled():  # the pool is being stopped
        done.cancel()
        return
    error = alone.exception()
    _settle(done, None if error else alone.result(), error)


def _settle(done: "Future[Any]", result: Any, error: BaseException | None) -> None:
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)


@functools.cache
def shared_workers(size: int) -> Workers:
    """Give the process's one pool of that size; pebble ends it with the interpreter."""
    return Workers(size)


def _let_tracker_be_quiet() -> None:
    """Keep the process that tidies semaphores from saying so when a run is stopped."""
    said = "ignore:resource_tracker:UserWarning"
    if said not in sys.warnoptions:  # what is in here is handed to it when it starts
        sys.warnoptions.append(said)


def collect_seldom() -> None:
    """Let the collector of cycles look less often.

    Thousands of requests under way, or the words of an article, live for long enough to be looked
    at time and again: with Python's own thresholds half of the time of fetching goes there.
    """
    gc.set_threshold(10_000, 5, 20)


def _prepare_worker() -> None:
    """Leave Ctrl-C to the launcher, and bound the memory of whatever a page makes us do.

    What was imported before the fork stays: the collector need not look at it again, and again.
    """
    gc.freeze()
    collect_seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_WORKER_BYTES, MAX_WORKER_BYTES))
