"""Lanes: one a registrable domain, one request at a time in each, with a pause between. No network.

In: a request that awaits its turn, and what came of it. Out: the turn. Rejected: a request to a
domain that is left alone for a while, since it asked for that (RATE_LIMITED) or failed several
times in a row (with the reason of the last failure), so that dead hosts hold up nobody.

The pace of a lane is waited for however long it is: a pause is no refusal. Where a folder is
named, a lane is one over all processes that see it, and over runs (`paces`). Without a folder it
is the process's own. Times are seconds since the epoch.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from schemas.vocabulary import Reason, Rejected
from transforms.answers import MAX_WAIT_S
from transforms.paces import Pace, Paces

FAILURES_IN_A_ROW = 3  # after so many a domain is left alone
REST_S = 300.0
MAX_PAUSE_S = 3600.0  # longer ones were written by a clock that was wrong
LOOK_AGAIN_S = (0.01, 0.1)  # at a turn that another process has: first, and at most


class Lane:
    """One domain's turn: who is under way, when the next may start, and whether any may."""

    def __init__(
        self, domain: str, paces: Paces | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._domain = domain
        self._pace = Pace()
        self._paces = paces
        self._clock = clock
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self, *, patience_s: float) -> AsyncIterator[None]:
        """Hold the lane from when its turn comes; a lane closed for longer than that refuses."""
        async with self._lock:
            await self._take(patience_s)
            try:
                yield
            finally:
                self._leave()

    async def _take(self, patience_s: float) -> None:
        """Wait until nobody is under way and the pause is over.

        The lock is not held during the pause: when it ends, every process has the same chance.
        """
        while True:
            await self._take_lock()
            wait_s = 1.0
            try:
                wait_s = self._wait_s(patience_s)
                if wait_s <= 0:
                    return
            finally:
                if wait_s > 0 and self._paces is not None:
                    self._paces.unlock(self._domain)
            await asyncio.sleep(wait_s)

    def _wait_s(self, patience_s: float) -> float:
        """Say how long the lane is still paused or closed; refuse where that is too long."""
        now = self._clock()
        closed_s = min(self._pace.closed_until - now, MAX_WAIT_S)
        if closed_s > patience_s:
            raise Rejected(Reason(self._pace.closed_for), self._pace.detail)
        return max(closed_s, min(self._pace.next_at - now, MAX_PAUSE_S))

    async def _take_lock(self) -> None:
        """Lock the domain against other processes, and read what they noted."""
        if self._paces is None:
            return
        again_s, longest_s = LOOK_AGAIN_S
        while not self._paces.try_lock(self._domain):
            await asyncio.sleep(again_s)
            again_s = min(2 * again_s, longest_s)
        self._pace = self._paces.read(self._domain)

    def _leave(self) -> None:
        if self._paces is not None:
            self._paces.write(self._domain, self._pace)
            self._paces.unlock(self._domain)

    def pause(self, pause_s: float) -> None:
        """Let the next request wait."""
        self._pace.next_at = self._clock() + pause_s

    def note_answer(self, wait_s: float) -> None:
        """Forget failures; close the lane where the server asked to be left alone."""
        self._pace.failures = 0
        if wait_s:
            self._close(wait_s, Reason.RATE_LIMITED, f"the server asked to wait {wait_s:.0f} s")

    def note_failure(self, rejected: Rejected, *, patience_s: float) -> None:
        """Close the lane of a host that does not answer time after time."""
        if rejected.reason not in (Reason.UNREACHABLE, Reason.TIMEOUT):
            return
        failures = self._pace.failures = self._pace.failures + 1
        if failures >= FAILURES_IN_A_ROW:
            detail = f"failed {failures} times in a row: {rejected.detail}"
            self._close(max(REST_S, 2 * patience_s), rejected.reason, detail)

    def _close(self, wait_s: float, reason: Reason, detail: str) -> None:
        self._pace.closed_until = self._clock() + wait_s
        self._pace.closed_for = reason
        self._pace.detail = detail


class Lanes:
    """The lanes of all domains; a folder makes them those of all processes that see it."""

    def __init__(self, folder: str | None = None) -> None:
        self._paces: Paces | None = None
        if folder is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._paces = Paces(Path(folder) / "paces")
        self._lanes: dict[str, Lane] = {}

    def of(self, domain: str) -> Lane:
        """Give a domain's lane."""
        if domain not in self._lanes:
            self._lanes[domain] = Lane(domain, self._paces)
        return self._lanes[domain]

    def close(self) -> None:
        """Close the file that is shared."""
        if self._paces is not None:
            self._paces.close()
