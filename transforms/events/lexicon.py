"""From a frame to a PLOVER type: the lexicon of predicates and the words that decide between them.

Comes in: a frame. Goes out: the type with mode and contexts, and the slots in which its recipient
is looked for; None where no type fits (business, sport, disaster: the open predicate stays).

`seeds/predicates.csv` has one line a predicate, with words or classes of words of which one must
stand in its object or complement. A line with such a condition is stronger than one without, a
longer predicate than a shorter. `seeds/plover.csv` gives CAMEO root, quad class and Goldstein
value of each type (see `seeds/PREDICATES.md` for where both come from).
"""

from __future__ import annotations

import csv
import functools
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from transforms.entities import load_roles
from transforms.events.arguments import TIMES
from transforms.events.frames import Frame, word_set

if TYPE_CHECKING:
    from spacy.tokens import Token

NOUN, ADJECTIVE = "noun:", "adj:"
BRITISH = re.compile(r"(?<=[lnrt])ise\b(?<!promise)(?<!advertise)(?<!exercise)")
BEFORE = frozenset({"compound", "amod", "nmod"})
INSTRUMENTS = word_set(
    "shot round tear bullet fire gunfire offensive operation raid missile rocket"
)
DEFAULT_SLOTS = ("dobj", "dative", "against", "on", "with", "to", "at", "of", "from", "for")
# What a condition such as @weapon stands for.
CLASSES = {
    name: word_set(words)
    for name, words in {
        "weapon": "missile rocket shell bomb grenade gun mortar weapon arm munition tank artillery "
        "rifle bullet warhead torpedo drone jet aircraft",
        "force": "troop soldier force army police marine tank battalion brigade ship warship "
        "vessel fighter peacekeeper officer personnel unit reinforcement jet plane missile navy "
        "guard commando warplane aircraft",
        "attack": "attack assault strike raid bombing offensive ambush invasion airstrike",
        "threat": "consequence retaliation action war force attack retaliate attack strike punish",
        "conflict": "attack strike retaliate avenge punish fight kill destroy bomb invade crush "
        "hit "
        "respond resist block hunt impose expel sue defeat wipe",
        "help": "help aid assistance support relief food money fund loan shelter supply medicine "
        "expert team cooperation backing protection",
        "ask": "leave stop release help hand extend send provide allow return end withdraw accept "
        "give consider lift support take join halt intervene resign",
        "claim": "claim allegation charge report accusation demand offer proposal plan request "
        "call bid appeal resolution suggestion criticism involvement role responsibility",
        "coop": "meet visit sign hold cooperate buy sell build send provide join open withdraw "
        "release resume talk normalize help establish ratify lift allow return",
        "crowd": "demonstrator protester protestor student activist farmer driver trucker crowd "
        "mob worker teacher resident youth villager miner docker settler supporter opponent people "
        "thousand hundred dozen ten fan employee nurse doctor fisherman parent mother woman "
        "campaigner taxi trader shopkeeper unionist strikers striker marcher rioter peasant "
        "civilian refugee citizen local parishioner monk prisoner inmate pensioner veteran",
        "worker": "worker teacher docker miner nurse doctor driver pilot employee staff union "
        "student prisoner civil-servant trader farmer crew railwayman journalist lawyer judge",
        "protesters": "demonstrator protester protestor crowd thousand hundred activist marcher "
        "mob",
        "armed": "troop soldier force army rebel guerrilla militia militant fighter insurgent tank "
        "brigade battalion unit gunman guard marine peacekeeper convoy column division",
        "peacekeeper": "peacekeeper peacekeeping observer monitor",
        "leader": "president premier minister chancellor king queen prince envoy ambassador "
        "diplomat leader secretary delegation official mediator negotiator secretary-general "
        "commissioner pope emir sultan chief senator lawmaker delegate",
        "police": "prosecutor police court judge grand-jury jury authority investigator tribunal "
        "government",
        "bomb": "bomb car-bomb grenade mine missile rocket shell mortar explosion blast device "
        "drone torpedo airstrike bomber",
        "access": "access",
        "accident": "accident crash collision derailment fire blaze wildfire landslide mudslide "
        "avalanche earthquake quake tremor storm hurricane cyclone typhoon tornado flood tsunami "
        "eruption drought famine lightning heat heatwave cold snow rain wave wind disease virus "
        "outbreak epidemic pandemic cholera malaria measles illness cancer collapse stampede "
        "leak shipwreck sinking poisoning pollution disaster weather temperature bear shark "
        "flooding floodwater rainstorm thunderstorm snowstorm sandstorm blizzard hail downpour "
        "rainfall monsoon deluge aftershock volcano lava inferno smog hunger malnutrition overdose "
        "covid coronavirus ebola dengue elephant crocodile lion tiger leopard snake",
        "storm": "storm hurricane cyclone typhoon tornado earthquake",
        "money": "$ € £ dollar euro pound yen million billion money sum",
        "office": "post job office government cabinet party presidency",
    }.items()
}
TELLING = word_set(
    "say tell announce declare insist conclude stress argue add state warn emphasize maintain "
    "believe think write"
)
PEOPLE_LABELS = frozenset({"PERSON", "NORP", "ORG"})
PEOPLE = word_set(
    "people person man woman child he him she her they them who hostage prisoner refugee civilian "
    "resident member supporter suspect worker victim"
)
PLACE_NOUNS = word_set(
    "town city village province district region area capital border port camp suburb county state "
    "island country territory neighborhood neighbourhood checkpoint airport headquarters building"
)
PLACE_LABELS = frozenset({"GPE", "LOC", "FAC"})


