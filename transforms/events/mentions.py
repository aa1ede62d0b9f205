"""From frames to events: which frames are events, who is in them, and which tell of one act.

Comes in: a parsed and resolved article. Goes out: `EventMention` rows, the main event of a
sentence first. Nothing is rejected: a frame that says nothing of anybody is no event.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from schemas.flow import RunContext
from schemas.rows import ArticleRevision, Entity, EventMention
from schemas.vocabulary import Modality, Polarity
from transforms.dates import find_dates
from transforms.entities import Resolution
from transforms.events.arguments import frames_with_roles
from transforms.events.circumstances import GOING, find_date, find_place, place_done_to
from transforms.events.frames import Frame, word_set
from transforms.events.joining import join_mentions
from transforms.events.lexicon import Sense, find_sense
from transforms.events.parties import find_parties, is_known, place_as_recipient
from transforms.events.quantities import find_quantities
from transforms.events.rows import Found, Reading, mention_rows
from transforms.events.truth import SAYING, Truth, find_truth, is_announced, is_condition_set
from transforms.places import Gazetteer
from transforms.roles import frames_on

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

# Verbs that tell a state, a thought or a manner, no act; they make no open predicate.
NO_ACTS = (
    word_set(
        """be have seem appear remain become get make do take go come say think know see feel
    include
    need use want like begin start continue stop keep let help try mean live work call name base
    back lead follow show look find intend hope seek"""
    )
    | SAYING
)


# Acts that are agreed to, or threatened, by saying that one will do them.
WILLING = frozenset({"AID", "COOPERATE", "CONSULT", "SUPPORT", "CONCEDE", "RETREAT", "AGREE"})
WORDS = frozenset({"AGREE", "CONSULT", "SUPPORT", "CONCEDE", "REQUEST", "REJECT"})
ANNOUNCED = WILLING | {"ASSAULT", "SANCTION", "COERCE", "MOBILIZE"}


# "Fighting broke out", "a truce took effect": events also where nobody is named.
WITHOUT_PARTIES = frozenset({"ASSAULT", "PROTEST", "RETREAT", "MOBILIZE", "COERCE"})


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
    text = revision.text[: doc[-1].idx + len(doc[-1])] if len(doc) else ""
    reading = Reading(
        doc=doc,
        text=text,
        roles={frame.predicate: frame for frame in frames_on(doc) or ()},
        resolution=resolution,
        revision=revision,
        gazetteer=gazetteer,
        context=context,
        model_version=model_version,
        dates=find_dates(text, published=published),
        quantities=find_quantities(text),
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
    return join_mentions(tuple(rows.values())), tuple(entities.values())


def _events_of(sentence: Span, reading: Reading) -> list[Found]:
    """Find the events of a sentence: the typed ones, then the open predicates."""
    typed: list[Found] = []
    untyped: list[Found] = []
    frames = tuple(frames_with_roles(sentence, reading.roles))
    for frame in frames:
        sense = find_sense(frame)
        if sense is not None:
            typed.append(_found(frame, sense, sentence, frames, reading))
        elif frame.head.pos_ == "VERB" and frame.head.lemma_.lower() not in NO_ACTS:
            untyped.append(_found(frame, None, sentence, frames, reading))
    typed = [_or_place(f, sentence, reading) for f in _without_doubles(typed)]
    typed = [f for f in typed if _is_event(f)]
    typed = [f for f in typed if not _is_what_is_agreed(f, typed)]
    typed += [_announcement(f) for f in typed if _type(f) in ANNOUNCED and _is_announced(f)]
    typed += [_announcement(f) for f in untyped if _is_refused(f)]
    open_ones = [f for f in untyped if _is_open_event(f)]
    return sorted(typed, key=_rank) + sorted(open_ones, key=_rank)


def _is_announced(found: Found) -> bool:
    """Tell whether somebody says that he will do an act which it is an event to announce."""
    is_open = found.truth.modality in (Modality.PLANNED, Modality.HYPOTHETICAL)
    return is_open and bool(found.actors) and is_announced(found.frame)


def _is_what_is_agreed(found: Found, typed: list[Found]) -> bool:
    """Tell whether an act is what an agreement is about: "agreed to cooperate" is one event."""
    agreed = [f.frame.clause for f in typed if _type(f) == "AGREE"]
    return _type(found) in ("AGREE", "COOPERATE") and found.frame.verb in agreed


def _announcement(found: Found) -> Found:
    """Make the event that an announcement is: to say "we will send aid" is to agree to it.

    The act itself stays planned, at its own time and place; that it was announced has happened.
    """
    is_agreed = _type(found) in WILLING and not is_condition_set(found.frame)
    is_refused = found.truth.polarity == Polarity.NEGATIVE
    event_type = "REJECT" if is_refused else "AGREE" if is_agreed else "THREATEN"
    sense = Sense(frozenset(), event_type, None, (), ())
    source = None if _speaks_of_himself(found) else found.truth.source
    modality = Modality.REPORTED if source is not None else Modality.ASSERTED
    truth = Truth(Polarity.POSITIVE, modality, source)
    return replace(found, sense=sense, truth=truth, date=None, place=None)


def _speaks_of_himself(found: Found) -> bool:
    """Tell whether who announces the act is who will do it: "the general said he would"."""
    return any(s.pos_ == "PRON" for s in found.frame.subjects)


def _is_refused(found: Found) -> bool:
    """Tell whether somebody says that he will not do a thing, whatever that is."""
    is_negative = found.truth.polarity == Polarity.NEGATIVE
    return is_negative and any(map(is_known, found.actors)) and _is_announced(found)


def _type(found: Found) -> str | None:
    return found.sense.event_type if found.sense is not None else None


def _found(
    frame: Frame,
    sense: Sense | None,
    sentence: Span,
    frames: tuple[Frame, ...],
    reading: Reading,
) -> Found:
    parties = find_parties(frame, sense, reading)
    taken = frozenset(actor.entity_id for actor in (*parties.actors, *parties.recipients))
    event_type = sense.event_type if sense is not None else None
    ways = GOING.get(event_type or "", frozenset[str]())
    place = find_place(frame, sentence, reading.resolution, taken, ways)
    return Found(
        frame=frame,
        frames=frames,
        sense=sense,
        actors=parties.actors,
        recipients=parties.recipients,
        truth=find_truth(frame),
        place=place or place_done_to(parties.recipients, sense, reading.resolution),
        date=find_date(frame, sentence, reading.dates),
    )


def _or_place(found: Found, sentence: Span, reading: Reading) -> Found:
    """Give an act that was done to nobody who is told of the place it was done to."""
    if found.recipients or not found.actors:
        return found
    place = place_as_recipient(found.frame, found.sense, sentence, reading)
    return replace(found, recipients=place)


def _is_event(found: Found) -> bool:
    """Tell whether a typed frame tells of an event: somebody is in it, or a noun is carried."""
    is_open = found.truth.modality in (Modality.PLANNED, Modality.HYPOTHETICAL)
    is_bare = found.frame.is_nominal and found.frame.support is None
    if is_bare and is_open and not found.actors and _type(found) in WORDS:
        return False  # "rejected an offer of talks": by nobody, and not yet
    if any(actor.link for actor in (*found.actors, *found.recipients)):
        return True
    has_party = bool(found.actors or found.recipients)
    if not found.frame.is_nominal:
        return has_party
    is_carried = found.frame.support is not None
    return is_carried and (has_party or _type(found) in WITHOUT_PARTIES)


def _is_open_event(found: Found) -> bool:
    """Tell whether an untyped frame is worth a row: somebody who is known is in it."""
    return any(a.entity_id or a.country for a in (*found.actors, *found.recipients))


def _without_doubles(events: list[Found]) -> list[Found]:
    """Keep one of a verb and a noun that tell of the same act.

    "A bombing killed four" and "carried out an attack" are one event each: the noun's frame is
    kept, with what the verb says of recipients. But "suspended talks" and "ended the fighting" are
    what the verb says: another type than the noun's.
    """
    verbs = {f.frame.head.i: f for f in events if not f.frame.is_nominal}
    undone = {f.frame.head.i for f in events if _is_undone(f, verbs) or _is_object(f, verbs)}
    carried = {
        f.frame.support.i
        for f in events
        if f.frame.support is not None and f.frame.head.i not in undone
    }
    nouns = {f.frame.head.i: f for f in events if f.frame.is_nominal}
    kept: list[Found] = []
    for found in events:
        if found.frame.head.i in undone:
            continue
        if not found.frame.is_nominal:
            if found.frame.head.i in carried:
                continue
            subject = next((s.i for s in _grammatical_subjects(found.frame) if s.i in nouns), None)
            if subject is not None and _same_type(found, nouns[subject]):
                continue
        kept.append(found)
    return [_with_victims(found, events) for found in kept]


def _is_undone(found: Found, verbs: dict[int, Found]) -> bool:
    """Tell whether the verb that carries a noun makes something else of it."""
    support = found.frame.support
    if not found.frame.is_nominal or support is None or support.i not in verbs:
        return False
    verb = verbs[support.i]
    asks = verb.sense is not None and bool(verb.sense.condition)
    return asks and found.frame.head in verb.frame.objects and not _same_type(found, verb)


def _is_object(found: Found, verbs: dict[int, Found]) -> bool:
    """Tell whether a noun is what a verb says already: "impose sanctions" is one sanction."""
    head = found.frame.head
    verb = verbs.get(head.head.i) if found.frame.is_nominal and head.dep_ == "dobj" else None
    return verb is not None and not found.actors and _same_type(found, verb)


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
    head = found.frame.verb
    depth = sum(1 for _ in head.ancestors)
    is_plan = found.truth.modality == Modality.PLANNED
    return not found.actors, depth, found.frame.is_nominal, head.i, is_plan
