"""Decide what the world's sites answer to an address at a time.

In: the world, a host, a request target, the time. Out: an `Answer`, bytes and headers, before any
connection is involved. An address nobody serves is answered with 404, an unknown host with 421:
both are answers like any other, so nothing raises.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from pipelines.demo_server import feeds, pages
from pipelines.demo_server.world import (
    Article,
    Edition,
    Feed,
    FeedFormat,
    Fixture,
    Kind,
    Site,
    World,
)

CONTENT_TYPES = {
    FeedFormat.RSS2: "application/rss+xml",
    FeedFormat.ATOM: "application/atom+xml",
    FeedFormat.RDF: "application/rdf+xml",
    FeedFormat.JSON: "application/feed+json",
    FeedFormat.SITEMAP: "application/xml",
}
STATUS_OF_KIND = {Kind.MISSING: 404, Kind.GONE: 410, Kind.REDIRECT: 301}
TRACKING_PREFIXES = ("utm_", "fbclid", "gclid", "at_medium", "at_campaign")


@dataclass(frozen=True)
class Answer:
    """One answer: status, body and the headers that describe it."""

    status: int
    content_type: str
    body: bytes
    etag: str = ""
    modified: datetime | None = None
    location: str = ""


def answer_target(world: World, host: str, target: str, now: datetime) -> Answer:
    """Answer a request target on a host as its site does at `now`."""
    site = world.sites.get(host)
    if site is None:
        return answer_text(421, "text/plain; charset=utf-8", f"no site here is called {host}\n")
    path = without_tracking(target)
    feed = next((one for one in site.feeds if one.path == path), None)
    fixture = next((one for one in site.fixtures if one.path == path), None)
    article = next((one for one in site.articles if one.path == path), None)
    if feed is not None:
        return answer_feed(site, feed, now)
    if fixture is not None:
        return answer_fixture(site, fixture)
    if path == "/robots.txt":
        return answer_text(200, "text/plain; charset=utf-8", site.robots)
    if path == "/":
        return answer_text(200, "text/html; charset=utf-8", pages.render_front_page(site, now))
    edition = article.edition_at(now) if article is not None else None
    if article is None or edition is None:
        return answer_text(404, "text/html; charset=utf-8", world.failure_pages[Kind.MISSING])
    return answer_article(world, site, article, edition)


def answer_feed(site: Site, feed: Feed, now: datetime) -> Answer:
    """Answer with a feed, validators and all."""
    text = feeds.write_feed(site, feed, now)
    body = text.encode(site.charset, "xmlcharrefreplace")
    content_type = f"{CONTENT_TYPES[feed.format]}; charset={site.charset}"
    modified = feeds.last_change(site, feed, now)
    return Answer(200, content_type, body, etag_of(site, body), modified)


def answer_fixture(site: Site, fixture: Fixture) -> Answer:
    """Answer with a fixed body; only a success carries validators."""
    if fixture.status != 200:
        return Answer(fixture.status, fixture.content_type, fixture.body)
    etag = etag_of(site, fixture.body)
    return Answer(200, fixture.content_type, fixture.body, etag, fixture.modified)


def answer_article(world: World, site: Site, article: Article, edition: Edition) -> Answer:
    """Answer with an article's page, or with what stands in its place."""
    if edition.kind is Kind.EMPTY:
        return answer_text(200, "text/html; charset=utf-8", "")
    template = world.failure_pages.get(edition.kind, site.page)
    text = pages.render_page(site, article, edition, template)
    body = text.encode(site.charset, "xmlcharrefreplace")
    declared = "iso-8859-1" if edition.kind is Kind.MISDECLARED else site.charset
    status = STATUS_OF_KIND.get(edition.kind, 200)
    content_type = f"text/html; charset={declared}"
    if status != 200:
        return Answer(status, content_type, body, location=edition.target)
    return Answer(status, content_type, body, etag_of(site, body), edition.updated)


def answer_text(status: int, content_type: str, text: str) -> Answer:
    """Answer with a short text and no validators."""
    return Answer(status, content_type, text.encode())


def etag_of(site: Site, body: bytes) -> str:
    """Make a weak validator, equal for the plain and the gzipped body; some sites send none."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:16]}"' if site.sends_etag else ""


def without_tracking(target: str) -> str:
    """Give path and query of a target, tracking parameters taken out."""
    parts = urlsplit(target)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.startswith(TRACKING_PREFIXES)
    ]
    return f"{parts.path}?{urlencode(kept)}" if kept else parts.path
