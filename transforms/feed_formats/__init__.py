"""Read a feed: bytes in, what it lists out, whichever the format.

In: the body of an answer. Out: a `ParsedFeed`. Rejected: what is no feed (HTML, a bot page, an
empty body) as NOT_A_FEED, and a feed that cannot be read, or is made to harm, as BROKEN_FEED;
neither is ever "0 new entries". A feed that breaks off gives the entries before the break.

feedparser reads RSS 0.9x to 2.0, RDF and Atom (`syndication`); JSON Feed (`jsonfeed`) and news
sitemaps (`sitemaps`), which it does not know, are read by ourselves. A linear scan comes first,
for XML made to be slow (`scan`); the caller runs all of it in a killable worker.
"""

import re

from schemas.vocabulary import Reason, Rejected
from transforms.feed_formats.charsets import settle_encoding
from transforms.feed_formats.jsonfeed import read_json_feed
from transforms.feed_formats.parsed import ParsedEntry, ParsedFeed
from transforms.feed_formats.scan import scan_xml
from transforms.feed_formats.sitemaps import parse_sitemap
from transforms.feed_formats.syndication import interpret, read_syndication
from transforms.urls import clean_url

__all__ = ["ParsedEntry", "ParsedFeed", "parse_feed"]

HEAD = 2000  # bytes that tell what a body is
_SITEMAP = re.compile(rb"<(?:\w+:)?(urlset|sitemapindex)[\s>]")
_HTML = re.compile(
    rb"(?:<!--.*?-->\s*|<\?xml[^>]*>\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I
)
_FEED = re.compile(rb"<(?:rss|feed|rdf:RDF)[\s>]", re.I)
_ALTERNATE = re.compile(
    rb"<link\b[^>]{0,500}application/(?:rss\+xml|atom\+xml|feed\+json)[^>]{0,500}>", re.I
)
_HREF = re.compile(rb"href\s*=\s*[\"']?([^\"'\s>]{1,500})", re.I)


def parse_feed(body: bytes, *, url: str, content_type: str = "") -> ParsedFeed:
    """Read a feed of any format; `url` is where it was read from."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n\x00")[:HEAD]
    if not start:
        raise Rejected(Reason.NOT_A_FEED, "the answer is empty")
    if _HTML.match(start) and not _FEED.search(start):
        raise Rejected(Reason.NOT_A_FEED, f"the answer is an HTML page{_offered(body, url)}")
    if start.startswith((b"{", b"[")):
        return interpret(read_json_feed(body), url)
    if b"<" not in start.replace(b"\x00", b""):
        raise Rejected(Reason.NOT_A_FEED, "the answer is neither XML nor JSON")
    scanned = scan_xml(body)
    sitemap = _SITEMAP.search(start)
    if sitemap is not None:
        return parse_sitemap(scanned, url)
    encoded = settle_encoding(scanned.body, content_type)
    return interpret(read_syndication(encoded), url, scanned)


def _offered(body: bytes, url: str) -> str:
    """Say which feed an HTML page offers, if any."""
    link = _ALTERNATE.search(body[:200_000])
    href = _HREF.search(link[0]) if link else None
    offered = clean_url(href[1].decode("utf-8", errors="replace"), url) if href else None
    return f"; it offers {offered}" if offered else ""
