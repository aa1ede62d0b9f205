"""Whether this process is about to stop: what has begun is finished, no more begins. No Beam.

In: the wish to stop, and what an element at hand asks. Out: whether to begin on it; how many were
left, which the next run lists again. Nothing is rejected: what is left was never taken.

It is one wish a process: stages reach it however they were copied on their way to a runner.
"""

import threading
import weakref
from typing import Protocol


class Listener(Protocol):
    """What has work waiting that it can give up."""

    def leave_off(self) -> None:
        """Give up what has not begun; called from any thread."""


_wished = threading.Event()
_left: list[None] = []  # one for each element; appending needs no lock
_listeners = weakref.WeakSet[Listener]()


def stop_beginning() -> None:
    """Wish that nothing more begins."""
    _wished.set()
    for listener in list(_listeners):
        listener.leave_off()


def begin_again() -> None:
    """Take the wish back."""
    _wished.clear()
    _left.clear()


def is_stopping() -> bool:
    """Tell whether nothing more is to begin."""
    return _wished.is_set()


def note_left() -> None:
    """Note that an element was left to the next run."""
    _left.append(None)


def num_left() -> int:
    """Say how many elements were left to the next run."""
    return len(_left)


def listen(listener: Listener) -> None:
    """Have a listener told, as long as it lives."""
    _listeners.add(listener)
