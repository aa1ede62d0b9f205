"""Tell the title of an article from the site's name that follows it.

Comes in: a title as a page gives it, the page's other titles and the site's names. Goes out: the
title alone. Nothing is rejected. Pure.
"""

import re
from collections.abc import Set

from transforms.text import num_words, squeeze

_BARS = "|｜ㅣ"
_SEPARATOR = re.compile(rf"\s*[{_BARS}–—•·*:»›-]\s*")
MAX_SITE_WORDS = 6
MIN_SITE_LETTERS = 3


def without_site(title: str, others: tuple[str, ...], site: Set[str]) -> str:
    """Drop the site's name from the end of a title.

    What stands before a separator is the title where the page gives it elsewhere too, or where
    the site's name follows.
    """
    known = {squeeze(other) for other in others}
    for match in _SEPARATOR.finditer(title):
        head, tail = title[: match.start()], title[match.end() :]
        is_apart = match[0] != match[0].strip() or match[0] in _BARS
        if squeeze(head) in known or (is_apart and _names_site(tail, site)):
            return head
    return title


def _names_site(tail: str, site: Set[str]) -> bool:
    """Tell whether the end of a title begins with the site's name, or is it."""
    squeezed = squeeze(tail)
    return squeezed in site or any(
        squeezed.startswith(name) and num_words(tail) <= MAX_SITE_WORDS
        for name in site
        if len(name) >= MIN_SITE_LETTERS
    )
