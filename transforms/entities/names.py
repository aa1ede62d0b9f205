"""How names vary: cleaning, keys, acronyms, titles and short forms.

Comes in: a name as printed. Goes out: what two namings of one thing share. Acronyms keep their
capitals ("WHO" is not "who"), everything else is compared without case, accents and hyphens.
"""

import functools
import importlib.resources
import re
from collections.abc import Iterable, Iterator

from transforms.places import NAME_CACHE, plain_key

TITLES_FILE = "titles.txt"
_EDGE = " \t\r\n\"'“”‘’.,;:()[]–—-"
_THE = re.compile(r"(?:the|a|an)\s+", re.IGNORECASE)
_POSSESSIVE = re.compile(r"(?:['’]s|(?<=s)['’])$")
_SMALL_WORDS = frozenset({"of", "the", "and", "for", "in", "on", "to", "al", "et"}) | frozenset(
    {"de", "la", "le", "du", "des", "del", "y", "e", "und", "für"}
)
MAX_ACRONYM = 6  # letters; longer words in capitals are shouting, or a dateline


@functools.lru_cache(maxsize=1)
def titles() -> frozenset[str]:
    """Give the words that stand before a person's name, in small letters without full stop."""
    return frozenset((importlib.resources.files("seeds") / TITLES_FILE).read_text().split())


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Shrink a span to the name in it: no article, possessive, quote marks or blanks."""
    start, end = _without_edges(text, start, end)
    article = _THE.match(text, start, end)
    if article and article.end() < end:
        start, end = _without_edges(text, article.end(), end)
    possessive = _POSSESSIVE.search(text, start, end)
    if possessive and possessive.start() > start:
        end = possessive.start()
    return start, end


def _without_edges(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _EDGE:
        start += 1
    while end > start and text[end - 1] in _EDGE and not _ends_initialism(text[start:end]):
        end -= 1
    return start, end


def _ends_initialism(name: str) -> bool:
    return re.search(r"(?:\b\w\.){2}$|\b(?:Jr|Sr|Inc|Co|Corp|Ltd|St)\.$", name) is not None


@functools.lru_cache(NAME_CACHE)
def bare(name: str) -> str:
    """Give the name without article, possessive and marks around it, blanks made single."""
    start, end = trimmed(name, 0, len(name))
    return " ".join(name[start:end].split())


def is_acronym(name: str) -> bool:
    """Tell whether a name is written as initials: SDF, U.N., J&K."""
    letters = re.sub(r"[.&]", "", name)
    return letters.isupper() and letters.isalpha() and 2 <= len(letters) <= MAX_ACRONYM


@functools.lru_cache(NAME_CACHE)
def name_key(name: str) -> str:
    """Reduce a name to what its spellings share; an acronym keeps its capitals."""
    short = bare(name)
    return short.replace(".", "") if is_acronym(short) else plain_key(short)


def acronyms(name: str) -> frozenset[str]:
    """Give the initials a name may be shortened to: with small words, and without."""
    words = [word for word in re.split(r"[\s\-/]+", bare(name)) if word[:1].isalnum()]
    big = [word for word in words if word.lower() not in _SMALL_WORDS]
    if len(big) < 2:
        return frozenset()
    return frozenset({"".join(word[0] for word in chosen).upper() for chosen in (words, big)})


def without_titles(name: str) -> str:
    """Give a person's name without the titles in front; a name all of titles stays."""
    words = name.split()
    while len(words) > 1 and words[0].rstrip(".").lower() in titles():
        words = words[1:]
    return " ".join(words)


def full_names(short: str, names: Iterable[str]) -> Iterator[str]:
    """Yield the longer personal names that a shorter one may stand for."""
    words = plain_key(short).split()
    for name in names:
        longer = plain_key(name).split()
        if len(longer) > len(words) and _may_shorten(words, longer):
            yield name


def _may_shorten(words: list[str], longer: list[str]) -> bool:
    """Tell whether the words end the longer name, or are its first and last."""
    if longer[-len(words) :] == words:
        return True
    return len(words) > 1 and words[-1] == longer[-1] and words[0] == longer[0]
