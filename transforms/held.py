"""How much of what was fetched is still held, so that a slow reader slows the fetcher down.

In: answers. Out: the sum of their bytes, less with each that its readers let go of.
"""

import threading
import weakref

from transforms.answers import Answer


class Held:
    """Counts the bytes of answers that are still held."""

    def __init__(self) -> None:
        self.num_bytes = 0
        self._lock = threading.RLock()  # an answer may be let go of in any thread, at any moment

    def add(self, answer: Answer) -> None:
        """Count an answer until it is let go of."""
        self._change(len(answer.body))
        weakref.finalize(answer, self._change, -len(answer.body)).atexit = False

    def _change(self, num_bytes: int) -> None:
        with self._lock:
            self.num_bytes += num_bytes
