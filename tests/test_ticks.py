"""Feeds are polled when a tick finds them due, with the validators of their last poll."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner
from apache_beam.testing import test_stream
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.utils.timestamp import Timestamp

from schemas.flow import RunContext
from schemas.rows import Feed
from tests.test_feeds import BODY
from transforms import control
from transforms.feeds import OLDEST
from transforms.ticks import PollOnTicks, by_root, take_in
from transforms.web import WebSettings

NOW = datetime(2026, 7, 6, 12, tzinfo=UTC)
CONTEXT = RunContext(run_id="r1", now=NOW, is_streaming=True)
FEED = Feed(feed_id="f1", url="http://a.example/feed", updated_at=OLDEST, run_id="r0")


def ticks(*after: timedelta) -> test_stream.TestStream:
    """Tick at these times after the start."""
    stream = test_stream.TestStream()
    for at in (Timestamp((NOW + each).timestamp()) for each in after):
        stream = stream.advance_watermark_to(at).add_elements([at], event_timestamp=at)
    return stream.advance_watermark_to_infinity()


def poll(folder: Path, site: Any, *after: timedelta) -> None:
    """Poll on ticks, and check that what each poll gives has its tick's time."""
    settings = (CONTEXT, WebSettings(connect_to=site.address, host_delay_s=0), None, 0)
    with beam.Pipeline(
        runner=BundleBasedDirectRunner(), options=PipelineOptions(["--streaming"])
    ) as pipeline:
        polled = pipeline | ticks(*after) | PollOnTicks((FEED,), str(folder), settings)
        times = polled.rows | beam.Filter(is_feed) | beam.Map(polled_at)
        asked = [] if control.is_stopping(str(folder), "r1") else [NOW, NOW + timedelta(hours=2)]
        assert_that(times, equal_to(asked))


def is_feed(row: Any) -> bool:
    return isinstance(row, Feed)


def polled_at(feed: Feed) -> datetime | None:
    return feed.last_polled_at


def test_a_feed_is_polled_when_due_and_asked_whether_it_changed(tmp_path: Path, site: Any) -> None:
    control.begin(tmp_path, "r1")
    site.put("a.example/feed", BODY, 'ETag: "one"')
    poll(tmp_path, site, timedelta(), timedelta(minutes=20), timedelta(hours=2))
    first, second = site.asked("/feed")
    assert "if-none-match" not in first.headers
    assert second.headers["if-none-match"] == '"one"'


def test_a_stream_that_is_stopping_polls_nothing(tmp_path: Path, site: Any) -> None:
    control.begin(tmp_path, "r1")
    control.stop(tmp_path)
    poll(tmp_path, site, timedelta())
    assert site.requests == []


def test_a_sitemap_index_and_what_it_lists_are_one_key() -> None:
    listed = replace(FEED, feed_id="s1", listed_by="f1")
    other = replace(FEED, feed_id="f2")
    assert by_root([FEED, other, listed]) == [("f1", (FEED, listed)), ("f2", (other,))]


def test_a_sitemap_that_is_listed_again_keeps_its_state() -> None:
    polled = replace(FEED, etag='"one"', updated_at=NOW)
    feeds = {FEED.feed_id: polled}
    take_in(feeds, FEED)
    assert feeds == {FEED.feed_id: polled}
    take_in(feeds, replace(polled, etag='"two"'))
    assert feeds[FEED.feed_id].etag == '"two"'
