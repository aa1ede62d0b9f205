"""Whom "they", "the militants" or "the police" point back to, if only one fits.

Comes in: a phrase that names nobody. Goes out: the actor it points to, marked as coreference, or
None: two fitting antecedents within the last two sentences leave it open, and so does none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from transforms.entities.known import first_names
from transforms.entities.mentions import Resolution, ResolvedMention
from transforms.entities.phrases import (
    Actor,
    Phrase,
    is_role,
    left_phrase,
    named_actor,
    role_actor,
    stated_actor,
)

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

LOOK_BACK = 2  # sentences in which an antecedent is looked for
MASCULINE, FEMININE = frozenset({"he", "him", "his"}), frozenset({"she", "her", "hers"})
NEUTER = frozenset({"it", "its"})
PLURAL = frozenset({"they", "them", "their", "theirs"})
_MODIFIERS = frozenset({"compound", "nmod", "amod", "poss", "appos"})
_SUBJECTS = frozenset({"nsubj", "nsubjpass"})
# Verbs of an "it" that means nothing: it is time, it rained, it seems, it took years
_EMPTY = frozenset({"be", "seem", "appear", "rain", "snow", "take", "become", "remain", "begin"})
_DEFINITE = frozenset({"the", "this", "that", "these", "those"})
_NOUN_TAGS = frozenset({"NN", "NNS", "NNP", "NNPS"})
_BODY_LABELS = frozenset({"ORG", "GPE"})
_STATES = frozenset({"country", "nation"})
_STATE_SECTORS = frozenset({"GOV", "MIL", "COP", "JUD", "LEG", "SPY"})
_ARMED: frozenset[str | None] = frozenset({"REB", "UAF"})
_ALIKE = {"REB": _ARMED, "UAF": _ARMED}
_PRIVATE: frozenset[str | None] = frozenset({"REB", "UAF", "NGO", "PTY", "OPP", "CRM", None})
_ANAPHORS = {
    "group": _PRIVATE,
    "movement": _PRIVATE,
    "organization": _PRIVATE | {"IGO"},
    "organisation": _PRIVATE | {"IGO"},
    "bloc": frozenset({"IGO", "PTY", None}),
    "agency": frozenset({"MED", "GOV", "IGO", "NGO", "SPY", None}),
    "institution": frozenset({"GOV", "IGO", "BUS", "EDU", None}),
}


def resolve_pronoun(head: Token, words: Actor, resolution: Resolution) -> Actor:
    """Resolve he, she, it or they, if only one antecedent fits; else keep the bare words."""
    found = None
    if head.lower_ in MASCULINE | FEMININE:
        found = _person(head, words, resolution)
    elif head.lower_ in NEUTER and head.head.lemma_.lower() not in _EMPTY:
        found = _antecedent(words, resolution, lambda mention: mention.label in _BODY_LABELS)
    elif head.lower_ in PLURAL:
        found = _pointing_to([*_groups_before(head, resolution)], words)
    if found is None or found.entity_id is None:
        return words
    is_body = head.lower_ in NEUTER | PLURAL
    return words if is_body and not _was_subject(found.entity_id, head, resolution) else found


def _person(head: Token, words: Actor, resolution: Resolution) -> Actor | None:
    """Find the only person before whose first name does not speak against the pronoun."""
    gender = "m" if head.lower_ in MASCULINE else "f"

    def may_be(mention: ResolvedMention) -> bool:
        return mention.label == "PERSON" and _gender(mention) in {gender, None}

    found = _antecedent(words, resolution, may_be)
    if found is None or found.entity is None or found.entity_id is None:
        return None
    is_sure = first_names().get(found.entity.name.split(" ")[0]) == gender
    return found if is_sure or _was_subject(found.entity_id, head, resolution) else None


def _gender(mention: ResolvedMention) -> str | None:
    """Give f or m where a person's first name tells."""
    return first_names().get(mention.entity.name.split(" ")[0]) if mention.entity else None


def _was_subject(entity_id: str, head: Token, resolution: Resolution) -> bool:
    """Tell whether an entity was the subject of a clause before: what pronouns point back to."""
    return any(
        _is_subject(mention, head.doc)
        for mention in resolution.mentions_before(head.idx, LOOK_BACK)
        if mention.entity and mention.entity.entity_id == entity_id
    )


