"""Measure a language model on the development parts of the corpora, and write its card.

In: a pipeline, which may be a foreign one, and the folder of corpora. Out: figures with the number
they were counted on, and the same in the card. Labels that a corpus does not tell (`miss`) count
neither for nor against; GPE, LOC and FAC are one kind, as the corpora do not agree on them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from spacy.language import Language
from spacy.scorer import Scorer
from spacy.tokens import Doc, Span
from spacy.training import Example

from pipelines.train.corpora import NAMES, TREEBANKS, find_corpus, own_news
from pipelines.train.names import NEWS, NamedSentence, make_doc, read_names, read_news
from pipelines.train.treebanks import treebank_docs
from transforms.language import LABELS

NAME_SOURCES = {"GMB": "gmb", "GUM": "gum", "news": NEWS}
MERGED = {"GPE": "PLACE", "LOC": "PLACE", "FAC": "PLACE"}
FIGURES = re.compile(r"<!-- figures -->.*<!-- end of figures -->", re.DOTALL)
CARD = "README.md"

PUNCTUATION = ("p", "punct")  # whose trees nobody reads

Mark = tuple[int, int, str]


@dataclass(frozen=True)
class SyntaxFigures:
    """Shares of right tags, heads, heads with labels and lemmas, and F of sentence bounds."""

    source: str
    words: int
    tag: float
    uas: float
    las: float
    lemma: float
    sentences: float


@dataclass(frozen=True)
class NameFigures:
    """Precision, recall and F of names with exact bounds, read by sentence or by document."""

    source: str
    unit: str
    label: str
    names: int
    precision: float
    recall: float
    f: float


@dataclass(frozen=True)
class Figures:
    """All figures of a model."""

    syntax: tuple[SyntaxFigures, ...]
    names: tuple[NameFigures, ...]

    def lines(self) -> list[str]:
        """Write the figures as two Markdown tables."""
        return [
            "| treebank (dev) | words | tag | UAS | LAS | lemma | sentence F |",
            "|---|---|---|---|---|---|---|",
            *(
                f"| {row.source} | {row.words:,} | {row.tag:.1%} | {row.uas:.1%} | {row.las:.1%}"
                f" | {row.lemma:.1%} | {row.sentences:.1%} |"
                for row in self.syntax
            ),
            "",
            "| names (dev) | read by | label | names | precision | recall | F |",
            "|---|---|---|---|---|---|---|",
            *(
                f"| {row.source} | {row.unit} | {row.label} | {row.names:,} | {row.precision:.1%}"
                f" | {row.recall:.1%} | {row.f:.1%} |"
                for row in self.names
            ),
        ]


def evaluate_model(nlp: Language, corpora: Path) -> Figures:
    """Measure a pipeline on the development parts."""
    syntax = [measure_syntax(nlp, corpora, name) for name in TREEBANKS]
    names: list[NameFigures] = []
    for source in NAME_SOURCES:
        sentences = held_out(corpora, source)
        names += measure_names(nlp, [[row] for row in sentences], source, "sentence")
        names.append(measure_documents(nlp, sentences, source))
    return Figures(tuple(syntax), tuple(names))


def measure_syntax(nlp: Language, corpora: Path, source: str) -> SyntaxFigures:
    """Measure tags, trees, lemmas and sentence bounds on raw text."""
    path = find_corpus(corpora, f"{TREEBANKS[source]}_dev.conllu.xz")
    golds = list(treebank_docs(path, nlp.vocab, seed=1))
    read = nlp.pipe([gold.text for gold in golds])
    examples = [Example(found, gold) for found, gold in zip(read, golds, strict=True)]
    scores = {
        **Scorer.score_token_attr(examples, "tag"),
        **Scorer.score_token_attr(examples, "lemma"),
        **Scorer.score_deps(examples, "dep", ignore_labels=PUNCTUATION),
        **Scorer.score_spans(examples, "sents", has_annotation=has_sentences),
    }
    return SyntaxFigures(
        source=source,
        words=sum(len(example.reference) for example in examples),
        tag=scores["tag_acc"],
        uas=scores["dep_uas"],
        las=scores["dep_las"],
        lemma=scores["lemma_acc"],
        sentences=scores["sents_f"],
    )


def has_sentences(doc: Doc) -> bool:
    """Say whether a document has sentence bounds."""
    return bool(doc.has_annotation("SENT_START"))


def held_out(corpora: Path, source: str) -> list[NamedSentence]:
    """Read the development sentences of one source of names."""
    rows = (*read_names(find_corpus(corpora, NAMES)), *read_news(own_news()))
    return [row for row in rows if row.split == "dev" and row.source == NAME_SOURCES[source]]


def measure_documents(
    nlp: Language, sentences: Iterable[NamedSentence], source: str
) -> NameFigures:
    """Measure names over all labels, whole texts being read."""
    whole = [list(rows) for _, rows in groupby(sentences, key=lambda row: row.document)]
    return measure_names(nlp, whole, source, "document")[0]


def measure_names(
    nlp: Language, texts: Iterable[list[NamedSentence]], source: str, unit: str
) -> list[NameFigures]:
    """Measure names over all labels, then label by label."""
    gold_docs = [make_doc(nlp, sentences) for sentences in texts]
    pairs: list[tuple[set[Mark], set[Mark]]] = []
    for gold, found in zip(gold_docs, nlp.pipe(doc.text for doc in gold_docs), strict=True):
        unknown = list(unknown_spans(gold))
        pairs.append((set(marks_of(gold.ents, [])), set(marks_of(found.ents, unknown))))
    labels = sorted({mark[2] for gold_marks, _ in pairs for mark in gold_marks})
    rows = [count_names(pairs, source, unit, set(labels), "all")]
    return rows + [count_names(pairs, source, unit, {label}, label) for label in labels]


def unknown_spans(gold: Doc) -> Iterator[tuple[int, int]]:
    """Give the stretches of a text about whose names nothing is known."""
    for token in gold:
        if token.ent_iob == 0:
            yield token.idx, token.idx + len(token)


def marks_of(names: Iterable[Span], unknown: list[tuple[int, int]]) -> Iterator[Mark]:
    """Give bounds and kind of each name, without its article and its genitive."""
    for name in names:
        label = name.label_  # a part of a span has none
        if label not in LABELS:
            continue
        if len(name) > 1 and name[0].lower_ == "the":
            name = name[1:]
        if len(name) > 1 and name[-1].lower_ in ("'s", "’s"):
            name = name[:-1]
        start, end = name.start_char, name.end_char
        if not any(start < stop and first < end for first, stop in unknown):
            yield start, end, MERGED.get(label, label)


def count_names(
    pairs: list[tuple[set[Mark], set[Mark]]], source: str, unit: str, labels: set[str], label: str
) -> NameFigures:
    """Count the names of some labels that are right."""
    gold = sum(mark[2] in labels for wanted, _ in pairs for mark in wanted)
    found = sum(mark[2] in labels for _, given in pairs for mark in given)
    right = sum(mark[2] in labels for wanted, given in pairs for mark in wanted & given)
    precision = right / found if found else 0.0
    recall = right / gold if gold else 0.0
    total = precision + recall
    return NameFigures(
        source=source,
        unit=unit,
        label=label,
        names=gold,
        precision=precision,
        recall=recall,
        f=2 * precision * recall / total if total else 0.0,
    )


def write_card(figures: Figures, out: Path) -> None:
    """Put the figures in the model's card; a model without one gets a card of figures alone."""
    card = out / CARD
    block = "\n".join(["<!-- figures -->", "", *figures.lines(), "", "<!-- end of figures -->"])
    text = card.read_text(encoding="utf-8") if card.exists() else f"# Figures\n\n{block}\n"
    card.write_text(FIGURES.sub(lambda _: block, text), encoding="utf-8")
