"""Lanes: one a registrable domain, one request at a time in each, with a pause between. No network.

In: a request that awaits its turn, and what came of it. Out: the turn. Rejected: a request to a
domain that is left alone for a while, since it asked for that (RATE_LIMITED) or failed several
times in a row (with the reason of the last failure), so that dead hosts hold up nobody.

The pace of a lane is waited for however long it is: a pause is no refusal. Where a folder is
named, a lane is one over all processes that see it, and over runs: its turn is a lock on a file
there, which the system lets go of however a process ends, and the file says when the next turn
may be. Without a folder a lane is the process's own. Times are seconds since the epoch.
"""

import asyncio
import dataclasses
import fcntl
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas.columns import content_id
from schemas.vocabulary import Reason, Rejected
from transforms.answers import MAX_WAIT_S

FAILURES_IN_A_ROW = 3  # after so many a domain is left alone
REST_S = 300.0
MAX_PAUSE_S = 3600.0  # longer ones were written by a clock that was wrong
LOOK_AGAIN_S = (0.01, 0.1)  # at a turn that another process has: first, and at most


@dataclass(kw_only=True)
class Pace:
    """What is remembered of a domain."""

    domain: str
    next_at: float = 0.0
    closed_until: float = 0.0
    closed_for: str = Reason.RATE_LIMITED
    detail: str = ""
    failures: int = 0  # in a row


class Lane:
    """One domain's turn: who is under way, when the next may start, and whether any may."""

    def __init__(
        self, domain: str, path: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._pace = Pace(domain=domain)
        self._path = path
        self._clock = clock
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self, *, patience_s: float) -> AsyncIterator[None]:
        """Hold the lane from when its turn comes; a lane closed for longer than that refuses."""
        async with self._lock:
            file = await self._take(patience_s)
            try:
                yield
            finally:
                self._leave(file)

    async def _take(self, patience_s: float) -> int | None:
        """Wait until nobody is under way and the pause is over.

        The lock is not held during the pause: when it ends, every process has the same chance.
        """
        while True:
            file = await self._locked()
            try:
                wait_s = self._wait_s(patience_s)
            except Rejected:
                _let_go(file)
                raise
            if wait_s <= 0:
                return file
            _let_go(file)
            await asyncio.sleep(wait_s)

    def _wait_s(self, patience_s: float) -> float:
        """Say how long the lane is still paused or closed; refuse where that is too long."""
        now = self._clock()
        closed_s = min(self._pace.closed_until - now, MAX_WAIT_S)
        if closed_s > patience_s:
            raise Rejected(Reason(self._pace.closed_for), self._pace.detail)
        return max(closed_s, min(self._pace.next_at - now, MAX_PAUSE_S))

    async def _locked(self) -> int | None:
        """Lock the lane's file and read it."""
        if self._path is None:
            return None
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        again_s, longest_s = LOOK_AGAIN_S
        try:
            while not _try_lock(file):
                await asyncio.sleep(again_s)
                again_s = min(2 * again_s, longest_s)
            self._pace = _read(file, self._pace.domain)
        except BaseException:
            os.close(file)
            raise
        return file

    def _leave(self, file: int | None) -> None:
        if file is not None:
            try:
                told = json.dumps(dataclasses.asdict(self._pace)).encode()
                # filled up with blanks: cutting a file costs a millisecond, writing it 20 µs
                os.pwrite(file, told.ljust(os.fstat(file).st_size), 0)
            finally:
                _let_go(file)

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
        self._pace.detail = detail[:1000]


class Lanes:
    """The lanes of all domains; a folder makes them those of all processes that see it."""

    def __init__(self, folder: str | None = None) -> None:
        self._folder = Path(folder) if folder else None
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        self._lanes: dict[str, Lane] = {}

    def of(self, domain: str) -> Lane:
        """Give a domain's lane."""
        if domain not in self._lanes:
            path = self._folder / f"{content_id('lane', domain)}.json" if self._folder else None
            self._lanes[domain] = Lane(domain, path)
        return self._lanes[domain]


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: int, domain: str) -> Pace:
    """Read what the last turn wrote; one that was killed in the middle wrote nothing."""
    try:
        return Pace(**{**json.loads(os.pread(file, 8192, 0)), "domain": domain})
    except (ValueError, TypeError):
        return Pace(domain=domain)


def _let_go(file: int | None) -> None:
    if file is not None:
        os.close(file)  # which unlocks it
