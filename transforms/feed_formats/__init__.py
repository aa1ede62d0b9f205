"""Read a feed: bytes in, what it lists out, whichever the format.

In: the body of an answer. Out: a `ParsedFeed`. Rejected: what is no feed (HTML, a bot page, an
empty body) as NOT_A_FEED, and a feed that cannot be read, or is made to harm, as BROKEN_FEED;
neither is ever "0 new entries". A feed that breaks off gives the entries before the break.

feedparser reads RSS 0.9x to 2.0, RDF and Atom from bytes, with sanitising and relative links off
(three times faster; links are joined here, and HTML becomes text). JSON Feed and news sitemaps,
which it does not know, are read here. A linear scan comes first, for XML made to be slow; the
caller runs all of it in a killable worker.
"""

import calendar
import io
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import feedparser
from lxml import etree
from lxml import html as lxml_html

from schemas.vocabulary import Precision, Reason, Rejected
from transforms.text import one_line
from transforms.timestamps import parse_timestamp
from transforms.urls import clean_url

MAX_TAG_BYTES = 64 * 1024  # feedparser and libxml2 take quadratic time over attributes
MAX_DEPTH = 256
MAX_ENTRIES = 2000
MAX_SUMMARY = 2000  # characters
SITEMAP = re.compile(rb"<(?:\w+:)?urlset[\s>]")
HTML = re.compile(rb"^\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)[\s>]", re.I | re.S)


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


def parse_feed(body: bytes, *, url: str, content_type: str = "") -> ParsedFeed:
    """Read a feed of any format."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:2000]
    if not start:
        raise Rejected(Reason.NOT_A_FEED, "the answer is empty")
    if HTML.match(start):
        raise Rejected(Reason.NOT_A_FEED, "the answer is an HTML page")
    if start.startswith(b"{"):
        return _parse_json(body, url)
    scan(body)
    if SITEMAP.search(body[:4000]):
        return _parse_sitemap(body, url)
    return _parse_xml(body, url, content_type)


def scan(body: bytes) -> None:
    """Refuse XML that is made to be slow, in one linear pass."""
    depth = deepest = 0
    at = 0
    while (at := body.find(b"<", at)) >= 0:
        if body.startswith(b"<![CDATA[", at):
            end = body.find(b"]]>", at)
        elif body.startswith(b"<!--", at):
            end = body.find(b"-->", at)
        else:
            end = body.find(b">", at)
            if (end if end >= 0 else len(body)) - at > MAX_TAG_BYTES:
                raise Rejected(Reason.BROKEN_FEED, f"a tag of more than {MAX_TAG_BYTES} bytes")
            kind = body[at + 1 : at + 2]
            if kind == b"/":
                depth -= 1
            elif kind not in (b"!", b"?") and body[end - 1 : end] != b"/":
                depth += 1
            deepest = max(deepest, depth)
        if end < 0:
            break
        at = end
    if deepest > MAX_DEPTH:
        raise Rejected(Reason.BROKEN_FEED, f"nested more than {MAX_DEPTH} deep")


def _parse_xml(body: bytes, url: str, content_type: str) -> ParsedFeed:
    """Read RSS, RDF or Atom."""
    headers = {"content-type": content_type} if content_type else {}
    parsed = feedparser.parse(
        io.BytesIO(body),
        response_headers=headers,
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.get("version"):
        raise Rejected(Reason.NOT_A_FEED, f"no feed: {str(parsed.get('bozo_exception', ''))[:200]}")
    feed = parsed.feed
    if parsed.bozo and not parsed.entries:
        raise Rejected(Reason.BROKEN_FEED, str(parsed.bozo_exception)[:200])
    language = _text(feed.get("language"))
    entries = [_xml_entry(entry, url, language) for entry in parsed.entries[:MAX_ENTRIES]]
    return ParsedFeed(
        feed_format=parsed.version,
        entries=_with_own_guids(entries),
        title=_text(feed.get("title")),
        site_url=clean_url(feed.get("link") or "", url),
        language=language,
        interval_s=_interval(feed),
    )


def _xml_entry(entry: Any, url: str, language: str | None) -> ParsedEntry:
    published = _time(entry, "published") or _time(entry, "updated") or (None, None)
    updated = _time(entry, "updated") if entry.get("updated") else None
    link = entry.get("link") or (entry.get("id") if entry.get("guidislink", True) else None)
    base = entry.get("title_detail", {}).get("base") or entry.get("base") or url
    content = entry.get("summary") or next((c.value for c in entry.get("content", ())), None)
    return ParsedEntry(
        url=clean_url(link, clean_url(base, url) or url) if link else None,
        guid=_text(entry.get("id")),
        title=_text(entry.get("title")),
        summary=_text(content, MAX_SUMMARY),
        authors=tuple(filter(None, (_text(a.get("name")) for a in entry.get("authors", ())))),
        published_at=published[0],
        published_precision=published[1],
        updated_at=updated[0] if updated else None,
        publisher=_text((entry.get("source") or {}).get("title")),
        language=language,
    )


def _time(entry: Any, name: str) -> tuple[datetime, Precision] | None:
    """Read a time as feedparser did, else as printed (it leaves out times without a zone)."""
    parsed, printed = entry.get(f"{name}_parsed"), entry.get(name)
    if parsed is not None and 1970 < parsed.tm_year < 2200:
        at = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
        is_day = bool(re.fullmatch(r"\s*\d{4}-\d\d-\d\d\s*", printed or ""))
        return at, Precision.DAY if is_day else Precision.SECOND
    found = parse_timestamp(printed) if printed else None
    return (found.at, found.precision) if found else None


def _interval(feed: Any) -> float | None:
    """Read how often a feed asks to be polled: ttl (minutes) or the syndication module."""
    ttl = str(feed.get("ttl") or "").strip()
    if ttl.isdecimal():
        return 60.0 * int(ttl)
    periods = {"hourly": 3600, "daily": 86400, "weekly": 604800}
    period = periods.get(str(feed.get("sy_updateperiod") or "").strip().lower())
    frequency = str(feed.get("sy_updatefrequency") or "1").strip()
    if period is None or not frequency.isdecimal() or not int(frequency):
        return None
    return period / int(frequency)


def _parse_json(body: bytes, url: str) -> ParsedFeed:
    """Read JSON Feed 1.x."""
    try:
        document = json.loads(body.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError) as error:
        raise Rejected(Reason.BROKEN_FEED, f"JSON: {str(error)[:200]}") from error
    version = str(document.get("version", "")) if isinstance(document, dict) else ""
    if "jsonfeed.org/version/" not in version:
        raise Rejected(Reason.NOT_A_FEED, "JSON, but no JSON Feed")
    listed = document.get("items")
    if not isinstance(listed, list):
        raise Rejected(Reason.BROKEN_FEED, "a JSON Feed without items")
    base = clean_url(_string(document.get("home_page_url")) or "", url) or url
    entries = [_json_entry(e, base, document) for e in listed[:MAX_ENTRIES] if isinstance(e, dict)]
    return ParsedFeed(
        feed_format="json" + version.rpartition("/")[2].replace(".", ""),
        entries=_with_own_guids(entries),
        title=_text(_string(document.get("title"))),
        site_url=clean_url(_string(document.get("home_page_url")) or "", url),
        language=_string(document.get("language")),
    )


def _json_entry(entry: dict[str, Any], base: str, document: dict[str, Any]) -> ParsedEntry:
    published = parse_timestamp(_string(entry.get("date_published")) or "")
    updated = parse_timestamp(_string(entry.get("date_modified")) or "")
    listed = entry.get("authors") or document.get("authors") or [entry.get("author")]
    people = listed if isinstance(listed, list) else []
    names = (_text(_string(a.get("name"))) for a in people if isinstance(a, dict))
    link = _string(entry.get("url")) or _string(entry.get("external_url"))
    summary = next(
        (
            text
            for k in ("summary", "content_text", "content_html")
            if (text := _string(entry.get(k)))
        ),
        None,
    )
    return ParsedEntry(
        url=clean_url(link, base) if link else None,
        guid=_text(_string(entry.get("id"))),
        title=_text(_string(entry.get("title"))),
        summary=_text(summary, MAX_SUMMARY),
        authors=tuple(filter(None, names)),
        published_at=published.at if published else None,
        published_precision=published.precision if published else None,
        updated_at=updated.at if updated else None,
        language=_string(entry.get("language")) or _string(document.get("language")),
    )


def _parse_sitemap(body: bytes, url: str) -> ParsedFeed:
    """Read a news sitemap: what it says of each page under `news:news`."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    root = etree.fromstring(body, parser)
    if root is None:
        raise Rejected(Reason.BROKEN_FEED, "a sitemap that cannot be read")
    places = [e for e in root if isinstance(e.tag, str) and e.tag.rpartition("}")[2] == "url"]
    entries = [_sitemap_entry(place, url) for place in places[:MAX_ENTRIES]]
    return ParsedFeed(feed_format="sitemap", entries=tuple(entries))


