"""Read the corpus of names (JSON lines, xz) and make spaCy documents to learn names from.

In: one sentence a line with its source, document, split, text, `ents` (start, end, label in
characters) and `miss` (spans whose label the source does not tell). Out: `Doc`s of some
neighbouring sentences. Spans that are missing, or do not fall on tokens, teach nothing: neither
that there is a name nor that there is none.

So that headlines and agency style are not strange to the recogniser, a few sentences are set in
capitals, in lower case or in title case, and a few are given an invented dateline. A name joined
to another word by a hyphen (`U.S.-backed`), which most of the corpora leave out, is marked as the
corpus mostly marks it elsewhere.
"""

import json
import lzma
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, Span

Mark = tuple[int, int, str]

MOST_WORDS = 110  # to a document, and what its last sentence has more: what is read at once
UPPER, LOWER, TITLE, DATELINE = 0.03, 0.04, 0.02, 0.04  # shares of sentences
MISSING = "MISSING"
AGENCIES = ("AP", "Reuters", "AFP", "DPA", "Xinhua", "UPI", "ANSA", "EFE", "Interfax", "IPS")
HYPHENATED = re.compile(r"\b(?P<name>[A-Z][A-Za-z.]+)-(?=[a-z]{3,}\b)")
MARKED = re.compile(r"\[(?P<label>[A-Z]+) (?P<name>[^][]+)\]")
NEWS = "news"
HELD_OUT = 10
DASHES = (" — ", " – ", " - ", " -- ")


@dataclass(frozen=True)
class NamedSentence:
    """A sentence with its names; MISSING marks spans about which nothing is known."""

    source: str
    document: str
    split: str
    text: str
    marks: tuple[Mark, ...]


def read_names(path: Path) -> Iterator[NamedSentence]:
    """Read the sentences of the corpus."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            marks = [(start, end, label) for start, end, label in row.get("ents", ())]
            marks += [(start, end, MISSING) for start, end in row.get("miss", ())]
            yield NamedSentence(
                row["src"], row["doc"], row["split"], row["text"], tuple(sorted(marks))
            )


def read_news(folder: Path) -> Iterator[NamedSentence]:
    """Read the news that was written for this: `[GPE Kano]` is a name, a line a sentence.

    An empty line ends a document; each tenth document of a file is held out.
    """
    for path in sorted(folder.glob("*.txt")):
        documents = path.read_text(encoding="utf-8").strip().split("\n\n")
        for number, document in enumerate(documents):
            split = "dev" if number % HELD_OUT == HELD_OUT - 1 else "train"
            for line in document.split("\n"):
                yield parse_marked(line, f"{path.stem} {number}", split)


def parse_marked(line: str, document: str, split: str) -> NamedSentence:
    """Take the marks out of a sentence."""
    text, marks, end = "", [], 0
    for match in MARKED.finditer(line):
        text += line[end : match.start()]
        marks.append((len(text), len(text) + len(match["name"]), match["label"]))
        text += match["name"]
        end = match.end()
    return NamedSentence(NEWS, document, split, text + line[end:], tuple(marks))


def common_labels(sentences: Iterable[NamedSentence]) -> dict[str, str]:
    """Give the label of each name that is often seen and nearly always has this one."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        for start, end, label in sentence.marks:
            votes[sentence.text[start:end]][label] += 1
    labels = {}
    for name, counts in votes.items():
        label, count = counts.most_common(1)[0]
        if label != MISSING and count >= 5 and count >= 0.9 * counts.total():
            labels[name] = label
    return labels


def mark_hyphenated(sentence: NamedSentence, labels: Mapping[str, str]) -> NamedSentence:
    """Mark the name in `U.S.-backed` where the corpus has not."""
    marks = list(sentence.marks)
    for match in HYPHENATED.finditer(sentence.text):
        start, end = match.span("name")
        label = labels.get(match["name"])
        if label and not any(s < end and start < e for s, e, _ in marks):
            marks.append((start, end, label))
    return replace(sentence, marks=tuple(sorted(marks)))


def recase(sentence: NamedSentence, chance: random.Random) -> NamedSentence:
    """Set some sentences in another case; a text whose length would change is left."""
    lot = chance.random()
    text = sentence.text
    if lot < UPPER:
        text = text.upper()
    elif lot < UPPER + LOWER:
        text = text.lower()
    elif lot < UPPER + LOWER + TITLE:
        text = text.title()
    return replace(sentence, text=text) if len(text) == len(sentence.text) else sentence


def add_dateline(sentence: NamedSentence, chance: random.Random) -> NamedSentence:
    """Begin some sentences that name a place with a dateline of that place."""
    places = [mark for mark in sentence.marks if mark[2] == "GPE"]
    if not places or chance.random() >= DATELINE * 2:  # about half of them name a place
        return sentence
    start, end, _ = chance.choice(places)
    place = sentence.text[start:end].upper()
    line, marks = place, [(0, len(place), "GPE")]
    if chance.random() < 0.5:
        agency = chance.choice(AGENCIES)
        marks.append((len(line) + 2, len(line) + 2 + len(agency), "ORG"))
        line += f" ({agency})"
    line += chance.choice(DASHES)
    moved = [(s + len(line), e + len(line), label) for s, e, label in sentence.marks]
    return replace(sentence, text=line + sentence.text, marks=(*marks, *moved))


def group_sentences(
    sentences: Iterable[NamedSentence], chance: random.Random
) -> Iterator[list[NamedSentence]]:
    """Join neighbouring sentences of a document, one of them or up to MOST_WORDS at a time."""
    group: list[NamedSentence] = []
    left = chance.randint(1, MOST_WORDS)
    for sentence in sentences:
        if group and (left <= 0 or sentence.document != group[-1].document):
            yield group
            group, left = [], chance.randint(1, MOST_WORDS)
        group.append(sentence)
        left -= len(sentence.text.split())
    if group:
        yield group


def make_doc(nlp: Language, group: Sequence[NamedSentence], joint: str = " ") -> Doc:
    """Make one document of sentences, with what is known of its names."""
    text = ""
    marks: list[Mark] = []
    for sentence in group:
        text += joint if text else ""
        marks += [(s + len(text), e + len(text), label) for s, e, label in sentence.marks]
        text += sentence.text
    doc = nlp.make_doc(text)
    names: list[Span] = []
    unknown: list[Span] = []
    end = 0
    for mark in sorted(marks):
        whole = doc.char_span(mark[0], mark[1], label=mark[2])
        span = whole or doc.char_span(mark[0], mark[1], alignment_mode="expand")
        if span is None or span.start < end:
            continue
        (unknown if whole is None or mark[2] == MISSING else names).append(span)
        end = span.end
    doc.set_ents(names, missing=unknown, default="outside")
    return doc
