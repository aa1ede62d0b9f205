"""From frames to events: which frames are events, who is in them, and which tell of one act.

Comes in: a parsed and resolved article. Goes out: `EventMention` rows, the main event of a
sentence first. Nothing is rejected: a frame that says nothing of anybody is no event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from schemas.flow import RunContext
from schemas.rows import ArticleRevision, Entity, EventMention
from schemas.vocabulary import Modality, Polarity
from transforms.dates import find_dates
from transforms.entities import Actor, Resolution, find_actor
from transforms.events.circumstances import find_date, find_place
from transforms.events.frames import Frame, find_frames, phrase_of, word_set
from transforms.events.lexicon import DEFAULT_SLOTS, Sense, find_sense
from transforms.events.rows import Found, Reading, actor_key, mention_rows
from transforms.events.truth import SAYING, Truth, find_truth, is_announced
from transforms.places import Gazetteer

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

MAX_UNTYPED = 1  # of a sentence: open predicates are there to be found, not to flood
RECIPROCAL = frozenset({"CONSULT", "AGREE", "COOPERATE"})
# Verbs that tell a state, a thought or a manner, no act; they make no open predicate.
NO_ACTS = (
    word_set(
        """be have seem appear remain become get make do take go come say think know see feel
    include
    need use want like begin start continue stop keep let help try mean live work call name base
    back lead follow show look find"""
    )
    | SAYING
)


# Acts that are agreed to, or threatened, by saying that one will do them.
WILLING = frozenset({"AID", "COOPERATE", "CONSULT", "SUPPORT", "CONCEDE", "RETREAT", "AGREE"})
ANNOUNCED = WILLING | {"ASSAULT", "SANCTION", "COERCE", "MOBILIZE"}
# Types whose recipient may stand in what is said, and not beside the verb.
ABOUT_SOMEBODY = frozenset(
    {"AGREE", "REQUEST", "REJECT", "THREATEN", "ACCUSE", "PROTEST", "SUPPORT", "CONCEDE", "AID"}
)
CONTENT = frozenset({"xcomp", "ccomp", "advcl", "dobj", "prep"})
ACTING = frozenset({"PERSON", "ORG", "GPE", "NORP"})
ARGUMENTS = frozenset({"NOUN", "PROPN", "PRON", "NUM", "ADJ", "DET", "X"})


def find_events(
    doc: Doc,
    resolution: Resolution,
    *,
    revision: ArticleRevision,
    gazetteer: Gazetteer,
    context: RunContext,
    model_version: str,
) -> tuple[tuple[EventMention, ...], tuple[Entity, ...]]:
    """Find the event mentions of an article, and the entities behind their actors.

    `doc.text` is the revision's text. An actor such as "Syrian troops" is an entity of its own
    that no name in the text gives.
    """
    published = revision.date_published.date() if revision.date_published else None
    reading = Reading(
        doc=doc,
        resolution=resolution,
        revision=revision,
        gazetteer=gazetteer,
        context=context,
        model_version=model_version,
        dates=find_dates(doc.text, published=published),
    )
    rows: dict[str, EventMention] = {}
    entities: dict[str, Entity] = {}
    for sentence in doc.sents:
        for found in _events_of(sentence, reading):
            for actor in (*found.actors, *found.recipients):
                if actor.entity is not None:
                    entities.setdefault(actor.entity.entity_id, actor.entity)
            for row in mention_rows(found, sentence, reading):
                rows.setdefault(row.mention_id, row)
    return tuple(rows.values()), tuple(entities.values())


def _events_of(sentence: Span, reading: Reading) -> list[Found]:
    """Find the events of a sentence: the typed ones, then an open predicate."""
    typed: list[Found] = []
    untyped: list[Found] = []
    for frame in find_frames(sentence):
        sense = find_sense(frame)
        if sense is not None:
            typed.append(_found(frame, sense, reading))
        elif not frame.is_nominal and frame.head.lemma_.lower() not in NO_ACTS:
            untyped.append(_found(frame, None, reading))
    typed = _without_doubles([f for f in typed if _is_event(f)])
    typed += [_announcement(f) for f in typed if f.actors and _is_announced(f)]
    open_ones = [f for f in untyped if _is_open_event(f)]
    return sorted(typed, key=_rank) + sorted(open_ones, key=_rank)[:MAX_UNTYPED]


def _is_announced(found: Found) -> bool:
    is_planned = found.truth.modality == Modality.PLANNED
    return is_planned and is_announced(found.frame) and _type(found) in ANNOUNCED


def _announcement(found: Found) -> Found:
    """Make the event that an announcement is: to say "we will send aid" is to agree to it.

    The act itself stays planned, at its own time and place; that it was announced has happened.
    """
    is_agreed = _type(found) in WILLING and found.truth.polarity == Polarity.POSITIVE
    is_refused = found.truth.polarity == Polarity.NEGATIVE
    event_type = "REJECT" if is_refused else "AGREE" if is_agreed else "THREATEN"
    sense = Sense(frozenset(), event_type, None, (), ())
    modality = Modality.REPORTED if found.truth.source is not None else Modality.ASSERTED
    truth = Truth(Polarity.POSITIVE, modality, found.truth.source)
    return replace(found, sense=sense, truth=truth, date=None, place=None)


def _type(found: Found) -> str | None:
    return found.sense.event_type if found.sense is not None else None


def _found(frame: Frame, sense: Sense | None, reading: Reading) -> Found:
    actors = _actors(frame.subjects, reading)
    recipients = _recipients(frame, sense, actors, reading)
    if sense is not None and sense.event_type in RECIPROCAL and not recipients and len(actors) > 1:
        actors, recipients = actors[:1], actors[1:]
    taken = frozenset(actor.entity_id for actor in (*actors, *recipients))
    return Found(
        frame=frame,
        sense=sense,
        actors=actors,
        recipients=recipients,
        truth=find_truth(frame),
        place=find_place(frame, reading.resolution, taken),
        date=find_date(frame, reading.dates, reading.doc),
    )


def _recipients(
    frame: Frame, sense: Sense | None, actors: tuple[Actor, ...], reading: Reading
) -> tuple[Actor, ...]:
    """Find to whom it was done: who is known in the first slot that has anybody, else the words."""
    own = sense.slots if sense is not None else ()
    for slot in own or DEFAULT_SLOTS:
        found = _others(_actors(frame.slot(slot), reading), actors)
        known = tuple(actor for actor in found if actor.link)
        if known:
            return known
    if sense is not None and sense.event_type in ABOUT_SOMEBODY:
        named = _others(_named_in_content(frame, reading), actors)
        if named:
            return named[:1]
    words = (_others(_actors(frame.slot(slot), reading), actors) for slot in own)
    return next((found for found in words if found), ())


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
    return tuple(actor for actor in _actors(heads, reading) if actor.link)


def _whole_name(head: Token) -> Token:
    """Climb from "Israeli" to "changes" and from "Suharto" to "government": who it is about."""
    is_part = head.dep_ in ("amod", "compound", "poss") and head.head.pos_ in ("NOUN", "PROPN")
    return head.head if is_part and head.dep_ != "poss" else head


def _actors(heads: Sequence[Token], reading: Reading) -> tuple[Actor, ...]:
    """Resolve argument heads to actors, each once; who is not known is kept as words."""
    found: dict[str, Actor] = {}
    for head in heads:
        if head.pos_ not in ARGUMENTS or _is_date(head, reading):
            continue
        phrase = phrase_of(head)
        actor = find_actor(phrase, reading.resolution, doc=reading.doc)
        if actor is None:
            actor = Actor(start=phrase.start_char, end=phrase.end_char, text=phrase.text)
        found.setdefault(actor_key(actor), actor)
    return tuple(found.values())


def _is_date(head: Token, reading: Reading) -> bool:
    return any(date.start <= head.idx < date.end for date in reading.dates)


def _others(recipients: tuple[Actor, ...], actors: tuple[Actor, ...]) -> tuple[Actor, ...]:
    """Leave out who is the actor already."""
    keys = {actor_key(actor) for actor in actors}
    return tuple(r for r in recipients if actor_key(r) not in keys)


def _is_event(found: Found) -> bool:
    """Tell whether a typed frame tells of an event: somebody is in it, or a noun is carried."""
    if any(actor.link for actor in (*found.actors, *found.recipients)):
        return True
    if not found.frame.is_nominal and (found.actors or found.recipients):
        return True
    return found.frame.is_nominal and found.frame.support is not None


def _is_open_event(found: Found) -> bool:
    """Tell whether an untyped frame is worth a row: a known actor did something that happened."""
    known = [a for a in found.actors if a.entity_id or a.country]
    return bool(known) and found.happened


def _without_doubles(events: list[Found]) -> list[Found]:
    """Keep one of a verb and a noun that tell of the same act.

    "A bombing killed four" and "carried out an attack" are one event each: the noun's frame is
    kept, with what the verb says of recipients.
    """
    carried = {f.frame.support.i for f in events if f.frame.support is not None}
    nouns = {f.frame.head.i: f for f in events if f.frame.is_nominal}
    kept: list[Found] = []
    for found in events:
        if not found.frame.is_nominal:
            if found.frame.head.i in carried:
                continue
            subject = next((s.i for s in _grammatical_subjects(found.frame) if s.i in nouns), None)
            if subject is not None and _same_type(found, nouns[subject]):
                continue
        kept.append(found)
    return [_with_victims(found, events) for found in kept]


def _with_victims(found: Found, events: list[Found]) -> Found:
    """Give "a bombing" the recipients of "killed four policemen", whose subject it is."""
    if not found.frame.is_nominal or found.recipients:
        return found
    for other in events:
        if other.recipients and found.frame.head in _grammatical_subjects(other.frame):
            return replace(found, recipients=other.recipients)
    return found


def _grammatical_subjects(frame: Frame) -> list[Token]:
    return [c for c in frame.head.children if c.dep_ == "nsubj"]


def _same_type(one: Found, other: Found) -> bool:
    return bool(one.sense and other.sense and one.sense.event_type == other.sense.event_type)


def _rank(found: Found) -> tuple[bool, int, bool, int, bool]:
    """Put the main event first: with an actor, high in the tree, a verb, early, not a plan."""
    head = found.frame.head
    depth = sum(1 for _ in head.ancestors)
    is_plan = found.truth.modality == Modality.PLANNED
    return not found.actors, depth, found.frame.is_nominal, head.i, is_plan
