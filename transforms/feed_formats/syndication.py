"""Read RSS 0.9x to 2.0, RDF and Atom with feedparser.

In: scanned bytes. Out: a `ParsedFeed`. Rejected: what feedparser knows as no feed (NOT_A_FEED),
and a feed whose entries cannot be read (BROKEN_FEED).

feedparser's sanitising and joining of links are off: three times faster, and neither is needed
where HTML becomes text and links are joined here, against the base in force at the entry.
"""

import io
import re
from typing import Any

import feedparser

from schemas.vocabulary import Reason, Rejected
from transforms.feed_formats.charsets import Encoded
from transforms.feed_formats.parsed import (
    MAX_ENTRIES,
    MAX_SUMMARY,
    ParsedEntry,
    ParsedFeed,
    plain_text,
    string,
    with_own_guids,
)
from transforms.feed_formats.scan import Scanned
from transforms.feed_formats.times import read_time
from transforms.timestamps import Timestamp
from transforms.urls import clean_url

# Periods of the syndication module in seconds; feeds invent words for it.
PERIODS = {
    **dict.fromkeys(("always", "minutely", "minute"), 60),
    **dict.fromkeys(("hourly", "hour"), 3600),
    **dict.fromkeys(("daily", "dayly", "day"), 86_400),
    **dict.fromkeys(("weekly", "week"), 604_800),
    **dict.fromkeys(("monthly", "yearly"), 2_592_000),
}
_MAILED = re.compile(r"[^\s@]+@[^\s@]+ \(([^()]+)\)|([^@<(]+?) ?[<(][^\s@]+@[^\s@]+[>)]")
_AN_ENTRY = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)


def parse_syndication(scanned: Scanned, url: str, encoded: Encoded) -> ParsedFeed:
    """Read RSS, RDF or Atom."""
    parsed = read_syndication(encoded)
    if not parsed.entries and parsed.bozo and _AN_ENTRY.search(encoded.body):
        raise Rejected(Reason.BROKEN_FEED, str(parsed.bozo_exception)[:200])
    feed = parsed.feed
    language = string(feed.get("language"))
    listed = parsed.entries[:MAX_ENTRIES]
    if scanned.breaks_off:
        listed = listed[:-1]  # its link and title may be halves
    entries = [_entry(entry, url, language) for entry in listed]
    return ParsedFeed(
        feed_format=parsed.version,
        entries=with_own_guids(entries),
        title=_detail(feed, "title"),
        site_url=_joined(feed.get("link"), feed, url),
        language=language,
        interval_s=interval_s(feed),
        damage=_damage(parsed, scanned),
    )


def _damage(parsed: Any, scanned: Scanned) -> str | None:
    """Say what was wrong with a feed that could be read."""
    if scanned.is_cut:
        return f"only the first {MAX_ENTRIES} entries were read"
    if scanned.breaks_off:
        return "it breaks off; its last entry was left out"
    return str(parsed.get("bozo_exception") or "")[:200] or None


def read_syndication(encoded: Encoded) -> Any:
    """Run feedparser on bytes; what it knows as no feed is rejected."""
    try:
        parsed = feedparser.parse(
            io.BytesIO(encoded.body),
            response_headers={"content-type": encoded.content_type},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # feedparser's own slips over odd input (feedparser 6.0: in dates, references, namespaces)
        problem = f"{type(error).__name__}: {str(error)[:200]}"
        raise Rejected(Reason.BROKEN_FEED, problem) from error
    if not parsed.get("version"):
        problem = str(parsed.get("bozo_exception") or "XML, but of another kind")
        raise Rejected(Reason.NOT_A_FEED, f"no feed: {problem[:200]}")
    return parsed


def _entry(entry: Any, url: str, language: str | None) -> ParsedEntry:
    """Make an entry of feedparser's."""
    published = _time(entry, "published") or _time(entry, "updated") or _time(entry, "created")
    updated = _time(entry, "updated")
    summary = _detail(entry, "summary", MAX_SUMMARY) or next(
        (text for c in entry.get("content", ()) if (text := _plain(c, MAX_SUMMARY))), None
    )
    return ParsedEntry(
        url=_address(entry, url),
        guid=plain_text(entry.get("id"), is_markup=False),
        title=_detail(entry, "title"),
        summary=summary,
        authors=_authors(entry),
        published_at=published.at if published else None,
        published_precision=published.precision if published else None,
        updated_at=updated.at if updated else None,
        publisher=plain_text((entry.get("source") or {}).get("title")),
        language=language,
    )


def _address(entry: Any, url: str) -> str | None:
    """Give the first link that leads to a page of the web."""
    candidates = (
        entry.get("feedburner_origlink"),  # FeedBurner's own link is a redirect to this
        entry.get("link"),
        *(link.get("href") for link in entry.get("links", ()) if link.get("rel") == "alternate"),
        entry.get("id") if entry.get("guidislink", True) else None,
    )
    return next(filter(None, (_joined(link, entry, url) for link in candidates)), None)


def _joined(link: Any, holder: Any, url: str) -> str | None:
    """Join a link to the base in force, and clean it."""
    if string(link) is None:
        return None
    details = (holder.get(f"{name}_detail") or {} for name in ("title", "summary", "subtitle"))
    base = next((base for detail in details if (base := detail.get("base"))), "")
    return clean_url(link, clean_url(base, url) or url)


def _detail(holder: Any, name: str, max_length: int = 500) -> str | None:
    """Give the text of a part, read as what it is: plain text or HTML."""
    detail = holder.get(f"{name}_detail")
    return _plain(detail, max_length) if detail else plain_text(holder.get(name), max_length)


def _plain(detail: Any, max_length: int) -> str | None:
    is_markup = detail.get("type", "text/html") != "text/plain"
    return plain_text(detail.get("value"), max_length, is_markup=is_markup)


def _authors(entry: Any) -> tuple[str, ...]:
    """Give authors' names, without their e-mail addresses."""
    printed = plain_text(entry.get("author"))
    is_alone = len(entry.get("authors", ())) < 2
    if printed is not None and "@" in printed and is_alone:  # feedparser cuts these in odd places
        found = _MAILED.fullmatch(printed)
        return (found[1] or found[2],) if found else ()
    names = [plain_text(author.get("name")) for author in entry.get("authors", ())]
    return tuple(dict.fromkeys(name for name in (*names, printed) if name))


def _time(entry: Any, name: str) -> Timestamp | None:
    if name not in entry:  # feedparser would give the publication time for an update time
        return None
    return read_time(string(entry.get(name)), entry.get(f"{name}_parsed"))


def interval_s(feed: Any) -> float | None:
    """Read how often a feed asks to be polled: ttl (minutes) or the syndication module."""
    ttl = str(feed.get("ttl") or "").strip()[:9]
    if ttl.isdecimal() and int(ttl):
        return 60.0 * int(ttl)
    period = PERIODS.get(str(feed.get("sy_updateperiod") or "").strip().lower())
    frequency = str(feed.get("sy_updatefrequency") or "1").strip()[:6]
    if period is None or not frequency.isdecimal() or not int(frequency):
        return None
    return period / int(frequency)
