"""Poll feeds on a clock that never ends: the source of a stream.

Comes in: the feeds as the warehouse has them when the stream begins. Goes out: with every tick,
what `PollFeeds` gives of the feeds that are due then. A feed's state (validators, schedule,
failures) is the runner's, by key, for as long as the stream lives; what a new stream starts from is
in the warehouse. A sitemap index and the sitemaps it lists are one key, so that what it comes to
list is polled from then on.

A tick's event time is the instant that all that comes of it takes as now. Ticks begin when the
pipeline does, and none is made up for: a feed is polled when it is due, or as soon as one can.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.transforms.periodicsequence import PeriodicImpulse, RebaseMode
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

from schemas.flow import RunContext
from schemas.rows import Entry, Feed, Rejection
from schemas.vocabulary import Rejected
from transforms.control import is_stopping
from transforms.feeds import OLDEST, PollFeedsFn
from transforms.polling import is_due
from transforms.reject import ROWS, context_at

KeyedFeeds = tuple[str, tuple[Feed, ...]]


def by_root(feeds: Iterable[Feed]) -> list[KeyedFeeds]:
    """Put each feed with the sitemap index that lists it, or by itself."""
    groups: dict[str, list[Feed]] = {}
    for feed in feeds:
        groups.setdefault(root_of(feed), []).append(feed)
    return [(root, tuple(group)) for root, group in sorted(groups.items())]


def root_of(feed: Feed) -> str:
    """Name the feed that stands in the list."""
    return feed.listed_by or feed.feed_id


def take_in(feeds: dict[str, Feed], feed: Feed) -> None:
    """Note a feed's state after a poll; a row of the oldest state changes nothing known."""
    if feed.updated_at == OLDEST:
        feeds.setdefault(feed.feed_id, feed)
    else:
        feeds[feed.feed_id] = feed


@dataclass
class Ticks(beam.PTransform):
    """Nothing → an instant every so many seconds, from now on, for ever."""

    every: timedelta

    def expand(self, pipeline: Any) -> Any:
        return pipeline | "tick" >> PeriodicImpulse(
            fire_interval=self.every.total_seconds(), rebase=RebaseMode.REBASE_START
        )


class PollDueFeedsFn(PollFeedsFn):
    """Poll the feeds of a key that are due, and keep their new state.

    The polls of a bundle are all under way at once, so a feed's state is written when its poll is
    done, at the end of the bundle at the latest: Beam commits it after that, with the outputs.
    `control` is the folder by which a launcher says that no poll is to be begun any more.
    """

    STORED = ReadModifyWriteStateSpec("feeds", PickleCoder())

    def __init__(self, control: str | None, *settings: Any) -> None:
        super().__init__(*settings)
        self.control = control

    def start_bundle(self) -> None:
        """Begin with no key under way."""
        super().start_bundle()
        self._keys: dict[str, tuple[Any, dict[str, Feed]]] = {}  # their state, and what is in it

    def process(
        self,
        keyed: KeyedFeeds,
        timestamp: Any = beam.DoFn.TimestampParam,
        window: Any = beam.DoFn.WindowParam,
        stored: Any = beam.DoFn.StateParam(STORED),
    ) -> Iterator[Any]:
        """Start to poll what is due, unless an earlier tick of the bundle did."""
        root, listed = keyed
        if root in self._keys or is_stopping(self.control, self.context.run_id):
            return
        feeds = {feed.feed_id: feed for feed in stored.read() or listed}
        now = context_at(self.context, timestamp).now
        due = [feed for feed in feeds.values() if is_due(feed, now)]
        if due:
            self._keys[root] = (stored, feeds)
        for feed in due:
            yield from super().process(feed, timestamp, window)

    def finish(self, feed: Feed, result: Any) -> Iterable[Any]:
        """Keep the state that a poll leaves, of its feed and of sitemaps that it lists first."""
        outputs = list(super().finish(feed, result))
        rows = [o.value for o in outputs if isinstance(o, beam.pvalue.TaggedOutput)]
        self._keep(row for row in rows if isinstance(row, Feed))
        return outputs

    def rows_of_rejection(
        self, feed: Feed, rejected: Rejected, rows: Sequence[Rejection | Entry]
    ) -> Iterable[Any]:
        """Keep the state that a failed poll leaves."""
        beside = list(super().rows_of_rejection(feed, rejected, rows))
        self._keep(row for row in beside if isinstance(row, Feed))
        return beside

    def _keep(self, states: Iterable[Feed]) -> None:
        for state in states:
            stored, feeds = self._keys[root_of(state)]
            take_in(feeds, state)
            stored.write(tuple(feeds.values()))


@dataclass
class PollOnTicks(beam.PTransform):
    """Ticks → the entries that feeds list, for ever."""

    feeds: tuple[Feed, ...]
    control: str | None  # folder of what the launcher says, where there is one
    poll: tuple[Any, ...]  # the settings of PollFeeds

    def expand(self, ticks: Any) -> Any:
        context: RunContext = self.poll[0]
        assert context.is_streaming
        return (
            ticks
            | "all feeds" >> beam.FlatMap(give, by_root(self.feeds)).with_output_types(KeyedFeeds)
            | "poll due feeds"
            >> beam.ParDo(PollDueFeedsFn(self.control, *self.poll)).with_outputs(
                ROWS, main="elements"
            )
        )


def give(_tick: Any, keyed: Sequence[KeyedFeeds]) -> Sequence[KeyedFeeds]:
    """Give all feeds at a tick."""
    return keyed
