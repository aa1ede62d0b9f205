"""How many, how much, how far: the numbers that belong to an act.

Comes in: a frame, the frames of its sentence and the amounts of the text. Goes out: the killed,
injured, detained and displaced that the words count, and the money and the distance whose words
hang on the act with no other verb between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from transforms.events.circumstances import DIRECTIONS
from transforms.events.frames import CLAUSE_VERBS, Frame, is_clause_of_root, word_set
from transforms.events.quantities import SCALES, Quantity, read_number

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

COUNTED = {
    "num_killed": frozenset({"kill", "slay", "murder", "massacre", "die", "execute", "behead"}),
    "num_injured": frozenset({"injure", "wound", "hurt"}),
    "num_detained": frozenset({"detain", "arrest", "imprison", "jail", "round", "apprehend"}),
    "num_displaced": frozenset({"displace", "uproot", "flee"}),
}
STATES = {
    "dead": "num_killed",
    "hurt": "num_injured",
    "injured": "num_injured",
    "wounded": "num_injured",
}


# "In a village 30 km north of Orzhan": how far a place is, not how far anybody went.
BEARINGS = DIRECTIONS | word_set("northern southern eastern western away outside inside")


def find_quantities_of(
    frame: Frame, sentence: Span, quantities: Sequence[Quantity]
) -> dict[str, Any]:
    """Give the columns of the money and the distance of an act: the nearest of each."""
    nearest: dict[str, tuple[int, Quantity]] = {}
    for quantity in quantities:
        if not sentence.start_char <= quantity.start < sentence.end_char:
            continue
        steps = _steps_to_act(quantity, frame, sentence)
        if steps is not None and (
            quantity.kind not in nearest or steps < nearest[quantity.kind][0]
        ):
            nearest[quantity.kind] = (steps, quantity)
    columns: dict[str, Any] = {}
    for kind, (_, quantity) in nearest.items():
        columns |= {
            f"{kind}_text": quantity.text,
            f"{kind}_start": quantity.start,
            f"{kind}_end": quantity.end,
        }
        if kind == "money":
            columns |= {"money_amount": quantity.value, "money_currency": quantity.currency}
        else:
            columns["distance_km"] = quantity.value
    return columns


def _steps_to_act(quantity: Quantity, frame: Frame, sentence: Span) -> int | None:
    """Count the words between an amount and its act in the tree; None where it is another's."""
    span = sentence.doc.char_span(quantity.start, quantity.end, alignment_mode="expand")
    assert span is not None  # its offsets lie in the text
    own = {frame.head.i, frame.verb.i}
    token, steps = span.root, 0
    while token.i not in own:
        is_other = steps > 0 and token.pos_ in CLAUSE_VERBS
        is_bearing = quantity.kind == "distance" and token.lower_ in BEARINGS
        if is_other or is_bearing or token.head.i == token.i:
            return None
        token, steps = token.head, steps + 1
    return steps


def count_people(frame: Frame, frames: Sequence[Frame]) -> dict[str, int]:
    """Count the killed, injured, detained and displaced of an act; `frames` are its sentence's.

    Numbers count when their verb is the act, hangs on it ("killing 12"), or carries it on ("the
    blast killed four").
    """
    counts: dict[str, int] = {}
    own = {frame.head.i, frame.verb.i}
    for other in frames:
        verb = other.head
        if verb.pos_ not in CLAUSE_VERBS or not (verb.i in own or _is_joined(verb, frame)):
            continue
        for column, lemmas in COUNTED.items():
            if verb.lemma_.lower() in lemmas:
                heads = other.subjects if verb.lemma_.lower() in ("die", "flee") else other.objects
                _add(counts, column, heads)
        if verb.lemma_.lower() == "leave":
            for column, noun in _left(verb):
                _add(counts, column, (noun,))
        if _leaves_dead(verb):
            _add(counts, "num_killed", other.objects)
    for state in frame.head.sent:
        found = STATES.get(state.lower_)
        verb = state.head
        if found and state.dep_ == "acomp" and (verb.i in own or _is_joined(verb, frame)):
            subjects = [c for c in verb.children if c.dep_ in ("nsubj", "nsubjpass")]
            _add(counts, found, subjects)  # "seventeen were hurt when police fired"
    return counts


def _leaves_dead(verb: Token) -> bool:
    """Tell whether it is said to kill: "shot dead two policemen", wherever `dead` hangs in that."""
    behind = verb.doc[verb.i + 1 : verb.i + 2]
    return any(token.lower_ == "dead" for token in (*verb.children, *behind))


def _left(verb: Token) -> Iterator[tuple[str, Token]]:
    """Read "leaving three dead and ten injured"."""
    for token in verb.subtree:
        column = STATES.get(token.lower_)
        if column is None:
            continue
        holder = token.head if token.head.i != verb.i else token
        noun = next((c for c in (holder, *holder.children) if number_of(c) is not None), None)
        if noun is None and token.i > 0 and number_of(token.nbor(-1)) is not None:
            noun = token.nbor(-1)
        if noun is not None:
            yield column, noun


def _add(counts: dict[str, int], column: str, heads: Sequence[Token]) -> None:
    for head in heads:
        number = number_of(head)
        if number is not None:
            counts[column] = counts.get(column, 0) + number


def _is_joined(verb: Token, frame: Frame) -> bool:
    """Tell whether a verb goes on with the act: "attacked, killing 12"; "the attack killed"."""
    own = (frame.head.i, frame.verb.i)
    first = verb
    while first.dep_ == "conj" and first.head.pos_ in CLAUSE_VERBS:
        first = first.head
        if first.i in own:
            return True
    if first.dep_ == "advcl" and first.head.i in own:
        return True
    if frame.verb.dep_ == "advcl" and frame.verb.head.i == verb.i:
        return True  # "twelve were hurt when police fired"
    is_subject = frame.is_nominal and frame.head.dep_ in ("nsubj", "ROOT")
    return is_subject and (frame.head.head.i == verb.i or is_clause_of_root(verb))


def number_of(noun: Token) -> int | None:
    """Read the number before a noun, or that a noun is."""
    if noun.like_num or noun.pos_ == "NUM":
        return read_number(noun.text)
    numerals = [c for c in noun.children if c.dep_ == "nummod"]
    if not numerals:
        return None
    words = [t for t in numerals[-1].subtree if t.like_num or t.lower_ in SCALES]
    return read_number(" ".join(t.text for t in words))
