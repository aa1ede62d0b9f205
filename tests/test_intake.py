"""Requests are begun in their order, and one of a domain at a time."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any

import pytest

from schemas.vocabulary import Reason, Rejected
from tests.test_fetch import answer
from transforms.answers import Answer
from transforms.intake import Intake, Leave


class Requests:
    """Requests that note when they begin, and end when they are told to."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ends: dict[str, asyncio.Future[Answer]] = {}
        self.leaves: dict[str, Leave] = {}

    def begin(self, name: str) -> Any:
        def coroutine(leave: Leave) -> Coroutine[Any, Any, Answer]:
            self.begun.append(name)
            self.leaves[name] = leave
            self.ends[name] = asyncio.get_running_loop().create_future()
            return self._wait(name)

        return coroutine

    async def _wait(self, name: str) -> Answer:
        return await self.ends[name]


async def turn() -> None:
    """Let the loop do what is to be done."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_the_next_of_a_domain_begins_when_the_one_before_leaves_its_lane_or_ends() -> None:
    async def check() -> None:
        requests, intake = Requests(), Intake(asyncio.get_running_loop())
        for name in ("a1", "a2", "b1", "a3"):
            intake.put(name[0], requests.begin(name))
        await turn()
        assert requests.begun == ["a1", "b1"]
        requests.leaves["a1"]()
        requests.leaves["a1"]()
        await turn()
        assert requests.begun == ["a1", "b1", "a2"]
        requests.ends["a2"].set_result(answer())
        await turn()
        assert requests.begun == ["a1", "b1", "a2", "a3"]
        for name in ("a1", "b1", "a3"):
            requests.ends[name].set_result(answer())
        await turn()

    asyncio.run(check())


def test_the_future_gives_what_came_of_the_request() -> None:
    async def check() -> None:
        requests, intake = Requests(), Intake(asyncio.get_running_loop())
        given = [intake.put(name, requests.begin(name)) for name in "abc"]
        await turn()
        requests.ends["a"].set_result(answer())
        requests.ends["b"].set_exception(Rejected(Reason.TIMEOUT, "slow"))
        requests.ends["c"].cancel()
        await turn()
        assert given[0].result(timeout=0) == answer()
        with pytest.raises(Rejected, match="slow"):
            given[1].result(timeout=0)
        with pytest.raises(CancelledError):
            given[2].result(timeout=0)

    asyncio.run(check())


def test_what_waits_can_be_given_up_and_what_has_begun_goes_on() -> None:
    async def check() -> None:
        requests, intake = Requests(), Intake(asyncio.get_running_loop())
        first, second = (intake.put("a", requests.begin(name)) for name in ("a1", "a2"))
        await turn()
        intake.cancel_waiting()
        assert second.cancelled()
        requests.ends["a1"].set_result(answer())
        await turn()
        assert first.result(timeout=0) == answer()
        assert requests.begun == ["a1"]

    asyncio.run(check())
