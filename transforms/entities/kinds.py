"""What kind of thing a name is, decided over the whole article.

Comes in: namings with the label the model or a list gave each. Goes out: the same namings, all of
one form under one label: most of them, unless the article uses the name as a place ("in X", "X
province") that the gazetteer knows, or as the surname of a person it names in full.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from transforms.entities.known import ActorList
from transforms.entities.names import bare, without_titles
from transforms.places import Gazetteer, Place, plain_key

_ADJECTIVES = frozenset({"Western", "Eastern", "Northern", "Southern", "Arab", "Kurdish", "Muslim"})
_PLACE_BEFORE = re.compile(r"\b(?:in|at|near|toward|towards|into|around|outside)\s$")
_PLACE_AFTER = re.compile(
    r"\s(?:province|city|town|village|governorate|district|region)\b"
    r"|(?:\s\([^()\n]{2,30}\))?\s[—–-]\s"  # behind the place of a dateline
)
_TOWN = 5_000  # people; smaller ones share their names with men
_CITY = 100_000  # for names of a single word
LANDSCAPE = frozenset({"region", "water"})
_BEFORE = 10  # characters in front that may hold the preposition
_PLACES = frozenset({"GPE", "LOC"})
PARTIES = frozenset({"PTY", "OPP"})


@dataclass(frozen=True, kw_only=True)
class Naming:
    """A span that names something, with the kind of thing it is taken for."""

    start: int
    end: int
    text: str
    label: str


def settle_labels(
    text: str, namings: Sequence[Naming], gazetteer: Gazetteer, actors: ActorList
) -> list[Naming]:
    """Give all namings of one form one label."""
    labels = _majority(namings)
    countries = named_countries(namings, gazetteer, actors)
    used_as_places, surnames = _used_as_places(text, namings), _surnames(labels)
    for form, label in labels.items():
        if label in _PLACES or _is_listed(form, gazetteer, actors):
            continue
        place = gazetteer.find(form, countries=countries)
        is_town = place and form not in surnames and _is_town(form, place, countries)
        if place and (is_town or form in used_as_places):
            labels[form] = "LOC" if place.kind in LANDSCAPE else "GPE"
    surnames = _surnames(labels)
    for form, label in labels.items():
        if form in _ADJECTIVES:
            labels[form] = "NORP"
        elif form in surnames and label != "NORP" and actors.find(form) is None:
            labels[form] = "PERSON"
    return [replace(naming, label=labels[bare(naming.text)]) for naming in namings]


def _majority(namings: Sequence[Naming]) -> dict[str, str]:
    """Give each form the label that most of its namings have; of equals the first."""
    votes: dict[str, Counter[str]] = {}
    for naming in namings:
        votes.setdefault(bare(naming.text), Counter())[naming.label] += 1
    return {form: counted.most_common(1)[0][0] for form, counted in votes.items()}


def _is_listed(form: str, gazetteer: Gazetteer, actors: ActorList) -> bool:
    known = actors.find(form) or gazetteer.country_code(form) or gazetteer.demonym(form)
    return known is not None


def _is_town(form: str, place: Place, countries: tuple[str, ...]) -> bool:
    """Tell whether a name is, letter by letter, that of a town in the article's countries."""
    if plain_key(place.name) != plain_key(form):
        return False
    if place.geonames_id is None:  # a user would not list a village for nothing
        return True
    return place.country in countries and place.population >= (_TOWN if " " in form else _CITY)


def named_countries(
    namings: Sequence[Naming], gazetteer: Gazetteer, actors: ActorList
) -> tuple[str, ...]:
    """Give the countries that are named, or whose actors are; the one named most first."""
    counted: Counter[str] = Counter()
    for naming in namings:
        known = actors.find(naming.text)
        code = gazetteer.country_code(naming.text) or gazetteer.demonym(naming.text)
        if known and known.sector not in PARTIES:  # several countries have a Labour Party
            code = code or known.country
        if code:
            counted[code] += 1
    return tuple(code for code, _ in counted.most_common())


def _used_as_places(text: str, namings: Sequence[Naming]) -> frozenset[str]:
    """Give the forms that stand for a place at least once, by label or by the words around."""
    return frozenset(
        bare(naming.text)
        for naming in namings
        if naming.label in _PLACES
        or _PLACE_BEFORE.search(text, max(0, naming.start - _BEFORE), naming.start)
        or _PLACE_AFTER.match(text, naming.end)
    )


def _surnames(labels: dict[str, str]) -> frozenset[str]:
    """Give the last names of the people named in full."""
    people = (without_titles(form).split() for form, label in labels.items() if label == "PERSON")
    return frozenset(words[-1] for words in people if len(words) > 1)
