"""Read treebanks (CoNLL-U, xz) and make spaCy documents to learn tags, trees and lemmas from.

In: a `.conllu.xz` file. Out: sentences of words, and `Doc`s of some neighbouring sentences each,
with ClearNLP trees. Sentences are joined because the parser must learn where one ends; the end
of a paragraph is written as an empty line as often as it is a space, as both occur in articles.

So that headlines and agency style are not strange to the parser, a few sentences are set in title
case, capitals or lower case, and a few are given an invented dateline.
"""

import lzma
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spacy.tokens import Doc
from spacy.vocab import Vocab

from pipelines.train.clearnlp import ROOT, Word, convert_tree

MOST_SENTENCES = 8  # to a document
TITLE, LOWER, UPPER, DATELINE = 0.03, 0.02, 0.01, 0.03  # shares of sentences
SHORT_WORDS = frozenset({"ADP", "AUX", "CCONJ", "DET", "PART", "PRON", "SCONJ"})
PLACES = (
    "Accra;Addis Ababa;Amman, Jordan;Ankara, Turkey;Athens;Baghdad;Bamako, Mali;Bangui;Beirut;"
    "Bogotá;Brussels;Buenos Aires;Caracas, Venezuela;Chişinău;Colombo;Dakar;Gaza City, Gaza Strip;"
    "Dhaka, Bangladesh;Geneva;Goma, Congo;Guatemala City;Jakarta, Indonesia;Kabul, Afghanistan;"
    "Kampala;Kyiv, Ukraine;Lagos;Lima, Peru;London;Los Angeles;Manila;Mexico City;Moscow;Nairobi;"
    "New Delhi;New York;Paris;Kingston, Jamaica;Quito;Rio de Janeiro;Rome;San Salvador;Sanaa;"
    "Seoul, South Korea;St. Louis;Sydney;Tegucigalpa;Tokyo;Tripoli;United Nations;Washington;"
    "Yaoundé"
)
AGENCIES = ("AP", "Reuters", "AFP", "DPA", "UPI", "Xinhua")
PARAGRAPH = "\n\n"
SPACE_TAG = "_SP"


@dataclass(frozen=True)
class Sentence:
    """A sentence of a treebank, and whether a paragraph or a document begins with it."""

    words: tuple[Word, ...]
    opens_paragraph: bool
    opens_document: bool
    sent_id: str = ""


def read_treebank(path: Path) -> Iterator[Sentence]:
    """Read the sentences of a CoNLL-U file."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        block: list[str] = []
        for line in lines:
            if line.strip():
                block.append(line.rstrip("\n"))
            elif block:
                yield parse_sentence(block)
                block = []
        if block:
            yield parse_sentence(block)


def parse_sentence(block: Sequence[str]) -> Sentence:
    """Read one sentence's comments and rows."""
    comments = [line for line in block if line.startswith("#")]
    rows = [line.split("\t") for line in block if not line.startswith("#")]
    glued = _glued(rows)
    words = tuple(
        Word(
            form=row[1],
            lemma=row[2] if row[2] != "_" else row[1],
            pos=row[3],
            tag=row[4],
            morph="" if row[5] == "_" else row[5],
            head=int(row[6]) - 1 if row[6] != "0" else ROOT,
            relation=row[7],
            is_spaced=int(row[0]) not in glued,
        )
        for row in rows
        if row[0].isdigit()
    )
    return Sentence(
        words,
        opens_paragraph=any(line.startswith(("# newpar", "# newdoc")) for line in comments),
        opens_document=any(line.startswith("# newdoc") for line in comments),
        sent_id=next(
            (line.partition("=")[2].strip() for line in comments if line.startswith("# sent_id")),
            "",
        ),
    )


def _glued(rows: Sequence[Sequence[str]]) -> set[int]:
    """Find the words without a space after them, also inside `don't` written as a range."""
    glued: set[int] = set()
    for row in rows:
        no_space = "SpaceAfter=No" in row[9].split("|")
        if "-" in row[0]:
            first, last = (int(number) for number in row[0].split("-"))
            glued.update(range(first, last))
            if no_space:
                glued.add(last)
        elif row[0].isdigit() and no_space:
            glued.add(int(row[0]))
    return glued


def group_sentences(
    sentences: Iterable[Sentence], chance: random.Random
) -> Iterator[list[Sentence]]:
    """Join neighbouring sentences of a document, one to MOST_SENTENCES at a time."""
    group: list[Sentence] = []
    size = chance.randint(1, MOST_SENTENCES)
    for sentence in sentences:
        if group and (sentence.opens_document or len(group) == size):
            yield group
            group, size = [], chance.randint(1, MOST_SENTENCES)
        group.append(sentence)
    if group:
        yield group


def recase(sentence: Sentence, chance: random.Random) -> Sentence:
    """Set some sentences as headlines are, in capitals or in lower case."""
    lot = chance.random()
    if lot < TITLE:
        words = tuple(
            word if word.pos in SHORT_WORDS else replace(word, form=_capitalised(word.form))
            for word in sentence.words
        )
    elif lot < TITLE + LOWER:
        words = tuple(replace(word, form=word.form.lower()) for word in sentence.words)
    elif lot < TITLE + LOWER + UPPER:
        words = tuple(replace(word, form=word.form.upper()) for word in sentence.words)
    else:
        return sentence
    return replace(sentence, words=words)


