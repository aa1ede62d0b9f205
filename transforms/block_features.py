"""Describe each block of a page by figures, from which a trained model tells text from furniture.

Comes in: the blocks of a page, its titles and description, the text that JSON-LD gives, and the
lines an extractor found. Goes out: a matrix, one row a block, columns as in `FEATURES`. Nothing is
rejected. Pure.

All figures speak of form and place, none of words or of a site, so that they hold in any language:
families of phrases had been among them, and the trained trees left them aside.
"""

import functools
import math
import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.blocks import FAMILIES, LONG_BLOCK_WORDS, TAG_BITS, Block, Container
from transforms.text import ends_sentence, squeeze

Matrix = NDArray[np.float32]

UNKNOWN = -99.0
MAX_TITLE_WORDS = 40
MAX_DEK_WORDS = 100
MIN_DECLARED_LENGTH = 300
MIN_FOUND_LENGTH = 25  # letters; a shorter text may stand in a longer one by chance
FAR = 9  # levels: no nearer element has it
_TAG_CODES = {
    tag: float(code)
    for code, tag in enumerate(
        ("p", "div", "section", "article", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote",
         "figcaption", "figure", "dd", "dt", "td", "tr", "pre", "address", "ul", "aside")
    )
}  # fmt: skip
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d")
_QUOTE = re.compile('["“„«「]')
_ONE_FARTHER = bytes(min(FAR, distance + 1) for distance in range(256))
_NONE: frozenset[str] = frozenset()
_FAMILY_BITS = tuple(1 << bit for bit in range(len(FAMILIES)))

_OWN = (
    "words", "chars_a_word", "link_share", "links", "bold_share", "ends_sentence", "ends_colon",
    "opens_with", "upper_share", "title_share", "digit_share", "commas", "has_quote", "is_long",
    "tag", "depth", "after_break", "is_hidden", "alone_in_container",
)  # fmt: skip
_CONTAINED = tuple(
    f"{level}_{what}"
    for level in ("container", "parent", "grandparent", "great")
    for what in ("words", "link_share", "sentence_share", "page_share", "blocks")
)
_PLACE = (
    "position", "words_before", "sentence_words_before", "sentence_words_after", "after_h1",
    "blocks_after_h1", "since_long", "until_long", "levels_to_heaviest", "same_kind_share",
    "same_parent_kind_share", "title_overlap", "is_title", "description_overlap", "repeats",
    "in_declared_body", "in_extracted", "extracted_before", "extracted_after", "page_blocks",
    "page_sentence_words",
)  # fmt: skip
_SHIFTED = (
    "words", "link_share", "ends_sentence", "tag", "in_extracted", "container_link_share",
    "levels_to_heaviest", "bold_share",
)  # fmt: skip
_SHIFTS = (-2, -1, 1, 2)
_BASE = (
    _OWN
    + tuple(f"near_{name}" for name in FAMILIES)
    + tuple(f"in_{tag}" for tag in TAG_BITS)
    + _CONTAINED
    + _PLACE
)
IN_EXTRACTED = _BASE.index("in_extracted")
FEATURES = _BASE + tuple(f"{name}_at_{shift:+d}" for shift in _SHIFTS for name in _SHIFTED)


@dataclass(frozen=True, kw_only=True)
class Hints:
    """What is known of the article besides its blocks."""

    titles: tuple[str, ...] = ()
    description: str | None = None
    declared_body: str | None = None
    extracted: tuple[str, ...] = ()


def describe(blocks: list[Block], hints: Hints) -> Matrix:
    """Give the features of all blocks of a page."""
    base = np.hstack(
        [
            np.array([_own(block) for block in blocks], dtype=np.float32),
            _surroundings(blocks),
            _place(blocks, hints),
        ]
    )
    columns = [_BASE.index(name) for name in _SHIFTED]
    return np.hstack([base, *(_shift(base[:, columns], shift) for shift in _SHIFTS)])


