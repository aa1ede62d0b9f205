"""Where, when and how many: what a sentence says beside who did what to whom.

Comes in: a frame, the resolved names and the dates of its sentence. Goes out: the nearest place
that stands as a place, the date that belongs to the act and not to who told of it, and the dead,
hurt, held and displaced that its words count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from transforms.dates import DateMention
from transforms.entities import Actor, Resolution, ResolvedMention
from transforms.events.frames import CLAUSE_VERBS, Frame, is_clause_of_root, word_set
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
MOTION = frozenset({"to", "toward", "towards", "into", "from"})
# Types whose act is to go or to leave.
GOING = {
    "CONSULT": frozenset({"to", "into"}),
    "RETREAT": frozenset({"from"}),
    "ASSAULT": frozenset({"into"}),
}
WAYS = word_set("road way route highway bridge crossing border gate path")
DONE_AT_PLACES = frozenset({"ASSAULT", "COERCE", "RETREAT", "PROTEST"})
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
UNITS = {
    word: number
    for number, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen""".split()
    )
}
TENS = {
    word: 10 * number
    for number, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2
    )
}
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}


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
        if any(child.lower_ == "dead" for child in verb.children):  # "shot dead two policemen"
            _add(counts, "num_killed", other.objects)
    for state in frame.head.sent:
        found = STATES.get(state.lower_)
        verb = state.head
        if found and state.dep_ == "acomp" and (verb.i in own or _is_joined(verb, frame)):
            subjects = [c for c in verb.children if c.dep_ in ("nsubj", "nsubjpass")]
            _add(counts, found, subjects)  # "seventeen were hurt when police fired"
    return counts


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


def read_number(printed: str) -> int | None:
    """Read a whole number in digits or words; None for what is none ("several", "2.5")."""
    plain = printed.lower().replace(",", "").strip()
    if plain.isdecimal():
        return int(plain)
    total = current = 0
    for word in re.split(r"[\s-]+", plain):
        if word.isdecimal():
            current += int(word)
        elif word in UNITS or word in TENS:
            current += UNITS.get(word, TENS.get(word, 0))
        elif word in SCALES:
            current = max(current, 1) * SCALES[word]
            if SCALES[word] >= 1000:
                total, current = total + current, 0
        elif word != "and":
            return None
    return total + current or None


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
            return not frame.is_nominal
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
