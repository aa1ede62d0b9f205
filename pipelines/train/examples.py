"""Make the examples that the network learns from: words with what is known about them.

In: the treebanks, the frames and the corpus of names. Out: `Example`s of neighbouring sentences,
in passes; every pass varies them anew. What a corpus does not tell is MISSING and teaches nothing.
A pass over a source may be a part of it or more than one: the largest corpus is news of a few
years, and would drown the others.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from pipelines.evaluate_frames import gold_frames, read_sentences
from pipelines.train import names as naming
from pipelines.train import treebanks
from pipelines.train.variation import Stock, vary_names
from transforms.encoder.decode import OUTSIDE
from transforms.roles import RoleFrame

MISSING = "?"


@dataclass(frozen=True)
class Example:
    """Words and what a corpus tells about them; empty where it tells nothing."""

    words: tuple[str, ...]
    names: tuple[str, ...] = ()  # BIO, or MISSING
    tags: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    heads: tuple[int, ...] = ()
    relations: tuple[str, ...] = ()
    starts: tuple[bool, ...] = ()
    frames: tuple[RoleFrame, ...] | None = None


@dataclass
class Builder:
    """Collects the sentences of one example."""

    trees: treebanks.DocBuilder = field(default_factory=treebanks.DocBuilder)
    frames: list[RoleFrame] = field(default_factory=list)
    has_frames: bool = True

    def add(
        self, sentence: treebanks.Sentence, frames: Sequence[RoleFrame] | None, offset: int
    ) -> None:
        """Append a sentence; its frames count words from `offset` on."""
        begun = len(self.trees.words) + offset
        self.trees.add_sentence(sentence.words)
        self.has_frames = self.has_frames and frames is not None
        self.frames += [shift(frame, begun) for frame in frames or ()]

    def build(self) -> Example:
        """Make the example."""
        trees = self.trees
        return Example(
            words=tuple(trees.words),
            tags=tuple(trees.tags),
            classes=tuple(trees.pos),
            heads=tuple(trees.heads),
            relations=tuple(trees.labels),
            starts=tuple(trees.starts),
            frames=tuple(self.frames) if self.has_frames else None,
        )


def shift(frame: RoleFrame, by: int) -> RoleFrame:
    """Move a frame to where its sentence stands."""
    roles = tuple((start + by, end + by, role) for start, end, role in frame.roles)
    return RoleFrame(frame.predicate + by, roles)


def read_frames(path: Path) -> dict[str, tuple[RoleFrame, ...]]:
    """Read the frames of each sentence, by the treebank's id of it."""
    return {row["id"]: gold_frames(row) for row in read_sentences(path)}


def tree_examples(
    path: Path,
    frames: dict[str, tuple[RoleFrame, ...]],
    chance: random.Random,
    *,
    varied: bool,
) -> Iterator[Example]:
    """Make the examples of a treebank, with the frames of the sentences that have them."""
    for group in treebanks.group_sentences(treebanks.read_treebank(path), chance):
        builder = Builder()
        for sentence in group:
            known = frames.get(sentence.sent_id) if frames else None
            changed = sentence
            if varied:
                changed = treebanks.add_dateline(sentence, chance)
                changed = treebanks.recase(changed, chance)
            builder.add(changed, known, len(changed.words) - len(sentence.words))
        yield builder.build()


def name_examples(
    sentences: Sequence[naming.NamedSentence],
    nlp: Language,
    stock: Stock,
    chance: random.Random,
) -> Iterator[Example]:
    """Make the varied examples of sentences with names."""
    for group in naming.group_sentences(sentences, chance):
        varied = [
            naming.recase(naming.add_dateline(vary_names(sentence, stock, chance), chance), chance)
            for sentence in group
        ]
        yield name_example(naming.make_doc(nlp, varied))


def name_example(doc: Doc) -> Example:
    """Make the example of a document with names."""
    tags = []
    for token in doc:
        if token.is_space:
            continue
        if token.ent_iob_ == "" or token.ent_iob == 0:
            tags.append(MISSING)
        else:
            tags.append(f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else OUTSIDE)
    return Example(tuple(token.text for token in doc if not token.is_space), names=tuple(tags))


def read_sources(path: Path, news: Path) -> dict[str, list[naming.NamedSentence]]:
    """Read the training sentences with names, by source."""
    rows = (*naming.read_names(path), *naming.read_news(news))
    chosen = [s for s in rows if s.split == "train"]
    labels = naming.common_labels(chosen)
    sources: dict[str, list[naming.NamedSentence]] = {}
    for sentence in chosen:
        sources.setdefault(sentence.source, []).append(naming.mark_hyphenated(sentence, labels))
    return sources


def share(
    sentences: Sequence[naming.NamedSentence], part: float, chance: random.Random
) -> list[naming.NamedSentence]:
    """Take a part of the documents of a source, whole ones, in their order."""
    documents = sorted({sentence.document for sentence in sentences})
    chosen = set(chance.sample(documents, round(len(documents) * part)))
    return [sentence for sentence in sentences if sentence.document in chosen]


def role_labels(frames: Iterable[Sequence[RoleFrame]], least: int) -> tuple[str, ...]:
    """List the labels of roles that are seen often enough, as a tagging of spans."""
    counts = Counter(role for each in frames for frame in each for _, _, role in frame.roles)
    roles = sorted(role for role, count in counts.items() if count >= least)
    return (OUTSIDE, *(f"{part}-{role}" for role in roles for part in "BI"))


def role_tags(frame: RoleFrame, start: int, end: int) -> list[str]:
    """Write a frame's roles as a tagging of its sentence's words."""
    tags = [OUTSIDE] * (end - start)
    for first, last, role in frame.roles:
        for place in range(max(first, start), min(last, end)):
            tags[place - start] = f"{'B' if place == first else 'I'}-{role}"
    return tags
