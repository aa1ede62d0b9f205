"""Walk a page once and give its blocks of text, each with where it stands.

Comes in: a trimmed tree. Goes out: blocks in the page's order: the text between two boundaries
that a browser would draw (paragraphs, headings, list items, table rows, line breaks), with the
facts of its surroundings that tell text from furniture. Rejected: a page with more text than any
article has (BROKEN_PAGE). Pure.

What a container's class and id say is known by families of words, in the words that sites really
use; a container passes its families on to everything inside it.
"""

import functools
import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from schemas.vocabulary import Reason, Rejected
from transforms.markup import Tree
from transforms.text import clean_text, ends_sentence, num_words

MAX_VISIBLE_LENGTH = 2_000_000  # characters
MAX_NAMES = 12  # class names and id of an element that are looked at
LONG_BLOCK_WORDS = 12
MIN_MENU_WORDS = 8
MIN_BLOCKS_AROUND = 10  # 1, 4, 6 and 10 tried on 290 pages: 10 changes the fewest texts
MAX_MENU_LINK_SHARE = 0.5  # of the words of a container without one sentence
_LEAVES = frozenset(("p", "h1", "li", "blockquote", "tr", "body", "html"))
_BOUNDARIES = frozenset((
    "p", "div", "section", "article", "main", "aside", "header", "footer", "h1", "h2", "h3", "h4",
    "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "tr", "blockquote", "pre",
    "figure", "figcaption", "form", "fieldset", "address", "details", "summary", "center", "hr",
    "body", "tbody", "thead", "video", "audio",
))  # fmt: skip
_CELLS = frozenset(("td", "th"))
_BOLD = frozenset(("b", "strong", "em", "i"))
_TELLING = _BOUNDARIES | _CELLS | _BOLD | {"a", "br"}
# A family's bit is its place in this list.
_NAMES = (
    ("body", r"article[-_]?(?:body|text|content)|story[-_]?(?:body|text|content)|body[-_]?(?:text|"
     r"content|copy)|entry[-_]?content|post[-_]?(?:body|content|text)|articlebody|rich[-_]?text|"
     r"content[-_]?(?:body|text)|main[-_]?(?:text|content)|paragraph|text[-_]?(?:block|body)"),
    ("article", r"article|story|entry|post|news|content|text"),
    ("comment", r"comment|disqus|discuss|reply|respond"),
    ("side", r"sidebar|aside|rail|widget|footer|header|masthead|menu|nav|breadcrumb|toolbar"),
    ("related", r"relat|recommend|more[-_]|also|teaser|card|promo|trending|popular|most[-_]|"
     r"latest|read[-_]?next|up[-_]?next|outbrain|taboola|carousel|slider|list[-_]?item|further"),
    ("share", r"share|sharing|social|follow|facebook|twitter|whatsapp|print|tool|bookmark"),
    ("news", r"newsletter|subscri|sign[-_]?up|paywall|register|login|regwall|donat|member|piano|"
     r"abo(?:nn)?|premium|offer|cta"),
    ("advert", r"\bad[sv]?\b|\bad[-_]|[-_]ads?\b|advert|sponsor|commerc|affiliate|banner|dfp|"
     r"shop|product|deal|partner"),
    ("author", r"author|byline|\bbio\b|writer|contributor|profile|journalist|credits?\b|autor"),
    ("caption", r"caption|figure|image|photo|picture|gallery|media|video|player|embed|foto|bild|"
     r"legend|slide|credit"),
    ("meta", r"meta|date|time|tag|topic|label|kicker|categor|section[-_]?name|keyword|info|"
     r"source|publish|reading|eyebrow|dateline"),
    ("title", r"title|headline|heading|headings|titre|titulo"),
    ("dek", r"\bdek\b|standfirst|subtitle|sub[-_]?(?:head|title)|summary|lead\b|\blede\b|intro|"
     r"excerpt|abstract|teaser[-_]?text|description|chapo|strapline|key[-_]?points?|highlights?"),
    ("legal", r"copyright|legal|disclaim|cookie|consent|gdpr|privacy|terms|correction|notice"),
    ("popup", r"modal|popup|overlay|tooltip|hidden|\bhide|sr[-_]?only|visually|screen[-_]?reader|"
     r"collapse|dropdown|accordion|alert|message|toast|error"),
    ("box", r"box|inset|inline|pull|quote|fact|sidebar|info[-_]?box|aside|callout|module|poll|quiz|"
     r"timeline|live|faq|toc|table[-_]?of"),
)  # fmt: skip
FAMILIES = tuple(name for name, _ in _NAMES)
_FAMILY_PATTERNS = tuple((1 << bit, re.compile(words)) for bit, (_, words) in enumerate(_NAMES))
_TAGS = (
    "article", "main", "aside", "header", "footer", "section", "form", "figure", "table", "li",
    "blockquote", "a", "figcaption", "h1", "h2", "h3", "h4", "p", "address", "td",
)  # fmt: skip
TAG_BITS = {tag: 1 << bit for bit, tag in enumerate(_TAGS)}


