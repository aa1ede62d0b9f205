"""Clean the authors of an article: names of people (or an agency), each once.

Comes in: strings as the page or feed gives them. Goes out: a tuple of names. Nothing is rejected:
what is no name (addresses, ids, the site itself) is left out. Pure.
"""

import re
from collections.abc import Iterable

from transforms.text import one_line

MAX_NAME_WORDS = 6
MAX_AUTHORS = 20
_MAX_LENGTH = 300
_OPENING = re.compile(
    r"(?:(?:written|reported|posted|published|story|text|words|analysis|opinion|"
    r"article)? ?\b(?:by|von|par|por|di|door|av|af)\b:?|"
    r"(?:text|author|autor|auteur|autore|reporter|redaktion|fotos?|byline):) +",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"\s*(?:[;|•·]|,(?! (?:Jr|Sr|MD|PhD|II|III)\b)|\s&\s|\s(?:and|und|et|y|og|och|with|mit)\s|"
    r"\s/\s|/)\s*",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"[@()\[\]]|https?:|\bimages?\b|\bphoto\b|getty|www\.|\.(?:com|org|net|de|co|at|ch|fr|uk|it|"
    r"es|html|php)\b|\d{2}|[<>{}=_#]",
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
_IN_BRACKETS = re.compile(r"\s*[(\[][^)\]]{0,60}[)\]]\s*$")


def clean_authors(
    names: Iterable[str], *, without: Iterable[str] = (), are_declared: bool = False
) -> tuple[str, ...]:
    """Split, trim and deduplicate names; leave out those in `without` (site, publisher).

    Names that are declared as the author's are kept even where they name an office or a site.
    """
    taken = {_key(name) for name in without if name}
    authors: list[str] = []
    for printed in (name for name in names if not _ADDRESS.match(name)):
        for part in _BETWEEN.split(_OPENING.sub("", one_line(printed[:_MAX_LENGTH]), count=1)):
            name = _clean_name(part)
            if not name or (not are_declared and not _is_name(name)) or _key(name) in taken:
                continue
            taken.add(_key(name))
            authors.append(name)
    return tuple(authors[:MAX_AUTHORS])


def _key(name: str) -> str:
    """Compare names by their letters: a slug is the name it was made of."""
    return "".join(filter(str.isalnum, name.casefold()))


def _is_name(name: str) -> bool:
    """Tell the name of a person or an agency from an office, an id or a site."""
    return not _NO_NAME.search(name) and not _ROLE.fullmatch(name)


def _clean_name(part: str) -> str:
    """Give the name in good form, or "" where there is none."""
    name = _OPENING.sub("", _IN_BRACKETS.sub("", part).strip(" .,:-–—*\"'"))
    if len(name.split()) > MAX_NAME_WORDS or not any(map(str.isalpha, name)) or "@" in name:
        return ""
    if name.isupper() and " " in name:  # JANE DOE, but AFP stays
        return _title_case(name)
    return name[0].upper() + name[1:] if name.islower() and " " in name else name


def _title_case(name: str) -> str:
    return re.sub(r"[^\W\d_]+", lambda word: word[0].capitalize(), name)
