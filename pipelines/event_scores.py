"""Shares of what was read right, with the intervals in which they lie.

In: gold sentences and the events found in them. Out: `Score`s, each a share with its n and its
95 % interval (Wilson's, which also holds for small n and shares near 0 or 1).

A gold sentence has `id`, `text`, `type` (null: no event), `actors`, `recipients`; our own also say
`also` (types of further events), `may` (types that the contents of a demand, a threat or a plan
have: right where found, not asked for), `polarity`, `modality`, `date`, `place`, `numbers`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.rows import EventMention

Gold = dict[str, Any]
Read = tuple[Gold, list[EventMention]]
SMALL_WORDS = frozenset("the a an of and in its his their 's s for to on at by".split())
PRONOUNS = frozenset("it its he him his she her they them their who whom which that".split())
NUMBERS = ("killed", "injured", "detained", "displaced")
Z = 1.96  # standard deviations that hold 95 % of a normal distribution


@dataclass(frozen=True)
class Score:
    """A share and what it is a share of."""

    name: str
    hits: int
    n: int

    @property
    def share(self) -> float:
        """Give the share; 0 of nothing."""
        return self.hits / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Give the bounds in which the true share lies, 19 times of 20 (Wilson)."""
        if not self.n:
            return 0.0, 1.0
        p, spread = self.share, Z * Z / self.n
        middle = (p + spread / 2) / (1 + spread)
        half = Z * ((p * (1 - p) / self.n + spread / (4 * self.n)) ** 0.5) / (1 + spread)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        if self.hits > self.n:  # a rate, not a share
            return f"{self.name:<12}{self.hits:>5}/{self.n:<5}{self.share:.3f}"
        low, high = self.interval
        return f"{self.name:<12}{self.hits:>5}/{self.n:<5}{self.share:.3f}  [{low:.3f}, {high:.3f}]"


def score_main_events(read: Sequence[Read]) -> list[Score]:
    """Count how often the main event is found, with actor and recipient."""
    hits = dict.fromkeys(("type@1", "type", "actor", "recipient", "full"), 0)
    for sentence, events in read:
        if sentence["type"] is None:  # right where nothing is found
            for name in ("type@1", "type", "full"):
                hits[name] += not events
            continue
        right = _of_type(sentence["type"], events)
        hits["type@1"] += bool(events) and events[0].event_type == sentence["type"]
        hits["type"] += bool(right)
        fits = [
            (names_one(actor_of(e), sentence["actors"]), names_one(recipient_of(e), recipients))
            for recipients in [sentence["recipients"]]
            for e in right
        ]
        actor, recipient = max(fits, key=sum, default=(False, False))
        hits["actor"] += actor and bool(sentence["actors"])
        hits["recipient"] += recipient and bool(sentence["recipients"])
        hits["full"] += actor and recipient
    totals = {
        "actor": sum(bool(gold["actors"]) for gold, _ in read),
        "recipient": sum(bool(gold["recipients"]) for gold, _ in read),
    }
    scores = [Score(name, n, totals.get(name, len(read))) for name, n in hits.items()]
    return [*scores, Score("events", sum(len(events) for _, events in read), len(read))]


def score_readings(read: Sequence[Read]) -> list[Score]:
    """Count what our own gold says more: all types, truth, day, place and numbers."""
    scores = [_precision(read), _recall(read)]
    main = [
        (gold, right)
        for gold, events in read
        for right in [_of_type(gold["type"], events)]
        if gold["type"] and right
    ]
    scores += [_share("polarity", main, lambda gold, e: e.polarity == gold["polarity"])]
    scores += [_share("modality", main, lambda gold, e: e.modality == gold["modality"])]
    scores += [_share("truth", main, _is_truth_right)]
    scores += [_share("date", main, _is_date_right)]
    scores += [_share("place", main, _is_place_right)]
    counted = [(gold, right) for gold, right in main if gold["numbers"] or _numbers(right[0])]
    return [*scores, _share("numbers", counted, lambda gold, e: _numbers(e) == gold["numbers"])]


