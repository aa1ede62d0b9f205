"""Was it so? Polarity, modality and source of an act, from the words around its verb.

Comes in: a frame. Goes out: a `Truth`. An act under "will", "plan to" or "expected to" is planned;
under "would", "may" or "if" hypothetical; what somebody denies having done is denied; a claim or
accusation alleged; what somebody is quoted for is reported, and that somebody is named; the rest
is asserted. "Not", "failed to", "was foiled" make it negative. Of several the weakest claim wins:
a plan that is reported is a plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.vocabulary import Modality, Polarity
from transforms.events.frames import CLAUSE_VERBS, SUBJECT, Frame, is_clause_of_root, word_set

if TYPE_CHECKING:
    from spacy.tokens import Token


SAYING = word_set(
    "say tell report state announce add explain note quote cite write confirm declare recall "
    "insist acknowledge admit testify show reveal disclose indicate describe mention according"
)
ALLEGING = word_set("allege claim accuse suspect contend maintain argue charge blame believe think")
DENYING = word_set("deny dispute refute rebut")
PLANNING = word_set(
    "plan intend agree vow promise pledge expect prepare threaten want hope seek aim set order "
    "decide need urge demand ask call schedule offer propose consider suggest recommend warn "
    "authorize aim be due appeal press bid swear determine wish undertake invite request require "
    "instruct tell likely ready poised willing able force_xx"
)
FAILING = word_set(
    "fail refuse decline neglect foil thwart avert prevent repel block avoid stop halt"
)
INTENDING = word_set("plan prepare schedule")
TRYING = word_set("try attempt seek struggle")
UNCERTAIN = word_set("would could may might should can must ought")
FUTURE = word_set("will shall 'll wo")
READY = word_set("ready prepared willing determined set poised")
NOBODY = word_set("nobody none no-one nothing")
NEGATING = word_set("not n't never no neither nor")
# What stands in their object has not taken place, or not yet.
WISHING = word_set(
    "object oppose reject fear seek want demand call urge plan propose avoid prevent threaten "
    "consider expect await prepare need allow favor favour support prohibit ban rule promise "
    "request appeal press push warn discuss"
)
PERMITTING = word_set("approve authorize propose discuss plan consider schedule postpone cancel")
TALKING = word_set("negotiation talk plan proposal call demand appeal request preparation offer")
INFINITIVE = frozenset({"xcomp", "acl", "advcl", "ccomp", "pcomp", "acomp", "oprd", "relcl"})
ATTEMPTS = word_set("attempt bid plot effort plan try")
CONDITION = word_set("if unless whether provided until")
PLAN_NOUNS = word_set(
    "plan proposal threat effort bid attempt call decision intention offer readiness order need "
    "demand pledge promise willingness ability right preparation deal agreement aim"
)
HEDGES = {
    "allegedly": Modality.ALLEGED,
    "reportedly": Modality.REPORTED,
    "apparently": Modality.REPORTED,
    "purportedly": Modality.ALLEGED,
    "alleged": Modality.ALLEGED,
    "suspected": Modality.ALLEGED,
    "possible": Modality.HYPOTHETICAL,
    "potential": Modality.HYPOTHETICAL,
    "planned": Modality.PLANNED,
    "proposed": Modality.PLANNED,
    "future": Modality.PLANNED,
    "upcoming": Modality.PLANNED,
    "attempted": Modality.HYPOTHETICAL,
}
# The weakest claim wins.
STRENGTH = (
    Modality.ASSERTED,
    Modality.REPORTED,
    Modality.ALLEGED,
    Modality.DENIED,
    Modality.PLANNED,
    Modality.HYPOTHETICAL,
)
SPOKEN = frozenset({Modality.REPORTED})
MAX_CLIMB = 8  # clauses above an act that are looked at


@dataclass(frozen=True)
class Truth:
    """How a sentence holds an act to be true, and on whose word."""

    polarity: Polarity
    modality: Modality
    source: Token | None  # head of the words that name who is quoted


def find_truth(frame: Frame) -> Truth:
    """Weigh the words around a frame's verb, then those of the clauses above it."""
    negative = _is_negated(frame)
    modality, source = _own_modality(frame), None
    token = frame.head if frame.support is None else frame.support
    is_told_of = False  # in a clause behind a noun: held to be so whatever is planned above
    for below, above in _climb(token):
        is_told_of |= _is_background(below, above)
        found, is_denial_of_act = _from_above(below, above)
        if not is_told_of or found in SPOKEN:
            negative ^= is_denial_of_act
            modality = max(modality, found, key=STRENGTH.index)
        if source is None and above.lemma_.lower() in SAYING | ALLEGING | DENYING:
            source = next((c for c in above.children if c.dep_ in SUBJECT), None)
    quoted = _quoted(token)
    if quoted is not None:
        source = source or quoted
        modality = max(modality, Modality.REPORTED, key=STRENGTH.index)
    polarity = Polarity.NEGATIVE if negative else Polarity.POSITIVE
    return Truth(polarity, modality, source)


