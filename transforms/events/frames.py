"""Who did what to whom, clause by clause, read off the parse: predicates with their arguments.

Comes in: a parsed sentence (ClearNLP labels). Goes out: frames, each with its trigger, the heads
of its subject and object, and what hangs on it by prepositions. A frame knows words only, no
entities and no event types. Passives are turned round, participles and infinitives find the
subject of the clause they hang on, conjoined verbs share theirs, and a noun that names an act
("carried out an attack", "the attack on X by Y") is a frame of its own, with the verb that only
carries it as part of its trigger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Span, Token


def word_set(words: str) -> frozenset[str]:
    """Read a set of words written with spaces between."""
    return frozenset(words.split())


SUBJECT = frozenset({"nsubj", "csubj"})
PASSIVE_SUBJECT = frozenset({"nsubjpass", "csubjpass"})
CLAUSE_VERBS = frozenset({"VERB", "AUX"})
# Verbs that say only that the act of their noun took place (or is over); the noun is the act.
CARRYING = word_set(
    """begin break carry come conduct continue declare end erupt execute fail follow give go happen
    have hold implement launch make mount observe occur open pay perform resume stage start sign
    stop take undertake wage announce order foil thwart avert prevent repel reach collapse
    expire plan organize organise prepare schedule"""
)
# After these the subject of the infinitive is the object: "urged Y to leave".
OBJECT_CONTROL = word_set(
    """urge ask order tell force allow call want press persuade help invite expect warn lead
    encourage instruct require permit compel convince pressure"""
)

# The same, for what hangs on them by a preposition: "engaged in fighting", "gathered for a rally".
CARRYING_BY = {
    "engage": frozenset({"in"}),
    "involve": frozenset({"in"}),
    "participate": frozenset({"in"}),
    "part": frozenset({"in"}),
    "join": frozenset({"in"}),
    "gather": frozenset({"for"}),
    "converge": frozenset({"for"}),
    "assemble": frozenset({"for"}),
    "resort": frozenset({"to"}),
    "embark": frozenset({"on"}),
    "go": frozenset({"on", "into"}),
    "enter": frozenset({"into"}),
    "proceed": frozenset({"with"}),
}
# "They shut their shops in protest": the noun is an act of the one who does the other.
ADDED_ACTS = word_set("protest support solidarity retaliation")
# What somebody issues, and by which he says what stands in its clause.
PAPERS = word_set(
    """statement letter declaration resolution message communique report appeal note memorandum
    decree order petition speech motion call bill law ruling warning leaflet tweet post announcement
    document proposal plan"""
)
WHO = frozenset({"PERSON", "ORG", "GPE", "NORP"})
BEFORE_VERB = frozenset({"npadvmod", "compound"})  # what names before a verb may be taken for
MAX_CLIMB = 4  # clauses above a verb in which its subject is looked for
ADJECTIVES = frozenset({"acomp", "oprd"})
# Participles that are adjectives behind "be", whatever the tagger holds them to be.
ADJECTIVAL = word_set("prepared opposed determined committed poised unwilling unprepared")
BELONGING = frozenset({"of", "from"})
# What hangs behind a head and is no part of its phrase.
RIGHT_BOUNDS = frozenset({"cc", "conj", "relcl", "punct", "advcl", "parataxis", "appos", "acl"})


@dataclass(frozen=True)
class Frame:
    """A predicate and the heads of its arguments."""

    head: Token  # the word that names the act
    support: Token | None = None  # the verb that carries a noun
    subjects: tuple[Token, ...] = ()
    objects: tuple[Token, ...] = ()
    by_preposition: dict[str, tuple[Token, ...]] = field(default_factory=dict)
    clause: Token | None = None  # the head of a clause that is its object
    particles: tuple[Token, ...] = ()
    is_passive: bool = False

    @property
    def is_nominal(self) -> bool:
        """Tell whether a noun names the act."""
        return self.head.pos_ not in CLAUSE_VERBS and not self.is_adjective

    @property
    def is_adjective(self) -> bool:
        """Tell whether an adjective names the act: "is opposed to"."""
        return is_adjective(self.head)

    @property
    def verb(self) -> Token:
        """Give the word that carries negation, mood and tense."""
        return self.support or self.head

    def slot(self, name: str) -> tuple[Token, ...]:
        """Give the argument heads of a slot: dobj, dative, ccomp, or a preposition."""
        if name == "dobj":
            return self.objects
        if name == "ccomp":
            return _subjects(self.clause) if self.clause is not None else ()
        return self.by_preposition.get(name, ())


def find_frames(sentence: Span) -> Iterator[Frame]:
    """Read the frames of a sentence, in the order of their words."""
    for token in sentence:
        if is_adjective(token):
            yield adjective_frame(token)
        elif token.pos_ == "VERB" or (
            token.tag_.startswith("VB") and token.dep_ not in ("aux", "auxpass")
        ):
            yield verb_frame(token)
        elif token.pos_ == "NOUN" and token.dep_ not in ("compound", "nmod"):
            yield noun_frame(token)


def is_adjective(token: Token) -> bool:
    """Tell whether a word is an adjective behind a verb that only carries it."""
    if token.dep_ in ADJECTIVES and token.head.pos_ in CLAUSE_VERBS:
        return token.tag_ == "JJ" or token.lower_ in ADJECTIVAL
    return token.lower_ in ADJECTIVAL and any(c.dep_ == "auxpass" for c in token.children)


def verb_frame(verb: Token) -> Frame:
    """Read the arguments of a verb."""
    children = list(verb.children)
    by_agent = [t for c in children if c.dep_ == "agent" for t in _governed(c)]
    patients = [c for c in children if c.dep_ in PASSIVE_SUBJECT]
    is_passive = bool(patients or by_agent) or _is_bare_passive(verb)
    prepositions = _by_preposition(verb)
    if is_passive:
        objects = patients or list(_subjects(verb))
        subjects = by_agent or list(prepositions.pop("by", ()))
    else:
        subjects = list(_subjects(verb))
        objects = [c for c in children if c.dep_ == "dobj"] or _described(verb)
    dative = tuple(c for c in children if c.dep_ == "dative" and c.pos_ != "ADP")
    if dative:
        prepositions["dative"] = dative
    clause = next((c for c in children if c.dep_ in ("ccomp", "xcomp")), None)
    return Frame(
        head=verb,
        subjects=with_conjuncts(subjects),
        objects=with_conjuncts(objects),
        by_preposition=prepositions,
        clause=clause,
        particles=tuple(c for c in children if c.dep_ == "prt"),
        is_passive=is_passive,
    )


def adjective_frame(adjective: Token) -> Frame:
    """Read the arguments of an adjective that a verb only carries: "is opposed to talks"."""
    verb = adjective.head if adjective.dep_ in ADJECTIVES else adjective
    prepositions = {**_by_preposition(verb), **_by_preposition(adjective)}
    both = [*adjective.children, *verb.children]
    return Frame(
        head=adjective,
        support=verb,
        subjects=with_conjuncts(list(_subjects(verb))),
        by_preposition=prepositions,
        clause=next((c for c in both if c.dep_ in ("ccomp", "xcomp")), None),
    )


def noun_frame(noun: Token) -> Frame:
    """Read the arguments of a noun that may name an act, and of the verb that carries it."""
    prepositions = _by_preposition(noun)
    support = _support(noun)
    actors = list(prepositions.pop("by", ()))
    actors += [c for c in noun.children if c.dep_ == "agent" for c in _governed(c)]
    if not actors:
        actors = [c for c in noun.children if c.dep_ == "poss" and c.pos_ != "PRON"]
    if not actors and support is not None and noun.dep_ in ("dobj", "pobj", "nsubjpass", "conj"):
        actors = list(verb_frame(support).subjects)
    if not actors and _is_added(noun):
        actors = list(verb_frame(noun.head.head).subjects)
    if not actors:
        actors = [c for c in noun.children if c.dep_ in ("amod", "compound") and c.ent_type_]
    if not actors:  # "a Karvonia-led raid"
        actors = [name for c in noun.lefts if c.lower_ == "led" for name in _named_before(c)]
    if support is not None:
        for name, heads in _by_preposition(support).items():
            prepositions.setdefault(name, tuple(h for h in heads if h.i != noun.i))
    return Frame(
        head=noun,
        support=support,
        subjects=with_conjuncts(actors),
        by_preposition=prepositions,
    )


def _is_added(noun: Token) -> bool:
    """Tell whether a noun says in what spirit another act is done: "in protest"."""
    return (
        noun.lemma_.lower() in ADDED_ACTS
        and noun.dep_ == "pobj"
        and noun.head.lower_ == "in"
        and noun.head.head.pos_ in CLAUSE_VERBS
    )


def phrase_of(head: Token) -> Span:
    """Give a head with what belongs to it: no conjuncts, clauses, places or times behind."""
    left = head.left_edge.i
    while left < head.i and (head.doc[left].is_punct or head.doc[left].dep_ in ("cc", "mark")):
        left += 1
    return head.doc[left : _end_of(head)]


def _end_of(head: Token) -> int:
    """Give the index behind a phrase: with what follows "of", without asides to that."""
    end = head.i + 1
    for child in head.rights:
        if child.dep_ == "prep":
            if child.lower_ not in BELONGING:
                return end
            governed = [c for c in child.children if c.dep_ == "pobj"]
            end = max((_end_of(noun) for noun in governed), default=end)
        elif child.dep_ in RIGHT_BOUNDS:
            return end
        else:
            end = max(end, child.right_edge.i + 1)
    return end


def is_main_clause(verb: Token) -> bool:
    """Tell whether a verb is what a sentence tells, or what somebody is quoted for in it."""
    while verb.dep_ in ("conj", "ccomp", "parataxis") and verb.head.pos_ in CLAUSE_VERBS:
        verb = verb.head
    return verb.dep_ == "ROOT"


def with_conjuncts(heads: list[Token]) -> tuple[Token, ...]:
    """Add to each head what is joined to it: "the army and Hezbollah"."""
    found: list[Token] = []
    for head in heads:
        for token in (head, *_conjuncts(head)):
            if token not in found:
                found.append(token)
    return tuple(found)


def _conjuncts(head: Token) -> Iterator[Token]:
    for child in head.children:
        if child.dep_ == "conj" and child.pos_ in ("NOUN", "PROPN", "PRON", "ADJ", "NUM"):
            yield child
            yield from _conjuncts(child)


def _subjects(verb: Token, depth: int = 0) -> tuple[Token, ...]:
    """Find the subject of a verb: its own, or that of the clause or noun it hangs on."""
    own = [c for c in verb.children if c.dep_ in SUBJECT | PASSIVE_SUBJECT]
    if own:
        return tuple(antecedent(subject) for subject in own)
    if named := _named_before(verb):
        return named
    if depth > MAX_CLIMB or verb.head.i == verb.i:
        return ()
    governor = verb.head
    if verb.dep_ in ("acl", "relcl") and governor.pos_ in ("NOUN", "PROPN", "PRON"):
        return _of_noun(verb, governor, depth)
    if verb.dep_ == "conj" and governor.pos_ in CLAUSE_VERBS:
        return _subjects(governor, depth + 1)
    if verb.dep_ == "xcomp":
        controlled = [c for c in governor.children if c.dep_ in ("dobj", "nsubjpass")]
        is_controlled = controlled and governor.lemma_ in OBJECT_CONTROL
        if governor.lemma_ == "be" and any(c.pos_ == "NOUN" for c in governor.lefts):
            return ()  # "the aim is to help": nobody says whose
        return tuple(controlled) if is_controlled else _subjects(governor, depth + 1)
    if verb.dep_ in ("advcl", "pcomp", "ccomp"):
        return _of_clause(verb, depth)
    return ()


def _named_before(verb: Token) -> tuple[Token, ...]:
    """Find who stands before a verb: "Karvonia today threatened", "Karvonia-backed troops"."""
    return tuple(c for c in verb.lefts if c.dep_ in BEFORE_VERB and c.ent_type_ in WHO)


def _described(verb: Token) -> list[Token]:
    """Find whom a participle before its noun is done to: the troops of "Karvonia-backed troops"."""
    is_before = verb.tag_ == "VBN" and verb.dep_ == "amod" and verb.i < verb.head.i
    return [verb.head] if is_before and _named_before(verb) else []


def _of_noun(verb: Token, noun: Token, depth: int) -> tuple[Token, ...]:
    """Find who does what the clause behind a noun says: the noun, or who issued it."""
    if any(c.lower_ == "to" for c in verb.children):
        return ()
    is_issued = noun.lemma_.lower() in PAPERS and noun.dep_ == "dobj"
    issuers = _subjects(noun.head, depth + 1) if is_issued else ()
    return issuers or (noun,)


def _of_clause(verb: Token, depth: int) -> tuple[Token, ...]:
    """Find the subject of a clause that has none in the clause around it."""
    governor = verb.head
    while governor.pos_ == "ADP" and governor.head.i != governor.i:
        governor = governor.head
    objects = tuple(c for c in governor.children if c.dep_ == "dobj")
    if verb.dep_ == "pcomp" and objects:
        return objects  # accused Y of doing
    return _subjects(governor, depth + 1) if governor.pos_ in CLAUSE_VERBS else ()


def antecedent(subject: Token) -> Token:
    """Give the noun that a relative pronoun stands for."""
    if subject.tag_ in ("WDT", "WP") and subject.head.dep_ == "relcl":
        return subject.head.head
    return subject


def _is_bare_passive(verb: Token) -> bool:
    """Tell whether a participle after a noun is passive: "soldiers captured by militants"."""
    if any(c.dep_ == "auxpass" for c in verb.children):
        return True
    if is_clause_of_root(verb):
        return False
    return (
        verb.tag_ == "VBN"
        and verb.dep_ in ("acl", "advcl")
        and not any(c.dep_ in ("aux", "dobj") for c in verb.children)
    )


def is_clause_of_root(verb: Token) -> bool:
    """Tell whether a whole sentence hangs on its subject: "students protested against …".

    A parser that is not sure takes the verb for a participle; but a sentence with a full stop and
    no other finite verb has its own here.
    """
    noun = verb.head
    return (
        verb.dep_ == "acl"
        and verb.tag_ in ("VBD", "VBN")
        and noun.dep_ == "ROOT"
        and noun.i < verb.i
        and noun.right_edge.text in (".", "!", "?")
        and not any(c.dep_ == "agent" or c.lower_ == "by" for c in verb.children)
    )


def _by_preposition(word: Token) -> dict[str, tuple[Token, ...]]:
    """Give what hangs on a word by prepositions; a chain as "out of" counts under each."""
    found: dict[str, tuple[Token, ...]] = {}
    for child in word.children:
        if child.dep_ == "prep" or (child.dep_ == "dative" and child.pos_ == "ADP"):
            heads = with_conjuncts(list(_governed(child)))
            name = child.lower_
            found[name] = (*found.get(name, ()), *heads)
            for inner in child.children:
                if inner.dep_ == "prep":
                    key = f"{name} {inner.lower_}"
                    found[key] = with_conjuncts(list(_governed(inner)))
    return found


def _governed(preposition: Token) -> Iterator[Token]:
    for child in preposition.children:
        if child.dep_ in ("pobj", "pcomp"):
            yield child
        elif child.dep_ == "prep":
            yield from _governed(child)


def _support(noun: Token) -> Token | None:
    """Find the verb that only carries a noun: "carried out an attack", "the truce took effect"."""
    head = noun
    while head.dep_ == "conj" and head.head.pos_ == "NOUN":
        head = head.head
    verb = head.head
    if head.dep_ in ("dobj", "nsubj", "nsubjpass") and verb.pos_ in CLAUSE_VERBS:
        return verb if verb.lemma_.lower() in CARRYING else None
    if head.dep_ == "pobj" and verb.dep_ in ("prep", "prt"):
        carrier = verb.head
        if verb.lower_ in CARRYING_BY.get(carrier.lemma_.lower(), ()):
            return carrier if carrier.pos_ in CLAUSE_VERBS else carrier.head
    return None
