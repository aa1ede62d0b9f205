"""The one frame around every stage's work: each element leaves exactly once, and is counted.

Comes in: any element of the flow. Goes out: what the stage's work makes of it, or a row in
`rejections` when the work raises `Rejected`. Any other exception is a bug or an outage and
raises, so that Beam retries the bundle and then fails loudly.

An entry that is rejected for good is written as a row beside its rejection, so that it is known
and not tried again; one rejected for a passing reason is not, and comes back with its feed.
"""

import bisect
import functools
import queue
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import apache_beam as beam
from apache_beam.metrics.metric import Metrics
from apache_beam.utils.windowed_value import WindowedValue

from schemas.columns import content_id
from schemas.flow import AnnotatedArticle, ExtractedArticle, Page, RunContext
from schemas.rows import Entry, Feed, Rejection
from schemas.vocabulary import Rejected
from transforms.stopping import is_stopping, note_left

ROWS = "rows"  # tag of the rows that a stage writes beside its main output
# A distribution of Beam's has no quantiles: elements are counted by the least of these they took
# no longer than (the last: or longer).
LATENCIES_MS = tuple(round(10 ** (step / 4)) for step in range(25))  # 1 ms to 1,000 s
WITHIN = "within_ms:"

Element = Feed | Entry | Page | ExtractedArticle | AnnotatedArticle


def origin(element: Element) -> Feed | Entry:
    """Give the feed or entry that an element came from."""
    return element if isinstance(element, Feed | Entry) else element.entry


def rejection_rows(
    element: Element, rejected: Rejected, *, stage: str, context: RunContext
) -> Iterator[Rejection | Entry]:
    """Make the row that says why, and the entry's own where it is not to be tried again."""
    source = origin(element)
    version = source.version if isinstance(source, Entry) else None
    yield Rejection(
        rejection_id=content_id(stage, rejected.reason, source.url, version),
        stage=stage,
        reason=rejected.reason,
        address=source.url,
        feed_id=source.feed_id,
        detail=rejected.detail[:1000],
        is_retryable=rejected.reason.is_retryable,
        rejected_at=context.now,
        run_id=context.run_id,
    )
    if isinstance(source, Entry) and not rejected.reason.is_retryable:
        yield source


def count(stage: str, what: str, number: int = 1) -> None:
    """Add to the run's sums: `what` is in, out, duplicate or rejected:<reason>."""
    Metrics.counter(f"dateline.{stage}", what).inc(number)


def context_at(context: RunContext, timestamp: Any) -> RunContext:
    """Give the context of an element with that event time."""
    if not context.is_streaming:
        return context
    return replace(context, now=datetime.fromtimestamp(timestamp.micros // 1_000_000, UTC))


@dataclass(frozen=True)
class _Begun:
    """An element whose work has begun, with what its outputs inherit."""

    element: Any
    timestamp: Any
    window: Any
    context: RunContext
    at: float  # monotonic seconds


class StageFn(beam.DoFn):
    """Run a stage's work on each element, up to `in_flight` at a time within a bundle.

    A subclass gives `stage` and `work`; work that goes on elsewhere (event loop, worker process)
    returns a future, and `finish` turns what the future gives into outputs. What is done first
    leaves first, so that a slow element holds up no other. Nothing outlives its bundle, so an
    acknowledged bundle is a finished one. While an element is at hand, `context` is its own. Where
    the process is about to stop, a stage that `leaves_off` takes no more elements, and gives back
    those whose work was called off.
    """

    stage: ClassVar[str]
    leaves_off: ClassVar[bool] = False  # when the process is about to stop

    def __init__(self, context: RunContext, *, in_flight: int = 1) -> None:
        self.context = context
        self.in_flight = in_flight

    def work(self, element: Any) -> Any:
        """Do the work, or start it and return a future."""
        raise NotImplementedError

    def finish(self, element: Any, result: Any) -> Iterable[Any]:
        """Turn the result (a future where `work` gave one) into outputs."""
        return [result]

    def rows_of_rejection(
        self, element: Any, rejected: Rejected, rows: Sequence[Rejection | Entry]
    ) -> Iterable[Any]:
        """Give rows to be written beside the rejection's own, which are given."""
        return ()

    def start_bundle(self) -> None:
        """Begin with nothing under way."""
        self._done: queue.SimpleQueue[tuple[_Begun, Any]] = queue.SimpleQueue()
        self._num_begun = 0
        self._first_at: float | None = None

    def process(
        self,
        element: Any,
        timestamp: Any = beam.DoFn.TimestampParam,
        window: Any = beam.DoFn.WindowParam,
    ) -> Iterator[Any]:
        """Start on the element, and give out what is done."""
        if self.leaves_off and is_stopping():
            note_left()
            return
        count(self.stage, "in")
        self.context = context_at(self.context, timestamp)
        begun = _Begun(element, timestamp, window, self.context, time.monotonic())
        self._first_at = self._first_at or begun.at
        try:
            result = self.work(element)
        except Rejected as rejected:
            yield from self._reject(element, rejected)
        else:
            self._num_begun += 1
            when_done = functools.partial(self._put_done, self._done, begun)
            if isinstance(result, Future):
                result.add_done_callback(when_done)
            else:
                when_done(result)
        while self._num_begun > self.in_flight or not self._done.empty():
            yield from self._pop()

    def finish_bundle(self) -> Iterator[Any]:
        """Wait for the rest, and count the time from the first element to here."""
        while self._num_begun:
            yield from self._pop()
        if self._first_at is not None:
            count(self.stage, "ms", round(1000 * (time.monotonic() - self._first_at)))

    @staticmethod
    def _put_done(
        done: "queue.SimpleQueue[tuple[_Begun, Any]]", begun: _Begun, result: Any
    ) -> None:
        done.put((begun, result))

    def _pop(self) -> Iterator[Any]:
        """Give out the outputs of the next that is done, with its own timestamp and window."""
        begun, result = self._done.get()
        self._num_begun -= 1
        element, self.context = begun.element, begun.context
        try:
            outputs = list(self.finish(element, result))
            count(self.stage, "out")
        except Rejected as rejected:
            outputs = list(self._reject(element, rejected))
        except CancelledError:
            if not (self.leaves_off and is_stopping()):
                raise
            note_left()
            count(self.stage, "in", -1)  # it was never taken
            return
        took_ms = round(1000 * (time.monotonic() - begun.at))
        Metrics.distribution(f"dateline.{self.stage}", "latency_ms").update(took_ms)
        within = LATENCIES_MS[min(bisect.bisect_left(LATENCIES_MS, took_ms), len(LATENCIES_MS) - 1)]
        count(self.stage, f"{WITHIN}{within}")
        for output in outputs:
            if isinstance(output, beam.pvalue.TaggedOutput):
                value = WindowedValue(output.value, begun.timestamp, (begun.window,))
                yield beam.pvalue.TaggedOutput(output.tag, value)
            else:
                yield WindowedValue(output, begun.timestamp, (begun.window,))

    def _reject(self, element: Any, rejected: Rejected) -> Iterator[Any]:
        count(self.stage, f"rejected:{rejected.reason}")
        rows = tuple(rejection_rows(element, rejected, stage=self.stage, context=self.context))
        for row in (*rows, *self.rows_of_rejection(element, rejected, rows)):
            yield beam.pvalue.TaggedOutput(ROWS, row)