def _capitalised(form: str) -> str:
    """Set the first letter of a word as a capital, and leave the others."""
    return form[:1].upper() + form[1:]


def add_dateline(sentence: Sentence, chance: random.Random) -> Sentence:
    """Begin some sentences with a dateline, which hangs on the root as an adverb does."""
    if chance.random() >= DATELINE:
        return sentence
    city, _, country = chance.choice(PLACES.split(";")).partition(", ")
    line = _name_words(city.upper())
    if country:
        line = [*line[:-1], replace(line[-1], is_spaced=False), _punctuation(",", ",", 0)]
        line += _appended(_name_words(country), len(line))
    if chance.random() < 0.5:
        line.append(_punctuation("(", "-LRB-", len(line) + 1, is_spaced=False))
        agency = chance.choice(AGENCIES)
        line.append(Word(agency, agency, "PROPN", "NNP", "", 0, "appos", is_spaced=False))
        line.append(_punctuation(")", "-RRB-", len(line) - 1))
    dash = chance.choice(("—", "–", "-", "--"))
    line.append(Word(dash, dash, "PUNCT", ":", "", 0, "punct"))
    offset = len(line)
    text = [
        word if word.head == ROOT else replace(word, head=word.head + offset)
        for word in sentence.words
    ]
    root = next(place for place, word in enumerate(text) if word.head == ROOT) + offset
    line[0] = replace(line[0], head=root, relation="obl:unmarked")
    line[-1] = replace(line[-1], head=root)
    return replace(sentence, words=(*line, *text))


def _name_words(name: str) -> list[Word]:
    """Make the words of a place's name, the first of them the head, which hangs on itself."""
    return [Word(part, part, "PROPN", "NNP", "Number=Sing", 0, "flat") for part in name.split()]


def _appended(words: Sequence[Word], offset: int) -> list[Word]:
    """Make a name the apposition of the sentence's first word."""
    first, *rest = words
    head = replace(first, head=0, relation="appos")
    return [head, *(replace(word, head=offset) for word in rest)]


def _punctuation(form: str, tag: str, head: int, *, is_spaced: bool = True) -> Word:
    """Make a punctuation mark."""
    return Word(form, form, "PUNCT", tag, "", head, "punct", is_spaced=is_spaced)


class DocBuilder:
    """Collects the columns of a `Doc` word by word."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.spaces: list[bool] = []
        self.tags: list[str] = []
        self.pos: list[str] = []
        self.morphs: list[str] = []
        self.lemmas: list[str] = []
        self.heads: list[int] = []
        self.labels: list[str] = []
        self.starts: list[bool] = []

    def add_sentence(self, words: Sequence[Word]) -> None:
        """Append a sentence with its converted tree."""
        offset = len(self.words)
        for word, (head, label) in zip(words, convert_tree(words), strict=True):
            self.add(word, head + offset, label, starts=len(self.words) == offset)
        self.spaces[-1] = True

    def add_paragraph_break(self) -> None:
        """Append an empty line, which hangs on the word before it."""
        self.spaces[-1] = False
        space = Word(PARAGRAPH, PARAGRAPH, "SPACE", SPACE_TAG, "", 0, "", is_spaced=False)
        self.add(space, len(self.words) - 1, "dep", starts=False)

    def add(self, word: Word, head: int, label: str, *, starts: bool) -> None:
        """Append one word."""
        self.words.append(word.form)
        self.spaces.append(word.is_spaced)
        self.tags.append(word.tag)
        self.pos.append(word.pos)
        self.morphs.append(word.morph)
        self.lemmas.append(word.lemma)
        self.heads.append(head)
        self.labels.append(label)
        self.starts.append(starts)

    def build(self, vocab: Vocab) -> Doc:
        """Make the document."""
        return Doc(
            vocab,
            words=self.words,
            spaces=self.spaces,
            tags=self.tags,
            pos=self.pos,
            morphs=self.morphs,
            lemmas=self.lemmas,
            heads=self.heads,
            deps=self.labels,
        )


def make_doc(group: Sequence[Sentence], vocab: Vocab, chance: random.Random) -> Doc:
    """Make one document of neighbouring sentences."""
    builder = DocBuilder()
    for sentence in group:
        if builder.words and sentence.opens_paragraph and chance.random() < 0.5:
            builder.add_paragraph_break()
        builder.add_sentence(sentence.words)
    return builder.build(vocab)


def treebank_docs(path: Path, vocab: Vocab, seed: int, *, varied: bool = False) -> Iterator[Doc]:
    """Make the documents of a treebank; the same seed gives the same documents."""
    chance = random.Random(seed)
    for group in group_sentences(read_treebank(path), chance):
        if varied:
            group = [recase(add_dateline(sentence, chance), chance) for sentence in group]
        yield make_doc(group, vocab, chance)