def _own(block: Block) -> list[float]:
    """Give what the text itself tells."""
    text, count = block.text, block.num_words
    parts = _LETTERS.findall(text[:600])
    number = len(parts) or 1
    return [
        math.log1p(count),
        len(text) / (count + 1),
        min(1.0, block.num_link_chars / block.num_chars),
        block.num_links,
        min(1.0, block.num_bold_chars / block.num_chars),
        ends_sentence(text),
        text[-1] == ":",
        _opening(text[0]),
        sum(map(str.isupper, parts)) / number,
        sum(map(str.istitle, parts)) / number,
        len(_DIGITS.findall(text[:600])) / min(600, len(text)),
        (text.count(",") + text.count("、") + text.count("，")) / (count + 1),
        _QUOTE.search(text) is not None,
        count >= LONG_BLOCK_WORDS,
        _TAG_CODES.get(block.container.tag, 30.0),
        block.container.depth,
        block.after_break,
        block.container.is_hidden,
        block.container.num_blocks == 1,
    ]


def _opening(first: str) -> float:
    """Tell how a line opens: small or capital letter, digit, quotation, bullet, else."""
    if first.isalpha():
        return 0.0 if first.islower() else 1.0
    if first.isdigit():
        return 2.0
    return 3.0 if first in "\"'“‘«„「" else 4.0 if first in "•·*-–—»›▶►|" else 5.0


def _surroundings(blocks: list[Block]) -> Matrix:
    """Give what the containers say, once for each container."""
    distances: dict[Container | None, bytes] = {None: bytes([FAR - 1] * len(FAMILIES))}
    number: dict[Container, int] = {}
    page = blocks[0].container
    while page.parent is not None:
        page = page.parent
    total = page.num_sentence_words or 1
    for block in blocks:
        number.setdefault(block.container, len(number))
    near = b"".join(
        _distances(container, distances) + _inside(container.tags) for container in number
    )
    small = np.frombuffer(near, dtype=np.uint8).reshape(len(number), -1)
    levels = np.array([_levels(container, total) for container in number], dtype=np.float32)
    return np.hstack([small, levels])[[number[block.container] for block in blocks]]


def _distances(container: Container, known: dict[Container | None, bytes]) -> bytes:
    """Count for each family the levels up to the nearest container of it."""
    found = known.get(container)
    if found is None:
        above = _distances(container.parent, known) if container.parent else known[None]
        found = above.translate(_ONE_FARTHER)
        if container.families:
            found = bytes(
                0 if container.families & bit else distance
                for bit, distance in zip(_FAMILY_BITS, found, strict=True)
            )
        known[container] = found
    return found


@functools.cache
def _inside(tags: int) -> bytes:
    """Tell the telling tags that a container stands in."""
    return bytes(tags & bit > 0 for bit in TAG_BITS.values())


def _levels(container: Container, total: int) -> list[float]:
    """Sum up what stands in the container and in the three above it."""
    levels: list[float] = []
    at: Container | None = container
    while at is not None and len(levels) < len(_CONTAINED):
        words = at.num_words or 1
        levels += [
            math.log1p(at.num_words),
            at.num_link_words / words,
            at.num_sentence_words / words,
            at.num_sentence_words / total,
            math.log1p(at.num_blocks),
        ]
        at = at.parent
    return levels + [UNKNOWN] * (len(_CONTAINED) - len(levels))


def _place(blocks: list[Block], hints: Hints) -> Matrix:
    """Give where the blocks stand, and what else on the page is like them."""
    number = len(blocks)
    counts = np.array([block.num_words for block in blocks], dtype=np.float32)
    flags = np.array([block.is_sentence for block in blocks])
    sentence_words = np.where(flags, counts, 0)
    total, total_sentences = counts.sum() or 1.0, sentence_words.sum() or 1.0
    sentences_before = np.cumsum(sentence_words) - sentence_words
    index = np.arange(number, dtype=np.float32)
    h1 = next((n for n, block in enumerate(blocks) if block.container.tag == "h1"), None)
    squeezed = [squeeze(block.text) for block in blocks]
    columns: list[Any] = [
        index / number,
        (np.cumsum(counts) - counts) / total,
        sentences_before / total_sentences,
        (total_sentences - sentences_before - sentence_words) / total_sentences,
        np.full(number, UNKNOWN) if h1 is None else np.sign(index - h1),
        np.full(number, UNKNOWN) if h1 is None else np.clip(index - h1, -20, 40),
        _since(flags),
        _since(flags[::-1])[::-1],
        _levels_to_heaviest(blocks),
        *_kinds(blocks),
        *_likeness(blocks, squeezed, hints),
        *_membership(squeezed, hints.extracted),
        np.full(number, np.log1p(number)),
        np.full(number, np.log1p(total_sentences)),
    ]
    return np.array(columns, dtype=np.float32).T