@dataclass(eq=False, slots=True)
class Container:
    """An element that holds blocks, and what is known of it and above it."""

    element: Tree
    tag: str
    parent: "Container | None"
    depth: int
    tags: int  # which of the telling tags it stands in, itself among them
    is_dropped: bool = False
    num_words: int = 0  # of all blocks inside, once the walk is over
    num_link_words: int = 0
    num_sentence_words: int = 0
    num_blocks: int = 0
    # worked out when asked for the first time; a cached_property takes a lock each time
    _names: str | None = field(default=None, init=False)
    _families: int | None = field(default=None, init=False)
    _is_hidden: bool | None = field(default=None, init=False)

    @property
    def names(self) -> str:
        """Its class and id."""
        if self._names is None:
            element = self.element
            self._names = f"{element.get('class') or ''} {element.get('id') or ''}".lower()
        return self._names

    @property
    def is_hidden(self) -> bool:
        """Tell whether a browser would not show it."""
        if self._is_hidden is None:
            element = self.element
            style = element.get("style")
            self._is_hidden = (
                element.get("hidden") is not None
                or element.get("aria-hidden") == "true"
                or bool(style and "display:none" in style.replace(" ", ""))
                or (self.parent is not None and self.parent.is_hidden)
            )
        return self._is_hidden

    @property
    def families(self) -> int:
        """Tell the families of its class and id."""
        if self._families is None:
            self._families = 0
            for name in self.names.split()[:MAX_NAMES]:
                self._families |= families(name)
        return self._families

    def count(self, inner: "Container", sign: int = 1) -> None:
        """Add what stands in a container to this one, or take it away."""
        self.num_words += sign * inner.num_words
        self.num_link_words += sign * inner.num_link_words
        self.num_sentence_words += sign * inner.num_sentence_words
        self.num_blocks += sign * inner.num_blocks


@dataclass(slots=True)
class Block:
    """A piece of text between two boundaries."""

    text: str
    container: Container
    num_words: int
    is_sentence: bool  # long, ends as sentences do, and is not mostly links
    num_chars: int
    num_link_chars: int
    num_bold_chars: int
    num_links: int
    after_break: bool  # begins at a line break within its container


@dataclass(slots=True)
class _Walk:
    """What the walk has in hand."""

    here: Container
    blocks: list[Block] = field(default_factory=list)
    empty: list[Container] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    num_chars: int = 0
    num_link_chars: int = 0
    num_bold_chars: int = 0
    num_links: int = 0
    after_break: bool = False
    open_links: int = 0
    open_bold: int = 0

    def enter(self, element: Tree, tag: str) -> None:
        """Begin an element."""
        if tag in _BOUNDARIES:
            self.close(is_break=False)
            if element is not self.here.element:
                self.here = _container(element, tag, self.here)
        elif tag == "br":
            self.close(is_break=True)
        elif tag == "a":
            self.open_links += 1
            self.num_links += 1
        elif tag in _BOLD:
            self.open_bold += 1
        elif tag in _CELLS and self.pieces:
            self.pieces.append(" | ")

    def leave(self, tag: str) -> None:
        """End an element."""
        if tag in _BOUNDARIES:
            self.close(is_break=False)
            ended = self.here
            if ended.parent is not None:
                self.here = ended.parent
                if ended.num_blocks:
                    self.here.count(ended)
                else:
                    self.empty.append(ended)
        elif tag == "a":
            self.open_links -= 1
        elif tag in _BOLD:
            self.open_bold -= 1

    def take(self, text: str) -> None:
        """Add a piece of text to the block at hand."""
        self.pieces.append(text)
        self.num_chars += len(text)
        if self.num_chars > MAX_VISIBLE_LENGTH:
            raise Rejected(
                Reason.BROKEN_PAGE, f"more than {MAX_VISIBLE_LENGTH:,} characters of text"
            )
        if self.open_links:
            self.num_link_chars += len(text)
        if self.open_bold:
            self.num_bold_chars += len(text)

    def close(self, *, is_break: bool) -> None:
        """End the block at hand."""
        if self.pieces:
            self._give_block()
            self.pieces.clear()
            self.num_link_chars = self.num_bold_chars = 0
        self.num_links = 0
        self.after_break = is_break

    def _give_block(self) -> None:
        text = " ".join("".join(self.pieces).split())
        if not (text.isascii() and text.isprintable()):  # most are, and need no cleaning
            text = " ".join(clean_text(text).split())
        text = text.strip("| ")
        if not text:
            return
        here, count, num_chars = self.here, num_words(text), len(text)
        is_long = count >= LONG_BLOCK_WORDS and self.num_link_chars * 2 < num_chars
        is_sentence = is_long and ends_sentence(text)
        self.blocks.append(
            Block(
                text=text,
                container=here,
                num_words=count,
                is_sentence=is_sentence,
                num_chars=num_chars,
                num_link_chars=self.num_link_chars,
                num_bold_chars=self.num_bold_chars,
                num_links=self.num_links,
                after_break=self.after_break,
            )
        )
        here.num_blocks += 1
        here.num_words += count
        here.num_link_words += count * self.num_link_chars // num_chars
        here.num_sentence_words += count if is_sentence else 0