def _is_background(below: Token, above: Token) -> bool:
    """Tell whether a clause only says of whom or what the sentence speaks: "men killed there"."""
    is_infinitive = any(c.lower_ == "to" for c in below.children)
    is_behind_noun = below.dep_ in ("acl", "relcl") and above.pos_ in ("NOUN", "PROPN", "PRON")
    return is_behind_noun and not is_infinitive and not is_clause_of_root(below)


def is_announced(frame: Frame) -> bool:
    """Tell whether an act is announced: "will", "said it would", "is ready to"."""
    if any(_is_future(c, frame.verb) for c in frame.verb.children):
        return True
    return frame.verb.dep_ == "xcomp" and frame.verb.head.lower_ in READY


def is_condition_set(frame: Frame) -> bool:
    """Tell whether an act is announced for the case that another is not done: "unless"."""
    return any(
        m.lower_ == "unless" for c in frame.verb.children for m in c.children if m.dep_ == "mark"
    )


def _is_future(child: Token, verb: Token) -> bool:
    """Tell whether an auxiliary is "will", or the "would" of a "will" that was said before."""
    if child.dep_ != "aux":
        return False
    above = verb.head
    is_told = verb.dep_ in ("ccomp", "xcomp") and above.tag_ in ("VBD", "VBN")
    was_will = child.lower_ == "would" and is_told and above.lemma_.lower() in SAYING
    return child.lower_ in FUTURE or was_will


def _is_negated(frame: Frame) -> bool:
    """Tell whether the act's own words deny it: not, never, no; foiled, failed."""
    verb = frame.verb
    count = sum(c.dep_ == "neg" or c.lower_ in NEGATING for c in verb.children)
    count += any(c.lower_ == "no" for c in frame.head.children) if frame.is_nominal else 0
    count += any(t.lower_ == "no" for s in frame.subjects for t in s.children if t.dep_ == "det")
    count += any(s.lower_ in NOBODY for s in (*frame.subjects, *frame.objects))
    if frame.support is not None and frame.support.lemma_.lower() in FAILING:
        is_about_noun = frame.head.dep_ in ("nsubj", "nsubjpass", "dobj")
        count += is_about_noun and frame.support.lemma_.lower() not in ("stop", "halt")
    count += _is_failed_attempt(frame.verb)
    if not frame.is_nominal:
        # "was attacked, but the attack was foiled": a conjoined verb that undoes it is not ours
        pass_by = verb.dep_ == "pcomp" and verb.head.lower_ == "without"
        count += pass_by
    return count % 2 == 1


def _is_failed_attempt(verb: Token) -> bool:
    """Tell whether an act was attempted in vain: "an attempt to kill him failed"."""
    noun = verb.head
    if verb.dep_ not in ("acl", "relcl") or noun.lemma_.lower() not in ATTEMPTS:
        return False
    undoing = noun.head if noun.dep_ in SUBJECT | {"nsubjpass", "dobj"} else None
    others = [c for c in noun.children if c.dep_ in ("acl", "relcl") and c.i > verb.i]
    return any(v.lemma_.lower() in FAILING for v in (undoing, *others) if v is not None)


def _own_modality(frame: Frame) -> Modality:
    """Read auxiliaries, hedging adverbs and adjectives, and a condition in front."""
    found = Modality.ASSERTED
    support = frame.support if frame.is_nominal and frame.head.dep_ == "dobj" else None
    if support is not None and support.lemma_.lower() in INTENDING:
        found = Modality.PLANNED
    for word in (frame.verb, frame.head):
        for child in word.children:
            weight = HEDGES.get(child.lower_)
            if _is_future(child, word):
                weight = Modality.PLANNED
            elif (child.dep_ == "aux" and child.lower_ in UNCERTAIN) or (
                child.dep_ == "mark" and child.lower_ in CONDITION
            ):
                weight = Modality.HYPOTHETICAL
            if weight is not None:
                found = max(found, weight, key=STRENGTH.index)
    return found


