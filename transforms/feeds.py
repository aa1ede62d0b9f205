"""Poll feeds: ask for each one politely, read what it lists.

Comes in: feeds with the state of their last poll. Goes out: the entries they list, and as rows
the feeds' new state and a `FeedFetch` for each poll, also for one that failed. Rejected: a feed
that cannot be reached or read, with the reason, and an entry without a usable address.

When a feed is asked, where and with which validators: `polling` tells. A body with the bytes of the
last one is not read again.
"""

import functools
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import apache_beam as beam

from schemas.columns import content_id
from schemas.flow import RunContext
from schemas.rows import Entry, Feed, FeedFetch, Rejection
from schemas.vocabulary import FetchOutcome, PublishedSource, Reason, Rejected
from transforms.answers import Answer, check_status
from transforms.archive import ToldRow, open_archive
from transforms.feed_formats import ParsedEntry, ParsedFeed, parse_feed
from transforms.placeholders import ask_listed
from transforms.polling import (
    DEFAULT_INTERVAL,
    asked_interval_s,
    breaks_validators,
    forget_move,
    next_poll,
    note_move,
    question_to,
    wait_after_failure,
)
from transforms.reject import ROWS, StageFn, count
from transforms.urls import key_of_clean, same_site, url_key
from transforms.web import FEEDS, MAX_ASKED, WebSettings, shared_web
from transforms.workers import outcome, pass_on, shared_workers

PARSE_TIMEOUT_S = 10.0
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
TOO_FAR_AHEAD = timedelta(hours=24)  # no zone explains a time further in the future


@dataclass(frozen=True, kw_only=True)
class Poll:
    """What one poll of a feed came to."""

    feed: Feed  # with its new state
    fetch: FeedFetch
    sitemaps: tuple[Feed, ...] = ()  # what a sitemap index lists, to be polled from now on
    entries: tuple[Entry, ...] = ()
    rejections: tuple[Rejection, ...] = ()  # of entries without an address


def read_poll(
    feed: Feed,
    answer: Answer,
    parsed: ParsedFeed | None,
    context: RunContext,
    *,
    interval: timedelta = DEFAULT_INTERVAL,
) -> Poll:
    """Sum up a poll that was answered in order; `parsed` is None when nothing had changed."""
    entries = entries_of(parsed, feed, context) if parsed else ()
    is_full = answer.status == 200
    state = replace(
        state_after(feed, answer, parsed, context),
        next_poll_at=next_poll(answer, parsed, feed, interval, context.now),
    )
    how = FetchOutcome.OK if parsed else FetchOutcome.SAME_BODY
    fetch = replace(
        fetch_row(feed, answer, context),
        outcome=how if is_full else FetchOutcome.NOT_MODIFIED,
        detail=parsed.damage if parsed else None,
        body_sha256=state.body_sha256 if is_full else None,
        num_entries=len(parsed.entries) if parsed else None,
        newest_entry_at=max((e.published_at for e in entries if e.published_at), default=None),
    )
    rejections = without_address(parsed, feed, context) if parsed else ()
    sitemaps = sitemaps_of(parsed, feed, context) if parsed else ()
    return Poll(feed=state, fetch=fetch, sitemaps=sitemaps, entries=entries, rejections=rejections)


def sitemaps_of(parsed: ParsedFeed, index: Feed, context: RunContext) -> tuple[Feed, ...]:
    """Make a feed of each sitemap that an index lists; none of an index within an index.

    They are rows of the oldest state there is: what is known of one already stays.
    """
    if parsed.sitemaps and index.listed_by is not None:
        raise Rejected(Reason.NOT_A_FEED, "a sitemap index within a sitemap index")
    return tuple(
        Feed(
            feed_id=content_id("feed", url_key(url)),
            url=url,
            listed_by=index.feed_id,
            title=index.title,
            category=index.category,
            publisher=index.publisher,
            publisher_domain=index.publisher_domain,
            updated_at=OLDEST,
            run_id=context.run_id,
        )
        for url in parsed.sitemaps
    )


def state_after(feed: Feed, answer: Answer, parsed: ParsedFeed | None, context: RunContext) -> Feed:
    """Give a feed's state after an answer in order: what it is, what it sent, when."""
    is_full = answer.status == 200
    sha256 = hashlib.sha256(answer.body).hexdigest() if is_full else feed.body_sha256
    is_broken = is_full and sha256 is not None and breaks_validators(feed, answer, sha256)
    return replace(
        note_move(feed, answer, context.now),
        title=feed.title or (parsed.title if parsed else None),
        site_url=feed.site_url or (parsed.site_url if parsed else None),
        language=(parsed.language if parsed else None) or feed.language,
        feed_format=parsed.feed_format if parsed else feed.feed_format,
        etag=answer.header("ETag") if is_full else feed.etag,
        last_modified=answer.header("Last-Modified") if is_full else feed.last_modified,
        body_sha256=sha256,
        has_broken_validators=is_broken or feed.has_broken_validators,
        last_polled_at=context.now,
        last_success_at=context.now,
        last_full_at=context.now if is_full else feed.last_full_at,
        asked_interval_s=asked_interval_s(answer, parsed, feed),
        consecutive_failures=0,
        updated_at=context.now,
        run_id=context.run_id,
    )


