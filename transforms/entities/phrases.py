"""A noun phrase as an actor: its head, the names at it, and the sector its nouns tell.

Comes in: a span of a parsed text, its head, and the article's resolution. Goes out: what the words
of the phrase state by themselves; nothing here looks beyond the phrase.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from schemas.rows import Entity
from transforms.entities.known import Role, load_roles
from transforms.entities.mentions import Resolution, ResolvedMention

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

PERSON, ORG, NATIONAL = frozenset({"PERSON"}), frozenset({"ORG"}), frozenset({"GPE", "NORP"})
_NOUNS = frozenset({"compound", "nmod", "poss", "nn"})
_HYPHENS = frozenset("-‐‑")
_OWNERS = frozenset({"of", "from", "in", "for", "at"})


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts or is acted on: the words, and who they stand for as far as that is known."""

    start: int
    end: int
    text: str
    entity_id: str | None = None
    name: str | None = None
    country: str | None = None
    country_source: str | None = None  # gazetteer, seed, phrase or article
    sector: str | None = None
    sector_source: str | None = None  # seed or role
    link: str | None = None  # name, role or coreference
    entity: Entity | None = None  # the row behind entity_id


class Phrase:
    """A noun phrase with its head, the mentions in it and the role its nouns tell."""

    def __init__(self, span: Span, head: Token, resolution: Resolution) -> None:
        self.span = span
        self.head = head
        self.resolution = resolution
        self.mentions = [
            mention
            for mention in resolution.mentions_in(span.start_char, span.end_char)
            if mention.start >= span.start_char
            and mention.end <= span.end_char
            and not _is_generic(mention)
        ]
        self.named = covering(self.mentions, head)
        self.role, self.is_role_head = _role(span, head, self.mentions)

    @property
    def sector(self) -> str | None:
        """Give the sector that the role tells."""
        return self.role.sector if self.role else None

    def words(self) -> Actor:
        """Give the phrase as an actor of whom nothing is known yet."""
        return Actor(start=self.span.start_char, end=self.span.end_char, text=self.span.text)

    def before_head(self, labels: frozenset[str]) -> list[ResolvedMention]:
        """Give the mentions before the head that belong to it, the nearest first."""
        return [
            mention
            for mention in reversed(self.mentions)
            if mention.end <= self.head.idx and mention.label in labels and self._is_near(mention)
        ]

    def behind_preposition(self, labels: frozenset[str]) -> list[ResolvedMention]:
        """Give the mentions after "of" and its like: "members of Hezbollah"."""
        objects = (
            noun for word in self.head.rights if word.lower_ in _OWNERS for noun in word.rights
        )
        mentions = (covering(self.mentions, noun) for noun in objects)
        return [mention for mention in mentions if mention and mention.label in labels]

    def _is_near(self, mention: ResolvedMention) -> bool:
        """Tell whether a mention modifies the head: not "U.S.-backed", nor in a clause within."""
        tokens = [token for token in self.span if mention.start <= token.idx < mention.end]
        if not tokens or _next_mark(tokens[-1], mention.end) in _HYPHENS:
            return False
        return any(self.head in token.ancestors and _is_modifier(token) for token in tokens)


def _next_mark(token: Token, end: int) -> str:
    """Give the character that follows a name whose last token this is."""
    following = token.text_with_ws[end - token.idx :]
    return following[:1] or (token.nbor().text[:1] if token.i + 1 < len(token.doc) else "")


def covering(mentions: Sequence[ResolvedMention], token: Token) -> ResolvedMention | None:
    """Give the mention that a token is part of."""
    end = token.idx + len(token)
    return next((m for m in mentions if m.start < end and token.idx < m.end), None)


def is_role(token: Token) -> bool:
    """Tell whether a token is a noun that tells a sector."""
    return _role_of(token) is not None


def named_actor(words: Actor, mention: ResolvedMention, link: str = "name") -> Actor:
    """Make the actor that a mention names."""
    entity = mention.entity
    is_listed = entity is not None and entity.source == "seed"
    is_role = mention.link_method == "role"  # "the Lebanese Army"
    return _at_country(
        _of_sector(
            replace(
                words,
                entity_id=entity.entity_id if entity else None,
                name=entity.name if entity else None,
                link=link if entity else None,
                entity=entity,
            ),
            entity.sector if entity else None,
            "seed" if is_listed else "role",
        ),
        mention.country,
        "seed" if is_listed else "phrase" if is_role else "gazetteer",
    )


