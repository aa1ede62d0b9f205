"""Give back the paragraphs of an article that its extraction lost.

Comes in: the trimmed tree and the lines extracted. Goes out: the lines, with what was lost put
back in its place. Nothing is rejected. Pure.

Some sites break the body into boxes with advertisements between them, and an extractor keeps one
box. The paragraphs of all boxes stand in parents of one tag and class: a paragraph of sentences in
such a parent, under the same <article> or <main>, belongs to the text too.
"""

import collections

from transforms.markup import Tree
from transforms.text import comparable, ends_sentence, num_words, one_line

MIN_PARAGRAPH_WORDS = 10
MIN_PARAGRAPHS = 2  # extracted from parents of one kind, before that kind is trusted
MIN_RESCUED_SHARE = 0.1  # of the words extracted; less is not worth the risk of a teaser
OPENING_LENGTH = 20  # characters by which a line and its paragraph are known to be one
MAX_GAP_SHARE = 0.5  # of a line's words that may have been lost from its middle
MAX_LINK_SHARE = 0.4  # of a paragraph's characters
_REGIONS = ("article", "main")

Kind = tuple[str, str]  # tag and class of a parent


def rescue_paragraphs(tree: Tree, lines: list[str]) -> list[str]:
    """Put back the paragraphs that stand in boxes like those of the lines extracted."""
    marked = [(element, one_line(element.text_content())) for element in tree.iter("p")]
    mended = _mend(lines, [text for _, text in marked])
    position = {comparable(line): number for number, line in enumerate(mended)}
    found = [element for element, text in marked if comparable(text) in position]
    kinds = collections.Counter(_kind(element) for element in found)
    trusted = {kind for kind, count in kinds.items() if count >= MIN_PARAGRAPHS and kind[1]}
    regions = {_region(element) for element in found}
    after: dict[int, list[str]] = {}  # by the number of the line they follow
    last = -1
    for element, text in marked:
        last = position.get(comparable(text), last)
        if comparable(text) in position or not _is_paragraph(element, text):
            continue
        if _kind(element) in trusted and _region(element) in regions:
            after.setdefault(last, []).append(text)
    return _merge(mended, after)


def _mend(lines: list[str], paragraphs: list[str]) -> list[str]:
    """Give whole again the lines that lost the words of a link on the way."""
    openings = collections.defaultdict(list)
    for paragraph in paragraphs:
        openings[paragraph[:OPENING_LENGTH]].append(paragraph)
    mended = []
    for line in lines:
        alike = openings[line[:OPENING_LENGTH]]
        whole = alike[0] if len(alike) == 1 else line
        lost = num_words(whole) - num_words(line)
        is_gap = 0 < lost <= MAX_GAP_SHARE * num_words(line)
        mended.append(
            whole if is_gap and whole[-OPENING_LENGTH:] == line[-OPENING_LENGTH:] else line
        )
    return mended


def _merge(lines: list[str], after: dict[int, list[str]]) -> list[str]:
    """Set what was lost after the lines it follows, where it is new and enough to matter."""
    known = " ".join(map(comparable, lines))
    rescued = [text for texts in after.values() for text in texts]
    is_new = not any(comparable(text) in known for text in rescued)
    extracted = sum(map(num_words, lines))
    if not is_new or sum(map(num_words, rescued)) < MIN_RESCUED_SHARE * extracted:
        return lines
    merged = list(after.get(-1, []))
    for number, line in enumerate(lines):
        merged += [line, *after.get(number, [])]
    return merged


def _kind(element: Tree) -> Kind:
    """Describe the parent of an element."""
    parent = element.getparent()
    return str(parent.tag), " ".join(sorted((parent.get("class") or "").split()))


def _region(element: Tree) -> Tree | None:
    """Find the <article> or <main> that an element stands in."""
    return next(element.iterancestors(*_REGIONS), None)


def _is_paragraph(element: Tree, text: str) -> bool:
    """Tell a paragraph of sentences from a menu, a caption or a teaser."""
    if num_words(text) < MIN_PARAGRAPH_WORDS or not ends_sentence(text):
        return False
    linked = sum(len(link.text_content()) for link in element.iter("a"))
    return linked <= MAX_LINK_SHARE * len(text)
