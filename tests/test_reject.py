"""Every element leaves a stage exactly once: as output or as a rejection with its reason."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from pipelines.sums import read_counters, read_latencies, stage_sums
from schemas.columns import content_id
from schemas.flow import RunContext
from schemas.rows import Entry, Feed, Rejection
from schemas.vocabulary import Reason, Rejected
from transforms.reject import ROWS, StageFn, rejection_rows

NOW = datetime(2026, 3, 9, tzinfo=UTC)
CONTEXT = RunContext(run_id="r", now=NOW)


def entry(n: int) -> Entry:
    return Entry(
        entry_id=f"e{n}",
        url=f"http://a.example/{n}",
        url_key=content_id(n),
        version="v",
        first_seen_at=NOW,
        run_id="r",
    )


class OddFn(StageFn):
    """Lets even numbers through; half of the work is done elsewhere."""

    stage = "fetch"

    def setup(self) -> None:
        self._threads = ThreadPoolExecutor(2)

    def work(self, element: Entry) -> "Future[int]":
        number = int(element.entry_id[1:])
        if number % 4 == 1:
            raise Rejected(Reason.ROBOTS_DISALLOWED, "odd")
        return self._threads.submit(int, number)

    def finish(self, element: Entry, result: "Future[int]") -> Iterable[Any]:
        if result.result() % 2:
            raise Rejected(Reason.TIMEOUT, "odd, but later")
        return [result.result()]

    def teardown(self) -> None:
        self._threads.shutdown()


def test_a_stage_gives_out_or_rejects_every_element_and_counts_it() -> None:
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        entries = pipeline | beam.Create([entry(n) for n in range(8)])
        result = entries | beam.ParDo(OddFn(CONTEXT, in_flight=3)).with_outputs(ROWS, main="out")
        assert_that(result.out, equal_to([0, 2, 4, 6]))
        kinds = result[ROWS] | beam.Map(
            lambda row: (type(row).__name__, row.__dict__.get("reason"))
        )
        expected = [("Rejection", Reason.ROBOTS_DISALLOWED), ("Entry", None)] * 2
        expected += [("Rejection", Reason.TIMEOUT)] * 2
        assert_that(kinds, equal_to(expected), label="rows")
    (sums,) = stage_sums(read_counters(pipeline.result))
    assert (sums.entered, sums.left) == (8, 4)
    assert sums.rejected == {Reason.ROBOTS_DISALLOWED: 2, Reason.TIMEOUT: 2}
    assert sums.is_balanced
    latency = read_latencies(pipeline.result)["fetch"]
    assert sum(latency.within_ms.values()) == latency.count == 6
    assert 0 <= latency.quantile_ms(0.5) <= latency.quantile_ms(0.99) <= latency.max_ms


def test_a_bug_in_a_stage_fails_the_run() -> None:
    class BrokenFn(StageFn):
        stage = "fetch"

        def work(self, element: Entry) -> Any:
            raise ZeroDivisionError("a bug")

    pipeline = beam.Pipeline(runner=FnApiRunner())
    _ = pipeline | beam.Create([entry(1)]) | beam.ParDo(BrokenFn(CONTEXT))
    with pytest.raises(Exception, match="a bug"):
        pipeline.run()


def test_an_entry_rejected_for_good_is_remembered() -> None:
    rows = list(
        rejection_rows(entry(1), Rejected(Reason.GONE, "410"), stage="fetch", context=CONTEXT)
    )
    assert [type(row) for row in rows] == [Rejection, Entry]


def test_an_entry_rejected_for_a_passing_reason_comes_back() -> None:
    rejected = Rejected(Reason.TIMEOUT, "30 s")
    (row,) = rejection_rows(entry(1), rejected, stage="fetch", context=CONTEXT)
    assert isinstance(row, Rejection)
    assert row.is_retryable


def test_the_same_rejection_in_another_run_is_the_same_row() -> None:
    feed = Feed(feed_id="f", url="http://a.example/rss", updated_at=NOW, run_id="r")
    rejected = Rejected(Reason.UNREACHABLE, "refused")
    later = RunContext(run_id="r2", now=NOW)
    (one,) = rejection_rows(feed, rejected, stage="poll", context=CONTEXT)
    (other,) = rejection_rows(feed, rejected, stage="poll", context=later)
    assert isinstance(one, Rejection)
    assert isinstance(other, Rejection)
    assert one.rejection_id == other.rejection_id
