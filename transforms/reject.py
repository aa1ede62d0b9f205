"""The one frame around every stage's work: each element leaves exactly once, and is counted.

Comes in: any element of the flow. Goes out: what the stage's work makes of it, or a row in
`rejections` when the work raises `Rejected`. Any other exception is a bug or an outage and
raises, so that Beam retries the bundle and then fails loudly.

An entry that is rejected for good is written as a row beside its rejection, so that it is known
and not tried again; one rejected for a passing reason is not, and comes back with its feed.
"""

import collections
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import Any, ClassVar

import apache_beam as beam
from apache_beam.metrics.metric import Metrics
from apache_beam.utils.windowed_value import WindowedValue

from schemas.columns import content_id
from schemas.flow import AnnotatedArticle, ExtractedArticle, Page, RunContext
from schemas.rows import Entry, Feed, Rejection
from schemas.vocabulary import Rejected

ROWS = "rows"  # tag of the rows that a stage writes beside its main output

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


class StageFn(beam.DoFn):
    """Run a stage's work on each element, up to `in_flight` at a time within a bundle.

    A subclass gives `stage` and `work`; work that goes on elsewhere (event loop, worker process)
    returns a future, and `finish` turns what the future gives into outputs. Nothing outlives its
    bundle, so an acknowledged bundle is a finished one.
    """

    stage: ClassVar[str]

    def __init__(self, context: RunContext, *, in_flight: int = 1) -> None:
        self.context = context
        self.in_flight = in_flight

    def work(self, element: Any) -> Any:
        """Do the work, or start it and return a future."""
        raise NotImplementedError

    def finish(self, element: Any, result: Any) -> Iterable[Any]:
        """Turn the result (a future where `work` gave one) into outputs."""
        return [result]

    def rows_of_rejection(self, element: Any, rejected: Rejected) -> Iterable[Any]:
        """Give rows to be written beside the rejection's own."""
        return ()

    def start_bundle(self) -> None:
        """Begin with nothing under way."""
        self._waiting: collections.deque[tuple[Any, Any, Any, Any, float]] = collections.deque()
        self._first_at: float | None = None

    def process(
        self,
        element: Any,
        timestamp: Any = beam.DoFn.TimestampParam,
        window: Any = beam.DoFn.WindowParam,
    ) -> Iterator[Any]:
        """Start on the element, and give out what is done."""
        count(self.stage, "in")
        began = time.monotonic()
        self._first_at = self._first_at or began
        try:
            self._waiting.append((element, self.work(element), timestamp, window, began))
        except Rejected as rejected:
            yield from self._reject(element, rejected)
        while self._waiting and (len(self._waiting) > self.in_flight or self._head_is_done()):
            yield from self._pop()

    def finish_bundle(self) -> Iterator[Any]:
        """Wait for the rest, and count the time from the first element to here."""
        while self._waiting:
            yield from self._pop()
        if self._first_at is not None:
            count(self.stage, "ms", round(1000 * (time.monotonic() - self._first_at)))

    def _head_is_done(self) -> bool:
        result = self._waiting[0][1]
        return not isinstance(result, Future) or result.done()

    def _pop(self) -> Iterator[Any]:
        """Give out the oldest element's outputs with its own timestamp and window."""
        element, result, timestamp, window, began = self._waiting.popleft()
        try:
            outputs = list(self.finish(element, result))
            count(self.stage, "out")
        except Rejected as rejected:
            outputs = list(self._reject(element, rejected))
        latency = Metrics.distribution(f"dateline.{self.stage}", "latency_ms")
        latency.update(round(1000 * (time.monotonic() - began)))
        for output in outputs:
            if isinstance(output, beam.pvalue.TaggedOutput):
                value = WindowedValue(output.value, timestamp, (window,))
                yield beam.pvalue.TaggedOutput(output.tag, value)
            else:
                yield WindowedValue(output, timestamp, (window,))

    def _reject(self, element: Any, rejected: Rejected) -> Iterator[Any]:
        count(self.stage, f"rejected:{rejected.reason}")
        yield from (
            beam.pvalue.TaggedOutput(ROWS, row)
            for row in (
                *rejection_rows(element, rejected, stage=self.stage, context=self.context),
                *self.rows_of_rejection(element, rejected),
            )
        )
