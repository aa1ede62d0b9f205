"""Write a site's feed as it stands at a time of the world's clock.

In: a site, one of its feeds, a time. Out: the feed document as text, in RSS 2.0, Atom, RSS 1.0
(RDF), JSON Feed 1.1 or a Google News sitemap, listing only what is published by then. Nothing is
rejected.

Each format has the habits met in the wild: relative links under `xml:base`, tracking parameters,
GUIDs shared by several entries, local time zones, a document cut off in the middle of an entry.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from pipelines.demo_server.world import Article, Edition, Feed, FeedFormat, Site

CUT_AFTER_ENTRIES = 2
CONTENT_PARAGRAPHS = 2
RSS_OPEN = (
    '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">'
)
RDF_OPEN = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
)
SITEMAP_OPEN = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
)


@dataclass(frozen=True)
class Entry:
    """An article as a feed lists it."""

    article: Article
    edition: Edition


def listed_entries(site: Site, feed: Feed, now: datetime) -> list[Entry]:
    """Give the entries a feed lists at `now`, newest first."""
    out = ((article, article.edition_at(now)) for article in site.articles)
    entries = [Entry(article, edition) for article, edition in out if edition is not None]
    wanted = [one for one in entries if feed.section in ("", one.edition.section)]
    return sorted(wanted, key=lambda one: one.edition.published, reverse=True)


def write_feed(site: Site, feed: Feed, now: datetime) -> str:
    """Write a feed in its own format and with its own defects."""
    entries = listed_entries(site, feed, now)
    text = WRITERS[feed.format](site, feed, entries)
    return cut_short(text) if feed.is_truncated else text


def last_change(site: Site, feed: Feed, now: datetime) -> datetime | None:
    """Give the newest change among a feed's entries, the time its document last changed."""
    return max((one.edition.updated for one in listed_entries(site, feed, now)), default=None)


def entry_link(feed: Feed, entry: Entry) -> str:
    """Give an entry's link with the feed's tracking parameters."""
    address = entry.article.address
    if not feed.tracking:
        return address
    return f"{address}{'&' if '?' in address else '?'}{feed.tracking}"


def entry_guid(feed: Feed, entry: Entry) -> str:
    """Give an entry's GUID; under the habit `day`, entries of one day share theirs."""
    if feed.guid == "day":
        return f"{entry.article.host}-{entry.edition.published:%Y%m%d}"
    if feed.guid == "slug":
        return f"tag:{entry.article.host},2026:{entry.article.slug}"
    return entry.article.address


def write_rss2(site: Site, feed: Feed, entries: list[Entry]) -> str:
    """Write RSS 2.0 with `content:encoded`, times in the site's zone."""
    self_link = quoteattr(f"http://{site.host}{feed.path}")
    head = (
        f"<title>{escape(feed.title)}</title><link>http://{site.host}/</link>"
        f"<description>{escape(site.tagline)}</description><language>{site.language}</language>"
        f'<atom:link href={self_link} rel="self" type="application/rss+xml"/>'
    )
    entries_xml = "\n".join(write_rss2_entry(site, feed, entry) for entry in entries)
    declaration = f'<?xml version="1.0" encoding="{site.charset}"?>'
    return f"{declaration}\n{RSS_OPEN}<channel>{head}\n{entries_xml}\n</channel></rss>\n"


def write_rss2_entry(site: Site, feed: Feed, entry: Entry) -> str:
    """Write one RSS 2.0 entry."""
    edition = entry.edition
    content = "".join(f"<p>{escape(text)}</p>" for text in edition.paragraphs[:CONTENT_PARAGRAPHS])
    creators = "".join(f"<dc:creator>{escape(name)}</dc:creator>" for name in edition.authors)
    return (
        f"<item><title>{escape(edition.headline)}</title>"
        f"<link>{escape(entry_link(feed, entry))}</link>"
        f'<guid isPermaLink="false">{escape(entry_guid(feed, entry))}</guid>'
        f"<pubDate>{format_datetime(edition.published.astimezone(site.zone))}</pubDate>"
        f"{creators}<category>{escape(edition.section)}</category>"
        f"<description>{escape(edition.summary)}</description>"
        f"<content:encoded><![CDATA[{content}]]></content:encoded>"
        f"<atom:updated>{edition.updated.isoformat()}</atom:updated></item>"
    )


def write_atom(site: Site, feed: Feed, entries: list[Entry]) -> str:
    """Write Atom whose links are relative to the feed's `xml:base`."""
    newest = max((one.edition.updated for one in entries), default=None)
    updated = f"<updated>{newest.isoformat()}</updated>" if newest else ""
    entries_xml = "\n".join(write_atom_entry(entry) for entry in entries)
    return (
        f'<?xml version="1.0" encoding="{site.charset}"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{site.language}" '
        f'xml:base="http://{site.host}/"><title>{escape(feed.title)}</title>'
        f'<subtitle>{escape(site.tagline)}</subtitle><link rel="self" href="{feed.path}"/>'
        f'<link rel="alternate" href="/"/><id>http://{site.host}/</id>{updated}\n'
        f"{entries_xml}\n</feed>\n"
    )


