"""Find and clean the authors of an article: names of people (or an agency), each once.

Comes in: strings as the page or feed gives them, or a page's tree. Goes out: a tuple of names.
Nothing is rejected: what is no name (addresses, ids, the site itself) is left out. Pure.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from transforms.markup import Tree
from transforms.text import num_words, one_line, squeeze

MAX_NAME_WORDS = 6
MAX_AUTHORS = 20
BYLINE_REACH = 30  # elements after the main heading
MAX_BYLINE_LENGTH = 120
MAX_RAW_LENGTH = 1_000  # with the white space of the page's source
MAX_MARKED = 10
MAX_PIECES = 30  # of text, in an element marked as the author's
MAX_AUTHOR_WORDS = 10
_BYLINE = re.compile(
    r"(?i:by|von|par|por|di|door|av|af|text|autor|author):? "
    r"(?:(?:[^\W\d_a-z][\w.'’-]*|and|und|et|y|e|og|och|en|&|,|de|del|da|dos|van|von|der|den|la|le|"
    r"al|el|bin|ibn)"
    r"(?: |(?=,)|$)){2,10}"
)
_MARKED = (
    'contains(concat(" ", @class, " "), " {0} ") or contains(@class, "{0}-name") or '
    'contains(@class, "{0}__name") or @id="{0}" or @itemprop="{0}"'
)
_AUTHOR_MARKS = tuple(
    etree.XPath(f"self::*[{condition}]")
    for condition in (
        '@rel="author" or @itemprop="author" or @data-testid="author-name"',
        _MARKED.format("author"),
        _MARKED.format("byline"),
        'contains(@class, "author") or contains(@class, "byline") or contains(@class, "Author") or '
        'contains(@class, "Byline")',
    )
)
# By the attributes first: to test each element of a page takes twice as long.
_ANY_AUTHOR_MARK: Any = etree.XPath(
    '/html/body/descendant::*/@*[contains(., "uthor") or contains(., "yline")]/..'
)
_IN_COMMENTS: Any = etree.XPath(
    "ancestor-or-self::*[not(self::html or self::body)]"
    '[contains(@class, "comment") or contains(@id, "comment")]'
)
_MAX_LENGTH = 300
_OPENING = re.compile(
    r"(?:.{0,40}\bby\b:?|(?:written|reported|posted|published|story|text|words|analysis|opinion|"
    r"article)? ?\b(?:von|par|por|di|door|av|af)\b:?|"
    r"(?:text|author|autor|auteur|autore|reporter|redaktion|fotos?|byline):) +",
    re.IGNORECASE,
)
_LABEL = re.compile(r".*(?::|\b(?:by|von|par|por|di|door|av|af))", re.IGNORECASE)
_BETWEEN = re.compile(
    r"\s*(?:[;|•·/]|,?\s(?:&|and|und|et|y|og|och|with|mit)\s|"
    r",(?!\s(?:Jr|Sr|MD|PhD|II|III)\b))\s*",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"[@()\[\]]|https?:|\bimages?\b|\bphoto\b|getty|www\.|\.(?:com|org|net|de|co|at|ch|fr|uk|it|"
    r"es|html|php)\b|^\d|\d{2}|[<>{}=_#]",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\s*(?:https?:|www\.|mailto:|@)", re.IGNORECASE)
_ROLE = re.compile(
    r"(?:\w+ )?(?:staff|admin|administrator|author|editors?|correspondent|reporter|writer|"
    r"newsroom|contributor|"
    r"guest|unknown|user|redaktion|redaktion\w*|redacción|rédaction|redazione|webmaster|online|"
    r"news desk|web desk|"
    r"editorial team|editorial board|journalist|columnist|producer|photographer)(?: \w+)?",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?<=\w) in [A-Z][\w.’' -]*$")  # of a correspondent: "Ada Vell in Meldt"
_IN_BRACKETS = re.compile(r"\s*[(\[][^)\]]{0,60}[)\]]\s*$")


def clean_authors(
    names: Iterable[str], *, without: Iterable[str] = (), are_declared: bool = False
) -> tuple[str, ...]:
    """Split, trim and deduplicate names; leave out those of the site, given squeezed.

    Names that are declared as the author's are kept even where they name an office or a site.
    """
    taken = set(without)
    authors: list[str] = []
    for printed in (name for name in names if not _ADDRESS.match(name)):
        for part in _BETWEEN.split(_without_opening(one_line(printed[:_MAX_LENGTH]))):
            name = _clean_name(part)
            if not name or (not are_declared and not _is_name(name)) or squeeze(name) in taken:
                continue
            taken.add(squeeze(name))
            authors.append(name)
    return tuple(authors[:MAX_AUTHORS])


def marked_authors(tree: Tree) -> Iterator[str]:
    """Find the first short text that the page marks as its author's name."""
    near = _ANY_AUTHOR_MARK(tree)
    for is_marked in _AUTHOR_MARKS:
        marked = (each for each in near if is_marked(each) and not _IN_COMMENTS(each))
        for element in itertools.islice(marked, MAX_MARKED):
            line = _names_in(element)
            if 1 < num_words(line) <= MAX_AUTHOR_WORDS:
                yield line
                return


def _names_in(element: Tree) -> str:
    """Give the text of an element; what stands in elements of their own is kept apart.

    A single word goes with its neighbour: first and family name may be marked each for itself.
    """
    line, last = "", 0
    for piece in filter(None, map(one_line, itertools.islice(element.itertext(), MAX_PIECES))):
        count = num_words(piece)
        line += " | " if last > 1 or (last and count > 1) else " " if line else ""
        is_label = _LABEL.fullmatch(piece) is not None
        line += "by" if is_label else piece
        last = 0 if is_label else count
        if len(line) > MAX_BYLINE_LENGTH:
            return ""
    return line


def printed_bylines(tree: Tree) -> Iterator[str]:
    """Find the line "By …" among what follows the main heading."""
    for element in tree.xpath("(//h1)[1]/following::*[position() <= $limit]", limit=BYLINE_REACH):
        line = one_line(element.text_content()[:MAX_RAW_LENGTH])
        if len(line) <= MAX_BYLINE_LENGTH and _BYLINE.fullmatch(line):
            yield line
            return


def _is_name(name: str) -> bool:
    """Tell the name of a person or an agency from an office, an id or a site."""
    return not _NO_NAME.search(name) and not _ROLE.fullmatch(name)


def without_brackets(name: str) -> str:
    """Take off what stands in brackets at the end of a name."""
    return _IN_BRACKETS.sub("", name)


def _clean_name(part: str) -> str:
    """Give the name in good form, or "" where there is none."""
    name = _without_opening(without_brackets(part).strip(" .,:-–—*\"'"))
    name = _PLACE.sub("", name)
    if len(name.split()) > MAX_NAME_WORDS or not any(map(str.isalpha, name)) or "@" in name:
        return ""
    if name.isupper() and " " in name:  # JANE DOE, but AFP stays
        return _title_case(name)
    return name[0].upper() + name[1:] if name.islower() and " " in name else name


def _without_opening(line: str) -> str:
    """Take off what opens a byline; a name may hold the same word ("von") in its middle."""
    opening = _OPENING.match(line)
    return line[opening.end() :] if opening else line


def _title_case(name: str) -> str:
    return re.sub(r"[^\W\d_]+", lambda word: word[0].capitalize(), name)
