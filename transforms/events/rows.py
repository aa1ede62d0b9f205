"""Make the rows of an event that was found: one for each pair of actor and recipient.

Comes in: a found event and the article it stands in. Goes out: `EventMention` rows whose spans
equal the text. What is not known stays None.

`event_id` is the same for mentions that tell of one event: same type (or predicate), actors,
recipients, day and place. Where the day, or everybody, is unknown, too little is left to say that
two sentences tell of one thing: the id is then of the sentence's own words and the trigger, so
that wire copies share it and unrelated sentences never do.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from schemas.columns import content_id
from schemas.flow import RunContext
from schemas.rows import ArticleRevision, EventMention
from schemas.vocabulary import HAPPENED, Modality, Polarity, Precision
from transforms.dates import DateMention, find_dates
from transforms.entities import Actor, Resolution, ResolvedMention, find_actor
from transforms.events.amounts import count_people, find_quantities_of
from transforms.events.frames import Frame, is_main_clause, phrase_of
from transforms.events.lexicon import Sense, load_scales, predicate_of, ruleset_version
from transforms.events.quantities import Quantity
from transforms.events.truth import Truth
from transforms.places import Gazetteer, Place
from transforms.roles import RoleFrame

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

MAX_PAIRS = 6  # actors times recipients of one predicate
MAX_TRIGGER_WORDS = 5  # between a carrying verb and its noun, to be one trigger
RECENT_DAYS = 14  # what is older was hardly where today's report is written
HYPHENED = re.compile(r"\w+-$")
LONGEST_WORD = 40
OPEN_RELATIONS = frozenset({"before", "after", "until", "till", "by"})
SPELLS = frozenset("day week month year decade hour time".split())
PAST = frozenset({"VBD", "VBN"})


@dataclass(frozen=True)
class Found:
    """A frame that is an event, with all that was found about it."""

    frame: Frame
    frames: tuple[Frame, ...]  # all of its sentence
    sense: Sense | None
    actors: tuple[Actor, ...]
    recipients: tuple[Actor, ...]
    truth: Truth
    place: ResolvedMention | None
    date: DateMention | None

    @property
    def happened(self) -> bool:
        """Tell whether the sentence holds the act to have taken place."""
        return self.truth.polarity == Polarity.POSITIVE and self.truth.modality in HAPPENED


@dataclass(frozen=True, kw_only=True)
class Reading:
    """An article being read for events; `doc.text` is the revision's text."""

    doc: Doc
    text: str  # the doc's, put together once
    roles: Mapping[int, RoleFrame]  # the model's frames by predicate; empty where it finds none
    resolution: Resolution
    revision: ArticleRevision
    gazetteer: Gazetteer
    context: RunContext
    model_version: str
    dates: tuple[DateMention, ...]
    quantities: tuple[Quantity, ...]
    read: dict[int, Actor] = field(default_factory=dict)  # actors by head: many frames share them


def mention_rows(found: Found, sentence: Span, reading: Reading) -> Iterator[EventMention]:
    """Make the rows of an event."""
    shared = {
        **_evidence(found.frame, sentence, reading),
        **_typing(found),
        **_when(found, reading),
        **_where(found, sentence, reading),
        **_source(found.truth.source, reading),
        **count_people(found.frame, found.frames),
        **find_quantities_of(found.frame, sentence, reading.quantities),
    }
    event_id = _event_id(found, shared, sentence)
    pairs = itertools.product(found.actors or (None,), found.recipients or (None,))
    for actor, recipient in itertools.islice(pairs, MAX_PAIRS):
        yield EventMention(
            mention_id=content_id(
                reading.revision.revision_id,
                shared["trigger_start"],
                shared["event_type"] or shared["predicate"],
                *_span(actor),
                *_span(recipient),
            ),
            event_id=event_id,
            **_party("actor", actor),
            **_party("recipient", recipient),
            **shared,
        )


