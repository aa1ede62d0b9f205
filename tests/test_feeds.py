"""Polling: asked politely, read once, remembered, and planned anew."""

import gc
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.pvalue import TaggedOutput
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.window import GlobalWindow

from pipelines.sums import read_counters
from schemas.flow import RunContext
from schemas.rows import Entry, Feed, FeedFetch, Rejection
from schemas.vocabulary import FetchOutcome, PublishedSource, Reason, Rejected
from transforms.answers import Answer
from transforms.feed_formats import ParsedEntry, ParsedFeed
from transforms.feeds import (
    PollFeeds,
    PollFeedsFn,
    entries_of,
    failed_poll,
    read_poll,
    without_address,
)
from transforms.replay import read_records
from transforms.web import WebSettings, shared_web

NOW = datetime(2026, 7, 6, 12, tzinfo=UTC)
CONTEXT = RunContext(run_id="r1", now=NOW)
FEED = Feed(
    feed_id="f1", url="http://a.example/feed", updated_at=NOW - timedelta(days=1), run_id="r0"
)
PARSED = ParsedFeed(
    feed_format="rss20",
    title="Meldt Post",
    language="en",
    entries=(
        ParsedEntry(url="http://a.example/1", title="One", published_at=NOW - timedelta(hours=1)),
        ParsedEntry(url="http://a.example/2", title="Two", published_at=NOW + timedelta(days=40)),
        ParsedEntry(url=None, title="No link", guid="g3"),
    ),
)
BODY = (
    b"<rss version='2.0'><channel><title>Meldt Post</title>"
    b"<item><title>One</title><link>/1</link></item>"
    b"<item><title>No link</title></item></channel></rss>"
)


def answer(status: int = 200, body: bytes = b"body", **headers: str) -> Answer:
    return Answer(
        asked=FEED.url,
        url="http://a.example/feed.xml",
        status=status,
        reason="",
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        body=body,
        duration_ms=12,
    )


def test_a_poll_leaves_the_feeds_new_state() -> None:
    poll = read_poll(
        replace(FEED, consecutive_failures=3),
        answer(ETag='W/"1"', Last_Modified="then"),
        PARSED,
        CONTEXT,
    )
    assert poll.feed == replace(
        FEED,
        title="Meldt Post",
        language="en",
        feed_format="rss20",
        etag='W/"1"',
        last_modified="then",
        body_sha256=hashlib.sha256(b"body").hexdigest(),
        last_polled_at=NOW,
        last_success_at=NOW,
        last_full_at=NOW,
        next_poll_at=NOW + timedelta(hours=1),
        updated_at=NOW,
        run_id="r1",
    )
    assert poll.fetch.outcome is FetchOutcome.OK
    assert (poll.fetch.num_entries, poll.fetch.num_bytes, poll.fetch.http_status) == (3, 4, 200)
    assert poll.fetch.newest_entry_at == NOW - timedelta(hours=1)
    assert poll.fetch.final_url == "http://a.example/feed.xml"


def test_an_answer_without_change_keeps_validators_and_lists_nothing() -> None:
    known = replace(FEED, etag='"1"', last_full_at=NOW - timedelta(hours=2), body_sha256="b")
    poll = read_poll(known, answer(304), None, CONTEXT)
    assert (poll.feed.etag, poll.feed.body_sha256) == ('"1"', "b")
    assert poll.feed.last_full_at == NOW - timedelta(hours=2)
    assert poll.feed.last_success_at == NOW
    assert poll.fetch.outcome is FetchOutcome.NOT_MODIFIED
    assert poll.entries == ()


def test_the_same_bytes_are_not_read_again() -> None:
    poll = read_poll(FEED, answer(200), None, CONTEXT)
    assert poll.fetch.outcome is FetchOutcome.SAME_BODY
    assert poll.feed.last_full_at == NOW


