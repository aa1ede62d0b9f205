"""Read a sitemap, what it says of each page under `news:news`, and a sitemap index.

In: scanned bytes. Out: a `ParsedFeed`; that of an index lists sitemaps and no entries. Rejected: a
sitemap that cannot be read, as BROKEN_FEED. Pages and sitemaps of other sites are left out: a
sitemap speaks for its own site only. `lastmod` counts as the time of update.
"""

from datetime import UTC, datetime
from typing import Any

from lxml import etree

from schemas.vocabulary import Reason, Rejected
from transforms.feed_formats.parsed import MAX_ENTRIES, ParsedEntry, ParsedFeed, plain_text, string
from transforms.feed_formats.scan import Scanned
from transforms.feed_formats.times import publication, read_time
from transforms.urls import clean_url, same_site

INDEX = "sitemapindex"
INDEX_EVERY_S, SITEMAP_EVERY_S = 7 * 86_400.0, 86_400.0  # one of news is due like any feed
MAX_SITEMAPS = 50  # an index of years lists the latest of them
NEVER = datetime.min.replace(tzinfo=UTC)


def parse_sitemap(scanned: Scanned, url: str) -> ParsedFeed:
    """Read the pages of a sitemap."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    root = etree.fromstring(scanned.body, parser)
    if root is None:
        raise Rejected(Reason.BROKEN_FEED, "a sitemap that cannot be read")
    if _name(root) == INDEX:
        return _index(root, url)
    pages = [_entry(element, url) for element in root if _name(element) == "url"]
    own = [page for page in pages if page.url is not None and same_site(page.url, url)]
    damage = f"only the first {MAX_ENTRIES} entries were read" if scanned.is_cut else None
    if len(own) < len(pages):
        damage = f"{len(pages) - len(own)} pages of other sites were left out"
    is_news = any(page.title or page.published_at for page in own)
    return ParsedFeed(
        feed_format="sitemap",
        entries=tuple(own),
        interval_s=None if is_news else SITEMAP_EVERY_S,
        damage=damage,
    )


def _index(root: Any, url: str) -> ParsedFeed:
    """Read which sitemaps an index lists: those of its site, each once, never itself."""
    dated: dict[str, datetime] = {}
    for element in root:
        own = {_name(part): (part.text or "").strip() for part in element}
        address = clean_url(own.get("loc") or "", url) if own.get("loc") else None
        if address is not None and same_site(address, url) and address != url:
            changed = read_time(own.get("lastmod"))
            dated.setdefault(address, changed.at if changed else NEVER)
    latest = sorted(dated, key=dated.__getitem__, reverse=True)
    is_cut = len(latest) > MAX_SITEMAPS
    return ParsedFeed(
        feed_format=INDEX,
        entries=(),
        sitemaps=tuple(latest[:MAX_SITEMAPS]),
        interval_s=INDEX_EVERY_S,
        damage=f"only the latest {MAX_SITEMAPS} sitemaps are followed" if is_cut else None,
    )


def _entry(page: Any, url: str) -> ParsedEntry:
    own = {_name(part): (part.text or "").strip() for part in page}
    told = {_name(e): e.text for part in page if _name(part) == "news" for e in part.iter()}
    updated = read_time(own.get("lastmod"))
    return ParsedEntry(
        url=clean_url(own["loc"], url) if own.get("loc") else None,
        title=plain_text(told.get("title")),
        **publication(string(told.get("publication_date")), None),
        updated_at=updated.at if updated else None,
        publisher=plain_text(told.get("name")),
        language=string(told.get("language")),
    )


def _name(element: Any) -> str:
    """Give an element's name; "" for comments and the like."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
