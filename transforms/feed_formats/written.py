"""What a feed says as it is written, whichever reader found it: strings, nothing interpreted.

In: what `elements` and `rescue` find. Out: `WrittenFeed`, which `syndication` reads on. Addresses
are joined to the bases that the feed declares, no further. Nothing is rejected.
"""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from lxml.html import defs

_TELLING = re.compile(r"</\w+>|&#?\w+;")
_TAG = re.compile(r"</?(\w+)")


@dataclass(frozen=True, kw_only=True)
class Text:
    """A title, summary or content."""

    value: str
    is_markup: bool = False  # HTML; otherwise plain text
    base: str = ""  # what its relative addresses are joined to


@dataclass(frozen=True, kw_only=True)
class WrittenEntry:
    """One entry."""

    title: Text | None = None
    summary: Text | None = None
    content: Text | None = None
    links: tuple[str, ...] = ()  # to its page, the best first
    guid: str = ""
    authors: tuple[str, ...] = ()  # with their e-mail addresses, as they stand
    published: str = ""
    updated: str = ""
    source: str = ""  # the publisher it was taken from
    tags: tuple[str, ...] = ()
    language: str = ""  # where it is not the feed's


@dataclass(frozen=True, kw_only=True)
class WrittenFeed:
    """A feed with its entries, in its order."""

    version: str
    entries: tuple[WrittenEntry, ...]
    title: Text | None = None
    subtitle: Text | None = None
    links: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    language: str = ""
    guid: str = ""
    published: str = ""
    updated: str = ""
    ttl: str = ""
    update_period: str = ""
    update_frequency: str = ""
    problem: str = ""  # why it is not well-formed


def looks_like_html(text: str) -> bool:
    """Guess whether a text that may be plain is HTML: all its tags are, and one is closed."""
    if _TELLING.search(text) is None:
        return False
    return all(tag.lower() in defs.tags for tag in _TAG.findall(text))


def join(base: str, address: str) -> str:
    """Join an address to a base that a feed declares; an unusable base changes nothing."""
    try:
        return urljoin(base, address) if base and address else address or base
    except ValueError:
        return address
