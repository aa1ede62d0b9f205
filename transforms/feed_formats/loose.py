"""Read what calls itself RSS, RDF, Atom or CDF, however broken, with feedparser.

In: bytes with their encoding. Out: a `WrittenFeed`. Rejected: what feedparser knows as no feed
(NOT_A_FEED), and what it trips over (BROKEN_FEED).

Its sanitising and joining of links are off: three times faster, and neither is needed where HTML
becomes text and links are joined here, against the base in force at the entry.
"""

import io
import re
from typing import Any

import feedparser

from schemas.vocabulary import Reason, Rejected
from transforms.feed_formats.charsets import Encoded
from transforms.feed_formats.written import Text, WrittenEntry, WrittenFeed, join

_CDF = re.compile(rb"<channel[\s>]", re.IGNORECASE)  # its root; feedparser does not name it


def read_loosely(encoded: Encoded) -> WrittenFeed:
    """Read a feed with feedparser."""
    parsed = run_feedparser(encoded)
    feed = parsed.feed
    return WrittenFeed(
        version=parsed.version or "cdf",
        entries=tuple(map(_entry, parsed.entries)),
        title=_text(feed, "title"),
        subtitle=_text(feed, "subtitle") or _text(feed, "summary"),
        links=_links(feed),
        authors=_authors(feed),
        language=feed.get("language") or "",
        guid=feed.get("id") or "",
        published=_time(feed, "published"),
        updated=_time(feed, "updated"),
        ttl=str(feed.get("ttl") or ""),
        update_period=str(feed.get("sy_updateperiod") or ""),
        update_frequency=str(feed.get("sy_updatefrequency") or ""),
        problem=str(parsed.get("bozo_exception") or ""),
    )


def run_feedparser(encoded: Encoded) -> Any:
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
    if not parsed.get("version") and not _CDF.search(encoded.body[:2000]):
        problem = str(parsed.get("bozo_exception") or "XML, but of another kind")
        raise Rejected(Reason.NOT_A_FEED, f"no feed: {problem[:200]}")
    return parsed


def _entry(entry: Any) -> WrittenEntry:
    content = next((text for c in entry.get("content", ()) if (text := _of(c))), None)
    guid = entry.get("id") or ""
    links = _links(entry)
    if guid and entry.get("guidislink", True):
        links = (*links, guid)
    return WrittenEntry(
        title=_text(entry, "title"),
        summary=_text(entry, "summary"),
        content=content,
        links=links,
        guid=guid,
        authors=_authors(entry),
        published=_time(entry, "published") or _time(entry, "created"),
        updated=_time(entry, "updated"),
        source=(entry.get("source") or {}).get("title") or "",
        tags=tuple(tag["term"] for tag in entry.get("tags", ()) if tag.get("term")),
    )


def _links(holder: Any) -> tuple[str, ...]:
    """Give links to the page, joined to the base in force; FeedBurner's is a redirect."""
    details = (holder.get(f"{name}_detail") or {} for name in ("title", "summary", "subtitle"))
    base = next((base for detail in details if (base := detail.get("base"))), "")
    candidates = (
        holder.get("feedburner_origlink"),
        holder.get("link"),
        *(link.get("href") for link in holder.get("links", ()) if link.get("rel") == "alternate"),
    )
    return tuple(dict.fromkeys(join(base, link) for link in candidates if link))


def _authors(holder: Any) -> tuple[str, ...]:
    """Give the authors as printed: feedparser's own parts where there are several."""
    printed = holder.get("author") or ""
    names = [str(author.get("name") or "") for author in holder.get("authors", ())]
    return tuple(filter(None, names if len(names) > 1 else [printed]))


def _text(holder: Any, name: str) -> Text | None:
    detail = holder.get(f"{name}_detail")
    if detail:
        return _of(detail)
    value = holder.get(name)
    return Text(value=value, is_markup=True) if isinstance(value, str) and value else None


def _of(detail: Any) -> Text | None:
    value = detail.get("value")
    if not value:
        return None
    is_markup = detail.get("type", "text/html") != "text/plain"
    return Text(value=value, is_markup=is_markup, base=detail.get("base") or "")


def _time(holder: Any, name: str) -> str:
    """Give a time as printed; feedparser would give the publication for a missing update."""
    return str(holder.get(name) or "") if name in holder else ""
