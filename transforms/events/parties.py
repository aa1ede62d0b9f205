"""Who did it, and to whom: the actors and recipients of a frame.

Comes in: a frame with its sense, and the article being read. Goes out: actors and recipients, each
once, nobody on both sides. A recipient is looked for first in the sense's own slots; then, where
these hold a thing, as whose thing it is ("rejected a Talmoran offer", "calls by the union"); then
among those named in what is said; last as bare words. Who is not known stays a span.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from transforms.entities import Actor, find_actor
from transforms.events.circumstances import MOTION, find_place
from transforms.events.frames import SUBJECT, Frame, phrase_of, word_set
from transforms.events.lexicon import DEFAULT_SLOTS, Sense, is_act, is_person, is_what_was_done
from transforms.events.rows import Reading, actor_key
from transforms.events.truth import SAYING

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

RECIPROCAL = frozenset({"CONSULT", "AGREE", "COOPERATE"})
# Types whose recipient may stand in what is said, and not beside the verb.
ABOUT_SOMEBODY = frozenset(
    """AGREE REQUEST REJECT THREATEN ACCUSE PROTEST SUPPORT CONCEDE AID SANCTION COERCE
    COOPERATE""".split()
)
# Types that are done to a place where nobody else is named.
DONE_TO_PLACES = frozenset("ASSAULT MOBILIZE COERCE AID SANCTION RETREAT PROTEST THREATEN".split())
# Those who move or stand ready are the ones who act, also where the verb is passive.
OWN_MOVES = frozenset({"MOBILIZE", "RETREAT"})
UNDERGOER = "subject"  # a slot: the subject is the one it is done to, as in "came under fire"
CONTENT = frozenset({"xcomp", "ccomp", "advcl", "dobj", "prep"})
ACTING = frozenset({"PERSON", "ORG", "GPE", "NORP"})
NAMED_BEFORE = frozenset({"poss", "amod", "compound", "nmod"})
ARGUMENTS = frozenset({"NOUN", "PROPN", "PRON", "NUM", "ADJ", "DET", "X"})
# By what a thing hangs on those whom it concerns, the closest tie first.
TIES = "by from of with against to toward towards for on upon over between among into".split()
MAX_DEPTH = 2  # nouns within nouns: "the release of prisoners in Karvonia"
SINGULAR = word_set("it he she")
SPEAKERS = frozenset({"ccomp", "xcomp"})


@dataclass(frozen=True)
class Parties:
    """Who acts, and who is acted on."""

    actors: tuple[Actor, ...]
    recipients: tuple[Actor, ...]


def find_parties(frame: Frame, sense: Sense | None, reading: Reading) -> Parties:
    """Find who did it and to whom."""
    subjects = tuple(head for head in frame.subjects if sense is None or not is_act(head))
    if not subjects and frame.subjects:
        subjects = _doers(frame)
    if sense is not None and UNDERGOER in sense.slots:
        agents = tuple(h for name in ("from", "by") for h in frame.by_preposition.get(name, ()))
        return Parties(read_actors(agents, reading), read_actors(subjects, reading))
    if not subjects and sense is not None and sense.event_type in OWN_MOVES and frame.is_passive:
        return Parties(read_actors(frame.objects, reading), ())
    actors = read_actors(subjects, reading)
    recipients = _recipients(frame, sense, actors, reading)
    if sense is not None and sense.event_type in RECIPROCAL and not recipients and len(actors) > 1:
        return Parties(actors[:1], actors[1:])
    return Parties(actors, recipients)


def _doers(frame: Frame) -> tuple[Token, ...]:
    """Find who did what an act is said to halt or begin: "the truce halts attacks by the army"."""
    agents = [c for head in frame.objects for c in head.children if c.lower_ == "by"]
    heads = (t for agent in agents for t in agent.children if t.dep_ == "pobj")
    return tuple(each for head in heads for each in (head, *_joined(head)))


def place_as_recipient(
    frame: Frame, sense: Sense | None, sentence: Span, reading: Reading
) -> tuple[Actor, ...]:
    """Give the place of an act that is done to places, where it names nobody else."""
    if sense is None or sense.event_type not in DONE_TO_PLACES:
        return ()
    place = find_place(frame, sentence, reading.resolution, frozenset(), MOTION)
    if place is None or place.label != "GPE":
        return ()
    span = reading.doc.char_span(place.start, place.end, alignment_mode="expand")
    if span is None or any(span.root.i == s.i or s.is_ancestor(span.root) for s in frame.subjects):
        return ()
    found = find_actor(span, reading.resolution, doc=reading.doc)
    return (found,) if found is not None and is_known(found) else ()


def _recipients(
    frame: Frame, sense: Sense | None, actors: tuple[Actor, ...], reading: Reading
) -> tuple[Actor, ...]:
    """Find to whom it was done: who is known in the first slot that has anybody, else the words."""
    own = sense.slots if sense is not None else ()
    heads: list[Token] = []
    words: list[tuple[Actor, ...]] = []
    for slot in own or DEFAULT_SLOTS:
        here = frame.slot(slot) or _aimed_at(frame, sense, slot)
        parties = [head for head in here if sense is None or not is_what_was_done(head, sense)]
        found = _others(read_actors(parties, reading), actors)
        known = tuple(actor for actor in found if is_known(actor))
        if known or (found and sense is None):  # an open predicate: what it is done to, as well
            return found
        if own and found and any(map(is_person, parties)):
            return found
        heads += here
        words.append(found if own else ())
    for head in heads:
        owners = _owners(head, actors, reading)
        if owners:
            return owners
    if sense is not None and sense.event_type in ABOUT_SOMEBODY:
        named = _others(_named_in_content(frame, reading), actors)
        if named:
            return named[:1]
    return next((found for found in words if found), ())


def _aimed_at(frame: Frame, sense: Sense | None, slot: str) -> tuple[Token, ...]:
    """Give whom what was done goes to, where they hang on it: "fired shots at the convoy"."""
    return tuple(
        head
        for thing in frame.objects
        if sense is not None and is_what_was_done(thing, sense)
        for child in thing.children
        if child.dep_ == "prep" and child.lower_ == slot
        for head in child.children
        if head.dep_ == "pobj"
    )


def _owners(
    thing: Token, actors: tuple[Actor, ...], reading: Reading, depth: int = 0
) -> tuple[Actor, ...]:
    """Find whose a thing is, or whom it concerns: by name, else by what it hangs together with."""
    for group in _tied(thing):
        found = _others(read_actors(group, reading), actors)
        known = tuple(actor for actor in found if is_known(actor))
        if known:
            return known
        if depth < MAX_DEPTH:
            for head in group:
                inner = _owners(head, actors, reading, depth + 1)
                if inner:
                    return inner
    return ()


def _tied(thing: Token) -> Iterator[list[Token]]:
    """Give the nouns tied to a thing, the closest tie first."""
    yield [c for c in thing.children if c.dep_ == "poss"]
    yield [c for c in thing.lefts if c.dep_ in NAMED_BEFORE and c.ent_type_ in ACTING]
    ties: dict[str, list[Token]] = {}
    for child in thing.children:
        if child.dep_ in ("prep", "agent"):
            ties.setdefault(child.lower_, []).extend(t for t in child.children if t.dep_ == "pobj")
        elif child.dep_ == "acl" and child.tag_ == "VBN":
            agents = (t for c in child.children if c.dep_ in ("agent", "prep") for t in c.children)
            ties.setdefault("by", []).extend(t for t in agents if t.dep_ == "pobj")
    for tie in TIES:
        if tie in ties:
            yield [t for head in ties[tie] for t in (head, *_joined(head))]


def _joined(head: Token) -> list[Token]:
    return [c for c in head.children if c.dep_ == "conj"]


def _named_in_content(frame: Frame, reading: Reading) -> tuple[Actor, ...]:
    """Find who is named in what is said, asked or threatened: "threatened to ban the party"."""
    contents = [*frame.objects, *(c for c in frame.verb.children if c.dep_ in CONTENT)]
    heads = []
    for content in contents:
        start, end = content.left_edge.idx, content.right_edge.idx + len(content.right_edge)
        for mention in reading.resolution.mentions_in(start, end):
            span = reading.doc.char_span(mention.start, mention.end, alignment_mode="expand")
            if span is not None and mention.label in ACTING:
                heads.append(_whole_name(span.root))
    return tuple(actor for actor in read_actors(heads, reading) if is_known(actor))


def _whole_name(head: Token) -> Token:
    """Climb from "Israeli" to "changes" and from "Suharto" to "government": who it is about."""
    is_part = head.dep_ in ("amod", "compound") and head.head.pos_ in ("NOUN", "PROPN")
    return head.head if is_part else head


def read_actors(heads: Sequence[Token], reading: Reading) -> tuple[Actor, ...]:
    """Resolve argument heads to actors, each once; who is not known is kept as words."""
    found: dict[str, Actor] = {}
    for head in heads:
        if head.pos_ not in ARGUMENTS or _is_date(head, reading):
            continue
        actor = reading.read.get(head.i) or _read_actor(head, reading)
        reading.read[head.i] = actor
        found.setdefault(actor_key(actor), actor)
    return tuple(found.values())


def _read_actor(head: Token, reading: Reading) -> Actor:
    phrase = phrase_of(head)
    actor = find_actor(phrase, reading.resolution, doc=reading.doc)
    if head.pos_ == "PRON" and (actor is None or not is_known(actor)):
        actor = _speaker(head, reading) or actor
    if actor is None:
        actor = Actor(start=phrase.start_char, end=phrase.end_char, text=phrase.text)
    return actor


def _speaker(pronoun: Token, reading: Reading) -> Actor | None:
    """Resolve the subject of what somebody says to who says it: "the rebels said they would"."""
    clause = pronoun.head
    if pronoun.dep_ not in SUBJECT | {"nsubjpass"} or clause.dep_ not in SPEAKERS:
        return None
    saying = clause.head
    speakers = [c for c in saying.children if c.dep_ in SUBJECT]
    if saying.lemma_.lower() not in SAYING or len(speakers) != 1:
        return None
    speaker = speakers[0]
    if speaker.pos_ == "PRON" or _is_plural(speaker) == (pronoun.lower_ in SINGULAR):
        return None
    phrase = phrase_of(speaker)
    found = find_actor(phrase, reading.resolution, doc=reading.doc)
    if found is None:
        found = Actor(start=phrase.start_char, end=phrase.end_char, text=phrase.text)
    return replace(
        found,
        start=pronoun.idx,
        end=pronoun.idx + len(pronoun),
        text=pronoun.text,
        name=found.name or phrase.text,
        link="coreference",
    )


def _is_plural(noun: Token) -> bool:
    return noun.tag_ in ("NNS", "NNPS") or any(c.dep_ == "conj" for c in noun.children)


def is_known(actor: Actor) -> bool:
    """Tell whether anything is known of an actor beside the words."""
    return actor.link is not None or actor.country is not None


def _is_date(head: Token, reading: Reading) -> bool:
    return any(date.start <= head.idx < date.end for date in reading.dates)


def _others(recipients: tuple[Actor, ...], actors: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """Leave out who is the actor already."""
    keys = {actor_key(actor) for actor in actors}
    return tuple(r for r in recipients if actor_key(r) not in keys)
