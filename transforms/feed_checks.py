"""Judge a feed by one look at it, and find the feeds of a site.

In: what a server answered, or why there is no answer. Out: a `FeedCheck` that says how the feed is
and, where it brings nothing, why; and the addresses where a site's page offers feeds. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lxml import html

from schemas.vocabulary import Rejected
from transforms.answers import Answer
from transforms.feed_formats import ParsedFeed
from transforms.urls import clean_url

STALE_AFTER = timedelta(days=30)
MAX_OFFERED = 10  # feeds of one page; some list one for each of a thousand topics
FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}
)
# Where sites that do not say so keep their feeds, the commonest first.
USUAL_PATHS = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json")


class FeedState(StrEnum):
    """How a feed is."""

    ALIVE = "alive"
    STALE = "stale"  # readable, but its newest entry is old
    EMPTY = "empty"  # readable, and lists nothing
    BROKEN = "broken"  # cannot be fetched or read


@dataclass(frozen=True, kw_only=True)
class FeedCheck:
    """How a feed is, and why."""

    url: str
    state: FeedState
    why: str | None = None
    http_status: int | None = None
    moved_to: str | None = None  # where it was found, if not where it was asked for
    feed_format: str | None = None
    title: str | None = None
    site_url: str | None = None
    num_entries: int | None = None
    newest_entry_at: datetime | None = None
    is_conditional: bool | None = None  # it sends validators, so that it can say 304
    is_tls_verified: bool | None = None


def judge(url: str, answer: Answer, parsed: ParsedFeed, now: datetime) -> FeedCheck:
    """Judge a feed that was read."""
    dates = [entry.published_at or entry.updated_at for entry in parsed.entries]
    newest = max((date for date in dates if date is not None), default=None)
    state, why = FeedState.ALIVE, parsed.damage
    if not parsed.entries:
        state, why = FeedState.EMPTY, why or "it lists no entry"
    elif newest is not None and now - newest > STALE_AFTER:
        state, why = FeedState.STALE, f"nothing new for {(now - newest).days} days"
    return FeedCheck(
        url=url,
        state=state,
        why=why,
        http_status=answer.status,
        moved_to=answer.url if answer.url != url else None,
        feed_format=parsed.feed_format,
        title=parsed.title,
        site_url=parsed.site_url,
        num_entries=len(parsed.entries),
        newest_entry_at=newest,
        is_conditional=bool(answer.header("ETag") or answer.header("Last-Modified")),
        is_tls_verified=answer.is_tls_verified,
    )


def broken(url: str, answer: Answer | None, rejected: Rejected) -> FeedCheck:
    """Judge a feed that could not be fetched or read."""
    detail = f": {rejected.detail}" if rejected.detail else ""
    return FeedCheck(
        url=url,
        state=FeedState.BROKEN,
        why=f"{rejected.reason}{detail}",
        http_status=answer.status if answer else None,
        moved_to=answer.url if answer and answer.url != url else None,
    )


def offered_feeds(answer: Answer) -> list[str]:
    """List the feeds that a site's page names, first those it names first."""
    try:
        page = html.document_fromstring(answer.body or b"<html/>", base_url=answer.url)
    except ValueError:  # a document of other encoding than it declares
        return []
    found = [
        cleaned
        for link in page.iter("link")
        if "alternate" in (link.get("rel") or "").lower().split()
        and (link.get("type") or "").partition(";")[0].strip().lower() in FEED_TYPES
        and (cleaned := clean_url(link.get("href") or "", answer.url))
    ]
    return list(dict.fromkeys(found))[:MAX_OFFERED]


def usual_addresses(url: str) -> Iterator[str]:
    """Guess where a site that names no feed keeps one."""
    for path in USUAL_PATHS:
        cleaned = clean_url(f"/{path}", url)
        if cleaned:
            yield cleaned


def sitemaps_of(robots: Answer) -> list[str]:
    """List the sitemaps that a site's robots.txt names, those for news first."""
    lines = robots.body.decode("utf-8", errors="replace").splitlines()
    named = (line.partition(":")[2] for line in lines if line.lower().startswith("sitemap:"))
    urls = filter(None, map(str.strip, named))
    found = [cleaned for url in urls if (cleaned := clean_url(url, robots.url))]
    return sorted(dict.fromkeys(found), key=lambda url: "news" not in url.lower())[:MAX_OFFERED]
