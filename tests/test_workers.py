"""Work that hangs, dies or swells is a rejection; the pool goes on working."""

import os
import time
from collections.abc import Iterator

import pytest

from schemas.vocabulary import Reason, Rejected
from transforms.workers import Workers, outcome


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
