"""Passes go on for weeks, whatever happens to one of them; a signal ends them in order."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.options import UsageError
from pipelines.progress import Progress
from pipelines.repeat import OutputWatch, repeat, retry_after_s
from pipelines.runners import GraphFailed
from pipelines.signals import Stopped
from pipelines.sums import PassResult, StageSum
from schemas.rows import Run
from transforms.locks import WarehouseError

MINUTE = timedelta(minutes=1)


@pytest.fixture
def result(make_row: Callable[..., Any]) -> Callable[..., PassResult]:
    def make(**left: int) -> PassResult:
        sums = [StageSum(stage=stage, entered=n, left=n) for stage, n in left.items()]
        sums.append(StageSum(stage="fetch", entered=2, rejected={"forbidden": 2}))
        return PassResult(run=make_row(Run), sums=tuple(sums), tables={}, feeds_not_due=())

    return make


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give what the loop tells, and how long it sleeps; its clock stands still."""
    lines: list[str] = []
    monkeypatch.setattr(Progress, "warn", lambda self, line: lines.append(line))
    own_time = SimpleNamespace(
        sleep=lambda seconds: lines.append(f"{seconds:.0f} s"), monotonic=lambda: 0.0
    )
    monkeypatch.setattr("pipelines.repeat.time", own_time)
    return lines


def passes(*outcomes: Any) -> Callable[[], PassResult]:
    left: Iterator[Any] = iter(outcomes)

    def do_pass() -> PassResult:
        outcome = next(left)
        if isinstance(outcome, BaseException):
            raise outcome
        made: PassResult = outcome
        return made

    return do_pass


def test_a_pass_that_fails_is_said_and_tried_again_after_a_while(
    result: Callable[..., PassResult], told: list[str]
) -> None:
    done = passes(
        result(),
        WarehouseError("w is locked"),
        UsageError("--feeds f: no well-formed OPML"),
        GraphFailed("ValueError: a bug"),
        OSError(28, "No space left on device"),
        result(),
        Stopped(),
    )
    with pytest.raises(Stopped):
        repeat(MINUTE, done, Progress())
    assert told == [
        "60 s",
        *("w is locked; the pass failed, the next try is in 10 s", "10 s"),
        *("--feeds f: no well-formed OPML; the pass failed, the next try is in 20 s", "20 s"),
        *("ValueError: a bug; the pass failed, the next try is in 40 s", "40 s"),
        "[Errno 28] No space left on device; the pass failed, the next try is in 80 s",
        *("80 s", "60 s"),
    ]


def test_a_setting_that_the_first_pass_cannot_use_ends_the_run() -> None:
    with pytest.raises(UsageError):
        repeat(MINUTE, passes(UsageError("--feeds f: no well-formed OPML")), Progress())


def test_what_is_no_failure_of_a_pass_but_a_bug_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        repeat(MINUTE, passes(ZeroDivisionError()), Progress())


def test_the_wait_after_failures_has_an_end() -> None:
    assert retry_after_s(1, timedelta(seconds=2)) == 2
    assert retry_after_s(99, MINUTE) == 600
    assert retry_after_s(99, timedelta(hours=2)) == 7200


def test_new_entries_without_an_article_are_noticed(result: Callable[..., PassResult]) -> None:
    watch = OutputWatch()
    assert [watch.look(result(entries=2)) for _ in range(2)] == [None, None]
    assert watch.look(result()) is None  # a pass without new entries tells nothing
    assert watch.look(result(entries=2)) == (
        "feeds list new entries, but no article came of them in 3 passes; "
        "rejected in the last one: fetch: forbidden 2"
    )
    assert watch.look(result(entries=2, annotate=1)) is None
    assert watch.num_barren == 0
