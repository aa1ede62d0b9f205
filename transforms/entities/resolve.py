"""Resolve the names of an article: one entity for "Islamic State group", ISIS and IS.

Comes in: a parsed text with entities as the model found them. Goes out: a `Resolution`. Names the
model missed are recovered where our lists or the article itself know them; labels it got wrong
are mended from the same sources. Links are made within the article only: bracketed acronyms,
initials, surnames, shortened names; a surname that fits two people here stays unresolved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from schemas.flow import RunContext
from schemas.rows import Entity
from transforms.entities.kinds import PARTIES, Naming, named_countries
from transforms.entities.known import ActorList, KnownActor, role_named
from transforms.entities.links import ArticleNames, article_names
from transforms.entities.mentions import (
    Resolution,
    ResolvedMention,
    named_entity,
    place_entity,
    role_entity,
    sentence_index,
)
from transforms.entities.names import bare, name_key, without_titles
from transforms.entities.spans import find_namings
from transforms.places import Gazetteer, Place

if TYPE_CHECKING:
    from spacy.tokens import Doc

_PLACES = frozenset({"GPE", "LOC", "FAC"})


def resolve_entities(
    doc: Doc,
    *,
    gazetteer: Gazetteer,
    actors: ActorList,
    context: RunContext,
    dateline_place: str | None,
) -> Resolution:
    """Resolve every name in a parsed article."""
    namings = find_namings(doc, gazetteer, actors)
    countries = article_countries(namings, gazetteer, actors, dateline_place)
    names = article_names(doc.text, namings, actors)
    resolver = _Resolver(gazetteer, actors, context, countries, names)
    starts = [sentence.start_char for sentence in doc.sents]
    mentions = [
        resolver.resolve(naming, sentence_index(starts, naming.start)) for naming in namings
    ]
    return Resolution(mentions, starts, countries=countries, gazetteer=gazetteer, context=context)


def article_countries(
    namings: Sequence[Naming],
    gazetteer: Gazetteer,
    actors: ActorList,
    dateline_place: str | None,
) -> tuple[str, ...]:
    """Give the countries an article is about, the one named most first."""
    named = named_countries(namings, gazetteer, actors)
    place = gazetteer.find(dateline_place, countries=named) if dateline_place else None
    origin = (place.country,) if place and place.country else ()
    found = named + origin or tuple(_countries_of_cities(namings, gazetteer))
    return tuple(dict.fromkeys(found))


def _countries_of_cities(namings: Iterable[Naming], gazetteer: Gazetteer) -> Iterator[str]:
    """Fall back on the article's well-known cities where no country is named."""
    for naming in namings:
        place = gazetteer.find(naming.text) if naming.label == "GPE" else None
        if place and place.country:
            yield place.country


