"""Read a list of feeds: OPML as feed readers export it, or plain addresses, one a line.

A site whose certificate is broken can be read all the same: `tlsExempt="true"` at its outline, or
`tls-exempt` behind its address. Every poll of it says so in its row.

What programs write wrong is borne: bare ampersands, names of characters that only HTML knows, a
namespace, `feed:` in place of `http:`, UTF-16.

In: a file. Out: feeds without any state yet, each address once. A file that cannot be read raises
ValueError with one line that says where it is wrong.
"""

import codecs
import re
from collections.abc import Iterator
from html.entities import name2codepoint
from pathlib import Path

from lxml import etree

from schemas.columns import content_id
from schemas.flow import RunContext
from schemas.rows import Feed
from transforms.text import one_line
from transforms.urls import clean_url, registrable_domain, url_key

EXEMPT = " tls-exempt"
_DECLARED = re.compile(r"(^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"'])[\w.-]{1,40}")
_AMPERSAND = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)(?:([a-zA-Z]\w{1,30});)?"
)
_FEED_SCHEME = re.compile(r"^feed:(?://(?=\w+://))?", re.IGNORECASE)


def read_feed_list(path: Path, context: RunContext) -> list[Feed]:
    """Read the feeds of a file."""
    body = in_utf8(path.read_bytes())
    listed = _read_opml(body) if is_opml(body) else _read_lines(body)
    feeds = {
        feed.feed_id: feed
        for url, title, category, site_url, is_exempt in listed
        for feed in [make_feed(url, title, category, site_url, context, is_exempt)]
    }
    if not feeds:
        raise ValueError("lists no feed: an OPML outline has its address in xmlUrl")
    return list(feeds.values())


def in_utf8(body: bytes) -> bytes:
    """Write a file in UTF-8 that is in UTF-16; where its bytes are UTF-8, have it say so."""
    is_wide = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = body.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        return body
    return _DECLARED.sub(r"\1utf-8", text, count=1).encode()


def is_opml(body: bytes) -> bool:
    """Tell OPML from a plain list."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def parse_opml(body: bytes) -> etree._Element:
    """Parse OPML, if need be with its ampersands written as XML has them."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        mended = _AMPERSAND.sub(_reference, body)
        try:
            root = etree.fromstring(mended, parser)
        except etree.XMLSyntaxError:
            raise ValueError(f"is no well-formed OPML: {error.msg}") from error
    if etree.QName(root).localname.lower() != "opml":
        raise ValueError(f"is no OPML: its root is <{etree.QName(root).localname}>")
    return root


def _reference(found: re.Match[bytes]) -> bytes:
    code = name2codepoint.get((found[1] or b"").decode())
    return b"&#%d;" % code if code else b"&amp;" + found[0][1:]


def http_of(address: str) -> str:
    """Write an address with the scheme that it means: feed://x, feed:https://x."""
    rest = _FEED_SCHEME.sub("", address.strip())
    return rest if rest == address.strip() or "://" in rest else f"http://{rest.lstrip('/')}"


def _read_opml(body: bytes) -> Iterator[tuple[str, str | None, str | None, str | None, bool]]:
    """Give address, title, category, site and exemption of each outline that is a feed."""
    for outline in parse_opml(body).iter("{*}outline"):
        names = {str(key).lower(): str(value) for key, value in outline.attrib.items()}
        if names.get("xmlurl"):
            parent = outline.getparent()
            above = parent.get("title") or parent.get("text") if parent is not None else None
            title = names.get("title") or names.get("text")
            is_exempt = names.get("tlsexempt", "").lower() == "true"
            yield http_of(names["xmlurl"]), title, above, names.get("htmlurl"), is_exempt


def _read_lines(body: bytes) -> Iterator[tuple[str, None, None, None, bool]]:
    """Give the addresses of a plain list; lines that begin with # are comments."""
    lines = body.decode("utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        address = http_of(line.strip().removesuffix(EXEMPT).rstrip())
        if address and not address.startswith("#"):
            if clean_url(address) is None:
                raise ValueError(f"line {number}: {one_line(line)[:200]!r} is no address of a feed")
            yield address, None, None, None, line.strip().endswith(EXEMPT)


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