def _sitemap_entry(place: Any, url: str) -> ParsedEntry:
    found = {
        element.tag.rpartition("}")[2]: (element.text or "").strip()
        for element in place.iter()
        if isinstance(element.tag, str) and (element.text or "").strip()
    }
    published = parse_timestamp(found.get("publication_date", ""))
    updated = parse_timestamp(found.get("lastmod", ""))
    return ParsedEntry(
        url=clean_url(found.get("loc", ""), url),
        title=_text(found.get("title")),
        published_at=published.at if published else None,
        published_precision=published.precision if published else None,
        updated_at=updated.at if updated else None,
        publisher=_text(found.get("name")),
        language=found.get("language"),
    )


def _with_own_guids(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """Drop guids that several entries share: they tell nothing apart."""
    listed = list(entries)
    seen = Counter(entry.guid for entry in listed)
    return tuple(replace(e, guid=None) if seen[e.guid] > 1 else e for e in listed)


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _text(value: str | None, max_length: int = 500) -> str | None:
    """Give the plain text of a title or summary, which may hold HTML; None if there is none."""
    if not value or not value.strip():
        return None
    if "<" in value or "&" in value:
        try:
            value = lxml_html.fragment_fromstring(value[: 20 * max_length], "div").text_content()
        except (etree.ParserError, ValueError):
            value = re.sub(r"<[^>]*>", " ", value)
    return one_line(str(value))[:max_length].strip() or None