@dataclass(frozen=True)
class Sense:
    """A line of the lexicon."""

    condition: frozenset[str]  # of which one must stand in its object or complement
    event_type: str
    mode: str | None
    contexts: tuple[str, ...]
    slots: tuple[str, ...]
    subject: frozenset[str] = frozenset()  # of which one must be who does it


@dataclass(frozen=True)
class Scale:
    """What a type says in CAMEO's terms."""

    cameo_root_code: str
    quad_class: int
    goldstein_scale: float


def _seed(name: str) -> str:
    return (files("seeds") / name).read_text(encoding="utf-8")


@functools.cache
def load_lexicon() -> dict[str, tuple[Sense, ...]]:
    """Read the senses of each predicate, those with a condition first."""
    senses: dict[str, list[Sense]] = {}
    for line in csv.DictReader(_seed("predicates.csv").splitlines()):
        sense = Sense(
            condition=frozenset(line["object"].split()),
            event_type=line["event_type"],
            mode=line["event_mode"] or None,
            contexts=tuple(line["contexts"].split()),
            slots=tuple(line["recipient_slots"].split()),
            subject=frozenset(line["subject"].split()),
        )
        senses.setdefault(_plain(line["predicate"]), []).append(sense)
    return {predicate: tuple(sorted(found, key=_width)) for predicate, found in senses.items()}


def _width(sense: Sense) -> tuple[bool, bool]:
    """Put senses that ask for something in front."""
    return not sense.condition, not sense.subject


@functools.cache
def load_scales() -> dict[str, Scale]:
    """Read the table of types."""
    return {
        line["event_type"]: Scale(
            line["cameo_root_code"], int(line["quad_class"]), float(line["goldstein_scale"])
        )
        for line in csv.DictReader(_seed("plover.csv").splitlines())
    }


@functools.cache
def ruleset_version() -> str:
    """Name the rules by their content: another lexicon is another version."""
    both = _seed("predicates.csv") + _seed("plover.csv")
    return f"rules-1-{hashlib.sha256(both.encode()).hexdigest()[:12]}"


def predicate_of(frame: Frame) -> str:
    """Name the act: lemma, with the verb that carries a noun and the particles."""
    words = [frame.support, *_particles(frame.support)] if frame.support is not None else []
    words += [frame.head, *frame.particles]
    return " ".join(word.lemma_.lower() for word in words if word is not None)


def find_sense(frame: Frame) -> Sense | None:
    """Find the sense of a frame; to say that somebody must do something is to demand it."""
    lexicon = load_lexicon()
    if frame.head.lemma_.lower() in TELLING and _is_obligation(frame.clause):
        return lexicon["demand"][0]
    for predicate in map(_plain, _predicates(frame)):
        complements = list(_complements(frame, predicate))
        for sense in lexicon.get(predicate, ()):
            if _asks(sense.condition, complements) and _asks(sense.subject, frame.subjects):
                return None if _is_accident(frame, sense) else sense
    return None


def _is_accident(frame: Frame, sense: Sense) -> bool:
    """Tell whether nobody did it: "the storm killed four" is no assault."""
    return sense.event_type in ("ASSAULT", "COERCE") and any(map(_is_nobody, frame.subjects))


def _is_nobody(subject: Token) -> bool:
    """Tell whether a subject is a force of nature or a mishap: "the flood", "Typhoon Haiyan"."""
    before = subject.nbor(-1).lower_ if subject.i and subject.pos_ == "PROPN" else ""
    return before in CLASSES["storm"] or subject.lemma_.lower() in CLASSES["accident"]


def is_act(noun: Token) -> bool:
    """Tell whether a noun names an act: it does nothing itself."""
    return f"{NOUN}{noun.lemma_.lower()}" in load_lexicon() and not is_person(noun)