class _Resolver:
    """Resolves one naming after another with what is known of the article."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        actors: ActorList,
        context: RunContext,
        countries: tuple[str, ...],
        names: ArticleNames,
    ) -> None:
        self._gazetteer = gazetteer
        self._actors = actors
        self._context = context
        self._countries = countries
        self._names = names
        self._seen: dict[tuple[str, str], ResolvedMention] = {}

    def resolve(self, naming: Naming, sentence: int) -> ResolvedMention:
        """Resolve one naming; the entity is None where it fits two."""
        form = (naming.text, naming.label)
        if form not in self._seen:
            self._seen[form] = self._resolve(naming)
        return replace(
            self._seen[form],
            start=naming.start,
            end=naming.end,
            text=naming.text,
            sentence_index=sentence,
        )

    def _resolve(self, naming: Naming) -> ResolvedMention:
        """Resolve a form: all namings of one form and label are one thing."""
        mention = ResolvedMention(
            start=naming.start,
            end=naming.end,
            text=naming.text,
            label=naming.label,
            sentence_index=0,
            entity=None,
            link_method=None,
        )
        for step in (self._defined, self._known, self._country, self._role, self._place):
            resolved = step(naming, mention)
            if resolved is not None:
                return resolved
        return self._by_name(naming, mention)

    def _defined(self, naming: Naming, mention: ResolvedMention) -> ResolvedMention | None:
        """Follow what the article itself says: "Syrian Democratic Forces (SDF)"."""
        full = self._names.defined.get(name_key(naming.text))
        if full is None or name_key(full) == name_key(naming.text):
            return None
        target = self._resolve(replace(naming, text=full))
        return replace(target, link_method="acronym")

    def _known(self, naming: Naming, mention: ResolvedMention) -> ResolvedMention | None:
        known = self._actors.find(naming.text)
        if known is None and naming.label == "PERSON":
            known = self._actors.find(without_titles(naming.text))
        if known is None or self._is_elsewhere(known):
            return None
        entity = named_entity(
            known.name,
            known.entity_type,
            self._context,
            country=known.country,
            sector=known.sector,
            source="seed",
        )
        same = name_key(known.name) == name_key(naming.text)
        return replace(
            mention,
            label=known.entity_type,
            entity=entity,
            link_method="name" if same else "alias",
            country=known.country,
        )

    def _is_elsewhere(self, known: KnownActor) -> bool:
        """Tell whether a party's common name (Labour Party) means one of another country here."""
        return known.sector in PARTIES and known.country not in self._countries

    def _country(self, naming: Naming, mention: ResolvedMention) -> ResolvedMention | None:
        code = self._gazetteer.country_code(naming.text)
        if code and naming.label != "PERSON" and not self._is_namesake(naming.text, code):
            return self._at(self._gazetteer.country(code), "GPE", naming, mention)
        code = self._gazetteer.demonym(naming.text)
        if code is None or naming.label == "PERSON":
            return None
        name = self._gazetteer.adjective(naming.text)
        entity = named_entity(name, "NORP", self._context, country=code, source="gazetteer")
        return replace(mention, label="NORP", entity=entity, link_method="demonym", country=code)

    def _is_namesake(self, name: str, code: str) -> bool:
        """Tell whether a country's name means another place here: Georgia in the United States."""
        place = self._gazetteer.find(name, countries=self._countries)
        return place is not None and place.country != code and code not in self._countries

    def _role(self, naming: Naming, mention: ResolvedMention) -> ResolvedMention | None:
        """Read "Lebanese Army" as a country's sector; "Parliament" alone names nobody."""
        if naming.label != "ORG":
            return None
        words = bare(naming.text).split()
        if role_named(" ".join(words)):
            return mention
        for count in range(1, len(words)):
            role = role_named(" ".join(words[count:]))
            nation = " ".join(words[:count])
            code = self._gazetteer.demonym(nation) or self._gazetteer.country_code(nation)
            if code and role and role.sector:
                entity = role_entity(code, role.sector, self._gazetteer, self._context)
                return replace(mention, entity=entity, link_method="role", country=code)
        return None

    def _place(self, naming: Naming, mention: ResolvedMention) -> ResolvedMention | None:
        if naming.label not in _PLACES:
            return None
        place = self._gazetteer.find(naming.text, countries=self._countries)
        return self._at(place, naming.label, naming, mention) if place else None

    def _at(
        self, place: Place | None, label: str, naming: Naming, mention: ResolvedMention
    ) -> ResolvedMention | None:
        if place is None:
            return None
        same = name_key(place.name) == name_key(naming.text)
        return replace(
            mention,
            label=label,
            entity=place_entity(place, label, self._context),
            link_method="name" if same else "alias",
            country=place.country,
            place=place,
        )

    def _by_name(self, naming: Naming, mention: ResolvedMention) -> ResolvedMention:
        """Name an entity as the article does: by the longest form of the name in it."""
        longest = self._names.longest(naming)
        if longest is None:
            return mention
        if longest.name != bare(naming.text):
            known = self._known(replace(naming, text=longest.name), mention)
            if known is not None:
                return replace(known, link_method=longest.method)
        entity: Entity = named_entity(longest.name, naming.label, self._context)
        return replace(mention, entity=entity, link_method=longest.method)
