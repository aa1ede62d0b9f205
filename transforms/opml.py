"""Read a list of feeds: OPML as feed readers export it, or plain addresses, one a line.

A site whose certificate is broken can be read all the same: `tlsExempt="true"` at its outline, or
`tls-exempt` behind its address. Every poll of it says so in its row.

In: a file. Out: feeds without any state yet, each address once. A file that cannot be read raises
ValueError with one line that says where it is wrong.
"""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from schemas.columns import content_id
from schemas.flow import RunContext
from schemas.rows import Feed
from transforms.text import one_line
from transforms.urls import clean_url, registrable_domain, url_key

EXEMPT = " tls-exempt"


def read_feed_list(path: Path, context: RunContext) -> list[Feed]:
    """Read the feeds of a file."""
    body = path.read_bytes()
    is_opml = body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    listed = _read_opml(body) if is_opml else _read_lines(body)
    feeds = {
        feed.feed_id: feed
        for url, title, category, site_url, is_exempt in listed
        for feed in [make_feed(url, title, category, site_url, context, is_exempt)]
    }
    if not feeds:
        raise ValueError("lists no feed: an OPML outline has its address in xmlUrl")
    return list(feeds.values())


def _read_opml(body: bytes) -> Iterator[tuple[str, str | None, str | None, str | None, bool]]:
    """Give address, title, category, site and exemption of each outline that is a feed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"is no well-formed OPML: {error.msg}") from error
    if root.tag.lower() != "opml":
        raise ValueError(f"is no OPML: its root is <{root.tag}>")
    for outline in root.iter("outline"):
        names = {str(key).lower(): str(value) for key, value in outline.attrib.items()}
        if names.get("xmlurl"):
            parent = outline.getparent()
            above = parent.get("title") or parent.get("text") if parent is not None else None
            title = names.get("title") or names.get("text")
            is_exempt = names.get("tlsexempt", "").lower() == "true"
            yield names["xmlurl"], title, above, names.get("htmlurl"), is_exempt


def _read_lines(body: bytes) -> Iterator[tuple[str, None, None, None, bool]]:
    """Give the addresses of a plain list; lines that begin with # are comments."""
    lines = body.decode("utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        address = line.strip().removesuffix(EXEMPT).rstrip()
        if address and not address.startswith("#"):
            if clean_url(address) is None:
                raise ValueError(f"line {number}: {one_line(line)[:200]!r} is no address of a feed")
            yield address, None, None, None, address != line.strip()


def make_feed(
    url: str,
    title: str | None,
    category: str | None,
    site_url: str | None,
    context: RunContext,
    is_exempt: bool = False,
) -> Feed:
    """Make a feed without any state yet; raises ValueError for what is no address."""
    cleaned = clean_url(url)
    if cleaned is None:
        raise ValueError(f"{one_line(url)[:200]!r} is no address of a feed")
    return Feed(
        feed_id=content_id("feed", url_key(cleaned)),
        url=cleaned,
        title=one_line(title) if title else None,
        category=one_line(category) if category else None,
        site_url=clean_url(site_url) if site_url else None,
        publisher_domain=registrable_domain(cleaned),
        is_tls_exempt=is_exempt or None,
        updated_at=context.now,
        run_id=context.run_id,
    )
