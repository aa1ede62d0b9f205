"""Read RSS 0.9x to 2.0, RDF and Atom: what they say becomes plain text, addresses and times.

In: scanned bytes. Out: a `ParsedFeed`. Rejected: what is no feed (NOT_A_FEED), and a feed whose
entries cannot be read (BROKEN_FEED).

Well-formed feeds in UTF-8 are read by `elements`, all others by feedparser (`loose`), many times
slower; tests hold that both find the same.
"""

import re

from schemas.vocabulary import Reason, Rejected
from transforms.feed_formats.charsets import Encoded
from transforms.feed_formats.elements import read_elements
from transforms.feed_formats.loose import read_loosely
from transforms.feed_formats.parsed import (
    MAX_ENTRIES,
    MAX_SUMMARY,
    MAX_TITLE,
    ParsedEntry,
    ParsedFeed,
    plain_text,
    with_own_guids,
)
from transforms.feed_formats.scan import Scanned
from transforms.feed_formats.times import publication, read_time
from transforms.feed_formats.written import Text, WrittenEntry, WrittenFeed, looks_like_html
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


def read_syndication(encoded: Encoded) -> WrittenFeed:
    """Read RSS, RDF or Atom by the reader that fits it."""
    feed = read_elements(encoded.body) if encoded.is_utf8 else None
    feed = feed or read_loosely(encoded)
    if not feed.entries and feed.problem and _AN_ENTRY.search(encoded.body):
        raise Rejected(Reason.BROKEN_FEED, feed.problem[:200])
    return feed


def interpret(feed: WrittenFeed, url: str, scanned: Scanned | None = None) -> ParsedFeed:
    """Make sense of what a feed says that was read from `url`."""
    listed = feed.entries[:MAX_ENTRIES]
    if scanned and scanned.breaks_off:
        listed = listed[:-1]  # its link and title may be halves
    language = plain_text(feed.language, is_markup=False)
    return ParsedFeed(
        feed_format=feed.version,
        entries=with_own_guids(_entry(entry, url, feed, language) for entry in listed),
        title=_plain(feed.title),
        site_url=_address(feed.links, url),
        language=language,
        interval_s=interval_s(feed),
        damage=_damage(feed, scanned),
    )


def _damage(feed: WrittenFeed, scanned: Scanned | None) -> str | None:
    """Say what was wrong with a feed that could be read."""
    if len(feed.entries) > MAX_ENTRIES or (scanned and scanned.is_cut):
        return f"only the first {MAX_ENTRIES} entries were read"
    if scanned and scanned.breaks_off:
        return "it breaks off; its last entry was left out"
    return feed.problem[:200] or None


def _entry(entry: WrittenEntry, url: str, feed: WrittenFeed, language: str | None) -> ParsedEntry:
    """Read what an entry says."""
    updated = read_time(entry.updated)
    authors = entry.authors or (feed.authors if feed.version.startswith("atom") else ())
    return ParsedEntry(
        url=_address(entry.links, url),
        guid=plain_text(entry.guid, is_markup=False),
        title=_plain(entry.title),
        summary=_plain(entry.summary, MAX_SUMMARY) or _plain(entry.content, MAX_SUMMARY),
        authors=tuple(dict.fromkeys(name for each in authors if (name := author_name(each)))),
        **publication(entry.published, entry.updated),
        updated_at=updated.at if updated else None,
        publisher=plain_text(entry.source),
        language=plain_text(entry.language, is_markup=False) or language,
    )


def _address(links: tuple[str, ...], url: str) -> str | None:
    """Give the first link that leads to a page of the web."""
    return next(filter(None, (clean_url(link, url) for link in links)), None)


def _plain(text: Text | None, max_length: int = MAX_TITLE) -> str | None:
    """Give plain text; some feeds call HTML plain."""
    if text is None:
        return None
    is_markup = text.is_markup or looks_like_html(text.value)
    return plain_text(text.value, max_length, is_markup=is_markup)


def author_name(printed: str) -> str | None:
    """Give an author's name, without the e-mail address beside it."""
    text = plain_text(printed)
    if text is None or "@" not in text:
        return text
    found = _MAILED.fullmatch(text)
    return (found[1] or found[2]).strip() if found else None


def interval_s(feed: WrittenFeed) -> float | None:
    """Read how often a feed asks to be polled: ttl (minutes) or the syndication module."""
    ttl = feed.ttl.strip()[:9]
    if ttl.isdecimal() and int(ttl):
        return 60.0 * int(ttl)
    period = PERIODS.get(feed.update_period.strip().lower())
    frequency = (feed.update_frequency or "1").strip()[:6]
    if period is None or not frequency.isdecimal() or not int(frequency):
        return None
    return period / int(frequency)
