"""Read JSON Feed 1.0 and 1.1.

In: bytes. Out: a `ParsedFeed`. Rejected: JSON of another kind (NOT_A_FEED), and JSON that cannot
be read or nests without end (BROKEN_FEED). Values of the wrong type count as not there.
"""

import json
from collections.abc import Iterable
from typing import Any

from schemas.vocabulary import Reason, Rejected
from transforms.feed_formats.parsed import (
    MAX_ENTRIES,
    MAX_SUMMARY,
    ParsedEntry,
    ParsedFeed,
    plain_text,
    string,
    with_own_guids,
)
from transforms.feed_formats.times import read_time
from transforms.urls import clean_url

_CONTENTS = (("summary", False), ("content_text", False), ("content_html", True))


def parse_json_feed(body: bytes, url: str) -> ParsedFeed:
    """Read JSON Feed 1.x."""
    document = _load(body)
    version = str(document.get("version", "")).rstrip("/").rpartition("/")[2]
    listed = document.get("items")
    if not isinstance(listed, list) or not version.startswith("1"):
        raise Rejected(Reason.NOT_A_FEED, "JSON, but no JSON Feed")
    site_url = clean_url(string(document.get("home_page_url")) or "", url)
    objects = [entry for entry in listed[:MAX_ENTRIES] if isinstance(entry, dict)]
    is_cut = len(listed) > MAX_ENTRIES
    entries = [_entry(entry, url, document) for entry in objects]
    return ParsedFeed(
        feed_format="json" + "".join(filter(str.isdigit, version))[:2],
        entries=with_own_guids(entry for entry in entries if _says_something(entry)),
        title=plain_text(document.get("title"), is_markup=False),
        site_url=site_url,
        language=string(document.get("language")),
        damage=f"only the first {MAX_ENTRIES} entries were read" if is_cut else None,
    )


def _load(body: bytes) -> dict[str, Any]:
    """Read a JSON object; NaN and Infinity, which JSON does not have, are null."""
    text = body.decode("utf-8-sig", errors="replace")
    try:
        document = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise Rejected(Reason.BROKEN_FEED, f"JSON: {str(error)[:200]}") from error
    if not isinstance(document, dict):
        raise Rejected(Reason.NOT_A_FEED, "JSON, but no JSON Feed")
    return document


def _entry(entry: dict[str, Any], url: str, document: dict[str, Any]) -> ParsedEntry:
    published = read_time(string(entry.get("date_published")))
    updated = read_time(string(entry.get("date_modified")))
    link = string(entry.get("url")) or string(entry.get("external_url"))
    guid = entry.get("id")
    texts = (plain_text(entry.get(k), MAX_SUMMARY, is_markup=html) for k, html in _CONTENTS)
    return ParsedEntry(
        url=clean_url(link, url) if link else None,
        guid=plain_text(str(guid) if isinstance(guid, int | float) else guid, is_markup=False),
        title=plain_text(entry.get("title"), is_markup=False),
        summary=next(filter(None, texts), None),
        authors=tuple(_names(entry)) or tuple(_names(document)),
        published_at=published.at if published else None,
        published_precision=published.precision if published else None,
        updated_at=updated.at if updated else None,
        language=string(entry.get("language")) or string(document.get("language")),
    )


def _says_something(entry: ParsedEntry) -> bool:
    """Tell an entry from an object with none of an entry's values."""
    return any((entry.url, entry.guid, entry.title, entry.summary))


def _names(holder: dict[str, Any]) -> Iterable[str]:
    """Give the names of authors, as 1.1 (`authors`) or 1.0 (`author`) have them."""
    listed = holder.get("authors") or [holder.get("author")]
    for author in listed if isinstance(listed, list) else []:
        name = plain_text(author.get("name"), is_markup=False) if isinstance(author, dict) else None
        if name:
            yield name