def _precision(read: Sequence[Read]) -> Score:
    """Count the distinct events that the sentence tells of, among those found."""
    found = [(gold, each) for gold, events in read for each in _distinct(events)]
    return Score("precision", sum(each in _true_types(gold) for gold, each in found), len(found))


def _recall(read: Sequence[Read]) -> Score:
    asked = [(t, events) for gold, events in read for t in (gold["type"], *gold["also"]) if t]
    return Score("recall", sum(bool(_of_type(t, events)) for t, events in asked), len(asked))


def _true_types(gold: Gold) -> set[str]:
    return {gold["type"], *gold["also"], *gold["may"]}


def _distinct(events: Iterable[EventMention]) -> list[str]:
    """Give the type of each event: rows of one event differ in actor and recipient only."""
    keys = {(e.trigger_start, e.event_type) for e in events}
    return [event_type for _, event_type in keys if event_type]


def _share(
    name: str, read: Sequence[Read], is_right: Callable[[Gold, EventMention], bool]
) -> Score:
    return Score(name, sum(is_right(gold, events[0]) for gold, events in read), len(read))


def _is_truth_right(gold: Gold, event: EventMention) -> bool:
    return bool(event.polarity == gold["polarity"] and event.modality == gold["modality"])


def _is_date_right(gold: Gold, event: EventMention) -> bool:
    """Tell whether the days are those of the gold; without one in the text there is none."""
    if event.event_date_source != "text" or event.event_date is None:
        return gold["date"] is None
    if gold["date"] is None:
        return False
    first, last = _days(gold["date"])
    end = event.event_date_end or event.event_date
    return event.event_date.isoformat() == first and end.isoformat() == last


def _days(printed: str) -> tuple[str, str]:
    """Give the first and last day of "2026-03-06", "2026-03", "2026" or of two days."""
    first, _, last = printed.partition("/")
    if last:
        return first, last
    if len(first) == 4:
        return f"{first}-01-01", f"{first}-12-31"
    if len(first) == 7:
        days = {"02": "28", "04": "30", "06": "30", "09": "30", "11": "30"}
        return f"{first}-01", f"{first}-{days.get(first[5:], '31')}"
    return first, first


def _is_place_right(gold: Gold, event: EventMention) -> bool:
    return (
        (event.place_text is None) if gold["place"] is None else event.place_text == gold["place"]
    )


def _numbers(event: EventMention) -> dict[str, int]:
    counts = {name: getattr(event, f"num_{name}") for name in NUMBERS}
    return {name: count for name, count in counts.items() if count is not None}


def _of_type(event_type: str | None, events: Sequence[EventMention]) -> list[EventMention]:
    return [event for event in events if event.event_type == event_type]


def actor_of(event: EventMention) -> str | None:
    """Give who acts: as printed, or whom a pronoun stands for."""
    return _named(event.actor_text, event.actor_name, event.actor_link)


def recipient_of(event: EventMention) -> str | None:
    """Give who is acted on, in the same way."""
    return _named(event.recipient_text, event.recipient_name, event.recipient_link)


def _named(text: str | None, name: str | None, link: str | None) -> str | None:
    is_pronoun = (text or "").lower() in PRONOUNS
    return name if link == "coreference" and is_pronoun and name else text


def names_one(name: str | None, golds: Sequence[str]) -> bool:
    """Tell whether a name is one of the gold's; an empty slot of the gold is not checked."""
    return not golds or any(_same(name, gold) for gold in golds)


def _same(one: str | None, other: str) -> bool:
    """Tell whether two names share most of the shorter's content words."""
    first, second = _content(one or ""), _content(other)
    common = len(first & second)
    shorter, longer = sorted((len(first), len(second)))
    return common > 0 and common * 2 >= shorter and common * 4 >= longer


def _content(name: str) -> set[str]:
    plain = name.lower().replace("’", "'").replace("'s", "")
    return set(re.findall(r"[\w']+", plain)) - SMALL_WORDS