def _is_subject(mention: ResolvedMention, doc: Doc) -> bool:
    span = doc.char_span(mention.start, mention.end, alignment_mode="expand")
    if span is None:
        return False
    root = span.root.head if span.root.dep_ in _MODIFIERS else span.root
    return root.dep_ in _SUBJECTS


def resolve_role(phrase: Phrase, words: Actor) -> Actor | None:
    """Resolve a role that names nobody, by what stands before or by the article's only country."""
    pointed = _coreferent(phrase, words) if _is_definite(phrase) else None
    if pointed is not None:
        return pointed
    countries = phrase.resolution.countries
    if len(countries) != 1 or words.sector not in _STATE_SECTORS or _has_name(phrase):
        return None
    return replace(role_actor(phrase, words, countries[0], "article"), link="coreference")


def _has_name(phrase: Phrase) -> bool:
    """Tell whether a phrase names somebody, known or not: "European Community ministers"."""
    return any(token.pos_ == "PROPN" and not is_role(token) for token in phrase.span)


def _is_definite(phrase: Phrase) -> bool:
    """Tell whether a phrase is no more than "the militants", which points back if anything does."""
    before = [token for token in phrase.span if token.i < phrase.head.i]
    return len(before) == 1 and before[0].lower_ in _DEFINITE


def _coreferent(phrase: Phrase, words: Actor) -> Actor | None:
    """Find whom "the militants" or "the group" points back to, if only one fits."""
    role, noun = phrase.role, phrase.head.lemma_.lower()
    if role is None or noun == "side":
        return None
    resolution = phrase.resolution
    if noun in _STATES:
        return _antecedent(words, resolution, lambda mention: mention.label == "GPE")
    if noun in _ANAPHORS:
        bodies = _ANAPHORS[noun]
        return _antecedent(
            words, resolution, lambda each: each.label == "ORG" and _sector(each) in bodies
        )
    if role.sector is None:
        return None
    sectors = _ALIKE.get(role.sector or "") or frozenset({role.sector})
    groups = _groups_before(phrase.head, resolution)
    return _pointing_to(
        [each for each in groups if each.entity_id and each.sector in sectors], words
    )


def _sector(mention: ResolvedMention) -> str | None:
    return mention.entity.sector if mention.entity else None


def _groups_before(head: Token, resolution: Resolution) -> Iterator[Actor]:
    """Yield the groups named or described before, within two sentences, the nearest first."""
    if resolution.groups is None:
        resolution.groups = tuple(_groups(head.doc, resolution))
    earliest = resolution.sentence_start(resolution.sentence_index(head.idx) - LOOK_BACK)
    left = head.left_edge.i
    for token, group in reversed(resolution.groups):
        if token.idx < earliest:
            return
        if token.i < left:
            yield group


def _groups(doc: Doc, resolution: Resolution) -> Iterator[tuple[Token, Actor]]:
    """Yield the groups that a text names or describes, with their heads."""
    for token in doc:
        if token.tag_ not in _NOUN_TAGS:
            continue
        named = resolution.mention_at(token.idx, token.idx + len(token))
        tells_role = is_role(token)
        if not tells_role and (named is None or named.label != "ORG"):
            continue
        phrase = left_phrase(token, resolution)
        stated = stated_actor(phrase, phrase.words()) if tells_role else None
        if phrase.named and phrase.named.label == "ORG":
            yield token, named_actor(phrase.words(), phrase.named)
        elif stated is not None:
            yield token, stated


def _pointing_to(groups: Sequence[Actor], words: Actor) -> Actor | None:
    """Give the words the entity of the groups before, if that is one."""
    if len({group.entity_id for group in groups}) != 1 or groups[0].entity_id is None:
        return None
    start, end, text = words.start, words.end, words.text
    return replace(groups[0], start=start, end=end, text=text, link="coreference")


def _antecedent(
    words: Actor, resolution: Resolution, fits: Callable[[ResolvedMention], bool]
) -> Actor | None:
    """Take the only entity that fits among those named before, within two sentences."""
    before = [each for each in resolution.mentions_before(words.start, LOOK_BACK) if fits(each)]
    if not before or len({mention.entity for mention in before}) != 1:
        return None
    found = named_actor(words, before[-1], link="coreference")
    return found if found.entity_id else None
