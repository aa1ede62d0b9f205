"""Requests on their way to the event loop: they come from any thread, one of a domain at a time.

In: a coroutine to be made for each request, and its domain. Out: a future. The next of a domain is
begun when the one before has left its lane. Until then it costs a place in a line, not a task:
where hosts hang there are thousands of them. No network.
"""

import asyncio
import collections
import functools
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from transforms.answers import Answer

Leave = Callable[[], None]  # tells that a request is out of its lane, and the next may come
Begin = Callable[[Leave], Coroutine[Any, Any, Answer]]


class Intake:
    """Begins requests, in the order they come, and a domain's one after the other."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # what waits, for domains with one under way
        self._lines: dict[str, collections.deque[tuple[Begin, Future[Answer]]]] = {}

    def put(self, domain: str, begin: Begin) -> "Future[Answer]":
        """Take a request, in any thread."""
        future: Future[Answer] = Future()
        self._loop.call_soon_threadsafe(self._admit, domain, begin, future)
        return future

    def cancel_waiting(self) -> None:
        """Give up what has not been begun; on the loop."""
        for line in self._lines.values():
            for _, future in line:
                future.cancel()
            line.clear()

    def _admit(self, domain: str, begin: Begin, future: "Future[Answer]") -> None:
        if domain in self._lines:
            self._lines[domain].append((begin, future))
        else:
            self._lines[domain] = collections.deque()
            self._begin(domain, begin, future)

    def _begin(self, domain: str, begin: Begin, future: "Future[Answer]") -> None:
        leave = _Once(functools.partial(self._begin_next, domain))
        task = self._loop.create_task(begin(leave))
        task.add_done_callback(functools.partial(_end, leave, future))

    def _begin_next(self, domain: str) -> None:
        if self._lines[domain]:
            self._begin(domain, *self._lines[domain].popleft())
        else:
            del self._lines[domain]


@dataclass
class _Once:
    """Does something the first time it is called."""

    action: Callable[[], None]
    is_done: bool = False

    def __call__(self) -> None:
        if not self.is_done:
            self.is_done = True
            self.action()


def _end(leave: Leave, future: "Future[Answer]", task: "asyncio.Task[Answer]") -> None:
    """Hand on what came of a request."""
    leave()
    if task.cancelled():
        future.cancel()
    elif (error := task.exception()) is not None:
        future.set_exception(error)
    else:
        future.set_result(task.result())
