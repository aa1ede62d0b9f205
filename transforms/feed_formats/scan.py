"""Look over XML in one linear pass, before any parser sees it.

In: the bytes of a feed or sitemap. Out: the same bytes, cut where they list more entries than are
read. Rejected, as BROKEN_FEED: what is made to be slow: tags of enormous length (parsers take
quadratic time over attributes), bottomless nesting, more tags than any feed has.
"""

import re
from dataclasses import dataclass

from schemas.vocabulary import Reason, Rejected
from transforms.feed_formats.parsed import MAX_ENTRIES

MAX_TAG_BYTES = 64 * 1024
MAX_DEPTH = 500
MAX_TAGS = 400_000
_ENTRY = re.compile(rb"(?:item|entry)[\s>]", re.IGNORECASE)
_PAGE = re.compile(rb"url[\s>]", re.IGNORECASE)  # as sitemaps call theirs
_AGAIN = re.compile(
    rb"</(rss|feed|rdf:RDF)\s*>\s*(?:<\?xml[^>]{0,200}>\s*)?<\1[\s>]", re.IGNORECASE
)
_ROOT = re.compile(rb"<([a-zA-Z][\w.-]{0,40}(?::[\w.-]{1,40})?)[\s>]")


@dataclass(frozen=True, kw_only=True)
class Scanned:
    """XML that may be parsed."""

    body: bytes
    is_cut: bool = False  # it lists more entries than these
    breaks_off: bool = False  # within its last entry


def scan_xml(body: bytes) -> Scanned:
    """Refuse XML that is made to be slow; cut what lists too much, or begins a second time."""
    if again := _AGAIN.search(body):
        body = body[: body.index(b">", again.start()) + 1]
    is_entry = (_PAGE if b"urlset" in body[:2000] else _ENTRY).match
    depth = tags = entries = at = 0
    is_within = False
    while (at := body.find(b"<", at)) >= 0:
        kind = body[at + 1 : at + 2]
        end = _end_of(body, at)
        if kind == b"/":
            depth -= 1
            is_within = is_within and not is_entry(body, at + 2)
        elif kind not in (b"!", b"?"):
            tags += 1
            depth += body[end - 1 : end] != b"/"
            if is_entry(body, at + 1):
                entries += 1
                is_within = True
        if depth > MAX_DEPTH or tags > MAX_TAGS:
            what = f"nested {depth} deep" if depth > MAX_DEPTH else f"more than {MAX_TAGS} tags"
            raise Rejected(Reason.BROKEN_FEED, what)
        if entries > MAX_ENTRIES:
            return Scanned(body=body[:at] + _closing(body), is_cut=True)
        at = max(end, at + 1)
    return Scanned(body=body, breaks_off=is_within)


def _end_of(body: bytes, at: int) -> int:
    """Find the end of the tag, comment or section that begins here."""
    is_cdata = body.startswith(b"<![CDATA[", at)
    is_comment = body.startswith(b"<!--", at)
    end = body.find(b"]]>" if is_cdata else b"-->" if is_comment else b">", at)
    end = end if end >= 0 else len(body)
    if end - at > MAX_TAG_BYTES and not (is_cdata or is_comment):
        raise Rejected(Reason.BROKEN_FEED, f"a tag of more than {MAX_TAG_BYTES} bytes")
    return end


def _closing(body: bytes) -> bytes:
    """Give the tags that close what is open between two entries."""
    root = _ROOT.search(body)
    name = root[1] if root else b"rss"
    return b"</channel></rss>" if name.lower() == b"rss" else b"</" + name + b">"
