"""A sentence in parts: what in it is the act, who, to whom, where and when.

In: a sentence, where it starts in its text, and spans in that text. Out: its words in order, each
part with the role it plays. A span that lies outside the sentence (an actor named in the one
before) is left out; where spans overlap, the earlier role of `ROLES` has the words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

ROLES = ("trigger", "date", "place", "actor", "recipient")


@dataclass(frozen=True)
class Part:
    """Some words and the role they play."""

    text: str
    role: str | None


def mark_sentence(row: Mapping[str, Any]) -> tuple[Part, ...]:
    """Part the sentence of an event by the spans of its row."""
    sentence, start = row["sentence_text"], row["sentence_start"]
    spans = [
        (role, row[f"{role}_start"] - start, row[f"{role}_end"] - start)
        for role in ROLES
        if row[f"{role}_start"] is not None and row[f"{role}_end"] is not None
    ]
    return mark(sentence, [span for span in spans if 0 <= span[1] < span[2] <= len(sentence)])


def mark(sentence: str, spans: Sequence[tuple[str, int, int]]) -> tuple[Part, ...]:
    """Part a sentence by spans within it, the first of them on top."""
    roles = (_role_at(place, spans) for place in range(len(sentence)))
    words = groupby(zip(sentence, roles, strict=True), key=itemgetter(1))
    return tuple(Part("".join(letter for letter, _ in part), role) for role, part in words)


def _role_at(place: int, spans: Sequence[tuple[str, int, int]]) -> str | None:
    return next((role for role, start, end in spans if start <= place < end), None)
