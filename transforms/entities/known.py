"""Public actors and role nouns we know beforehand, and a quick search for names in a text.

Comes in: `seeds/actors.csv`, `seeds/roles.csv` and a user's own actors in the same form
(name,entity_type,country,sector,aliases). An alias with a star (IS*) is believed only in an
article that names the actor in another way too. A user's actor replaces ours of the same name.
"""

import csv
import functools
import importlib.resources
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from transforms.entities.names import name_key
from transforms.lists import ACTORS, check_list

ACTORS_FILE = "actors.csv"
ROLES_FILE = "roles.csv"
FIRST_NAMES_FILE = "first_names.csv"
_WORD = re.compile(r"\w+")
_MINISTRY = re.compile(r"Ministry (?:of|for) .+|[A-Z]\w+(?: and [A-Z]\w+)? Ministry")

Known = TypeVar("Known")


@dataclass(frozen=True, kw_only=True)
class KnownActor:
    """An actor known beforehand: names as printed; shy ones need another beside them."""

    name: str
    entity_type: str
    country: str | None
    sector: str | None
    aliases: tuple[str, ...] = ()
    shy_aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Role:
    """A noun that tells an actor's PLOVER sector; a weak one yields to the nouns before it."""

    sector: str | None
    is_weak: bool
    is_anaphor: bool  # "the group", "the country": names nobody, points back


class Scanner(Generic[Known]):
    """Find known phrases in a text, letter by letter and at word borders, longest first."""

    def __init__(self, phrases: Mapping[str, Known]) -> None:
        self._by_word: dict[str, list[tuple[str, Known]]] = {}
        for phrase in sorted(phrases, key=len, reverse=True):
            first = _WORD.search(phrase)
            if first and first.start() == 0:
                self._by_word.setdefault(first[0], []).append((phrase, phrases[phrase]))

    def find(self, text: str) -> Iterator[tuple[int, int, Known]]:
        """Yield start, end and what is known, left to right, none overlapping another."""
        done = 0
        for word in _WORD.finditer(text):
            for phrase, known in self._by_word.get(word[0], ()):
                end = word.start() + len(phrase)
                if word.start() >= done and _stands_at(text, phrase, word.start()):
                    yield word.start(), end, known
                    done = end
                    break


def _stands_at(text: str, phrase: str, start: int) -> bool:
    after = text[start + len(phrase) : start + len(phrase) + 1]
    return text.startswith(phrase, start) and not after.isalnum()


class ActorList:
    """Known actors by name. Make one with `load_actors`."""

    def __init__(self, actors: Iterable[KnownActor]) -> None:
        self._by_key: dict[str, KnownActor] = {}
        phrases: dict[str, KnownActor] = {}
        for actor in actors:
            for name in (actor.name, *actor.aliases, *actor.shy_aliases):
                self._by_key[name_key(name)] = actor
                phrases[name] = actor
        self._scanner = Scanner(phrases)
        self._shy = frozenset(
            name_key(name) for actor in self._by_key.values() for name in actor.shy_aliases
        )

    def find(self, name: str) -> KnownActor | None:
        """Find an actor by any of its names."""
        return self._by_key.get(name_key(name))

    def is_shy(self, name: str) -> bool:
        """Tell whether a name counts only in an article that names the actor otherwise too."""
        return name_key(name) in self._shy

    def scan(self, text: str) -> Iterator[tuple[int, int, KnownActor]]:
        """Yield start, end and actor for each name in a text, as printed with capitals."""
        return self._scanner.find(text)


def read_actors(lines: Iterable[str]) -> Iterator[KnownActor]:
    """Read actors from the lines of a CSV file."""
    for row in csv.DictReader(lines):
        aliases = [alias.strip() for alias in row["aliases"].split(";") if alias.strip()]
        yield KnownActor(
            name=row["name"],
            entity_type=row["entity_type"],
            country=row["country"] or None,
            sector=row["sector"] or None,
            aliases=tuple(alias for alias in aliases if not alias.endswith("*")),
            shy_aliases=tuple(alias[:-1] for alias in aliases if alias.endswith("*")),
        )


def _seed(name: str) -> list[str]:
    return (importlib.resources.files("seeds") / name).read_text("utf-8").splitlines()


@functools.lru_cache(maxsize=4)
def load_actors(extra: str | None = None) -> ActorList:
    """Load our actors and those of a user's CSV file; kept in memory."""
    own = [] if extra is None else [*read_actors(check_list(extra, ACTORS))]
    return ActorList([*read_actors(_seed(ACTORS_FILE)), *own])


@functools.lru_cache(maxsize=1)
def load_roles() -> Mapping[str, Role]:
    """Load role nouns by lemma; kept in memory."""
    return {
        row["role"]: Role(
            sector=row["sector"] or None,
            is_weak=row["strength"] == "weak",
            is_anaphor=row["strength"] == "anaphor",
        )
        for row in csv.DictReader(_seed(ROLES_FILE))
    }


@functools.lru_cache(maxsize=1)
def first_names() -> Mapping[str, str]:
    """Load the first names that tell a woman (f) from a man (m); kept in memory."""
    return {row["name"]: row["gender"] for row in csv.DictReader(_seed(FIRST_NAMES_FILE))}


def role_named(name: str) -> Role | None:
    """Read a body's name as a role: Parliament, Transport Ministry, Ministry of Defence."""
    roles = load_roles()
    is_ministry = _MINISTRY.fullmatch(name) is not None
    return roles["ministry"] if is_ministry else roles.get(name.lower())
