"""Lanes: turns, pauses, and domains that are left alone."""

import asyncio
from pathlib import Path

import pytest

from schemas.vocabulary import Reason, Rejected
from transforms.lanes import FAILURES_IN_A_ROW, Lane, Lanes
from transforms.paces import RECORD_BYTES

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
        lane = Lane("a.example")
        await asyncio.gather(*(ask(lane, number) for number in range(3)))

    asyncio.run(ask_thrice())
    assert seen == [0, 0, 1, 1, 2, 2]


def test_a_pause_is_waited_for_however_long_it_is() -> None:
    async def pause_and_enter() -> float:
        lane = Lane("a.example")
        lane.pause(0.05)
        began = asyncio.get_running_loop().time()
        await enter(lane, patience_s=0.001)
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(pause_and_enter()) >= 0.05


def test_a_domain_that_asked_to_wait_is_left_alone_but_for_a_short_wait() -> None:
    lane = Lane("a.example")

    async def answer(wait_s: float) -> None:
        lane.note_answer(wait_s)

    asyncio.run(answer(3600))
    assert refusal(lane, 30).reason is Reason.RATE_LIMITED
    assert refusal(lane, 30).detail == "the server asked to wait 3600 s"
    asyncio.run(answer(0.01))
    asyncio.run(enter(lane, 30))


def test_a_host_that_fails_time_after_time_is_left_alone_for_that_reason() -> None:
    lane = Lane("a.example")

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
        lane = Lane("a.example")
        for _ in range(FAILURES_IN_A_ROW):
            lane.note_failure(Rejected(Reason.GONE, "status 404"), patience_s=30)
            lane.note_failure(LATE, patience_s=30)
            lane.note_answer(0)
        return lane

    asyncio.run(enter(asyncio.run(fail_and_answer())))


def test_a_lane_in_a_folder_is_one_over_all_processes(tmp_path: Path) -> None:
    seen: list[int] = []

    async def ask(lane: Lane, number: int) -> None:
        async with lane.turn(patience_s=0):
            seen.append(number)
            await asyncio.sleep(0.02)
            seen.append(number)
            lane.pause(0.02)

    async def ask_from_three() -> float:
        lanes = [Lanes(str(tmp_path)).of("a.example") for _ in range(3)]  # as processes have them
        began = asyncio.get_running_loop().time()
        await asyncio.gather(*(ask(lane, number) for number, lane in enumerate(lanes)))
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(ask_from_three()) >= 0.1  # three turns, two pauses
    assert seen[::2] == seen[1::2]


def test_what_a_domain_asked_for_is_known_to_other_processes_and_later_runs(tmp_path: Path) -> None:
    async def answer(lanes: Lanes) -> None:
        async with lanes.of("a.example").turn(patience_s=0):
            lanes.of("a.example").note_answer(3600)

    asyncio.run(answer(Lanes(str(tmp_path))))
    assert refusal(Lanes(str(tmp_path)).of("a.example")).reason is Reason.RATE_LIMITED
    asyncio.run(enter(Lanes(str(tmp_path)).of("b.example")))


@pytest.mark.parametrize("left", [b"", b"{", b"[1]", b'{"unknown": 1}', b"x" * 700])
def test_a_turn_that_was_killed_leaves_the_lane_open(tmp_path: Path, left: bytes) -> None:
    asyncio.run(enter(Lanes(str(tmp_path)).of("a.example")))
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:32] + left)
    asyncio.run(enter(Lanes(str(tmp_path)).of("a.example")))
    asyncio.run(enter(Lanes(str(tmp_path)).of("b.example")))


def test_a_domain_that_another_process_met_first_has_one_record(tmp_path: Path) -> None:
    one, other = Lanes(str(tmp_path)), Lanes(str(tmp_path))
    for name in ("a.example", "b.example", "c.example"):
        for lanes in (one, other):
            asyncio.run(enter(lanes.of(name)))
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size == 3 * RECORD_BYTES


def test_a_time_that_no_clock_meant_is_not_waited_for() -> None:
    now = [10_000_000.0]
    lane = Lane("a.example", clock=lambda: now[0])
    lane.pause(1)
    lane.note_answer(60)
    now[0] = 0.0  # the clock was wrong, and is set right
    assert lane._wait_s(86_400) == 86_400  # the longest that a server may ask for
