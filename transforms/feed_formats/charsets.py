"""Settle in what encoding a feed is read.

In: its bytes and its Content-Type. Out: bytes and Content-Type that lead feedparser to the right
encoding. Nothing is rejected. Pure.

Bytes that are valid UTF-8 are UTF-8, whatever prolog and header say: the header is often the
server's default. Encodings that no browser knows are never used: Python has some that run code's
escapes (unicode_escape), hide tags (utf-7) or take quadratic time (idna).
"""

import codecs
import re
from dataclasses import dataclass

_PROLOG = re.compile(rb"(<\?xml[^>]{0,200}?encoding\s*=\s*[\"'])([^\"'>]{0,80})")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?'?([^\"';\s]*)", re.IGNORECASE)
_CHARACTER = re.compile(rb"&#(?:[xX]([0-9a-fA-F]{1,12})|(\d{1,12}));")
# Python's names of the encodings of the WHATWG standard.
_BROWSERS = re.compile(
    r"utf-8(?:-sig)?|utf-16(?:-[lb]e)?|utf-32(?:-[lb]e)?|ascii|cp866|cp874|cp932|cp949|cp125[0-8]"
    r"|iso8859-(?:[1-9]|1[013-6])|koi8-[ru]|mac-roman|mac-cyrillic|tis-620|gbk|gb2312|gb18030"
    r"|big5(?:hkscs)?|euc_jp|euc_kr|shift_jis|iso2022_jp"
)


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Bytes with the Content-Type to read them by."""

    body: bytes
    content_type: str


def settle_encoding(body: bytes, content_type: str) -> Encoded:
    """Take out declarations that mislead."""
    body = _CHARACTER.sub(_real_character, body)
    kind = content_type.partition(";")[0].strip() or "application/xml"
    declared = _PROLOG.search(body[:1000])
    if declared is not None and not is_known_encoding(declared[2].decode("latin-1")):
        body = body[: declared.start(2)] + b"utf-8" + body[declared.end(2) :]
        declared = None
    is_stateful = declared is not None and declared[2].lower().startswith(b"iso-2022")
    if b"\x00" not in body[:100] and not is_stateful and _is_utf8(body):
        return Encoded(body=body, content_type=f"{kind}; charset=utf-8")
    charset = _CHARSET.search(content_type)
    if charset is None or not is_known_encoding(charset[1]) or declared is not None:
        return Encoded(body=body, content_type="application/xml")
    return Encoded(body=body, content_type=f"{kind}; charset={charset[1]}")


def _real_character(reference: re.Match[bytes]) -> bytes:
    """Keep a reference to a character; replace one to what is none (feedparser trips over it)."""
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    is_real = 0 < number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return reference[0] if is_real else b"&#65533;"


def is_known_encoding(label: str) -> bool:
    """Tell whether a browser would read it."""
    try:
        return _BROWSERS.fullmatch(codecs.lookup(label.strip()).name) is not None
    except (LookupError, ValueError):
        return False


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
