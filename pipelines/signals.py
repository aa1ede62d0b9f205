"""Ctrl-C and SIGTERM: the first ends a run in order, the second at once.

In: signals, from when `Signals` is entered. Out: `Stopped`, raised in the main thread where it
is; within `held`, when that is over.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn, Self

from transforms.stopping import begin_again

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM: what is written stays, the rest is left for the next run."""


class Signals:
    """Listens to signals within a `with` block; `came` tells whether there was one."""

    def __enter__(self) -> Self:
        begin_again()
        self.came = self._is_held = False
        self._previous = {sign: signal.signal(sign, self._on_first) for sign in SIGNALS}
        return self

    def __exit__(self, *exception: object) -> None:
        for sign, handler in self._previous.items():
            signal.signal(sign, handler)
        begin_again()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold a first signal back until a piece of work is done."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self.came:
            raise Stopped

    def _on_first(self, signum: int, frame: FrameType | None) -> None:
        self.came = True
        for sign in SIGNALS:
            signal.signal(sign, lambda *_: leave(130))
        if not self._is_held:
            raise Stopped


def other_children() -> list[int]:
    """Name the processes that this one started by other means: a runner's; none off Linux."""
    listed = Path("/proc/self/task").glob("*/children")
    return [int(child) for path in listed for child in path.read_text().split()]


def leave(code: int) -> NoReturn:
    """Exit without waiting for threads that are at work; leave no child process."""
    for worker in multiprocessing.active_children():
        worker.kill()
    for child in other_children():
        with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
            os.kill(child, signal.SIGKILL)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
