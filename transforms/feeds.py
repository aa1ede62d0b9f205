"""Poll feeds: ask for each one politely, read what it lists.

Comes in: feeds with the state of their last poll. Goes out: the entries they list, and as rows
the feeds' new state and a `FeedFetch` for each poll, also for one that failed. Rejected: a feed
that cannot be reached or read, with the reason.

A feed is asked conditionally, with the validators it sent byte for byte; once a day without them,
since some servers answer 304 for ever. A body with the bytes of the last one is not read again.
The next poll is due after the longest of our interval, the feed's own wish and the server's, in
bounds; after failures later and later, but never never.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import apache_beam as beam

from schemas.columns import content_id
from schemas.flow import RunContext
from schemas.rows import Entry, Feed, FeedFetch
from schemas.vocabulary import FetchOutcome, Reason, Rejected
from transforms.archive import open_archive
from transforms.feed_formats import ParsedEntry, ParsedFeed, parse_feed
from transforms.reject import ROWS, StageFn
from transforms.urls import url_key
from transforms.web import FEEDS, Answer, WebSettings, check_status, shared_web
from transforms.workers import outcome, shared_workers

IN_FLIGHT = 200
PARSE_TIMEOUT_S = 10.0
INTERVAL = timedelta(minutes=15)
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=24)
UNCONDITIONAL_EVERY = timedelta(hours=24)
FAILURE_STEP = timedelta(minutes=30)  # each failure in a row adds one
MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Poll:
    """What one poll of a feed came to."""

    feed: Feed  # with its new state
    fetch: FeedFetch
    entries: tuple[Entry, ...] = ()


def read_poll(feed: Feed, answer: Answer, parsed: ParsedFeed | None, context: RunContext) -> Poll:
    """Sum up a poll that was answered in order; `parsed` is None when nothing had changed."""
    entries = tuple(entries_of(parsed, feed, context)) if parsed else ()
    is_full = answer.status == 200
    sha256 = hashlib.sha256(answer.body).hexdigest() if is_full else feed.body_sha256
    state = replace(
        feed,
        title=feed.title or (parsed.title if parsed else None),
        site_url=feed.site_url or (parsed.site_url if parsed else None),
        language=(parsed.language if parsed else None) or feed.language,
        feed_format=parsed.feed_format if parsed else feed.feed_format,
        etag=answer.header("ETag") if is_full else feed.etag,
        last_modified=answer.header("Last-Modified") if is_full else feed.last_modified,
        body_sha256=sha256,
        last_polled_at=context.now,
        last_success_at=context.now,
        last_full_at=context.now if is_full else feed.last_full_at,
        next_poll_at=context.now + wait_after(answer, parsed),
        consecutive_failures=0,
        updated_at=context.now,
        run_id=context.run_id,
    )
    how = FetchOutcome.OK if parsed else FetchOutcome.SAME_BODY
    fetch = replace(
        fetch_row(feed, answer, context),
        outcome=how if is_full else FetchOutcome.NOT_MODIFIED,
        body_sha256=sha256 if is_full else None,
        num_entries=len(parsed.entries) if parsed else None,
        newest_entry_at=max((e.published_at for e in entries if e.published_at), default=None),
    )
    return Poll(feed=state, fetch=fetch, entries=entries)


def failed_poll(feed: Feed, answer: Answer | None, rejected: Rejected, context: RunContext) -> Poll:
    """Sum up a poll that failed."""
    failures = feed.consecutive_failures + 1
    state = replace(
        feed,
        last_polled_at=context.now,
        next_poll_at=context.now + min(INTERVAL + failures * FAILURE_STEP, LONGEST),
        consecutive_failures=failures,
        updated_at=context.now,
        run_id=context.run_id,
    )
    row = fetch_row(feed, answer, context)
    return Poll(feed=state, fetch=replace(row, reason=rejected.reason, detail=rejected.detail))


def fetch_row(feed: Feed, answer: Answer | None, context: RunContext) -> FeedFetch:
    """Make the row of a poll, as failed until more is known."""
    row = FeedFetch(
        fetch_id=content_id(feed.feed_id, context.run_id),
        feed_id=feed.feed_id,
        fetched_at=context.now,
        outcome=FetchOutcome.FAILED,
        run_id=context.run_id,
    )
    if answer is None:
        return row
    return replace(
        row,
        final_url=answer.url,
        http_status=answer.status,
        content_type=answer.content_type or None,
        num_bytes=len(answer.body),
        duration_ms=answer.duration_ms,
    )


def wait_after(answer: Answer, parsed: ParsedFeed | None) -> timedelta:
    """Say how long to leave a feed alone: the longest of all wishes, in bounds."""
    age = MAX_AGE.search(answer.header("Cache-Control") or "")
    wishes = [
        INTERVAL,
        timedelta(seconds=int(age[1]) if age else 0),
        timedelta(seconds=(parsed.interval_s if parsed else None) or 0),
    ]
    return min(max(SHORTEST, *wishes), LONGEST)


def entries_of(parsed: ParsedFeed, feed: Feed, context: RunContext) -> Iterator[Entry]:
    """Make a row of each entry that has an address."""
    for entry in parsed.entries:
        if entry.url is not None:
            yield _entry(entry, entry.url, feed, context)


def _entry(parsed: ParsedEntry, url: str, feed: Feed, context: RunContext) -> Entry:
    key = url_key(url)
    version = content_id(parsed.title, parsed.updated_at)
    return Entry(
        entry_id=content_id(feed.feed_id, key, version),
        feed_id=feed.feed_id,
        url=url,
        url_key=key,
        version=version,
        guid=parsed.guid,
        title=parsed.title,
        summary=parsed.summary,
        authors=parsed.authors,
        published_at=parsed.published_at,
        published_precision=parsed.published_precision,
        updated_at=parsed.updated_at,
        language=parsed.language,
        publisher=parsed.publisher,
        first_seen_at=context.now,
        run_id=context.run_id,
    )


def may_ask_conditionally(feed: Feed, context: RunContext) -> bool:
    """Tell whether the last full answer is recent enough to rely on validators."""
    return feed.last_full_at is not None and context.now - feed.last_full_at < UNCONDITIONAL_EVERY


class PollFeedsFn(StageFn):
    """Poll with the process's shared fetcher; read feeds in killable workers."""

    stage = "poll"

    def __init__(
        self, context: RunContext, web: WebSettings, archive: str | None, workers: int
    ) -> None:
        super().__init__(context, in_flight=IN_FLIGHT)
        self.web = web
        self.archive = archive
        self.workers = workers

    def start_bundle(self) -> None:
        """Begin a file of the archive."""
        super().start_bundle()
        self._archive = open_archive(self.archive, self.context.now)

    def work(self, feed: Feed) -> "Future[Answer]":
        """Start to ask for the feed."""
        conditional = may_ask_conditionally(feed, self.context)
        self._answer: Answer | None = None
        return shared_web(self.web).get(
            feed.url,
            accept=FEEDS,
            etag=feed.etag if conditional else None,
            last_modified=feed.last_modified if conditional else None,
        )

    def finish(self, feed: Feed, result: "Future[Answer]") -> Iterable[Any]:
        """Read what came; remember the answer for the row of a poll that fails."""
        self._answer = None
        self._answer = result.result()
        poll = read_poll(feed, self._answer, self._read(feed, self._answer), self.context)
        for row in (poll.feed, self._archived(poll.fetch)):
            yield beam.pvalue.TaggedOutput(ROWS, row)
        yield from poll.entries

    def rows_of_rejection(self, feed: Feed, rejected: Rejected) -> Iterable[Feed | FeedFetch]:
        """Write the feed's state and the poll, though it failed."""
        poll = failed_poll(feed, self._answer, rejected, self.context)
        return (poll.feed, self._archived(poll.fetch))

    def finish_bundle(self) -> Iterator[Any]:
        """Wait for the rest, and close the archive."""
        yield from super().finish_bundle()
        if self._archive is not None:
            self._archive.close()

    def _read(self, feed: Feed, answer: Answer) -> ParsedFeed | None:
        """Read a feed whose body is not that of the last poll."""
        if answer.status == 304 and may_ask_conditionally(feed, self.context):
            return None
        check_status(answer)
        if hashlib.sha256(answer.body).hexdigest() == feed.body_sha256:
            return None
        task = shared_workers(self.workers).submit(
            parse_answer, answer.body, answer.url, answer.content_type, timeout_s=PARSE_TIMEOUT_S
        )
        parsed: ParsedFeed = outcome(task, reason=Reason.BROKEN_FEED)
        return parsed

    def _archived(self, fetch: FeedFetch) -> FeedFetch:
        """Keep the answer, and note where."""
        if self._archive is None or self._answer is None:
            return fetch
        name, offset = self._archive.write(self._answer)
        return replace(fetch, archive_file=name, archive_offset=offset)


def parse_answer(body: bytes, url: str, content_type: str) -> ParsedFeed:
    """Read a feed in a worker process."""
    return parse_feed(body, url=url, content_type=content_type)


@dataclass
class PollFeeds(beam.PTransform):
    """Feeds → the entries they list."""

    context: RunContext
    web: WebSettings
    archive: str | None = None
    workers: int = 0

    def expand(self, feeds: Any) -> Any:
        poll = PollFeedsFn(self.context, self.web, self.archive, self.workers)
        return feeds | "poll feeds" >> beam.ParDo(poll).with_outputs(ROWS, main="elements")
