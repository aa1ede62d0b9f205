"""What a feed says, whichever its format: plain text, cleaned addresses, times in UTC.

In: the strings of a feed. Out: `ParsedFeed` and `ParsedEntry`, and the functions that make their
values. Nothing is rejected: what cannot be read is None. Pure.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape
from typing import Any

from lxml import etree

from schemas.vocabulary import Precision, PublishedSource
from transforms.text import one_line

MAX_ENTRIES = 2000
MAX_TITLE = 500  # characters
MAX_SUMMARY = 2000
MAX_MARKUP = 40_000  # of a summary, read to find its text
_TAG = re.compile(r"<[a-zA-Z!/][^>]*>")
_PARSER = etree.HTMLParser(remove_comments=True, remove_pis=True, no_network=True)
_BREAKS = re.compile(r"<(?:br|/?p|/?div|/?li|/?h\d|/?tr|/?blockquote)\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ParsedEntry:
    """One article as a feed lists it."""

    url: str | None
    guid: str | None = None
    title: str | None = None
    summary: str | None = None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    published_precision: Precision | None = None
    published_source: PublishedSource | None = None
    is_zone_assumed: bool | None = None  # of the publication time
    updated_at: datetime | None = None
    publisher: str | None = None
    language: str | None = None


@dataclass(frozen=True, kw_only=True)
class ParsedFeed:
    """A feed and its entries, in its order."""

    feed_format: str
    entries: tuple[ParsedEntry, ...]
    title: str | None = None
    site_url: str | None = None
    language: str | None = None
    interval_s: float | None = None  # how often it asks to be polled
    sitemaps: tuple[str, ...] = ()  # what a sitemap index lists, the latest first
    damage: str | None = None  # what was wrong with it, though it could be read


def string(value: Any) -> str | None:
    """Give the value if it is a string that says something."""
    return value if isinstance(value, str) and value.strip() else None


def plain_text(value: Any, max_length: int = MAX_TITLE, *, is_markup: bool = True) -> str | None:
    """Give the plain text of a title or summary, which may hold HTML; None if there is none."""
    text = string(value)
    if text is None:
        return None
    if is_markup and "<" in text and _TAG.search(text):
        text = _text_of_markup(text[:MAX_MARKUP])
    elif is_markup and "&" in text:
        text = unescape(text)
    return one_line(text)[:max_length].strip() or None


def _text_of_markup(markup: str) -> str:
    """Give the text of a piece of HTML, scripts and styles left out."""
    markup = one_line(_BREAKS.sub(" ", markup))  # lxml takes no control characters
    tree = etree.fromstring(f"<div>{markup}</div>", _PARSER)
    if tree is None:
        return _TAG.sub(" ", markup)
    if "<s" in markup or "<template" in markup:
        for element in tree.iter("script", "style", "template"):
            element.text = None
    return "".join(map(str, tree.itertext()))


def with_own_guids(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """Drop guids that several entries share: they tell nothing apart."""
    listed = list(entries)
    seen = Counter(entry.guid for entry in listed)
    return tuple(replace(e, guid=None) if seen[e.guid] > 1 else e for e in listed)
