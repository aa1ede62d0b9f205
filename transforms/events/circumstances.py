"""Where and when: what a sentence says beside who did what to whom.

Comes in: a frame, the resolved names and the dates of its sentence. Goes out: the nearest place
that stands as a place, and the date that belongs to the act and not to who told of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from transforms.dates import DateMention
from transforms.entities import Actor, Resolution, ResolvedMention
from transforms.events.frames import CLAUSE_VERBS, Frame, word_set
from transforms.events.lexicon import Sense, is_act
from transforms.events.truth import SAYING

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

PLACE_LABELS = frozenset({"GPE", "LOC", "FAC"})
LOCATIVE = word_set(
    """in at near on outside inside around across throughout along from into to toward towards
    through between off over"""
)
PLACE_NOUNS = word_set(
    """town city village province district region area capital border port camp suburb outskirts
    state county island valley neighborhood neighbourhood checkpoint base crossing airport"""
)
PART_OF = frozenset({"of"})  # "the town of Essenby"
DIRECTIONS = word_set(
    """north south east west northeast northwest southeast southwest north-east north-west
    south-east south-west"""
)
DISTANCES = word_set("kilometer kilometers kilometre kilometres km mile miles")
SAME_ACT = frozenset({"in", "during"})  # "killed in a raid near X": where the raid was
MOTION = frozenset({"to", "toward", "towards", "into", "from"})
# Types whose act is to go or to leave.
GOING = {
    "CONSULT": frozenset({"to", "into"}),
    "RETREAT": frozenset({"from"}),
    "ASSAULT": frozenset({"into"}),
}
WAYS = word_set("road way route highway bridge crossing border gate path")
DONE_AT_PLACES = frozenset({"ASSAULT", "COERCE", "RETREAT", "PROTEST"})


def find_place(
    frame: Frame,
    sentence: Span,
    resolution: Resolution,
    taken: frozenset[str | None],
    ways: frozenset[str] = frozenset(),
) -> ResolvedMention | None:
    """Find the place nearest to the act; `taken` are the entities that are its actors.

    `ways` are prepositions of motion behind which a place counts, too.
    """
    mentions = [
        mention
        for mention in resolution.mentions_in(sentence.start_char, sentence.end_char)
        if mention.label in PLACE_LABELS and not _is_taken(mention, taken)
    ]
    heads = [(mention, _head_of(mention, frame.head.doc)) for mention in mentions]
    placed = [
        (mention, head)
        for mention, head in heads
        if _is_locative(head, ways) and not _is_elsewhere(head, frame)
    ]
    if not placed:
        return None
    return min(placed, key=lambda pair: _distance(pair[1], frame))[0]


def place_done_to(
    recipients: Sequence[Actor], sense: Sense | None, resolution: Resolution
) -> ResolvedMention | None:
    """Give the town that an act was done to: what is shelled is where the shells fall.

    Whoever visits a country is in it; but who attacks one may be anywhere.
    """
    is_visit = sense is not None and sense.mode == "visit"
    if sense is None or not (is_visit or sense.event_type in DONE_AT_PLACES):
        return None
    for recipient in recipients:
        for mention in resolution.mentions_in(recipient.start, recipient.end):
            is_country = mention.place is not None and mention.place.kind == "country"
            if mention.label in PLACE_LABELS and (is_visit or not is_country):
                return mention
    return None


def find_date(frame: Frame, sentence: Span, dates: Sequence[DateMention]) -> DateMention | None:
    """Find the date whose nearest verb is the act's, or that of a clause around it."""
    own = {frame.head.i, frame.verb.i}
    best: tuple[int, DateMention] | None = None
    for date in dates:
        if not sentence.start_char <= date.start < sentence.end_char:
            continue
        span = sentence.doc.char_span(date.start, date.end, alignment_mode="expand")
        cost = _date_cost(span.root, own, frame) if span is not None else None
        if cost is not None and (best is None or cost < best[0]):
            best = (cost, date)
    return best[1] if best else None


def _date_cost(token: Token, own: set[int], frame: Frame) -> int | None:
    """Say how far a date is from the act; None where it belongs to another verb."""
    path = []
    while token.head.i != token.i:
        token = token.head
        path.append(token)
        if token.i in own:
            return len(path)
        if token.pos_ in CLAUSE_VERBS:
            break
    if not path or token.lemma_.lower() in SAYING:
        return None
    is_around = token.i in {t.i for t in frame.verb.ancestors}
    is_within = token.is_ancestor(frame.head) or _goes_on(token, frame)
    return 10 + abs(token.i - frame.head.i) if is_around or is_within else None


def _goes_on(verb: Token, frame: Frame) -> bool:
    """Tell whether a verb below an act goes on with it, and is not of a clause of its own."""
    while verb.dep_ in ("xcomp", "advcl", "pcomp", "prep", "conj") and verb.head.i != verb.i:
        verb = verb.head
        if verb.i == frame.verb.i:
            return True
    return False


def _is_taken(mention: ResolvedMention, taken: frozenset[str | None]) -> bool:
    return mention.entity is not None and mention.entity.entity_id in taken


def _head_of(mention: ResolvedMention, doc: Doc) -> Token:
    span = doc.char_span(mention.start, mention.end, alignment_mode="expand")
    assert span is not None  # a mention's offsets lie in the text
    return span.root


def _is_locative(token: Token, ways: frozenset[str]) -> bool:
    """Tell whether a name stands as a place: after a preposition, or before "town".

    Where somebody or something is sent, or comes from, is no place of the act, unless the act is
    to go or to leave.
    """
    if (
        token.dep_ in ("compound", "amod", "appos", "poss")
        and token.head.lemma_.lower() in PLACE_NOUNS
    ):
        token = token.head
    while token.dep_ in ("conj", "appos", "compound"):
        token = token.head
    preposition = token.head
    if token.dep_ != "pobj" or preposition.lower_ not in LOCATIVE | PART_OF:
        return False
    before = preposition.nbor(-1).lower_ if preposition.i else ""
    if before in DIRECTIONS or (before in DISTANCES and preposition.lower_ == "from"):
        return True  # "south of X", "12 kilometers from X"
    if preposition.lower_ in PART_OF:
        is_unit = preposition.head.lemma_.lower() in PLACE_NOUNS
        return is_unit and _is_locative(preposition.head, ways)
    is_on_the_way = preposition.head.lemma_.lower() in WAYS
    return is_on_the_way or preposition.lower_ not in MOTION - ways


def _is_elsewhere(token: Token, frame: Frame) -> bool:
    """Tell whether a place belongs to another act below this one: "condemned the raid in X"."""
    own = {frame.head.i, frame.verb.i}
    while token.head.i != token.i and token.head.i not in own:
        token = token.head
        if token.pos_ in CLAUSE_VERBS and token.dep_ in ("xcomp", "ccomp", "relcl", "acl"):
            return frame.verb.is_ancestor(token)
        if token.pos_ == "NOUN" and is_act(token) and frame.verb.is_ancestor(token):
            is_same = token.dep_ == "pobj" and token.head.lower_ in SAME_ACT
            return not (frame.is_nominal or is_same)
    return False


def _distance(token: Token, frame: Frame) -> tuple[int, int]:
    """Rank a place: steps in the tree to the act, then words between."""
    steps = {frame.head.i: 0, frame.verb.i: 0}
    for depth, ancestor in enumerate(frame.head.ancestors, start=1):
        steps.setdefault(ancestor.i, depth)
    up = 0
    while token.i not in steps and token.head.i != token.i:
        token = token.head
        up += 1
    return up + 2 * steps.get(token.i, 10), abs(token.i - frame.head.i)