def failed_poll(
    feed: Feed,
    answer: Answer | None,
    rejected: Rejected,
    context: RunContext,
    *,
    interval: timedelta = DEFAULT_INTERVAL,
) -> Poll:
    """Sum up a poll that failed."""
    failures = feed.consecutive_failures + 1
    wait = wait_after_failure(failures, answer, rejected, context, interval)
    state = replace(
        forget_move(feed, answer),
        last_polled_at=context.now,
        next_poll_at=context.now + wait,
        consecutive_failures=failures,
        updated_at=context.now,
        run_id=context.run_id,
    )
    row = fetch_row(feed, answer, context)
    return Poll(feed=state, fetch=replace(row, reason=rejected.reason, detail=rejected.detail))


def fetch_row(feed: Feed, answer: Answer | None, context: RunContext) -> FeedFetch:
    """Make the row of a poll, as failed until more is known."""
    row = FeedFetch(
        fetch_id=content_id(feed.feed_id, context.run_id, context.now),
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
        is_tls_verified=answer.is_tls_verified,
    )


def entries_of(parsed: ParsedFeed, feed: Feed, context: RunContext) -> tuple[Entry, ...]:
    """Make a row of each entry that has an address."""
    return tuple(_entry(entry, entry.url, feed, context) for entry in parsed.entries if entry.url)


def without_address(parsed: ParsedFeed, feed: Feed, context: RunContext) -> tuple[Rejection, ...]:
    """Make a row of each entry that cannot be fetched, for want of a usable link."""
    return tuple(
        Rejection(
            rejection_id=content_id("entries", feed.feed_id, entry.guid, entry.title),
            stage="entries",
            reason=Reason.NO_ADDRESS,
            address=feed.url,
            feed_id=feed.feed_id,
            detail=f"entry {entry.guid or entry.title or 'without a title'}"[:1000],
            is_retryable=Reason.NO_ADDRESS.is_retryable,
            rejected_at=context.now,
            run_id=context.run_id,
        )
        for entry in parsed.entries
        if entry.url is None
    )


def _entry(parsed: ParsedEntry, url: str, feed: Feed, context: RunContext) -> Entry:
    key = key_of_clean(url)
    version = content_id(parsed.title, parsed.updated_at)
    published_at, source = parsed.published_at, parsed.published_source
    if published_at is not None and published_at > context.now + TOO_FAR_AHEAD:
        published_at, source = None, PublishedSource.FUTURE
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
        published_at=published_at,
        published_precision=parsed.published_precision if published_at else None,
        published_source=source,
        is_zone_assumed=parsed.is_zone_assumed if published_at else None,
        updated_at=parsed.updated_at,
        language=parsed.language,
        publisher=parsed.publisher,
        first_seen_at=context.now,
        run_id=context.run_id,
    )