def with_country(actor: Actor, country: str | None) -> Actor:
    """Add the country that a nationality in the phrase tells, where none is known."""
    return actor if actor.country else _at_country(actor, country, "phrase")


def with_sector(actor: Actor, sector: str | None) -> Actor:
    """Add the sector that a role in the phrase tells, where none is known."""
    return actor if actor.sector else _of_sector(actor, sector, "role")


def _at_country(actor: Actor, country: str | None, source: str) -> Actor:
    return replace(actor, country=country, country_source=source if country else None)


def _of_sector(actor: Actor, sector: str | None, source: str) -> Actor:
    return replace(actor, sector=sector, sector_source=source if sector else None)


def role_actor(
    phrase: Phrase, words: Actor, country: str | None, country_source: str = "phrase"
) -> Actor:
    """Make the actor of a country and the sector that the role tells."""
    told = _at_country(_of_sector(words, phrase.sector, "role"), country, country_source)
    if not country or not phrase.sector:
        return replace(told, link="role" if phrase.sector else None)
    entity = phrase.resolution.role_entity(country, phrase.sector)
    return replace(told, entity_id=entity.entity_id, name=entity.name, link="role", entity=entity)


def stated_actor(phrase: Phrase, words: Actor) -> Actor | None:
    """Take what a role noun and the names at it tell: "Hezbollah fighters", "Syrian troops"."""
    if not phrase.is_role_head or phrase.role is None:
        return None
    owners = phrase.before_head(ORG) or phrase.behind_preposition(ORG)
    if owners:
        return with_sector(named_actor(words, owners[0]), phrase.sector)
    nations = phrase.before_head(NATIONAL) or phrase.behind_preposition(NATIONAL)
    people = phrase.before_head(PERSON)
    country = next((each.country for each in (*nations, *people) if each.country), None)
    return role_actor(phrase, words, country)


def _is_modifier(token: Token) -> bool:
    """Tell whether a token hangs on its noun as a modifier, not as part of a clause."""
    return token.dep_ not in {"pobj", "dobj", "nsubj", "nsubjpass"}


def _is_generic(mention: ResolvedMention) -> bool:
    """Tell whether a name is a common noun in capitals, such as Parliament."""
    return mention.label == "ORG" and mention.entity is None


def _forms(token: Token) -> tuple[str, ...]:
    return (token.lemma_.lower(), token.lower_, token.lower_.removesuffix("s"))


def _role_of(token: Token) -> Role | None:
    roles = load_roles()
    return next((roles[form] for form in _forms(token) if form in roles), None)


def _role(span: Span, head: Token, mentions: Sequence[ResolvedMention]) -> tuple[Role | None, bool]:
    """Read the role of a phrase, and whether its head tells it: of two words, one, or a title."""
    before = [token for token in span if token.i < head.i and covering(mentions, token) is None]
    pair = _pair(before, head)
    own = pair or _role_of(head)
    if own is not None and not own.is_weak:
        return own, True
    adding = (_role_of(token) for token in reversed(before) if _adds_role(token, head, mentions))
    title = next((role for role in adding if role and role.sector), None)
    return (title or own), own is not None


def _pair(before: Sequence[Token], head: Token) -> Role | None:
    """Look up the head with the word before it: "prime minister", "riot police"."""
    if not before or before[-1].i != head.i - 1:
        return None
    roles, word = load_roles(), before[-1]
    pairs = (f"{first} {form}" for form in _forms(head) for first in (word.lower_, word.lemma_))
    return next((roles[pair] for pair in pairs if pair in roles), None)


def _adds_role(token: Token, head: Token, mentions: Sequence[ResolvedMention]) -> bool:
    """Tell whether a noun before the head says what the head is: "rebel commander"."""
    hangs_on_head = token.head == head or (
        token.head.head == head and covering(mentions, token.head) is None
    )
    is_told = covering(mentions, head) is not None or is_role(head)
    return hangs_on_head and (token.dep_ in _NOUNS or is_told)


def left_phrase(head: Token, resolution: Resolution) -> Phrase:
    """Make the phrase of a noun and what stands before it."""
    return Phrase(head.doc[head.left_edge.i : head.i + 1], head, resolution)


def governed(preposition: Token) -> Iterator[Token]:
    """Yield the noun that a preposition governs, if it stands behind it."""
    yield from (token for token in preposition.rights if token.dep_ == "pobj")
