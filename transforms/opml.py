"""Read a list of feeds: OPML as feed readers export it, or plain addresses, one a line.

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


def read_feed_list(path: Path, context: RunContext) -> list[Feed]:
    """Read the feeds of a file."""
    body = path.read_bytes()
    is_opml = body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    listed = _read_opml(body) if is_opml else _read_lines(body)
    feeds = {
        feed.feed_id: feed
        for url, title, category, site_url in listed
        for feed in [make_feed(url, title, category, site_url, context)]
    }
    if not feeds:
        raise ValueError("lists no feed: an OPML outline has its address in xmlUrl")
    return list(feeds.values())


def _read_opml(body: bytes) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    """Give address, title, category and site of each outline that is a feed."""
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
            yield names["xmlurl"], title, above, names.get("htmlurl")


def _read_lines(body: bytes) -> Iterator[tuple[str, None, None, None]]:
    """Give the addresses of a plain list; lines that begin with # are comments."""
    lines = body.decode("utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            if clean_url(line) is None:
                raise ValueError(f"line {number}: {one_line(line)[:200]!r} is no address of a feed")
            yield line.strip(), None, None, None


def make_feed(
    url: str, title: str | None, category: str | None, site_url: str | None, context: RunContext
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
        updated_at=context.now,
        run_id=context.run_id,
    )
