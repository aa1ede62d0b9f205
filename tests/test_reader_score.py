"""What publishers ask of feed readers, seen in the server's own log.

Days of polling pass in a moment: the stage takes its time from the run, and a feed is asked only
when it is due. The state between two polls goes through a real warehouse, as between two runs.
The twelve checks are those of feed reader score cards: one test each.
"""

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import GlobalWindow

from schemas.flow import RunContext
from schemas.rows import Feed
from tests.conftest import Request, Site
from transforms.feeds import PollFeedsFn
from transforms.load import stage
from transforms.polling import MOVE_HOLDS_AFTER, is_due
from transforms.warehouse import StagingFolder, open_warehouse
from transforms.web import WebSettings

NOW = datetime(2026, 7, 6, 12, tzinfo=UTC)
STEP = timedelta(minutes=15)
BODY = b"<rss version='2.0'><channel><title>Post</title></channel></rss>"
BODY_WITH_TTL = BODY.replace(b"</title>", b"</title><ttl>180</ttl>")
ETAG, DATE = 'W/"odd value;1"', "Mon,  6 Jul 2026 11:00:00 GMT"
CONTACT = "https://example.org/our-crawler"


class Reader:
    """Polls feeds for as long as it is told to."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.path = str(folder / "w.duckdb")
        self.staged = folder / "staged"
        self.now = NOW
        self.asked: list[tuple[datetime, Request]] = []
        self.timeouts: Iterator[float] = itertools.repeat(30.0)
        open_warehouse(self.path).prepare()

    def follow(self, *feeds: Feed, lasting: timedelta) -> None:
        """Run a pass each quarter of an hour in which a feed is due, on the state last written."""
        end = self.now + lasting
        states = self._states(feeds)
        while self.now < end:
            due = [feed for feed in states if is_due(feed, self.now)]
            if due:
                self._pass(due)
                states = self._states(feeds)
            self.now += STEP

    def _states(self, feeds: Sequence[Feed]) -> list[Feed]:
        stored = {feed.feed_id: feed for feed in open_warehouse(self.path).feeds()}
        return [stored.get(feed.feed_id, feed) for feed in feeds]

    def _pass(self, due: list[Feed]) -> None:
        before = len(self.site.requests)
        context = RunContext(run_id=f"r{self.now:%d%H%M}", now=self.now)
        web = WebSettings(
            contact=CONTACT,
            connect_to=self.site.address,
            host_delay_s=0,
            timeout_s=next(self.timeouts),  # other settings are another fetcher: a new process
        )
        fn = PollFeedsFn(context, web, None, 0)
        fn.start_bundle()
        given = [out for feed in due for out in fn.process(feed, 0, GlobalWindow())]
        given += fn.finish_bundle()
        rows = [out.value.value for out in given if isinstance(out, TaggedOutput)]
        stage(self.staged, "feeds", [row for row in rows if isinstance(row, Feed)])
        open_warehouse(self.path).merge(StagingFolder(self.staged).ready(complete=True))
        self.asked += [
            (self.now, request)
            for request in self.site.requests[before:]
            if request.path != "/robots.txt"
        ]

    def times(self, path: str = "/feed") -> list[timedelta]:
        """Tell when a path was asked for, since the beginning."""
        return [at - NOW for at, request in self.asked if request.path == path]


def feed(name: str, path: str = "/feed") -> Feed:
    return Feed(feed_id=name, url=f"http://{name}.example{path}", updated_at=NOW, run_id="r0")


@pytest.fixture
def reader(site: Site, tmp_path: Path) -> Reader:
    site.knows_etags = True
    return Reader(site, tmp_path)


def put(site: Site, where: str, *headers: str, body: bytes = BODY, **rest: Any) -> None:
    site.put(where, body, *headers, kind="application/rss+xml", **rest)


def gaps(times: list[timedelta]) -> set[timedelta]:
    return {later - earlier for earlier, later in itertools.pairwise(times)}


def test_1_at_most_one_request_a_day_is_unconditional(reader: Reader) -> None:
    put(reader.site, "score.example/feed", f"ETag: {ETAG}", "Cache-Control: max-age=7200")
    reader.follow(feed("score"), lasting=timedelta(days=3))
    unconditional = [at - NOW for at, r in reader.asked if "if-none-match" not in r.headers]
    assert len(reader.asked) > 30
    assert len(unconditional) == 3
    assert min(gaps(unconditional)) >= timedelta(hours=24)


def test_2_and_3_both_validators_go_back_byte_for_byte(reader: Reader) -> None:
    put(reader.site, "score.example/feed", f"ETag: {ETAG}", f"Last-Modified: {DATE}")
    reader.follow(feed("score"), lasting=timedelta(hours=2))
    _, again = (request for _, request in reader.asked)
    assert again.headers["if-none-match"] == ETAG
    assert again.headers["if-modified-since"] == DATE


def test_4_a_feed_is_not_asked_before_its_max_age_is_over(reader: Reader) -> None:
    put(reader.site, "score.example/feed", "Cache-Control: max-age=10800")
    reader.follow(feed("score"), lasting=timedelta(days=1))
    assert gaps(reader.times()) == {timedelta(hours=3)}


def test_4_a_feed_is_not_asked_before_its_own_ttl_is_over_though_nothing_changed(
    reader: Reader,
) -> None:
    put(reader.site, "score.example/feed", f"ETag: {ETAG}", body=BODY_WITH_TTL)
    reader.follow(feed("score"), lasting=timedelta(days=1, hours=9))
    assert len(reader.asked) > 10  # in full, then by 304, then in full but with the same bytes
    assert gaps(reader.times()) == {timedelta(hours=3)}


def test_5_a_feed_is_not_asked_before_retry_after_is_over(reader: Reader) -> None:
    put(
        reader.site,
        "later.example/feed",
        "Retry-After: 18000",
        status="503 Service Unavailable",
    )
    reader.timeouts = itertools.count(30.0, 0.001)  # the lane's own clock is not the run's
    reader.follow(feed("later"), lasting=timedelta(hours=12))
    assert min(gaps(reader.times())) >= timedelta(hours=5)


def test_6_a_feed_that_wishes_nothing_is_asked_once_an_hour(reader: Reader) -> None:
    put(reader.site, "score.example/feed")
    reader.follow(feed("score"), lasting=timedelta(hours=12))
    assert gaps(reader.times()) == {timedelta(hours=1)}


def test_7_after_429_the_whole_host_is_left_alone(reader: Reader) -> None:
    put(reader.site, "busy.example/feed", "Retry-After: 7200", status="429 Too Many Requests")
    put(reader.site, "busy.example/other")
    reader.follow(feed("busy"), lasting=STEP)
    reader.follow(feed("busy", "/other"), lasting=STEP)
    assert (len(reader.times("/feed")), len(reader.times("/other"))) == (1, 0)


def test_8_nothing_is_sent_that_tells_on_the_reader_or_passes_by_caches(reader: Reader) -> None:
    put(reader.site, "score.example/feed?a=1", "Set-Cookie: id=7")
    reader.follow(feed("score", "/feed?a=1"), lasting=timedelta(hours=3))
    requests = [request for _, request in reader.asked]
    assert len(requests) == 3
    for request in requests:
        assert not {"cookie", "referer", "authorization"} & request.headers.keys()
        assert urlsplit(request.path).query == "a=1"


def test_9_and_10_the_reader_says_who_it_is_and_takes_gzip(reader: Reader) -> None:
    put(reader.site, "score.example/feed")
    reader.follow(feed("score"), lasting=STEP)
    ((_, request),) = reader.asked
    assert CONTACT in request.headers["user-agent"]
    assert request.headers["user-agent"].startswith("Dateline/")
    assert "gzip" in request.headers["accept-encoding"]


def test_11_a_restart_asks_nothing_early(reader: Reader, tmp_path: Path) -> None:
    put(reader.site, "score.example/feed", "Cache-Control: max-age=36000")
    reader.follow(feed("score"), lasting=STEP)
    for _ in range(5):  # each a new process, as far as its state goes
        Reader(reader.site, tmp_path).follow(feed("score"), lasting=STEP)
    assert len(reader.site.asked("/feed")) == 1


def test_12_a_permanent_redirect_is_learned_after_it_held(reader: Reader) -> None:
    put(reader.site, "old.example/feed", "Location: http://new.example/feed", status="301 Moved")
    put(reader.site, "new.example/feed", "Cache-Control: max-age=14400")
    reader.follow(feed("old"), lasting=MOVE_HOLDS_AFTER + timedelta(hours=8))
    hosts = [(at - NOW, request.headers["host"]) for at, request in reader.asked]
    old = [at for at, host in hosts if host == "old.example"]
    assert max(old) < MOVE_HOLDS_AFTER <= max(at for at, host in hosts if host == "new.example")


def test_12_a_feed_that_is_gone_is_left_alone_for_a_month(reader: Reader) -> None:
    put(reader.site, "gone.example/feed", status="410 Gone")
    reader.follow(feed("gone"), lasting=timedelta(days=10))
    assert len(reader.times()) == 1