@pytest.mark.parametrize(
    ("failures", "given", "reason", "wait"),
    [
        (0, None, Reason.TIMEOUT, timedelta(minutes=75)),
        (4, None, Reason.TIMEOUT, timedelta(minutes=135)),
        (0, answer(404), Reason.GONE, timedelta(hours=2)),
        (29, answer(404), Reason.GONE, timedelta(hours=24)),
        (30, answer(404), Reason.GONE, timedelta(days=30)),
        (0, answer(410), Reason.GONE, timedelta(days=30)),
        (0, answer(429, Retry_After="7200"), Reason.RATE_LIMITED, timedelta(hours=2)),
        (0, answer(503, Retry_After="1"), Reason.SERVER_ERROR, timedelta(minutes=75)),
    ],
)
def test_a_feed_that_fails_is_visited_later_and_later_but_never_forgotten(
    failures: int, given: Answer | None, reason: Reason, wait: timedelta
) -> None:
    feed = replace(FEED, consecutive_failures=failures, etag='"1"')
    poll = failed_poll(feed, given, Rejected(reason, "why"), CONTEXT)
    assert poll.feed.next_poll_at == NOW + wait
    assert poll.feed.consecutive_failures == failures + 1
    assert poll.feed.etag == '"1"'
    assert (poll.fetch.outcome, poll.fetch.reason) == (FetchOutcome.FAILED, reason)


def test_a_changed_title_or_update_time_is_a_new_version_of_the_entry() -> None:
    entry = ParsedEntry(url="http://a.example/1", title="One", guid="g")
    others = (
        replace(entry, title="One, corrected"),
        replace(entry, updated_at=NOW),
        replace(entry, guid="another", summary="Said anew."),
    )
    ids = [
        entries_of(replace(PARSED, entries=(version,)), FEED, CONTEXT)[0].entry_id
        for version in (entry, *others)
    ]
    assert len(set(ids[:3])) == 3
    assert ids[3] == ids[0]


def test_a_time_far_in_the_future_is_not_known() -> None:
    one, two = entries_of(PARSED, FEED, CONTEXT)
    assert one.published_at == NOW - timedelta(hours=1)
    assert (two.published_at, two.published_source) == (None, PublishedSource.FUTURE)


def test_an_entry_without_an_address_is_rejected() -> None:
    (rejection,) = without_address(PARSED, FEED, CONTEXT)
    assert (rejection.reason, rejection.detail) == (Reason.NO_ADDRESS, "entry g3")


class Polls:
    """Runs of the stage on a site: what it lists, and the rows beside."""

    def __init__(self, site: Any, archive: Path | None = None) -> None:
        self.web = WebSettings(connect_to=site.address, host_delay_s=0, timeout_s=5)
        self.archive = str(archive) if archive else None

    def run(
        self, *feeds: Feed, now: datetime = NOW, workers: int = 0
    ) -> tuple[list[Entry], list[Any]]:
        context = RunContext(run_id=f"r{now:%d%H}", now=now)
        fn = PollFeedsFn(context, self.web, self.archive, workers)
        fn.start_bundle()
        given = [out for feed in feeds for out in fn.process(feed, 0, GlobalWindow())]
        given += fn.finish_bundle()
        rows = [out.value.value for out in given if isinstance(out, TaggedOutput)]
        return [out.value for out in given if not isinstance(out, TaggedOutput)], rows


@pytest.fixture
def polls(site: Any, tmp_path: Path) -> Polls:
    return Polls(site, tmp_path)


def test_a_feed_is_polled_read_and_archived(site: Any, polls: Polls, tmp_path: Path) -> None:
    site.put("a.example/feed", BODY, 'ETag: "1"', kind="application/rss+xml")
    (entry,), (feed, fetch, rejection) = polls.run(FEED)
    assert (entry.url, entry.title, entry.feed_id) == ("http://a.example/1", "One", "f1")
    assert (feed.etag, feed.next_poll_at) == ('"1"', NOW + timedelta(hours=1))
    assert (fetch.outcome, fetch.num_entries) == (FetchOutcome.OK, 2)
    assert rejection.reason is Reason.NO_ADDRESS
    records = {told.offset: told.content for told in read_records(tmp_path / fetch.archive_file)}
    assert records[fetch.archive_offset] == BODY
    (request,) = site.asked("/feed")
    assert request.headers["accept"].startswith("application/atom+xml, application/rss+xml")