def is_to_be_read(feed: Feed, answer: Answer, now: datetime) -> bool:
    """Tell whether an answer is in order, and not that of the last poll."""
    if answer.status == 304 and question_to(feed, now).is_conditional:
        return False
    check_status(answer)
    return hashlib.sha256(answer.body).hexdigest() != feed.body_sha256


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What came of asking for a feed: its answer, and what a worker made of it, if one was asked.

    The futures that were waited for are not held: they hold whom they tell, and in such a ring an
    answer would stay until the collector of cycles comes, which the fetcher would wait for.
    """

    answer: Answer
    reading: "Future[ParsedFeed] | None" = None  # done, and a copy that tells nobody


class PollFeedsFn(StageFn):
    """Poll with the process's shared fetcher; read feeds in killable workers."""

    stage = "poll"
    leaves_off = True

    def __init__(
        self,
        context: RunContext,
        web: WebSettings,
        archive: str | None,
        workers: int,
        interval: timedelta = DEFAULT_INTERVAL,
    ) -> None:
        super().__init__(context, in_flight=MAX_ASKED)
        self.web = web
        self.archive = archive
        self.workers = workers
        self.interval = interval

    def start_bundle(self) -> None:
        """Begin a file of the archive, and have the workers started."""
        super().start_bundle()
        shared_workers(self.workers)
        self._archive = open_archive(self.archive, is_streaming=self.context.is_streaming)

    def work(self, feed: Feed) -> "Future[_Asked]":
        """Start to ask for the feed; what comes goes on to a worker at once."""
        now = self.context.now
        question = question_to(feed, now)
        asked = ask_listed(
            shared_web(self.web),
            question.url,
            feed.url if feed.listed_by is None else None,
            accept=FEEDS,
            etag=question.etag,
            last_modified=question.last_modified,
            is_tls_exempt=bool(feed.is_tls_exempt) and same_site(question.url, feed.url),
        )
        read: Future[_Asked] = Future()
        asked.add_done_callback(functools.partial(self._begin_reading, feed, now, read))
        return read

    def _begin_reading(
        self, feed: Feed, now: datetime, read: "Future[_Asked]", asked: "Future[Answer]"
    ) -> None:
        """Have a worker read the answer, where there is one to be read; then it is done."""
        try:
            answer = asked.result()
            task = self._task_of(feed, now, answer)
        except BaseException as error:  # noqa: BLE001 (handed on whole to the thread that waits)
            read.set_exception(error)
            return
        if task is None:
            read.set_result(_Asked(answer=answer))
        else:
            task.add_done_callback(functools.partial(_end_reading, read, answer))

    def _task_of(self, feed: Feed, now: datetime, answer: Answer) -> "Future[ParsedFeed] | None":
        """Start to read an answer in a worker; None where there is nothing to read, or no worker.

        Why there is nothing to read, `finish` will find and say.
        """
        try:
            is_new = bool(self.workers) and is_to_be_read(feed, answer, now)
        except Rejected:
            return None
        return self._submit(answer) if is_new else None

    def finish(self, feed: Feed, result: "Future[_Asked]") -> Iterable[Any]:
        """Take what was read; remember the answer for the row of a poll that fails."""
        self._answer: Answer | None = None
        asked = result.result()
        self._answer = asked.answer
        parsed: ParsedFeed | None = None
        if is_to_be_read(feed, self._answer, self.context.now):
            parsed = outcome(asked.reading or self._submit(asked.answer), reason=Reason.BROKEN_FEED)
        poll = read_poll(feed, self._answer, parsed, self.context, interval=self.interval)
        beside: tuple[ToldRow, ...] = (*poll.sitemaps, *poll.rejections)
        for row in (poll.feed, self._archived(poll, beside), *beside):
            yield beam.pvalue.TaggedOutput(ROWS, row)
        for rejection in poll.rejections:
            count(rejection.stage, "in")
            count(rejection.stage, f"rejected:{rejection.reason}")
        yield from poll.entries

    def rows_of_rejection(
        self, feed: Feed, rejected: Rejected, rows: Sequence[Rejection | Entry]
    ) -> Iterable[Feed | FeedFetch]:
        """Write the feed's state and the poll, though it failed."""
        poll = failed_poll(feed, self._answer, rejected, self.context, interval=self.interval)
        return (poll.feed, self._archived(poll, rows))

    def finish_bundle(self) -> Iterator[Any]:
        """Wait for the rest, and close the archive."""
        yield from super().finish_bundle()
        if self._archive is not None:
            self._archive.end_bundle()

    def _submit(self, answer: Answer) -> "Future[ParsedFeed]":
        given = (answer.body, answer.url, answer.content_type)
        return shared_workers(self.workers).submit(parse_answer, *given, timeout_s=PARSE_TIMEOUT_S)

    def _archived(self, poll: Poll, beside: Iterable[ToldRow]) -> FeedFetch:
        """Keep the answer, where one came, and the rows of the poll; note where the answer is."""
        if self._archive is None:
            return poll.fetch
        rows = (poll.feed, poll.fetch, *beside)
        if self._answer is None:
            self._archive.write_alone(poll.feed.url, self.context.now, *rows)
            return poll.fetch
        name, offset = self._archive.write(self._answer, self.context.now, *rows)
        return replace(poll.fetch, archive_file=name, archive_offset=offset)


def _end_reading(read: "Future[_Asked]", answer: Answer, task: "Future[ParsedFeed]") -> None:
    """Hand on what a worker made of an answer, without the worker's future."""
    reading: Future[ParsedFeed] = Future()
    pass_on(reading, task)
    read.set_result(_Asked(answer=answer, reading=reading))


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
    interval: timedelta = DEFAULT_INTERVAL

    def expand(self, feeds: Any) -> Any:
        poll = PollFeedsFn(self.context, self.web, self.archive, self.workers, self.interval)
        return feeds | "poll feeds" >> beam.ParDo(poll).with_outputs(ROWS, main="elements")
