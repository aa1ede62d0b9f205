"""Roles as spans: read off the parse alone, and put to use where a model finds them.

Comes in: a parsed text. Goes out: a `RoleFrame` a verb, for pipelines whose model finds no roles
itself, and as what such a model is measured against. Subjects are ARG0 (of passives ARG1),
objects ARG1, datives and closed complements ARG2; prepositions tell time and place only by the
words they govern. Nouns get no frame: the parse cannot tell which of them name acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from transforms.events.frames import Frame, antecedent, find_frames, with_conjuncts, word_set
from transforms.roles import RoleFrame, given_predicates

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

NOMINAL = frozenset({"NOUN", "PROPN", "PRON", "NUM"})
CLAUSES = {"ccomp": "ARG1", "xcomp": "ARG1", "acomp": "ARG2", "attr": "ARG2", "oprd": "ARG2"}
OBJECTS = {"dobj": "ARG1", "dative": "ARG2", "nsubjpass": "ARG1", "csubjpass": "ARG1"}
TIMES = word_set(
    """day week month year hour minute morning evening night today yesterday tomorrow now then
    time when since before after until while monday tuesday wednesday thursday friday saturday
    sunday january february march april may june july august september october november december
    always never ever already still soon often sometimes usually again once recently"""
)
PLACES = word_set("here there where everywhere anywhere nearby abroad home")
CAUSES = word_set("because since as")
LOCATIVE = word_set("in at on near outside inside around across throughout under behind within")
# Verbs whose subject undergoes what they tell.
UNDERGOING = word_set("be seem appear remain become happen occur die fall arrive come go exist")


def read_arguments(doc: Doc) -> tuple[RoleFrame, ...]:
    """Read the frames of all verbs, or of the predicates asked for."""
    given = given_predicates(doc)
    words = (doc[i] for i in given) if given is not None else (t for t in doc if _is_verb(t))
    return tuple(RoleFrame(word.i, tuple(_roles(word))) for word in words)


def _is_verb(token: Token) -> bool:
    return token.tag_.startswith("VB")


def _roles(word: Token) -> Iterator[tuple[int, int, str]]:
    if word.dep_ in ("aux", "auxpass"):
        return  # an auxiliary is a predicate without roles
    children = list(word.children)
    if word.dep_ == "relcl" and word.head.i < word.i:
        yield from _relative(word, children)
    for child in children:
        role = _role(child, word)
        if role is not None:
            yield child.left_edge.i, child.right_edge.i + 1, role
    if word.tag_ in ("VBN", "VBG") and word.dep_ == "acl":
        role = "ARG1" if word.tag_ == "VBN" else "ARG0"
        yield word.head.left_edge.i, word.left_edge.i, role


def _relative(word: Token, children: list[Token]) -> Iterator[tuple[int, int, str]]:
    """Give the noun of a relative clause the role that its pronoun, or a gap, has."""
    pronoun = next((c for c in children if c.tag_ in ("WDT", "WP")), None)
    has_subject = any(c.dep_ in ("nsubj", "nsubjpass") for c in children)
    role = _role(pronoun, word) if pronoun is not None else None
    if role is None and has_subject:
        role = "ARG1"
    if role is not None and word.left_edge.i > word.head.left_edge.i:
        yield word.head.left_edge.i, word.left_edge.i, role.removeprefix("R-")


def _role(child: Token, word: Token) -> str | None:
    role = _core_role(child, word) or _modifier(child)
    if role and child.tag_ in ("WDT", "WP") and word.dep_ == "relcl":
        return f"R-{role}"
    return role


def _core_role(child: Token, word: Token) -> str | None:
    if child.dep_ in ("nsubj", "csubj"):
        return "ARG1" if word.lemma_.lower() in UNDERGOING else "ARG0"
    if child.dep_ == "agent":
        return "ARG0"
    if child.dep_ == "xcomp" and any(c.dep_ == "dobj" for c in word.children):
        return "ARG2"
    return OBJECTS.get(child.dep_) or CLAUSES.get(child.dep_)


def _modifier(child: Token) -> str | None:
    """Name the role of what modifies a verb, by its own words."""
    if child.dep_ == "neg":
        return "ARGM-NEG"
    if child.dep_ == "aux" and child.tag_ == "MD":
        return "ARGM-MOD"
    words = {child.lower_, child.lemma_.lower()}
    if child.dep_ in ("advmod", "npadvmod"):
        if words & TIMES:
            return "ARGM-TMP"
        if words & PLACES:
            return "ARGM-LOC"
        return "ARGM-MNR" if child.lower_.endswith("ly") else "ARGM-ADV"
    if child.dep_ == "prep":
        governed = [c for c in child.children if c.dep_ in ("pobj", "pcomp")]
        if words & TIMES or any({g.lemma_.lower(), g.lower_} & TIMES for g in governed):
            return "ARGM-TMP"
        return "ARGM-LOC" if words & LOCATIVE else "ARG2"
    return _clause_role(child) if child.dep_ == "advcl" else None


def _clause_role(child: Token) -> str:
    marks = {c.lower_ for c in child.children if c.dep_ in ("mark", "advmod")}
    if marks & CAUSES:
        return "ARGM-CAU"
    if marks & TIMES:
        return "ARGM-TMP"
    return "ARGM-PRP" if any(c.lower_ == "to" for c in child.children) else "ARGM-ADV"


def frames_with_roles(sentence: Span, roles: Mapping[int, RoleFrame]) -> Iterator[Frame]:
    """Read the frames of a sentence; `roles`, by predicate, fill what the parse leaves open."""
    for frame in find_frames(sentence):
        found = roles.get(frame.head.i)
        yield frame if found is None else _with_roles(frame, found)


def _with_roles(frame: Frame, found: RoleFrame) -> Frame:
    """Give a frame the subject and object that the model found and the parse did not."""
    subjects, objects = frame.subjects, frame.objects
    if not subjects:
        subjects = _heads_of("ARG0", found, frame)
    if not objects and not frame.is_nominal and frame.clause is None:
        objects = tuple(t for t in _heads_of("ARG1", found, frame) if t not in subjects)
    return replace(frame, subjects=subjects, objects=objects)


def _heads_of(role: str, found: RoleFrame, frame: Frame) -> tuple[Token, ...]:
    """Give the head nouns of a role's span."""
    doc = frame.head.doc
    spans = [doc[first:last] for first, last, name in found.roles if name == role]
    heads = [antecedent(span.root) for span in spans if span.root.pos_ in NOMINAL]
    taken = {t.i for heads in frame.by_preposition.values() for t in heads}
    return with_conjuncts([head for head in heads if head.i not in taken])
