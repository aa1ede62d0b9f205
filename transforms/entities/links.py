"""What an article says of its own names: acronyms it defines, full names behind short ones."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transforms.entities.kinds import Naming
from transforms.entities.known import ActorList, load_roles
from transforms.entities.names import (
    acronyms,
    bare,
    full_names,
    is_acronym,
    name_key,
    without_titles,
)
from transforms.places import plain_key

_BRACKETED = re.compile(r"['’]?s?\s*\(\s*(?:the\s+|or\s+)?[\"“]?([A-Z][A-Za-z.&-]{1,9})[\"”]?\s*\)")


@dataclass(frozen=True, kw_only=True)
class LongName:
    """The full form of a name and what ties the short form to it."""

    name: str
    method: str


@dataclass(frozen=True, kw_only=True)
class ArticleNames:
    """The names of an article: acronym keys it defines, people, and everything else by label."""

    defined: dict[str, str]
    people: tuple[str, ...]
    others: tuple[str, ...]

    def longest(self, naming: Naming) -> LongName | None:
        """Give the full form of a name; None where it may be short for two."""
        if naming.label == "PERSON":
            return self._person(naming)
        short = bare(naming.text)
        if is_acronym(short):
            letters = short.replace(".", "").replace("&", "").upper()
            full = [name for name in self.others if letters in acronyms(name)]
            if len(full) == 1:
                return LongName(name=full[0], method="acronym")
        if naming.label == "ORG":
            full = [name for name in self.others if _shortens(short, name)]
            if len(full) == 1:
                return LongName(name=full[0], method="alias")
        return LongName(name=short, method="name")

    def _person(self, naming: Naming) -> LongName | None:
        short = without_titles(bare(naming.text))
        full = [*full_names(short, self.people)]
        longest = [name for name in full if not any(full_names(name, full))]
        if len({name_key(name) for name in longest}) > 1:
            return None
        if longest:
            is_surname = " " not in short
            return LongName(name=longest[0], method="surname" if is_surname else "alias")
        return LongName(name=short, method="name")


def article_names(text: str, namings: Sequence[Naming], actors: ActorList) -> ArticleNames:
    """Collect what the article's own names say of each other."""
    people = {without_titles(bare(n.text)) for n in namings if n.label == "PERSON"}
    others = {bare(n.text) for n in namings if n.label in {"ORG", "EVENT"}}
    return ArticleNames(
        defined=dict(_definitions(text, namings, actors)),
        people=tuple(sorted(name for name in people if " " in name)),
        others=tuple(sorted(name for name in others if " " in name)),
    )


def _definitions(
    text: str, namings: Iterable[Naming], actors: ActorList
) -> Iterable[tuple[str, str]]:
    """Yield the acronyms put in brackets behind a name they fit, with that name."""
    for naming in namings:
        match = _BRACKETED.match(text, naming.end)
        if match is None or naming.label not in {"ORG", "GPE", "EVENT", "FAC"}:
            continue
        known, own = actors.find(match[1]), actors.find(naming.text)
        if own is not None and known is own:
            continue  # our list says the same
        if name_key(match[1]).upper() in acronyms(naming.text) or own is None:
            yield name_key(match[1]), naming.text


def _shortens(short: str, name: str) -> bool:
    """Tell whether a short name begins or ends a longer one and is more than a common word."""
    words, longer = plain_key(short).split(), plain_key(name).split()
    if len(words) >= len(longer) or (len(words) == 1 and words[0] in load_roles()):
        return False
    return longer[: len(words)] == words or longer[-len(words) :] == words
