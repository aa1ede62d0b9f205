"""Which spans of an article are names, and of what kind.

Comes in: a parsed text with the model's entities. Goes out: namings in order, none overlapping.
A name of our lists beats a shorter or wrongly labelled one of the model; the model's longer name
stays ("Bank of Russia"). Repeats of the article's names are added where the model missed them,
unless they stand inside a longer run of capitals or the word occurs in small letters too.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from transforms.entities.kinds import LANDSCAPE, Naming, settle_labels
from transforms.entities.known import ActorList, Scanner, load_roles
from transforms.entities.mentions import LABELS
from transforms.entities.names import bare, is_acronym, titles, trimmed, without_titles
from transforms.places import Gazetteer

if TYPE_CHECKING:
    from spacy.tokens import Doc

# Places that are people's names or words too: believed only where the model agrees
_AMBIGUOUS = frozenset(
    {"Georgia", "Jordan", "Chad", "Jersey", "Guinea", "Dominica", "Niger", "Reunion", "Grenada"}
    | {"Victoria", "Kent", "Java", "Provence", "Galicia", "Golan", "Saxon", "Levant", "Amazonas"}
    | {"Pole", "Poles", "Finn", "Dane", "Scot", "Lao", "Persian", "Kiwi", "English"}
)
_COMPOUND_TAIL = re.compile(r"[-‐‑](?:[a-z]+(?:ed|led|held|run|based|born|owned|style|era))$")
# A word in small letters before a capital, unless it is part of names: van, bin, al-Qaida
_COMMON_START = re.compile(
    r"(?!(?:al|el|bin|ibn|abu|van|von|der|den|de|da|di|do|dos|du|la|le|ter|ten|zu)\b)"
    r"[a-z]+[ -](?=[A-Z])"
)
_RANK = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|Sir|Sheikh|Ayatollah|President|Corporal|Sergeant|Lieutenant|Captain|Colonel"
    r"|Capt|Col|Lt|Sgt|Gen|Brig|Maj|Adm|Sen|Rep|Gov)\.? (?=[A-Z])"
    r"|(?:General|Major|Admiral|Judge|Justice|Minister|Bishop|Cardinal) (?=[A-Z]\w+ [A-Z]\w+$)"
)
_NUMERALS = frozenset(
    {"ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"}
    | {"eighteen", "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy"}
    | {"eighty", "ninety", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
)
_CAPITALISED_BEFORE = re.compile(r"([A-Z][\w.’'-]*)[ ]$")
_CAPITALISED_AFTER = re.compile(r"(?:[ ]|-)(?:[A-Z]\w+)")
_SENTENCE_START = re.compile(r"[.!?:;\"“”\n]\s*$|[—–-]\s$")
_GENERIC = frozenset(
    {"region", "province", "area", "town", "city", "district", "village", "movement", "network"}
)


def find_namings(doc: Doc, gazetteer: Gazetteer, actors: ActorList) -> list[Naming]:
    """Find the names of an article."""
    text = doc.text
    own = [*_model_namings(doc, text)]
    listed = [*_listed_namings(text, gazetteer, actors)]
    namings = settle_labels(text, _merged(own, _believed(text, listed, actors)), gazetteer, actors)
    repeats = [*_repeats(text, namings)]
    return _merged(namings, [naming for naming in repeats if _stands_alone(text, naming)])


def _model_namings(doc: Doc, text: str) -> Iterator[Naming]:
    for entity in doc.ents:
        if entity.label_ not in LABELS:
            continue
        line_end = text.find("\n", entity.start_char, entity.end_char)  # no name runs over a line
        end = entity.end_char if line_end < 0 else line_end
        start, end = _name_within(text, *trimmed(text, entity.start_char, end))
        name, label = text[start:end], entity.label_
        rank = _RANK.match(name)
        if rank and (label == "PERSON" or name.count(" ") > 1):
            start, name, label = start + rank.end(), name[rank.end() :], "PERSON"
        if name and name.lower() not in titles() and name.lower() not in _NUMERALS:
            yield Naming(start=start, end=end, text=name, label=label)


def _name_within(text: str, start: int, end: int) -> tuple[int, int]:
    """Cut common words off both ends: "lend Zembria", "U.S.-backed", "Islamic State militants"."""
    while common := _COMMON_START.match(text, start, end):
        start = common.end()
    number, _, rest = text[start:end].partition(" ")
    if rest and number.lower() in _NUMERALS:
        start = end - len(rest)
    return start, start + len(_without_role(_COMPOUND_TAIL.sub("", text[start:end])))


def _without_role(name: str) -> str:
    """Cut the common nouns off a name: "Islamic State militants" names Islamic State."""
    while True:
        rest, _, last = name.rpartition(" ")
        singular = last.removesuffix("s")
        is_common = singular in load_roles() or last in load_roles() or singular in _GENERIC
        if not rest or not is_common:
            return name
        name = rest.rstrip()


@functools.lru_cache(maxsize=4)
def _place_scanner(gazetteer: Gazetteer) -> Scanner[str]:
    kinds = gazetteer.listed_names().items()
    labels = {name: "LOC" if kind in LANDSCAPE else "GPE" for name, kind in kinds}
    labels |= dict.fromkeys(gazetteer.country_names(), "GPE")
    labels |= dict.fromkeys(gazetteer.demonyms(), "NORP")
    return Scanner({name: label for name, label in labels.items() if name not in _AMBIGUOUS})


def _listed_namings(text: str, gazetteer: Gazetteer, actors: ActorList) -> Iterator[Naming]:
    for start, end, actor in actors.scan(text):
        yield Naming(start=start, end=end, text=text[start:end], label=actor.entity_type)
    for start, end, label in _place_scanner(gazetteer).find(text):
        yield Naming(start=start, end=end, text=text[start:end], label=label)


def _believed(text: str, listed: Sequence[Naming], actors: ActorList) -> list[Naming]:
    """Drop shy names whose actor is not named otherwise, and words inside longer names."""
    sure = {actors.find(naming.text) for naming in listed if not actors.is_shy(naming.text)}
    return [
        naming
        for naming in listed
        if (actors.find(naming.text) in sure and not _in_capitals(text, naming))
        or (not actors.is_shy(naming.text) and _is_whole(text, naming))
    ]


def _is_whole(text: str, naming: Naming) -> bool:
    """Tell whether a listed name is more than a word within a longer name."""
    is_plain = naming.label != "NORP" and " " not in naming.text and not is_acronym(naming.text)
    return not is_plain or _stands_alone(text, naming)


def _in_capitals(text: str, naming: Naming) -> bool:
    """Tell whether the line around a name is written in capitals, where IS is a verb."""
    start = text.rfind("\n", 0, naming.start) + 1
    end = text.find("\n", naming.end)
    line = text[start : end if end >= 0 else len(text)]
    return line.isupper()


def _merged(first: Iterable[Naming], second: Iterable[Naming]) -> list[Naming]:
    """Join two lists of namings; of two that overlap the longer stays, of equals the second."""
    ranked = [(naming, 0) for naming in first] + [(naming, 1) for naming in second]
    ranked.sort(key=lambda each: (each[0].start - each[0].end, -each[1], each[0].start))
    taken: list[Naming] = []
    for naming, _ in ranked:
        at = bisect_left(taken, naming.start, key=_start)
        is_free_before = at == 0 or taken[at - 1].end <= naming.start
        if is_free_before and (at == len(taken) or taken[at].start >= naming.end):
            taken.insert(at, naming)
    return taken


def _start(naming: Naming) -> int:
    return naming.start


def _repeats(text: str, namings: Sequence[Naming]) -> Iterator[Naming]:
    """Find the article's names and its people's surnames wherever they stand."""
    phrases: dict[str, str] = {}
    for naming in namings:
        name = bare(naming.text)
        if name[:1].isupper() and (len(name) > 2 or is_acronym(name)):
            phrases.setdefault(name, naming.label)
        person = without_titles(name).split()
        if naming.label == "PERSON" and len(person) > 1 and len(person[-1]) > 2:
            phrases.setdefault(person[-1], "PERSON")
            phrases.setdefault(" ".join(person), "PERSON")
    lower = {word for word in re.findall(r"\b[^\W\d_]\w+", text) if word.islower()}
    phrases = {name: label for name, label in phrases.items() if name.lower() not in lower}
    for start, end, label in Scanner(phrases).find(text):
        yield Naming(start=start, end=end, text=text[start:end], label=label)


def _stands_alone(text: str, naming: Naming) -> bool:
    """Tell whether no other capitalised word adjoins a name and makes it part of a longer one."""
    before = _CAPITALISED_BEFORE.search(text, max(0, naming.start - 30), naming.start)
    if _CAPITALISED_AFTER.match(text, naming.end) and text[naming.end - 1] != ".":
        return False
    if before is None or before[1].rstrip(".").lower() in titles():
        return True
    at = before.start()
    return at == 0 or bool(_SENTENCE_START.search(text[max(0, at - 3) : at]))