@functools.lru_cache(maxsize=20_000)
def families(name: str) -> int:
    """Tell the families of a class name or id."""
    return sum(bit for bit, pattern in _FAMILY_PATTERNS if pattern.search(name))


def read_blocks(tree: Tree) -> list[Block]:
    """Give the blocks of a page's body, and drop containers from the tree that hold none.

    (trafilatura takes a sixth less without them. In a small box they stay: there they held a
    picture, and by their being there trafilatura tells a teaser.)
    """
    body = tree.find("body")
    walk = _Walk(here=_container(body, "body", None))
    for event, element in etree.iterwalk(body, events=("start", "end")):
        tag: Any = element.tag
        if event == "start":
            if tag in _TELLING:
                walk.enter(element, tag)
            text = element.text
        else:
            if tag in _TELLING:
                walk.leave(tag)
            text = element.tail if element is not body else None
        if text and (walk.pieces or not text.isspace()):
            walk.take(text)
    walk.close(is_break=False)
    for container in walk.empty:
        if container.parent is not None and container.parent.num_blocks >= MIN_BLOCKS_AROUND:
            container.element.drop_tree()
    return walk.blocks


def drop_furniture(blocks: list[Block]) -> list[Block]:
    """Drop menus, lists of links and hidden parts from the tree; give the blocks that remain.

    A container goes as a whole when no sentence stands in it and most of its words are links. On
    290 pages this halves the elements that an extractor has to look at, and costs no text.
    """
    dropped = [found for block in blocks if (found := _drop_around(block.container))]
    for furniture in dropped:
        above = furniture.parent
        while above is not None:
            above.count(furniture, -1)
            above = above.parent
    return [block for block in blocks if not block.container.is_dropped]


def _drop_around(container: Container) -> Container | None:
    """Drop the largest container around a block that is furniture; give it where it stood yet."""
    furniture = None
    at: Container | None = container
    while at is not None and not at.num_sentence_words and not at.is_dropped:
        if _is_furniture(at):
            furniture = at
        at = at.parent
    if at is not None and at.is_dropped:
        _mark_dropped(container, at)
        return None
    if furniture is None or furniture.element.find(".//h1") is not None:
        return None
    furniture.element.drop_tree()
    _mark_dropped(container, furniture)
    return furniture


def _mark_dropped(container: Container, furniture: Container) -> None:
    at: Container | None = container
    while at is not None:
        at.is_dropped = True
        at = None if at is furniture else at.parent


def _is_furniture(container: Container) -> bool:
    if container.tag in _LEAVES:
        return False
    return container.is_hidden or (
        container.num_words >= MIN_MENU_WORDS
        and container.num_link_words > container.num_words * MAX_MENU_LINK_SHARE
    )


def _container(element: Tree, tag: str, parent: Container | None) -> Container:
    bit = TAG_BITS.get(tag, 0)
    if parent is None:
        return Container(element, tag, None, 0, bit)
    return Container(element, tag, parent, parent.depth + 1, parent.tags | bit)
