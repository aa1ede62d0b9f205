"""Work that hangs, dies or swells is a rejection; the pool goes on working."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from schemas.vocabulary import Reason, Rejected
from transforms.workers import Batches, Workers, _Call, outcome


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    pool = Workers(1, preloaded=())
    yield pool
    pool.stop()


def double(number: int) -> int:
    return 2 * number


def hang() -> None:
    time.sleep(60)


def die() -> None:
    os._exit(9)


def die_once(mark: str) -> str:
    try:
        os.mkdir(mark)  # noqa: PTH102
    except FileExistsError:
        return "done"
    os._exit(9)


def swell() -> int:
    return len(bytearray(64 << 30))


def refuse() -> None:
    raise Rejected(Reason.NO_TEXT, "nothing there")


def fail() -> None:
    raise ZeroDivisionError


def test_a_task_gives_its_result(workers: Workers) -> None:
    assert outcome(workers.submit(double, 21, timeout_s=30), reason=Reason.BROKEN_PAGE) == 42


@pytest.mark.parametrize("task", [hang, die, swell])
def test_a_task_that_overruns_its_limits_is_rejected_and_the_next_one_runs(
    workers: Workers, task: object
) -> None:
    with pytest.raises(Rejected) as rejected:
        outcome(workers.submit(task, timeout_s=1.5), reason=Reason.BROKEN_PAGE)  # type: ignore[arg-type]
    assert rejected.value.reason is Reason.BROKEN_PAGE
    assert outcome(workers.submit(double, 1, timeout_s=30), reason=Reason.BROKEN_PAGE) == 2


def test_a_task_whose_process_is_killed_is_done_again(workers: Workers, tmp_path: Path) -> None:
    task = workers.submit(die_once, str(tmp_path / "died"), timeout_s=30)
    assert outcome(task, reason=Reason.BROKEN_PAGE) == "done"


def test_a_rejection_keeps_its_reason_across_the_process_border(workers: Workers) -> None:
    with pytest.raises(Rejected) as rejected:
        outcome(workers.submit(refuse, timeout_s=30), reason=Reason.BROKEN_PAGE)
    assert (rejected.value.reason, rejected.value.detail) == (Reason.NO_TEXT, "nothing there")


def test_a_bug_passes_through_as_it_is(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        outcome(workers.submit(fail, timeout_s=30), reason=Reason.BROKEN_PAGE)


def test_size_0_works_in_the_calling_process() -> None:
    here = Workers(0)
    assert outcome(here.submit(os.getpid, timeout_s=1), reason=Reason.TIMEOUT) == os.getpid()


@pytest.mark.parametrize("task", [hang, die, swell])
def test_a_batch_that_fails_costs_only_the_task_that_is_to_blame(
    workers: Workers, task: Callable[[], Any]
) -> None:
    batches = Batches(workers, size=3, timeout_s=4, batch_timeout_s=0.5)
    first = batches.submit(double, 1)
    guilty = batches.submit(task)
    last = batches.submit(double, 2)
    assert [first.result(), last.result()] == [2, 4]
    with pytest.raises(Rejected) as rejected:
        outcome(guilty, reason=Reason.BROKEN_PAGE)
    assert rejected.value.reason is Reason.BROKEN_PAGE


def test_each_task_of_a_batch_has_its_own_rejection_or_bug(workers: Workers) -> None:
    batches = Batches(workers, size=9, timeout_s=30, batch_timeout_s=30)
    refused, failed, good = (
        batches.submit(refuse),
        batches.submit(fail),
        batches.submit(double, 3),
    )
    assert not good.done()
    batches.flush()
    assert good.result() == 6
    with pytest.raises(Rejected):
        refused.result()
    with pytest.raises(ZeroDivisionError):
        failed.result()


def test_a_batch_whose_pool_is_gone_says_so() -> None:
    pool = Workers(1, preloaded=())
    batches = Batches(pool, size=2, timeout_s=30, batch_timeout_s=30)
    call, failed = _Call(double, (1,), Future()), Future[Any]()
    pool.stop()
    failed.set_exception(TimeoutError())
    batches._share_out([call], failed)
    with pytest.raises(RuntimeError):
        call.done.result()


def test_a_batch_of_size_0_is_done_at_once() -> None:
    batches = Batches(Workers(0), size=8, timeout_s=1, batch_timeout_s=1)
    assert batches.submit(os.getpid).result() == os.getpid()