def actor_key(actor: Actor) -> str:
    """Tell actors apart: by entity, else by country, sector and their words."""
    return actor.entity_id or f"{actor.country}:{actor.sector}:{actor.text.lower()}"


def _evidence(frame: Frame, sentence: Span, reading: Reading) -> dict[str, Any]:
    text = reading.text
    start, end = _trigger(frame, text)
    first, last = _trimmed(text, sentence.start_char, sentence.end_char)
    return {
        "article_id": reading.revision.article_id,
        "revision_id": reading.revision.revision_id,
        "published_at": reading.revision.date_published,
        "sentence_index": reading.resolution.sentence_index(start),
        "sentence_text": text[first:last],
        "sentence_start": first,
        "sentence_end": last,
        "predicate": predicate_of(frame),
        "trigger_text": text[start:end],
        "trigger_start": start,
        "trigger_end": end,
        "model_version": reading.model_version,
        "ruleset_version": ruleset_version(),
        "run_id": reading.context.run_id,
    }


def _trigger(frame: Frame, text: str) -> tuple[int, int]:
    """Give the span of the words that name the act: with particles and carrying verb if near."""
    words = [frame.head, *(p for p in frame.particles if p.i == frame.head.i + 1)]
    if frame.support is not None and abs(frame.support.i - frame.head.i) <= MAX_TRIGGER_WORDS:
        words.append(frame.support)
    start = min(w.idx for w in words)
    while start and (before := HYPHENED.search(text, max(0, start - LONGEST_WORD), start)):
        start = before.start()  # "cease-fires" is three tokens
    return start, max(w.idx + len(w) for w in words)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out white space at the borders of a sentence."""
    words = text[start:end]
    return start + len(words) - len(words.lstrip()), start + len(words.rstrip())


def _typing(found: Found) -> dict[str, Any]:
    truth = {"polarity": found.truth.polarity, "modality": found.truth.modality}
    if found.sense is None:
        return {**truth, "event_type": None}
    scale = load_scales()[found.sense.event_type]
    return {
        **truth,
        "event_type": found.sense.event_type,
        "event_mode": found.sense.mode,
        "contexts": found.sense.contexts,
        "cameo_root_code": scale.cameo_root_code,
        "quad_class": scale.quad_class,
        "goldstein_scale": scale.goldstein_scale,
    }


def _party(role: str, actor: Actor | None) -> dict[str, Any]:
    if actor is None:
        return {}
    return {
        f"{role}_text": actor.text,
        f"{role}_start": actor.start,
        f"{role}_end": actor.end,
        f"{role}_entity_id": actor.entity_id,
        f"{role}_name": actor.name,
        f"{role}_country": actor.country,
        f"{role}_country_source": actor.country_source,
        f"{role}_sector": actor.sector,
        f"{role}_sector_source": actor.sector_source,
        f"{role}_link": actor.link,
    }


def _when(found: Found, reading: Reading) -> dict[str, Any]:
    """Give the day: as the sentence says it, else for what has just happened the publication's.

    The latter is known to the week at best, and its source says so. What took place before, after
    or until a day did so on a day that nobody names: the words are kept, without a day.
    """
    mention, published = _planned_day(found, reading), reading.revision.date_published
    if mention is not None:
        words = {
            "date_text": mention.text,
            "date_start": mention.start,
            "date_end": mention.end,
        }
        if mention.first is None or mention.relation in OPEN_RELATIONS:
            return words
        is_lasting = mention.relation == "since" and published is not None
        last = published.date() if is_lasting and published else mention.last
        return {
            **words,
            "event_date": mention.first,
            "event_date_end": last if last != mention.first else None,
            "event_date_precision": mention.precision,
            "event_date_source": "text",
        }
    if published is None or not found.happened or not _is_news(found.frame.verb):
        return {}
    return {
        "event_date": published.date(),
        "event_date_precision": Precision.WEEK,
        "event_date_source": "publication",
    }


def _planned_day(found: Found, reading: Reading) -> DateMention | None:
    """Give the words of a date; a day without a year lies ahead where the act is planned."""
    mention, published = found.date, reading.revision.date_published
    if mention is None or mention.last is None or published is None:
        return mention
    day = published.date()
    if found.truth.modality != Modality.PLANNED or mention.last >= day:
        return mention
    ahead = find_dates(mention.text, published=day, toward_future=True)
    if len(ahead) != 1 or ahead[0].first is None or ahead[0].first < day:
        return mention
    return replace(mention, first=ahead[0].first, last=ahead[0].last)


def _is_news(verb: Token) -> bool:
    """Tell whether a verb reports what is new: in the main clause, in the past or the perfect.

    Not what had been before, and not what has lasted "for years".
    """
    is_past = verb.tag_ in PAST and not any(c.lower_ == "had" for c in verb.children)
    is_lasting = any(
        c.lower_ == "for" and any(t.lemma_.lower() in SPELLS for t in c.children)
        for c in verb.children
    )
    return is_past and not is_lasting and is_main_clause(verb)


def _where(found: Found, sentence: Span, reading: Reading) -> dict[str, Any]:
    """Give the place named with the act; else, for news at home, that of the dateline."""
    mention = found.place
    if mention is not None:
        name = mention.entity.name if mention.entity else mention.text
        return {
            "place_text": mention.text,
            "place_start": mention.start,
            "place_end": mention.end,
            "place_name": mention.place.name if mention.place else name,
            "place_source": "text",
            **_located(mention.place),
        }
    printed = reading.revision.dateline_place
    if printed is None or not found.happened or found.sense is None:
        return {}
    place = reading.gazetteer.find(printed, countries=reading.resolution.countries)
    if place is None or not _may_be_at_home(found, sentence, place, reading):
        return {}
    return {"place_name": place.name, "place_source": "dateline", **_located(place)}


def _may_be_at_home(found: Found, sentence: Span, place: Place, reading: Reading) -> bool:
    """Tell whether an act may have been where its report was written.

    It is told as news, it is not long past, and the sentence names nobody and nothing of another
    country than the dateline's.
    """
    named = reading.resolution.mentions_in(sentence.start_char, sentence.end_char)
    countries = {each.country for each in named if each.country}
    published = reading.revision.date_published
    first = found.date.first if found.date else None
    is_old = bool(first and published and (published.date() - first).days > RECENT_DAYS)
    return is_main_clause(found.frame.verb) and countries <= {place.country} and not is_old


def _located(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    return {
        "country": place.country,
        "admin1": place.admin1,
        "latitude": place.latitude,
        "longitude": place.longitude,
    }


def _source(head: Token | None, reading: Reading) -> dict[str, Any]:
    """Give who is quoted."""
    if head is None:
        return {}
    phrase = phrase_of(head)
    actor = find_actor(phrase, reading.resolution, doc=reading.doc)
    return {
        "attributed_to_text": phrase.text,
        "attributed_to_start": phrase.start_char,
        "attributed_to_end": phrase.end_char,
        "attributed_to_entity_id": actor.entity_id if actor else None,
    }


def _event_id(found: Found, shared: dict[str, Any], sentence: Span) -> str:
    what = shared["event_type"] or shared["predicate"]
    parties = (sorted(map(actor_key, found.actors)), sorted(map(actor_key, found.recipients)))
    is_known = any(a.entity_id or a.country for a in (*found.actors, *found.recipients))
    if is_known and shared.get("event_date_source") == "text":
        place = shared.get("place_name") if shared.get("place_source") == "text" else None
        day = shared["event_date"].isoformat()
        return content_id("event", what, *map("|".join, parties), day, place)
    words = " ".join(token.lower_ for token in sentence if token.is_alpha)
    return content_id("event", what, words, shared["trigger_text"].lower())


def _span(actor: Actor | None) -> tuple[int | None, int | None]:
    return (actor.start, actor.end) if actor else (None, None)
