"""Lanes: one a registrable domain, one request at a time in each, with a pause between. No network.

In: a request that awaits its turn, and what came of it. Out: the turn. Rejected: a request to a
domain that is left alone for a while, since it asked for that (RATE_LIMITED) or failed several
times in a row (with the reason of the last failure), so that dead hosts hold up nobody.

The pace of a lane is waited for however long it is: a pause is no refusal. Times are the event
loop's seconds.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from schemas.vocabulary import Reason, Rejected

FAILURES_IN_A_ROW = 3  # after so many a domain is left alone
REST_S = 300.0


@dataclass
class Lane:
    """One domain's turn: who is under way, when the next may start, and whether any may."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    next_at: float = 0.0
    closed_until: float = 0.0
    closed_for: Reason = Reason.RATE_LIMITED
    detail: str = ""
    failures: int = 0  # in a row

    @asynccontextmanager
    async def turn(self, *, patience_s: float) -> AsyncIterator[None]:
        """Hold the lane from when its turn comes; a lane closed for longer than that refuses."""
        loop = asyncio.get_running_loop()
        async with self.lock:
            closed_s = self.closed_until - loop.time()
            if closed_s > patience_s:
                raise Rejected(self.closed_for, self.detail)
            await asyncio.sleep(max(0.0, closed_s, self.next_at - loop.time()))
            yield

    def pause(self, pause_s: float) -> None:
        """Let the next request wait."""
        self.next_at = asyncio.get_running_loop().time() + pause_s

    def note_answer(self, wait_s: float) -> None:
        """Forget failures; close the lane where the server asked to be left alone."""
        self.failures = 0
        if wait_s:
            self._close(wait_s, Reason.RATE_LIMITED, f"the server asked to wait {wait_s:.0f} s")

    def note_failure(self, rejected: Rejected, *, patience_s: float) -> None:
        """Close the lane of a host that does not answer time after time."""
        if rejected.reason not in (Reason.UNREACHABLE, Reason.TIMEOUT):
            return
        self.failures += 1
        if self.failures >= FAILURES_IN_A_ROW:
            detail = f"failed {self.failures} times in a row: {rejected.detail}"
            self._close(max(REST_S, 2 * patience_s), rejected.reason, detail)

    def _close(self, wait_s: float, reason: Reason, detail: str) -> None:
        self.closed_until = asyncio.get_running_loop().time() + wait_s
        self.closed_for = reason
        self.detail = detail
