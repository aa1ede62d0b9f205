"""Who an argument of an event is: the actor behind a noun phrase.

Comes in: a span of a parsed text and the article's resolution. Goes out: an `Actor` with entity,
country and sector as far as the words tell, or None for a span that names nobody. The ties are
kept in `link`: name (an entity named in the phrase), role (a nationality and a role, or a role
alone: then without entity), coreference (exactly one fitting antecedent within two sentences, or
an institution of the only country in the article).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from transforms.entities.coreference import (
    FEMININE,
    MASCULINE,
    NEUTER,
    PLURAL,
    resolve_pronoun,
    resolve_role,
)
from transforms.entities.mentions import Resolution
from transforms.entities.phrases import (
    NATIONAL,
    ORG,
    PERSON,
    Actor,
    Phrase,
    covering,
    governed,
    left_phrase,
    named_actor,
    role_actor,
    stated_actor,
    with_country,
    with_sector,
)

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

_PRONOUNS = MASCULINE | FEMININE | NEUTER | PLURAL
_RELATIVE = frozenset({"who", "whom", "whose", "which", "that"})
_BELONGING = frozenset({"of", "from"})
_UNITS = frozenset({"province", "city", "town", "village", "region", "district", "governorate"})
_NAMING = frozenset({"known", "called", "named", "dubbed"})


def find_actor(tokens_span: Span, resolution: Resolution, *, doc: Doc) -> Actor | None:
    """Find the actor that a noun phrase stands for; the phrase holds no conjuncts."""
    if tokens_span.doc is not doc:
        raise ValueError("the phrase is of another text than the resolution")
    return _find(tokens_span, tokens_span.root, resolution)


def _find(span: Span, head: Token, resolution: Resolution) -> Actor | None:
    """Find the actor of a phrase whose head is known."""
    words = Actor(start=span.start_char, end=span.end_char, text=span.text)
    if head.lower_ in _PRONOUNS or head.tag_ in {"PRP", "PRP$"}:
        return resolve_pronoun(head, words, resolution)
    if head.lower_ in _RELATIVE and head.tag_ in {"WP", "WP$", "WDT", "IN"}:
        return _by_clause(head, words, resolution)
    phrase = Phrase(span, head, resolution)
    for step in (_by_head, _by_role, _by_apposition, _by_owner):
        found = step(phrase, words)
        if found is not None:
            return found
    return None


def _by_head(phrase: Phrase, words: Actor) -> Actor | None:
    """Take the entity the head names, with the title and nationality before it."""
    mention = phrase.named
    if mention is None:
        return None
    found = named_actor(words, mention)
    if mention.label != "PERSON":
        return found
    at_name = [*phrase.before_head(NATIONAL), *phrase.before_head(ORG)]
    country = next((each.country for each in at_name if each.country), None)
    return with_sector(with_country(found, country), phrase.sector)


def _by_role(phrase: Phrase, words: Actor) -> Actor | None:
    """Take what a role noun tells: in the phrase, behind its "of", or of what stands before."""
    stated = stated_actor(phrase, words)
    if stated is None or stated.entity_id or stated.country:
        return stated
    named = _by_apposition(phrase, words)
    if named is not None:
        return named
    inner = _belonging(phrase, words) if phrase.role and phrase.role.is_weak else None
    if inner and (inner.entity_id or inner.sector):
        return inner
    return resolve_role(phrase, stated) or stated


def _by_apposition(phrase: Phrase, words: Actor) -> Actor | None:
    """Take the name put beside the head: "forces, known as the Syrian Democratic Forces"."""
    for child in phrase.head.children:
        for token in _beside(child):
            mention = covering(phrase.mentions, token)
            if mention and mention.label in PERSON | ORG:
                return with_sector(named_actor(words, mention), phrase.sector)
    return None


def _beside(child: Token) -> Iterator[Token]:
    if child.dep_ == "appos":
        yield child
    if child.dep_ in {"acl", "relcl"} and child.lower_ in _NAMING:
        yield from (token for token in child.subtree if token.dep_ in {"pobj", "oprd", "dobj"})


def _by_owner(phrase: Phrase, words: Actor) -> Actor | None:
    """Take the one a thing belongs to: "a base of the SDF forces", "Lebanese soldiers' bodies"."""
    near = phrase.before_head(ORG | PERSON | NATIONAL)
    is_place = phrase.head.lemma_.lower() in _UNITS and near and near[0].label == "GPE"
    if near and near[0].label in NATIONAL and not is_place:
        return role_actor(phrase, words, near[0].country)
    if near:
        return named_actor(words, near[0])
    owner = _belonging(phrase, words)
    if owner and owner.link != "coreference":
        return owner
    return role_actor(phrase, words, None) if phrase.role else None


def _belonging(phrase: Phrase, words: Actor) -> Actor | None:
    """Take the actor named behind "of" or "from"."""
    prepositions = (word for word in phrase.head.rights if word.lower_ in _BELONGING)
    for noun in (noun for preposition in prepositions for noun in governed(preposition)):
        inner = left_phrase(noun, phrase.resolution)
        return _with_words(_find(inner.span, noun, phrase.resolution), words)
    return None


def _with_words(found: Actor | None, words: Actor) -> Actor | None:
    if found is None:
        return None
    return replace(found, start=words.start, end=words.end, text=words.text)


def _by_clause(head: Token, words: Actor, resolution: Resolution) -> Actor:
    """Resolve who and which to the noun that their clause hangs on."""
    clause = next((token for token in (head, *head.ancestors) if token.dep_ == "relcl"), None)
    if clause is None or clause.head.i >= head.i:
        return words
    inner = left_phrase(clause.head, resolution)
    found = _with_words(_find(inner.span, clause.head, resolution), words)
    if found is None:
        return replace(words, name=inner.span.text, link="coreference")
    return replace(found, link="coreference") if found.entity_id else found
