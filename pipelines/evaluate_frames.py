"""Score predicates and the spans of their roles against gold frames.

In: JSON lines (packed by xz or not) with `words`, `space_after` and `frames`, each a `predicate`
and `arguments` of (role, first word, word after the last): PropBank's annotation in the form that
the README names. Out: precision, recall and F1 of predicates, and of argument spans given the
gold's predicates, with role and without. Frames are the model's own (`Doc._.frames`); a pipeline
without a part for them is read off its parse, and the figures say so.
"""

import json
import lzma
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from transforms.events.arguments import read_arguments
from transforms.roles import GIVEN, RoleFrame, frames_on

SHOWN = ("ARG0", "ARG1", "ARG2", "ARGM-TMP", "ARGM-LOC", "ARGM-NEG", "ARGM-MOD")
Span = tuple[int, int, int, str]  # predicate, first word, word after the last, role


@dataclass(frozen=True)
class Agreement:
    """How much of what was found is right, and how much of what is there was found."""

    name: str
    right: int
    found: int
    gold: int

    @property
    def precision(self) -> float:
        """Give the share of the found that is right."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Give the share of the gold that was found."""
        return self.right / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Give the harmonic mean of the two."""
        both = self.found + self.gold
        return 2 * self.right / both if both else 0.0

    def __str__(self) -> str:
        return (
            f"{self.name:<14} P {self.precision:.3f}  R {self.recall:.3f}  F1 {self.f1:.3f}"
            f"  n={self.gold}"
        )


@dataclass(frozen=True)
class FrameScores:
    """The figures of a model on a file of frames."""

    source: str  # model or parse
    num_sentences: int
    predicates: Agreement
    arguments: Agreement
    unlabelled: Agreement
    read: Agreement  # over the roles that events are made of
    roles: tuple[Agreement, ...]

    def lines(self) -> list[str]:
        """Write the figures as lines."""
        head = f"frames from the {self.source}, {self.num_sentences} sentences"
        figures = (self.predicates, self.arguments, self.unlabelled, self.read, *self.roles)
        return [head, *map(str, figures)]


def evaluate_frames(nlp: Language, path: Path) -> FrameScores:
    """Read each sentence twice: with the model's predicates, and with the gold's."""
    gold_predicates, found_predicates = set[tuple[int, int]](), set[tuple[int, int]]()
    gold_spans, found_spans = Counter[tuple[int, Span]](), Counter[tuple[int, Span]]()
    source, count = "model", 0
    for number, sentence in enumerate(read_sentences(path)):
        count += 1
        gold = gold_frames(sentence)
        own, source = frames_of(nlp, sentence, None)
        given, _ = frames_of(nlp, sentence, tuple(frame.predicate for frame in gold))
        gold_predicates |= {(number, frame.predicate) for frame in gold}
        found_predicates |= {(number, frame.predicate) for frame in own}
        gold_spans.update((number, span) for span in _spans(gold))
        found_spans.update((number, span) for span in _spans(given))
    predicates = Agreement(
        "predicates",
        len(gold_predicates & found_predicates),
        len(found_predicates),
        len(gold_predicates),
    )
    return FrameScores(
        source,
        count,
        predicates,
        _agree("arguments", gold_spans, found_spans),
        _agree("spans alone", _without_role(gold_spans), _without_role(found_spans)),
        _agree("roles below", _of(SHOWN, gold_spans), _of(SHOWN, found_spans)),
        tuple(_agree(role, _of([role], gold_spans), _of([role], found_spans)) for role in SHOWN),
    )


def read_sentences(path: Path) -> Iterator[dict[str, Any]]:
    """Read the gold sentences of a file, packed or not."""
    packed = path.suffix == ".xz"
    text = lzma.decompress(path.read_bytes()) if packed else path.read_bytes()
    return (json.loads(line) for line in text.decode().splitlines() if line.strip())


def gold_frames(sentence: dict[str, Any]) -> tuple[RoleFrame, ...]:
    """Read a sentence's gold frames."""
    return tuple(
        RoleFrame(
            frame["predicate"],
            tuple((first, last, role) for role, first, last in frame["arguments"]),
        )
        for frame in sentence["frames"]
    )


def frames_of(
    nlp: Language, sentence: dict[str, Any], given: tuple[int, ...] | None
) -> tuple[tuple[RoleFrame, ...], str]:
    """Find the frames of a sentence in the gold's words, and tell whose they are."""
    spaces = [bool(space) for space in sentence["space_after"]]
    doc = Doc(nlp.vocab, words=sentence["words"], spaces=spaces)
    if given is not None:
        doc.user_data[GIVEN] = given
    doc = nlp(doc)
    frames = frames_on(doc)
    return (frames, "model") if frames is not None else (read_arguments(doc), "parse")


def _spans(frames: tuple[RoleFrame, ...]) -> Iterator[Span]:
    for frame in frames:
        for first, last, role in frame.roles:
            yield frame.predicate, first, last, role


def _agree(name: str, gold: Counter[Any], found: Counter[Any]) -> Agreement:
    return Agreement(name, (gold & found).total(), found.total(), gold.total())


def _without_role(spans: Counter[tuple[int, Span]]) -> Counter[tuple[int, Span]]:
    merged = Counter[tuple[int, Span]]()
    for (number, span), count in spans.items():
        merged[number, (*span[:3], "")] += count
    return merged


def _of(roles: Collection[str], spans: Counter[tuple[int, Span]]) -> Counter[tuple[int, Span]]:
    return Counter({key: count for key, count in spans.items() if key[1][3] in roles})