def _asks(condition: frozenset[str], words: Sequence[Token]) -> bool:
    return not condition or any(_fits(word, condition) for word in words)


def is_what_was_done(head: Token, sense: Sense) -> bool:
    """Tell whether a word is what the condition asks for, and so the act, not who it is done to.

    "Suspended aid", "fired rockets", "cancelled a visit"; but not "bombed a convoy".
    """
    if sense.event_type == "ASSAULT":
        asked = sense.condition & ({"@weapon", "@attack"} | INSTRUMENTS)
    elif is_person(head) and sense.event_type != "MOBILIZE":
        asked = sense.condition & {"@weapon", "@force"}
    else:
        asked = sense.condition - {"@people", "@place"}
    return bool(asked) and _fits(head, asked)


def is_person(head: Token) -> bool:
    """Tell whether a word stands for people, or somebody by name."""
    return _is_of_class(head, set(), "people")


def _is_obligation(clause: Token | None) -> bool:
    return clause is not None and any(
        c.dep_ == "aux" and c.lower_ in ("must", "should", "ought") for c in clause.children
    )


def _plain(predicate: str) -> str:
    """Write a predicate without hyphens, at which the tokenizer splits words, and with -ize."""
    return BRITISH.sub("ize", predicate.replace("-", " "))


def _predicates(frame: Frame) -> Iterator[str]:
    """Give the names a frame may have in the lexicon, the longest first."""
    head = frame.head
    lemma = f"{ADJECTIVE}{head.lower_}" if frame.is_adjective else head.lemma_.lower()
    if frame.is_nominal:
        before = [c.lemma_.lower() for c in head.children if c.dep_ in BEFORE]
        yield from (f"{NOUN}{word} {lemma}" for word in before)
        yield f"{NOUN}{lemma}"
        return
    names = [
        name
        for name, heads in frame.by_preposition.items()
        if not heads or any(head.lower_ not in TIMES for head in heads)  # "fired on Friday"
    ]
    for particle in (p.lower_ for p in frame.particles):
        yield from (f"{lemma} {particle} {name}" for name in names)
        yield f"{lemma} {particle}"
    yield from (f"{lemma} {name}" for name in names)
    yield from (
        f"{lemma} {c.lower_}" for c in head.children if c.dep_ in ("advmod", "acomp", "oprd", "neg")
    )
    if frame.clause is not None and any(c.lower_ == "to" for c in frame.clause.children):
        yield f"{lemma} to"
    if frame.clause is not None and any(c.lower_ == "that" for c in frame.clause.children):
        yield f"{lemma} that"
    yield lemma


def _complements(frame: Frame, predicate: str) -> Iterator[Token]:
    """Give the words on which a sense's condition is tried."""
    preposition = predicate.partition(" ")[2]
    if preposition and preposition in frame.by_preposition:
        yield from frame.by_preposition[preposition]
    else:
        yield from frame.objects
        if not frame.objects:
            yield from (t for heads in frame.by_preposition.values() for t in heads)
    if frame.clause is not None:
        yield frame.clause


def _fits(token: Token, condition: frozenset[str]) -> bool:
    """Tell whether a word, or a noun put before it, is one that the condition asks for."""
    before = [c for c in token.children if c.dep_ in BEFORE]
    within = list(_within(token))
    near = [token, *before, *within]  # "state of emergency" is about an emergency
    lemmas = {t.lemma_.lower() for t in near} | {t.lower_ for t in near}
    lemmas |= {f"{t.lower_}-{token.lemma_.lower()}" for t in before}  # cease-fire is two tokens
    return any(
        _is_of_class(token, lemmas, word[1:]) if word.startswith("@") else word in lemmas
        for word in condition
    )


def _within(token: Token) -> Iterator[Token]:
    """Give the nouns behind "of": "hundreds of thousands of people" are people."""
    for child in token.children:
        if child.lower_ == "of":
            for noun in child.children:
                yield noun
                yield from _within(noun)


def _is_of_class(token: Token, lemmas: set[str], name: str) -> bool:
    if name == "human":
        return token.ent_type_ in ("PERSON", "NORP") or token.lemma_.lower() in PEOPLE | set(
            load_roles()
        )
    if name == "people":
        roles = load_roles()
        lemma = token.lemma_.lower()
        return token.ent_type_ in PEOPLE_LABELS or lemma in roles or lemma in PEOPLE
    if name == "place":
        return token.ent_type_ in PLACE_LABELS or token.lemma_.lower() in PLACE_NOUNS
    return bool(CLASSES[name] & lemmas)


def _particles(verb: Token | None) -> list[Token]:
    return [c for c in verb.children if c.dep_ == "prt"] if verb is not None else []
