"""Lanes: turns, pauses, and domains that are left alone."""

import asyncio

import pytest

from schemas.vocabulary import Reason, Rejected
from transforms.lanes import FAILURES_IN_A_ROW, Lane

LATE = Rejected(Reason.TIMEOUT, "no whole answer in 30 s")


async def enter(lane: Lane, patience_s: float = 0.0) -> None:
    async with lane.turn(patience_s=patience_s):
        await asyncio.sleep(0)


def refusal(lane: Lane, patience_s: float = 0.0) -> Rejected:
    with pytest.raises(Rejected) as caught:
        asyncio.run(enter(lane, patience_s))
    return caught.value


def test_one_request_at_a_time_is_under_way() -> None:
    seen: list[int] = []

    async def ask(lane: Lane, number: int) -> None:
        async with lane.turn(patience_s=0):
            seen.append(number)
            await asyncio.sleep(0)
            seen.append(number)

    async def ask_thrice() -> None:
        lane = Lane()
        await asyncio.gather(*(ask(lane, number) for number in range(3)))

    asyncio.run(ask_thrice())
    assert seen == [0, 0, 1, 1, 2, 2]


def test_a_pause_is_waited_for_however_long_it_is() -> None:
    async def pause_and_enter() -> float:
        lane = Lane()
        lane.pause(0.05)
        began = asyncio.get_running_loop().time()
        await enter(lane, patience_s=0.001)
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(pause_and_enter()) >= 0.05


def test_a_domain_that_asked_to_wait_is_left_alone_but_for_a_short_wait() -> None:
    lane = Lane()

    async def answer(wait_s: float) -> None:
        lane.note_answer(wait_s)

    asyncio.run(answer(3600))
    assert refusal(lane, 30).reason is Reason.RATE_LIMITED
    assert refusal(lane, 30).detail == "the server asked to wait 3600 s"
    asyncio.run(answer(0.01))
    asyncio.run(enter(lane, 30))


def test_a_host_that_fails_time_after_time_is_left_alone_for_that_reason() -> None:
    lane = Lane()

    async def fail() -> None:
        lane.note_failure(LATE, patience_s=30)

    for _ in range(FAILURES_IN_A_ROW - 1):
        asyncio.run(fail())
    asyncio.run(enter(lane))
    asyncio.run(fail())
    assert refusal(lane).reason is Reason.TIMEOUT
    assert refusal(lane).detail == "failed 3 times in a row: no whole answer in 30 s"


def test_an_answer_forgets_failures_and_refusals_are_none() -> None:
    async def fail_and_answer() -> Lane:
        lane = Lane()
        for _ in range(FAILURES_IN_A_ROW):
            lane.note_failure(Rejected(Reason.GONE, "status 404"), patience_s=30)
            lane.note_failure(LATE, patience_s=30)
            lane.note_answer(0)
        return lane

    asyncio.run(enter(asyncio.run(fail_and_answer())))
