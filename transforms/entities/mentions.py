"""What resolving an article gives: mentions with their entities, and the rows made of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.columns import content_id
from schemas.flow import RunContext
from schemas.rows import ArticleRevision, Entity, EntityMention
from transforms.entities.names import name_key
from transforms.places import Gazetteer, Place

if TYPE_CHECKING:
    from spacy.tokens import Token

    from transforms.entities.phrases import Actor

# A name is one thing within a class, however the model types it this time
_CLASSES = {
    "PERSON": "person",
    "ORG": "organisation",
    "GPE": "place",
    "LOC": "place",
    "FAC": "place",
    "NORP": "people",
    "EVENT": "event",
}
LABELS = frozenset(_CLASSES)


@dataclass(frozen=True, kw_only=True)
class ResolvedMention:
    """A naming in the text, the entity it names (None: not resolved) and how that is known."""

    start: int
    end: int
    text: str
    label: str
    sentence_index: int
    entity: Entity | None
    link_method: str | None
    country: str | None = None  # of a country, demonym, place or known actor
    place: Place | None = None


class Resolution:
    """All mentions of an article in order, none overlapping another."""

    def __init__(
        self,
        mentions: Sequence[ResolvedMention],
        sentence_starts: list[int],
        *,
        countries: tuple[str, ...],
        gazetteer: Gazetteer,
        context: RunContext,
    ) -> None:
        self.countries = countries  # ISO3, the one named most first; that of the dateline is in
        self._gazetteer = gazetteer
        self._context = context
        self.mentions = tuple(sorted(mentions, key=lambda mention: mention.start))
        self._starts = [mention.start for mention in self.mentions]
        self._sentence_starts = sentence_starts
        distinct = {m.entity.entity_id: m.entity for m in self.mentions if m.entity}
        self.entities = tuple(distinct.values())
        self.groups: tuple[tuple[Token, Actor], ...] | None = None  # read when first asked for

    def mention_at(self, start: int, end: int) -> ResolvedMention | None:
        """Give the first mention that shares a character with the span."""
        within = self.mentions_in(start, end)
        return within[0] if within else None

    def mentions_in(self, start: int, end: int) -> tuple[ResolvedMention, ...]:
        """Give the mentions that share a character with the span, in order."""
        first = bisect_left(self._starts, start)
        if first and self.mentions[first - 1].end > start:
            first -= 1
        return self.mentions[first : max(first, bisect_left(self._starts, end))]

    def mentions_before(self, offset: int, sentences: int) -> tuple[ResolvedMention, ...]:
        """Give the mentions that end before an offset, in its sentence and some before."""
        start = self.sentence_start(self.sentence_index(offset) - sentences)
        return tuple(each for each in self.mentions_in(start, offset) if each.end <= offset)

    def role_entity(self, country: str, sector: str) -> Entity:
        """Make the entity behind "Lebanese army" and "Lebanon's military": a country's sector."""
        return role_entity(country, sector, self._gazetteer, self._context)

    def sentence_start(self, index: int) -> int:
        """Give the offset at which a sentence starts; the text's own for those before it."""
        return self._sentence_starts[max(index, 0)] if self._sentence_starts else 0

    def sentence_index(self, offset: int) -> int:
        """Give the number of the sentence that holds an offset, from 0."""
        return sentence_index(self._sentence_starts, offset)


def sentence_index(sentence_starts: list[int], offset: int) -> int:
    """Give the number of the sentence that holds an offset, given where sentences start."""
    return max(bisect_left(sentence_starts, offset + 1) - 1, 0)


def entity_id(name: str, label: str, country: str | None = None) -> str:
    """Hash kind and canonical name; a place's country tells it from its namesakes."""
    kind = _CLASSES[label]
    return content_id("entity", kind, name_key(name), country if kind == "place" else None)


def named_entity(
    name: str,
    label: str,
    context: RunContext,
    *,
    country: str | None = None,
    sector: str | None = None,
    source: str = "text",
) -> Entity:
    """Make an entity that has no place on the map."""
    return Entity(
        entity_id=entity_id(name, label),
        name=name,
        entity_type=label,
        country=country,
        sector=sector,
        source=source,
        run_id=context.run_id,
    )


def place_entity(place: Place, label: str, context: RunContext) -> Entity:
    """Make an entity of a place in the gazetteer."""
    country = None if place.kind == "country" else place.country
    return Entity(
        entity_id=entity_id(place.name, label, country),
        name=place.name,
        entity_type=label,
        country=place.country,
        latitude=place.latitude,
        longitude=place.longitude,
        geonames_id=place.geonames_id,
        source="gazetteer",
        run_id=context.run_id,
    )


def role_entity(country: str, sector: str, gazetteer: Gazetteer, context: RunContext) -> Entity:
    """Make the entity behind "Lebanese army" and "Lebanon's military": a country's sector."""
    place = gazetteer.country(country)
    name = f"{place.name if place else country} {sector}"
    return Entity(
        entity_id=content_id("entity", "role", country, sector),
        name=name,
        entity_type="ORG",
        country=country,
        sector=sector,
        source="text",
        run_id=context.run_id,
    )


def entity_mention_rows(
    resolution: Resolution, revision: ArticleRevision, *, model_version: str, context: RunContext
) -> tuple[EntityMention, ...]:
    """Make a row of every mention."""
    return tuple(
        EntityMention(
            mention_id=content_id(
                "entity_mention", revision.revision_id, mention.start, mention.end
            ),
            article_id=revision.article_id,
            revision_id=revision.revision_id,
            entity_id=mention.entity.entity_id if mention.entity else None,
            entity_type=mention.label,
            mention_text=mention.text,
            mention_start=mention.start,
            mention_end=mention.end,
            sentence_index=mention.sentence_index,
            link_method=mention.link_method,
            model_version=model_version,
            run_id=context.run_id,
        )
        for mention in resolution.mentions
    )
