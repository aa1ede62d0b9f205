"""From the bytes of a page to a tree: decoded once, parsed once, trimmed of what never is text.

Comes in: the body as received and its Content-Type. Goes out: the decoded text or an lxml tree.
Rejected: what is not text at all (NOT_HTML), what holds nothing (NO_TEXT), what the parser cannot
take (BROKEN_PAGE). Pure.

Labels lie: bytes that are valid UTF-8 and not plain ASCII are UTF-8 whatever the label says (by
chance alone this does not happen), and the label is believed only when the bytes fit it.
"""

import codecs
import re
from typing import Any

import chardet
from lxml import etree, html

from schemas.vocabulary import Reason, Rejected

Tree = Any  # lxml.html.HtmlElement, which comes without types

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET = re.compile(rb"charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w:.-]{2,40})", re.IGNORECASE)
_META_BYTES = 4096  # browsers look for the label in the first 1,024 bytes; some pages are later
# The WHATWG names for labels that mean more than they say.
_WIDER = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "iso-8859-9": "cp1254",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "x-sjis": "cp932",
}
_BINARY_MAGIC = (
    b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"RIFF", b"OggS",
    b"\x00\x00\x00\x18ftyp", b"\x00\x00\x00\x20ftyp", b"ID3", b"wOFF", b"wOF2", b"\x7fELF",
)  # fmt: skip
_TEXT_TYPES = ("html", "xml", "text/plain", "octet-stream", "unknown")
_FEED_ROOT = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)?<(rss|feed|rdf:RDF|urlset)\b", re.S
)
MAX_BAD_SHARE = 0.2  # of what is beyond ASCII: a page cut or spliced in places is UTF-8 still
_BEYOND_ASCII = re.compile("[^\x00-\x7f\ufffd]")
MAX_ELEMENTS = 50_000  # the largest of 291 real news pages has 4,098
MAX_ATTRIBUTES = 250  # of one element, before it loses them all; 41 on those pages
_OVERLOADED = etree.XPath(f"descendant-or-self::*/@*[{MAX_ATTRIBUTES + 1}]/..")
_DETECT_BYTES = 65_536
# What XML cannot hold.
_CONTROLS = bytes({*range(0x20)} - {0x09, 0x0A, 0x0C, 0x0D})
_NONCHARACTERS = "\ufffe\uffff"
# lxml.html asks a function of Python for the class of each element, each time one is come by
_ELEMENTS = etree.ElementDefaultClassLookup(element=html.HtmlElement)

# Never part of an article's text; dropped before anything walks the tree.
_TRIMMED = (
    "script", "style", "svg", "noscript", "iframe", "template", "canvas", "object", "embed",
    "nav", "dialog", "button", "select", "input", "map", "area", "img", "picture", "source",
    "video", "audio", "track", "link", "meta", "wbr",
)  # fmt: skip


def decode_page(body: bytes, content_type: str) -> str:
    """Decode the bytes of an HTML page or plain text."""
    kind = content_type.split(";", 1)[0].strip().lower()
    if not body.strip():
        raise Rejected(Reason.NO_TEXT, "empty body")
    if body.lstrip()[:16].startswith(_BINARY_MAGIC) or (
        "/" in kind and not any(name in kind for name in _TEXT_TYPES)
    ):
        raise Rejected(Reason.NOT_HTML, f"content type {kind or 'not given'}, {body[:8]!r}")
    text = _decode(body, content_type)
    if "\0" in text and text.count("\0") > len(text) // 100:
        raise Rejected(Reason.NOT_HTML, "binary content")
    if _FEED_ROOT.match(text[:2000]):
        raise Rejected(Reason.NOT_HTML, "a feed or sitemap")
    return text


def _decode(body: bytes, content_type: str) -> str:
    """Find the encoding: mark, UTF-8 by its own form, label, then detection."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    labels = _labels(body, content_type)
    if (text := _strict(body, "utf-8")) is not None and "iso-2022-jp" not in labels:
        return text
    for label in labels:
        if label != "utf-8" and (text := _strict(body, label)) is not None:
            return text
    text = body.decode("utf-8", errors="replace")
    if text.count("\ufffd") <= len(_BEYOND_ASCII.findall(text)) * MAX_BAD_SHARE:
        return text
    return body.decode(_detected(body), errors="replace")


def _labels(body: bytes, content_type: str) -> list[str]:
    """Give the encodings that the header and the page name, as Python knows them."""
    named = _CHARSET.findall(content_type.encode("ascii", "ignore"))[:1]
    named += _CHARSET.findall(body[:_META_BYTES])[:1]
    labels = []
    for name in named:
        label = name.decode("ascii", "ignore").lower()
        try:
            labels.append(codecs.lookup(_WIDER.get(label, label)).name)
        except LookupError:
            continue
    return labels


def _strict(body: bytes, encoding: str) -> str | None:
    """Decode, or tell that the bytes do not fit."""
    try:
        return body.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _detected(body: bytes) -> str:
    """Guess the encoding from the bytes that are not plain ASCII."""
    guess = chardet.detect(body[:_DETECT_BYTES])["encoding"] or "cp1252"
    try:
        return codecs.lookup(_WIDER.get(guess.lower(), guess)).name
    except LookupError:
        return "cp1252"


def parse_page(text: str) -> Tree:
    """Parse the page; the tree is whole, scripts included."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    parser.set_element_class_lookup(_ELEMENTS)
    for noncharacter in _NONCHARACTERS:
        if noncharacter in text:  # which to ask is far cheaper than to replace in vain
            text = text.replace(noncharacter, "")
    body = text.encode(errors="ignore")
    if any(control in body for control in _CONTROLS):
        body = body.translate(None, _CONTROLS)
    try:
        tree: Tree = html.document_fromstring(body, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError) as error:
        raise Rejected(Reason.BROKEN_PAGE, f"{type(error).__name__}: {error}") from error
    if tree.find("body") is None:
        raise Rejected(Reason.NO_TEXT, "a page without a body")
    if text.count("<") > MAX_ELEMENTS and tree.xpath("count(//*)") > MAX_ELEMENTS:
        raise Rejected(Reason.BROKEN_PAGE, f"more than {MAX_ELEMENTS:,} elements")
    return tree


def trim_tree(tree: Tree) -> None:
    """Drop, in place, what never is text of the article, and attributes where they are too many."""
    etree.strip_elements(tree, *_TRIMMED, with_tail=False)
    for footer in tree.findall("./body/footer"):
        footer.drop_tree()
    overloaded: Any = _OVERLOADED(tree)
    for element in overloaded:
        element.attrib.clear()