@pytest.mark.parametrize("workers", [0, 1])
def test_what_was_polled_is_let_go_of_without_the_collector_of_cycles(
    workers: int, site: Any, polls: Polls
) -> None:
    site.put("a.example/feed", BODY, kind="application/rss+xml")
    gc.collect()
    gc.disable()
    try:
        for _ in range(4):
            assert len(polls.run(FEED, workers=workers)[1]) == 3
        # the thread that hears from workers holds the last
        assert shared_web(polls.web)._held.num_bytes <= len(BODY) * min(1, workers)
    finally:
        gc.enable()


def test_a_feed_is_asked_conditionally_and_once_a_day_in_full(site: Any, polls: Polls) -> None:
    site.put("a.example/feed", BODY, 'ETag: W/"1"', "Last-Modified: whenever")
    _, (feed, *_) = polls.run(FEED)
    site.put("a.example/feed", status="304 Not Modified")
    entries, (feed, fetch) = polls.run(feed, now=NOW + timedelta(hours=1))
    assert (entries, fetch.outcome) == ([], FetchOutcome.NOT_MODIFIED)
    site.put("a.example/feed", BODY, 'ETag: W/"2"')
    entries, (feed, fetch) = polls.run(feed, now=NOW + timedelta(hours=25))
    assert (entries, fetch.outcome) == ([], FetchOutcome.SAME_BODY)
    assert feed.etag == 'W/"2"'
    sent = [request.headers.get("if-none-match") for request in site.asked("/feed")]
    assert sent == [None, 'W/"1"', None]
    assert site.asked("/feed")[1].headers["if-modified-since"] == "whenever"


def test_an_answer_of_not_modified_that_was_not_asked_for_is_an_error(
    site: Any, polls: Polls
) -> None:
    site.put("a.example/feed", status="304 Not Modified")
    entries, (rejection, _, fetch) = polls.run(FEED)
    assert (entries, rejection.reason) == ([], Reason.BAD_RESPONSE)
    assert (fetch.outcome, fetch.http_status) == (FetchOutcome.FAILED, 304)


def test_a_feed_that_fails_leaves_its_state_and_its_poll_too(site: Any, polls: Polls) -> None:
    site.put("a.example/feed", b"<!doctype html>", "Retry-After: 1", kind="text/html")
    gone = replace(FEED, feed_id="f2", url="http://b.example/gone")
    rows = [row for feed in (FEED, gone) for row in polls.run(feed)[1]]
    assert [type(row) for row in rows] == [Rejection, Feed, FeedFetch] * 2
    assert [row.reason for row in rows[::3]] == [Reason.NOT_A_FEED, Reason.GONE]
    assert [row.consecutive_failures for row in rows[1::3]] == [1, 1]
    assert [row.http_status for row in rows[2::3]] == [200, 404]
    assert all(row.archive_file for row in rows[2::3])


def test_a_feed_on_an_address_inside_is_never_asked(site: Any, polls: Polls) -> None:
    inside = replace(FEED, url="http://10.0.0.1/feed")
    _, (rejection, _, fetch) = polls.run(inside)
    assert rejection.reason is Reason.ADDRESS_REFUSED
    assert fetch.http_status is None
    assert site.requests == []


def test_the_stage_counts_what_it_polls_and_rejects(site: Any) -> None:
    site.put("a.example/feed", BODY)
    web = WebSettings(connect_to=site.address, host_delay_s=0)
    gone = replace(FEED, feed_id="f2", url="http://b.example/gone")
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        polled = pipeline | beam.Create([FEED, gone]) | PollFeeds(CONTEXT, web)
        titles = polled.elements | beam.Map(lambda entry: entry.title)
        kinds = polled.rows | beam.Map(lambda row: type(row).__name__)
        assert_that(titles, equal_to(["One"]), label="titles")
        expected = ["Feed", "FeedFetch"] * 2 + ["Rejection"] * 2
        assert_that(kinds, equal_to(expected), label="kinds")
    counters = read_counters(pipeline.result)
    assert [counters["poll", what] for what in ("in", "out", "rejected:gone")] == [2, 1, 1]
    assert [counters["entries", what] for what in ("in", "rejected:no_address")] == [1, 1]
