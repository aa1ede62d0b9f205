"""When a feed is asked, at which address and with which validators.

In: a feed's state and what its server answered. Out: the wait until the next poll, the address to
ask, the validators to send. Pure. The rules are those that publishers ask of feed readers:

- The wait is the longest of our interval and of what the feed and its server wish, a day of that at
  most. After failures it grows with each, and a feed that fails for long is visited rarely, but
  never never.
- Validators go back byte for byte. Once a day they are left out, since some servers answer 304 for
  ever; one that gives a new body under the old validators is not believed any more.
- A permanent redirect is learned after it has held for days: hijacked domains, captive portals and
  slips of an hour redirect for good, too.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schemas.flow import RunContext
from schemas.rows import Feed
from schemas.vocabulary import Rejected
from transforms.answers import Answer, fresh_s, retry_after_s
from transforms.feed_formats import ParsedFeed
from transforms.feed_formats.sitemaps import INDEX, INDEX_EVERY_S

DEFAULT_INTERVAL = timedelta(hours=1)
LONGEST = timedelta(hours=24)
MINUTE = timedelta(minutes=1)
UNCONDITIONAL_EVERY = timedelta(hours=24)
PASSING_STEP = timedelta(minutes=15)  # each failure in a row adds one,
LASTING_STEP = timedelta(hours=1)  # or one of these where waiting is not likely to mend it
MANY_FAILURES = 30  # after so many a feed is visited rarely; it is never forgotten
RARELY = timedelta(days=30)
AFTER_GONE = timedelta(days=30)  # 410: gone for good, as the server says
MOVE_HOLDS_AFTER = timedelta(days=3)  # as Feedbin waits


@dataclass(frozen=True, kw_only=True)
class Question:
    """What to ask of a feed's server."""

    url: str
    etag: str | None
    last_modified: str | None

    @property
    def is_conditional(self) -> bool:
        """Tell whether the server may answer 304."""
        return bool(self.etag or self.last_modified)


def is_due(feed: Feed, now: datetime) -> bool:
    """Tell whether a feed may be polled."""
    return feed.next_poll_at is None or feed.next_poll_at <= now


def question_to(feed: Feed, now: datetime) -> Question:
    """Say what to ask; without validators when the last full answer is a day old."""
    url = feed.url
    if feed.moved_to and feed.moved_since and now - feed.moved_since >= MOVE_HOLDS_AFTER:
        url = feed.moved_to
    is_recent = feed.last_full_at and now - feed.last_full_at < UNCONDITIONAL_EVERY
    if not is_recent or feed.has_broken_validators:
        return Question(url=url, etag=None, last_modified=None)
    return Question(url=url, etag=feed.etag, last_modified=feed.last_modified)


def note_move(feed: Feed, answer: Answer, now: datetime) -> Feed:
    """Remember where permanent redirects led, and since when; another target begins anew."""
    if answer.asked == feed.moved_to:
        return feed  # asked there directly
    if not answer.is_moved_for_good:
        return replace(feed, moved_to=None, moved_since=None)
    if answer.url == feed.moved_to:
        return feed
    return replace(feed, moved_to=answer.url, moved_since=now)


def forget_move(feed: Feed, answer: Answer | None) -> Feed:
    """Go back to the feed's own address where the one it moved to fails."""
    asked = answer.asked if answer else feed.moved_to
    return replace(feed, moved_to=None, moved_since=None) if asked == feed.moved_to else feed


def breaks_validators(feed: Feed, answer: Answer, sha256: str) -> bool:
    """Tell whether a server gives another body under the validators of the last one."""
    theirs = (answer.header("ETag"), answer.header("Last-Modified"))
    is_same = any(theirs) and theirs == (feed.etag, feed.last_modified)
    return is_same and feed.body_sha256 is not None and sha256 != feed.body_sha256


def asked_interval_s(answer: Answer, parsed: ParsedFeed | None, feed: Feed) -> float | None:
    """Give the longest wait that the feed or its server asks for between polls, in seconds.

    What is not said again holds on: a body that had not changed is not read for the feed's wish,
    and a 304 need not repeat the server's (RFC 9111, 4.3.4).
    """
    wishes = [fresh_s(answer), (parsed.interval_s if parsed else feed.asked_interval_s) or 0.0]
    return max(wishes) or None


def next_poll(
    answer: Answer, parsed: ParsedFeed | None, feed: Feed, interval: timedelta, now: datetime
) -> datetime:
    """Say when a feed that answered in order is due: after the longest of all wishes, in a day.

    Our own interval ends on the minute: timers fire a few seconds early or late, and a feed missed
    by one would wait for the next. What a feed or its server wishes is kept to the second.
    """
    if (parsed.feed_format if parsed else feed.feed_format) == INDEX:
        return now + timedelta(seconds=INDEX_EVERY_S)
    wish_s = asked_interval_s(answer, parsed, feed) or 0.0
    wish = timedelta(seconds=min(wish_s, LONGEST.total_seconds()))
    since = now.replace(second=0, microsecond=0) if interval >= MINUTE else now
    return max(now + wish, since + interval)


def wait_after_failure(
    failures: int,
    answer: Answer | None,
    rejected: Rejected,
    context: RunContext,
    interval: timedelta,
) -> timedelta:
    """Say how long to leave a feed alone that failed so often in a row."""
    if answer is not None and answer.status == 410:
        return AFTER_GONE
    if failures > MANY_FAILURES:
        return RARELY
    step = PASSING_STEP if rejected.reason.is_retryable else LASTING_STEP
    asked = retry_after_s(answer, context.now.timestamp()) if answer else 0.0
    return max(min(interval + failures * step, LONGEST), timedelta(seconds=asked))