def _climb(token: Token) -> Iterator[tuple[Token, Token]]:
    """Give each word on the way up to the root with the word above it."""
    for _ in range(MAX_CLIMB):
        if token.head.i == token.i:
            return
        yield token, token.head
        token = token.head


def _from_above(below: Token, above: Token) -> tuple[Modality, bool]:
    """Say what the clause above makes of the one below, and whether it denies that it was done."""
    lemma = above.lemma_.lower()
    is_infinitive = any(c.lower_ == "to" and c.dep_ in ("aux", "mark") for c in below.children)
    if is_infinitive and below.dep_ in INFINITIVE:
        return _infinitive(below, above, lemma)
    is_clause = below.dep_ in ("ccomp", "xcomp") or _is_loose_clause(below)
    if lemma in DENYING and (is_clause or below.dep_ == "dobj"):
        return Modality.DENIED, False
    if lemma in ALLEGING and (is_clause or below.dep_ == "prep"):
        return Modality.ALLEGED, False
    if lemma in SAYING and below.dep_ not in SUBJECT:
        is_told = is_clause or below.dep_ == "dobj"
        return (Modality.REPORTED if is_told else Modality.ASSERTED), False
    if lemma in TRYING and below.dep_ == "xcomp":
        return Modality.HYPOTHETICAL, False
    if below.dep_ == "ccomp" and lemma in PLANNING and lemma != "be":
        return Modality.PLANNED, False
    return _passed_on(below, above, lemma), False


def _is_loose_clause(below: Token) -> bool:
    """Tell whether a clause that the parser took for an adverbial may be what is said."""
    return below.dep_ == "advcl" and not any(
        c.dep_ in ("mark", "prep") or c.tag_ == "WRB" for c in below.children
    )


def _infinitive(below: Token, above: Token, lemma: str) -> tuple[Modality, bool]:
    """Weigh an infinitive by the word it hangs on."""
    if above.pos_ in ("NOUN", "PROPN"):
        return (Modality.PLANNED if lemma in PLAN_NOUNS else Modality.ASSERTED), False
    if lemma in TRYING:
        return Modality.HYPOTHETICAL, False
    if lemma in FAILING:
        return Modality.ASSERTED, True
    if below.dep_ == "advcl" or lemma in PLANNING or above.pos_ == "ADJ":
        return Modality.PLANNED, False
    return Modality.ASSERTED, False


def _passed_on(below: Token, above: Token, lemma: str) -> Modality:
    """Give what a verb says of all that hangs on it: "would object to cooperation"."""
    is_own_clause = below.dep_ in ("advcl", "relcl", "acl", "parataxis")
    has_subject = any(c.dep_ in SUBJECT for c in below.children)
    if is_own_clause or (below.dep_ == "conj" and has_subject):
        return Modality.ASSERTED
    for child in above.children:
        if child.dep_ == "aux" and child.lower_ in FUTURE:
            return Modality.PLANNED
        if child.dep_ == "aux" and child.lower_ in UNCERTAIN:
            return Modality.HYPOTHETICAL
    is_noun = below.pos_ not in CLAUSE_VERBS
    if is_noun and below.dep_ == "nsubjpass" and lemma in PERMITTING:
        return Modality.PLANNED  # "the evacuation was approved"
    if below.dep_ == "prep" and above.pos_ == "NOUN" and lemma in TALKING:
        return Modality.PLANNED  # "negotiations for the evacuation"
    if is_noun and lemma in WISHING and below.dep_ in ("dobj", "prep", "pobj"):
        return Modality.HYPOTHETICAL
    return Modality.ASSERTED


def _quoted(token: Token) -> Token | None:
    """Find who is quoted for the clause from behind: "…, the minister said"; "according to"."""
    while True:
        for child in token.children:
            if child.dep_ in ("parataxis", "ccomp") and child.lemma_.lower() in SAYING:
                subject = next((c for c in child.children if c.dep_ in SUBJECT), None)
                if subject is not None and child.dep_ == "parataxis":
                    return subject
            if child.lower_ == "according":
                named = [t for t in child.subtree if t.dep_ == "pobj"]
                if named:
                    return named[0]
        if token.head.i == token.i:
            return None
        token = token.head