def write_atom_entry(entry: Entry) -> str:
    """Write one Atom entry."""
    edition = entry.edition
    authors = "".join(f"<author><name>{escape(name)}</name></author>" for name in edition.authors)
    relative = quoteattr(entry.article.path.removeprefix("/"))
    return (
        f'<entry><title type="html">{escape(escape(edition.headline))}</title>'
        f'<link rel="alternate" type="text/html" href={relative}/>'
        f"<id>tag:{entry.article.host},2026:{escape(entry.article.slug)}</id>"
        f"<published>{edition.published.isoformat()}</published>"
        f"<updated>{edition.updated.isoformat()}</updated>{authors}"
        f'<category term={quoteattr(edition.section)}/><summary type="html">'
        f"{escape('<p>' + escape(edition.summary) + '</p>')}</summary></entry>"
    )


def write_rdf(site: Site, feed: Feed, entries: list[Entry]) -> str:
    """Write RSS 1.0, a channel that points at entries beside it."""
    order = "".join(
        f"<rdf:li rdf:resource={quoteattr(entry_link(feed, entry))}/>" for entry in entries
    )
    entries_xml = "\n".join(write_rdf_entry(site, feed, entry) for entry in entries)
    return (
        f'<?xml version="1.0" encoding="{site.charset}"?>\n{RDF_OPEN}\n'
        f'<channel rdf:about="http://{site.host}{feed.path}"><title>{escape(feed.title)}</title>'
        f"<link>http://{site.host}/</link><description>{escape(site.tagline)}</description>"
        f"<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>"
        f"<items><rdf:Seq>{order}</rdf:Seq></items></channel>\n{entries_xml}\n</rdf:RDF>\n"
    )


def write_rdf_entry(site: Site, feed: Feed, entry: Entry) -> str:
    """Write one RSS 1.0 entry."""
    edition = entry.edition
    link = entry_link(feed, entry)
    return (
        f"<item rdf:about={quoteattr(link)}><title>{escape(edition.headline)}</title>"
        f"<link>{escape(link)}</link><description>{escape(edition.summary)}</description>"
        f"<dc:creator>{escape(', '.join(edition.authors))}</dc:creator>"
        f"<dc:date>{edition.updated.astimezone(site.zone).isoformat()}</dc:date>"
        f"<dc:subject>{escape(edition.section)}</dc:subject></item>"
    )


def write_json_feed(site: Site, feed: Feed, entries: list[Entry]) -> str:
    """Write JSON Feed 1.1."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": f"http://{site.host}/",
        "feed_url": f"http://{site.host}{feed.path}",
        "description": site.tagline,
        "language": site.language,
        "items": [
            {
                "id": entry_guid(feed, entry),
                "url": entry_link(feed, entry),
                "title": entry.edition.headline,
                "summary": entry.edition.summary,
                "content_text": entry.edition.summary,
                "date_published": entry.edition.published.isoformat(),
                "date_modified": entry.edition.updated.isoformat(),
                "authors": [{"name": name} for name in entry.edition.authors],
                "tags": [entry.edition.section, *entry.edition.keywords],
                "language": entry.edition.language,
            }
            for entry in entries
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def write_sitemap(site: Site, feed: Feed, entries: list[Entry]) -> str:
    """Write a Google News sitemap, which has headlines but neither summaries nor authors."""
    entries_xml = "\n".join(
        f"<url><loc>{escape(entry_link(feed, entry))}</loc>"
        f"<lastmod>{entry.edition.updated.astimezone(site.zone).isoformat()}</lastmod>"
        f"<news:news><news:publication><news:name>{escape(site.name)}</news:name>"
        f"<news:language>{entry.edition.language}</news:language></news:publication>"
        f"<news:publication_date>{entry.edition.published.astimezone(site.zone).isoformat()}"
        f"</news:publication_date><news:title>{escape(entry.edition.headline)}</news:title>"
        f"<news:keywords>{escape(', '.join(entry.edition.keywords))}</news:keywords>"
        f"</news:news></url>"
        for entry in entries
    )
    declaration = f'<?xml version="1.0" encoding="{site.charset}"?>'
    return f"{declaration}\n{SITEMAP_OPEN}\n{entries_xml}\n</urlset>\n"


def cut_short(text: str) -> str:
    """Cut a document inside the title of the entry after the last whole one."""
    start = -1
    for _ in range(CUT_AFTER_ENTRIES + 1):
        start = text.find("<item>", start + 1)
    return text[: start + len("<item><title>") + 12] if start >= 0 else text[: len(text) // 2]


WRITERS = {
    FeedFormat.RSS2: write_rss2,
    FeedFormat.ATOM: write_atom,
    FeedFormat.RDF: write_rdf,
    FeedFormat.JSON: write_json_feed,
    FeedFormat.SITEMAP: write_sitemap,
}