def _likeness(blocks: list[Block], squeezed: list[str], hints: Hints) -> list[list[float]]:
    """Compare blocks with titles, description, each other and the body that JSON-LD gives."""
    seen: dict[str, int] = {}
    for text in squeezed:
        seen[text] = seen.get(text, 0) + 1
    titles = [set(title.casefold().split()) for title in hints.titles]
    squeezed_titles = {squeeze(title) for title in hints.titles}
    description = [set((hints.description or "").casefold().split())]
    body = squeeze(hints.declared_body or "")
    has_body = len(body) >= MIN_DECLARED_LENGTH
    words = [
        set(b.text.casefold().split()) if b.num_words <= MAX_DEK_WORDS else _NONE for b in blocks
    ]
    return [
        [
            _overlap(mine, titles) if b.num_words <= MAX_TITLE_WORDS else 0.0
            for b, mine in zip(blocks, words, strict=True)
        ],
        [float(text in squeezed_titles) for text in squeezed],
        [_overlap(mine, description) for mine in words],
        [float(seen[text]) for text in squeezed],
        [float(text in body) if has_body else UNKNOWN for text in squeezed],
    ]


def is_found(squeezed: list[str], lines: tuple[str, ...]) -> list[bool]:
    """Tell which blocks stand in the lines of an extractor."""
    found = [squeeze(line) for line in lines]
    whole, joined = set(found), "".join(found)
    return [
        bool(text) and (text in whole or (len(text) >= MIN_FOUND_LENGTH and text in joined))
        for text in squeezed
    ]


def _membership(squeezed: list[str], lines: tuple[str, ...]) -> list[Any]:
    """Tell which blocks an extractor found, and how many of them stand before and after each."""
    found = np.array(is_found(squeezed, lines), dtype=np.float32)
    total = found.sum() or 1.0
    before = np.cumsum(found) - found
    return [found, before / total, (found.sum() - before - found) / total]


def _kinds(blocks: list[Block]) -> tuple[list[float], list[float]]:
    """Give the share of the page's sentences that stand in containers of the same kind."""
    own: dict[tuple[str, str], int] = {}
    above: dict[tuple[str, str], int] = {}
    keys = []
    for block in blocks:
        at = block.container
        key = (at.tag, at.names)
        parent = (at.parent.tag, at.parent.names) if at.parent else key
        keys.append((key, parent))
        if block.is_sentence:
            own[key] = own.get(key, 0) + block.num_words
            above[parent] = above.get(parent, 0) + block.num_words
    total = sum(own.values()) or 1
    return (
        [own.get(key, 0) / total for key, _ in keys],
        [above.get(parent, 0) / total for _, parent in keys],
    )


def _levels_to_heaviest(blocks: list[Block]) -> list[float]:
    """Count the levels from each block up to an element that also holds the main text.

    The heaviest container is the parent whose own paragraphs hold most words in sentences.
    """
    weights: dict[Container, int] = {}
    for block in blocks:
        at = block.container
        parent = at.parent if at.tag in ("p", "li", "blockquote", "dd") and at.parent else at
        if block.is_sentence:
            weights[parent] = weights.get(parent, 0) + block.num_words
    if not weights:
        return [UNKNOWN] * len(blocks)
    height: dict[Container, float] = {}
    heaviest: Container | None = max(weights, key=weights.__getitem__)
    while heaviest is not None:
        height[heaviest] = float(len(height))
        heaviest = heaviest.parent
    levels = []
    for block in blocks:
        at = block.container
        while at not in height and at.parent is not None:
            at = at.parent
        levels.append(height[at])
    return levels


def _overlap(mine: Set[str], others: list[set[str]]) -> float:
    """Give the greatest share of words that a text has in common with another."""
    if all(map(mine.isdisjoint, others)):
        return 0.0
    return max(len(mine & other) / max(len(mine), len(other)) for other in others)


def _since(flags: Any) -> Any:
    """Count the blocks since the last one flagged, at most 20."""
    index = np.arange(len(flags))
    last = np.maximum.accumulate(np.where(flags, index, -100))
    return np.minimum(index - np.concatenate([[-100], last[:-1]]), 20)


def _shift(matrix: Matrix, by: int) -> Matrix:
    """Give each row the values of the row so far from it."""
    shifted = np.full_like(matrix, UNKNOWN)
    if by > 0:
        shifted[:-by] = matrix[by:]
    else:
        shifted[-by:] = matrix[:by]
    return shifted
