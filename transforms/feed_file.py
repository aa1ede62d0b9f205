"""Change a list of feeds: an OPML file or a plain list, kept by people and by feed readers.

In: the file's bytes (or none yet) and the feeds to add, or the addresses to take out. Out: the
file's new bytes; all that was not meant stays as it was: other outlines, attributes, comments, the
order. What is listed already is not listed again. Raises ValueError with one line for a file that
cannot be read.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from lxml import etree

from schemas.rows import Feed
from transforms.opml import EXEMPT, http_of, in_utf8, is_opml, parse_opml
from transforms.urls import clean_url, url_key

EMPTY = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Feeds</title></head><body></body></opml>"""


def add_feeds(body: bytes | None, feeds: Sequence[Feed]) -> tuple[bytes, list[Feed]]:
    """Add the feeds that are not listed; gives the new file and which were added."""
    body = in_utf8(body or EMPTY)
    if not is_opml(body):
        return _add_lines(body, feeds)
    root = parse_opml(body)
    listed = {url_key(url) for url in map(_address, root.iter("{*}outline")) if url}
    added = [feed for feed in feeds if url_key(feed.url) not in listed]
    inside = root.find("{*}body")
    if inside is None:
        inside = etree.SubElement(root, "body")
    for feed in added:
        parent = _category(inside, feed.category) if feed.category else inside
        outline = etree.SubElement(parent, "outline", type="rss", text=feed.title or feed.url)
        outline.set("xmlUrl", feed.url)
        if feed.site_url:
            outline.set("htmlUrl", feed.site_url)
        if feed.is_tls_exempt:
            outline.set("tlsExempt", "true")
    return _bytes_of(root), added


def remove_feeds(body: bytes, urls: Iterable[str]) -> tuple[bytes, list[str]]:
    """Take feeds out by their addresses; gives the new file and what was taken out."""
    keys = {url_key(cleaned) for url in urls if (cleaned := clean_url(url))}
    removed = []
    body = in_utf8(body)
    if not is_opml(body):
        lines = body.decode("utf-8-sig", errors="replace").splitlines(keepends=True)
        removed = [line.strip() for line in lines if _key_of_line(line) in keys]
        return "".join(line for line in lines if _key_of_line(line) not in keys).encode(), removed
    root = parse_opml(body)
    for outline in list(root.iter("{*}outline")):
        url = _address(outline)
        parent = outline.getparent()
        if url and url_key(url) in keys and parent is not None:
            removed.append(url)
            parent.remove(outline)
    return _bytes_of(root), removed


def to_opml(feeds: Sequence[Feed]) -> bytes:
    """Write feeds as OPML, by category."""
    return add_feeds(None, sorted(feeds, key=lambda feed: (feed.category or "", feed.url)))[0]


def to_lines(feeds: Sequence[Feed]) -> bytes:
    """Write the feeds' addresses, one a line."""
    return "".join(f"{feed.url}{EXEMPT * bool(feed.is_tls_exempt)}\n" for feed in feeds).encode()


def write_whole(path: Path, body: bytes) -> None:
    """Replace a file by new bytes: a reader sees the old ones or the new ones."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _bytes_of(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _address(outline: etree._Element) -> str | None:
    """Give the address of an outline that is a feed, in normal form."""
    names = {str(key).lower(): str(value) for key, value in outline.attrib.items()}
    return clean_url(http_of(names["xmlurl"])) if names.get("xmlurl") else None


def _category(inside: etree._Element, name: str) -> etree._Element:
    """Find the outline of a category, or make it."""
    for outline in inside.iter("{*}outline"):
        if not _address(outline) and name in (outline.get("text"), outline.get("title")):
            return outline
    return etree.SubElement(inside, "outline", text=name)


def _add_lines(body: bytes, feeds: Sequence[Feed]) -> tuple[bytes, list[Feed]]:
    text = body.decode("utf-8-sig", errors="replace")
    listed = {_key_of_line(line) for line in text.splitlines()}
    added = [feed for feed in feeds if url_key(feed.url) not in listed]
    if added and text and not text.endswith("\n"):
        text += "\n"
    return text.encode() + to_lines(added), added


def _key_of_line(line: str) -> str | None:
    address = http_of(line.strip().removesuffix(EXEMPT))
    cleaned = clean_url(address) if not address.startswith("#") else None
    return url_key(cleaned) if cleaned else None
