"""Read JSON Feed 1.0 and 1.1.

In: bytes. Out: a `WrittenFeed`. Rejected: JSON of another kind (NOT_A_FEED), and JSON that cannot
be read or nests without end (BROKEN_FEED). Values of the wrong type count as not there.
"""

import json
from collections.abc import Iterable
from typing import Any

from schemas.vocabulary import Reason, Rejected
from transforms.feed_formats.written import Text, WrittenEntry, WrittenFeed

_CONTENTS = (("content_html", True), ("content_text", False))


def read_json_feed(body: bytes) -> WrittenFeed:
    """Read JSON Feed 1.x."""
    document = _load(body)
    version = str(document.get("version", "")).rstrip("/").rpartition("/")[2]
    listed = document.get("items")
    if not isinstance(listed, list) or not version.startswith("1"):
        raise Rejected(Reason.NOT_A_FEED, "JSON, but no JSON Feed")
    entries = [_entry(entry, document) for entry in listed if isinstance(entry, dict)]
    return WrittenFeed(
        version="json" + "".join(filter(str.isdigit, version))[:2],
        entries=tuple(entry for entry in entries if _says_something(entry)),
        title=_text(document, "title"),
        subtitle=_text(document, "description"),
        links=tuple(filter(None, [_string(document, "home_page_url")])),
        authors=tuple(_names(document)),
        language=_string(document, "language"),
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


def _entry(entry: dict[str, Any], document: dict[str, Any]) -> WrittenEntry:
    guid = entry.get("id")
    contents = (_text(entry, name, is_markup=html) for name, html in _CONTENTS)
    links = (_string(entry, "url"), _string(entry, "external_url"))
    return WrittenEntry(
        title=_text(entry, "title"),
        summary=_text(entry, "summary"),
        content=next(filter(None, contents), None),
        links=tuple(filter(None, links)),
        guid=str(guid) if isinstance(guid, int | float) else _string(entry, "id"),
        authors=tuple(_names(entry)) or tuple(_names(document)),
        published=_string(entry, "date_published"),
        updated=_string(entry, "date_modified"),
        tags=tuple(tag for tag in _listed(entry, "tags") if isinstance(tag, str)),
        language=_string(entry, "language"),
    )


def _says_something(entry: WrittenEntry) -> bool:
    """Tell an entry from an object with none of an entry's values."""
    return any((entry.links, entry.guid, entry.title, entry.summary, entry.content))


def _names(holder: dict[str, Any]) -> Iterable[str]:
    """Give the names of authors, as 1.1 (`authors`) or 1.0 (`author`) have them."""
    for author in _listed(holder, "authors") or [holder.get("author")]:
        name = _string(author, "name") if isinstance(author, dict) else ""
        if name:
            yield name


def _listed(holder: dict[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _string(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    return value.strip() if isinstance(value, str) else ""


def _text(holder: dict[str, Any], name: str, *, is_markup: bool = False) -> Text | None:
    value = _string(holder, name)
    return Text(value=value, is_markup=is_markup) if value else None
