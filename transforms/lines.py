"""Find the lines of the article on a page, each with its kind.

Comes in: a trimmed tree, its metadata and address. Goes out: line records in the page's order:
those of the article, and those that an extractor took for it and the block model does not (they
carry the rule that dropped them). Nothing is rejected. Pure; the tree is cut down on the way.

The page's blocks are read in one walk, furniture is dropped from the tree, and trafilatura looks
at what is left, in its fast form: that is faster than on the whole page by half and more exact.
Which blocks it found is then one of the features from which the block model gives each block a
probability. What was found goes below `MIN_FOUND`, what was lost comes back above `MIN_LOST`.
"""

from dataclasses import dataclass

import numpy as np
import trafilatura
from lxml import etree
from trafilatura.settings import Document

from schemas.flow import Line
from transforms.block_features import FEATURES, IN_EXTRACTED, Hints, Matrix, describe
from transforms.block_model import BlockModel, load_model
from transforms.blocks import FAMILIES, Block, Container, drop_furniture, read_blocks
from transforms.markup import Tree
from transforms.metadata import Metadata
from transforms.text import clean_lines, num_words, squeeze

# Chosen on 290 pages out of site: .1 and .9 gain half as much, .4 and .6 lose what they gain.
MIN_FOUND = 0.3
MIN_LOST = 0.7
MIN_SHARE = 0.5  # of the page's words in sentences; an extraction below it has lost the text
MAX_SHARE = 1.8  # one above it has taken in the rest of the page
MODEL_RULE = "block_model"
_BLOCK_TAGS = frozenset(
    ("p", "head", "item", "quote", "row", "lb", "table", "list", "code", "body")
)
_KINDS_OF_TAGS = {
    "li": "list", "dd": "list", "dt": "list", "blockquote": "quote", "tr": "table",
    "figcaption": "caption", "caption": "caption", "pre": "body",
    **{f"h{level}": "heading" for level in range(1, 7)},
}  # fmt: skip
# What furniture is called by the nearest container that tells.
_KINDS_OF_FAMILIES = {
    "comment": "share", "side": "related", "related": "related", "share": "share",
    "news": "promo", "advert": "promo", "author": "bio", "caption": "caption", "meta": "meta",
    "title": "title", "dek": "dek", "legal": "legal", "popup": "promo",
}  # fmt: skip
_FAMILY_KINDS = tuple(
    (1 << bit, _KINDS_OF_FAMILIES[name])
    for bit, name in enumerate(FAMILIES)
    if name in _KINDS_OF_FAMILIES
)
_LEVELS = 3


@dataclass(frozen=True, kw_only=True)
class DescribedPage:
    """The blocks that may be text, with their features; and all blocks of the page."""

    whole: tuple[Block, ...]
    blocks: tuple[Block, ...]
    extracted: tuple[str, ...]  # lines
    is_found: tuple[bool, ...]  # of each block: among those lines
    matrix: Matrix


def describe_page(tree: Tree, metadata: Metadata, url: str) -> DescribedPage:
    """Walk the page, drop its furniture, let trafilatura look, and describe each block."""
    whole = read_blocks(tree)
    blocks = drop_furniture(whole)
    extracted = tuple(_extract(tree, url, blocks)) if blocks else ()
    hints = Hints(
        titles=metadata.titles,
        description=metadata.description,
        declared_body=metadata.declared_body,
        extracted=extracted,
    )
    matrix = describe(blocks, hints) if blocks else np.empty((0, len(FEATURES)), np.float32)
    return DescribedPage(
        whole=tuple(whole),
        blocks=tuple(blocks),
        extracted=extracted,
        is_found=tuple(matrix[:, IN_EXTRACTED] > 0),
        matrix=matrix,
    )


def choose_lines(
    page: DescribedPage, metadata: Metadata, model: BlockModel | None = None
) -> tuple[Line, ...]:
    """Tell the lines of the article, and those that only trafilatura takes for it."""
    chances = (model or load_model()).probabilities(page.matrix)
    titles = {squeeze(title) for title in metadata.titles}
    lines = []
    for block, chance, is_in in zip(page.blocks, chances, page.is_found, strict=True):
        if chance >= (MIN_FOUND if is_in else MIN_LOST):
            lines.append(Line(text=block.text, kind=kind_of(block)))
        elif is_in:
            is_title = squeeze(block.text) in titles
            kind = "title" if is_title else furniture_kind(block, metadata)
            lines.append(Line(text=block.text, kind=kind, rule=MODEL_RULE))
    if any(line.rule is None for line in lines):
        return tuple(lines)
    return tuple(Line(text=text, kind="body") for text in page.extracted)


def _extract(tree: Tree, url: str, blocks: list[Block]) -> list[str]:
    """Let trafilatura find the article; ask its slower form where the fast one went wrong."""
    lines = run_trafilatura(tree, url, is_fast=True)
    found = sum(map(num_words, lines))
    expected = sum(block.num_words for block in blocks if block.is_sentence)
    if expected * MIN_SHARE <= found <= expected * MAX_SHARE:
        return lines
    return run_trafilatura(tree, url, is_fast=False) or lines


def run_trafilatura(tree: Tree, url: str, *, is_fast: bool) -> list[str]:
    """Run trafilatura once, on a copy that it makes of the tree."""
    document = trafilatura.bare_extraction(
        tree,
        url=url,
        fast=is_fast,
        favor_precision=not is_fast,
        include_comments=False,
        include_tables=True,
        with_metadata=False,
    )
    if not isinstance(document, Document) or document.body is None:
        return []
    return _body_lines(document.body)


def _body_lines(body: Tree) -> list[str]:
    """Give the lines of an extracted body: one a paragraph, heading, list item or table row."""
    pieces: list[str] = []
    for event, element in etree.iterwalk(body, events=("start", "end")):
        is_block = element.tag in _BLOCK_TAGS
        if event == "start":
            pieces.append(("\n" if is_block else "") + (element.text or "").replace("\n", " "))
        else:
            gap = "\n" if is_block else " | " if element.tag == "cell" else ""
            pieces.append(gap + (element.tail or "").replace("\n", " "))
    lines = clean_lines("".join(pieces))
    return [line for line in (line.strip("| ") for line in lines) if line]


def kind_of(block: Block) -> str:
    """Name the kind of a line of the article."""
    at: Container | None = block.container
    for _ in range(_LEVELS):
        if at is None:
            break
        if at.tag in _KINDS_OF_TAGS:
            return _KINDS_OF_TAGS[at.tag]
        at = at.parent
    return "body"


def furniture_kind(block: Block, metadata: Metadata) -> str:
    """Name the kind of a line that is not the article's."""
    if metadata.description and squeeze(block.text) in squeeze(metadata.description):
        return "dek"
    at: Container | None = block.container
    for _ in range(_LEVELS):
        if at is None:
            break
        for bit, kind in _FAMILY_KINDS:
            if at.families & bit:
                return kind
        at = at.parent
    return "caption" if kind_of(block) == "caption" else "other"
