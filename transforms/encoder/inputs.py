"""Turn words into what the encoder reads.

In: the words of a text. Out: arrays of wordpieces, padded to one length. The encoder's wordpieces
are in lower case, so each word's shape goes in beside them, and the lists of names it stands in.
"""

import json
import lzma
import string
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from curated_tokenizers import WordPieceProcessor
from numpy.typing import NDArray

MAX_PIECES = 158  # of a chunk, without its marks; a paragraph of an agency has about 60
BATCH_PIECES = 1024  # with padding; larger batches are no faster
EVEN = 0.8  # a chunk shorter than this share of its batch's longest would be mostly padding
CLS, SEP, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
NUM_SHAPES = 12
NUM_LISTS = 11  # bits of the mask of lists (first names, cities, demonyms …)
MAX_PIECES_OF_WORD = 8
MAX_LETTERS = 100  # of a part: longer ones are no words
MAX_KNOWN = 200_000  # words remembered
SENTENCE_ENDS = frozenset({".", "!", "?", "…"})
CLOSERS = frozenset({'"', "”", "’", "'", "''", ")", "]"})

Arrays = dict[str, NDArray[Any]]


def shape_of(word: str) -> int:
    """Give the class of a word's shape: case, digits, marks."""
    if word.islower():
        return 1
    if word.isupper():
        return 2 if len(word) == 1 else 3 if word.isalpha() else 4  # I, UN, U.S.
    if word.istitle():
        return 5 if word.isalpha() else 6  # Raqqa, Al-Hasakah
    if word.isdigit():
        return 7
    if any(letter.isdigit() for letter in word):
        return 8
    if any(letter.isupper() for letter in word):
        return 9 if word[0].isupper() else 10  # McDonald, iPhone
    return 11


class Pieces:
    """Parts words into BERT's wordpieces, and remembers those it has parted."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._processor = WordPieceProcessor(list(vocabulary))
        self._known: dict[str, tuple[int, ...]] = {}
        self.cls, self.sep, self._unknown = map(list(vocabulary).index, (CLS, SEP, UNKNOWN))

    @classmethod
    def load(cls, path: Path) -> "Pieces":
        """Load the vocabulary from its file: a piece a line."""
        return cls(lzma.decompress(path.read_bytes()).decode().split("\n"))

    def of(self, word: str) -> tuple[int, ...]:
        """Give the pieces of a word, at least one; long strings are cut after eight."""
        pieces = self._known.get(word)
        if pieces is None:
            found = [piece for part in bare_parts(word) for piece in self._part(part)]
            pieces = tuple(found[:MAX_PIECES_OF_WORD]) or (self._unknown,)
            if len(self._known) < MAX_KNOWN:
                self._known[word] = pieces
        return pieces

    def _part(self, part: str) -> list[int]:
        if len(part) > MAX_LETTERS:
            return [self._unknown]
        pieces: list[int] = self._processor.encode(part)[0]
        return [self._unknown] if -1 in pieces else pieces


def bare_parts(word: str) -> list[str]:
    """Take the case and the accents off a word, and part it at its marks, as BERT does."""
    bare = unicodedata.normalize("NFD", word.lower())
    kept = (c for c in bare if unicodedata.category(c) not in ("Mn", "Cc", "Cf"))
    return "".join(f" {c} " if stands_alone(c) else c for c in kept).split()


def stands_alone(letter: str) -> bool:
    """Say whether BERT reads a letter as a word: a mark of ASCII or a Chinese one."""
    is_mark = letter in string.punctuation or unicodedata.category(letter).startswith("P")
    return is_mark or "\u3400" <= letter <= "\u9fff"


@dataclass(frozen=True)
class Chunk:
    """Words that are read together: a paragraph, or a part of a long one."""

    words: tuple[int, ...]  # positions in the text
    pieces: tuple[tuple[int, ...], ...]  # a tuple for each of them

    @property
    def num_pieces(self) -> int:
        """Count the pieces, with the two marks."""
        return sum(map(len, self.pieces)) + 2


def cut_chunks(words: Sequence[str], pieces: Pieces) -> Iterator[Chunk]:
    """Cut a text at its line breaks, and longer paragraphs behind a sentence's end."""
    paragraph: list[int] = []
    for position, word in enumerate(words):
        if not word.isspace():
            paragraph.append(position)
        elif "\n" in word and paragraph:
            yield from _cut(paragraph, words, pieces)
            paragraph = []
    if paragraph:
        yield from _cut(paragraph, words, pieces)


def _cut(paragraph: list[int], words: Sequence[str], pieces: Pieces) -> Iterator[Chunk]:
    parted = [pieces.of(words[position]) for position in paragraph]
    start = 0
    while start < len(paragraph):
        end, size = start, 0
        while end < len(paragraph) and size + len(parted[end]) <= MAX_PIECES:
            size += len(parted[end])
            end += 1
        if end < len(paragraph):
            end = _last_end([words[position] for position in paragraph[start:end]]) + start
        yield Chunk(tuple(paragraph[start:end]), tuple(parted[start:end]))
        start = end


def _last_end(words: Sequence[str]) -> int:
    """Find where the last whole sentence ends; without one, all words are taken."""
    for place in range(len(words) - 1, 0, -1):
        if words[place - 1] in SENTENCE_ENDS and words[place] not in CLOSERS | SENTENCE_ENDS:
            return place
        if words[place - 1] in CLOSERS and words[place - 2] in SENTENCE_ENDS and place > 1:
            return place
    return len(words)


def batches(sizes: Sequence[int], most: int) -> Iterator[list[int]]:
    """Group what is of about one size, up to `most` at once, with padding; gives places."""
    batch: list[int] = []
    for place in sorted(range(len(sizes)), key=lambda place: -sizes[place]):
        longest = sizes[batch[0]] if batch else 0
        is_full = (len(batch) + 1) * longest > most
        if batch and (is_full or sizes[place] < EVEN * longest):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def to_arrays(
    chunks: Sequence[Chunk],
    words: Sequence[Sequence[str]],
    pieces: Pieces,
    masks: Callable[[str], int],
) -> Arrays:
    """Make the encoder's input of some chunks; `words` are the words of each."""
    length = max(chunk.num_pieces for chunk in chunks)
    width = max(len(chunk.words) for chunk in chunks)
    size = len(chunks)
    ids = numpy.zeros((size, length), dtype=numpy.int64)
    seen = numpy.zeros((size, length), dtype=numpy.int64)
    shapes = numpy.zeros((size, length), dtype=numpy.int64)
    bits = numpy.zeros((size, length), dtype=numpy.int64)
    first = numpy.zeros((size, width), dtype=numpy.int64)
    last = numpy.zeros((size, width), dtype=numpy.int64)
    for row, chunk in enumerate(chunks):
        flat = [pieces.cls, *(piece for word in chunk.pieces for piece in word), pieces.sep]
        counts = numpy.fromiter(map(len, chunk.pieces), dtype=numpy.int64, count=len(chunk.words))
        ends = counts.cumsum()
        ids[row, : len(flat)] = flat
        seen[row, : len(flat)] = 1
        inner = slice(1, len(flat) - 1)
        shapes[row, inner] = numpy.repeat([shape_of(word) for word in words[row]], counts)
        bits[row, inner] = numpy.repeat([masks(word) for word in words[row]], counts)
        first[row, : len(counts)] = ends - counts + 1
        last[row, : len(counts)] = ends
    lists = ((bits[:, :, None] >> numpy.arange(NUM_LISTS)) & 1).astype(numpy.float32)
    return {
        "ids": ids,
        "seen": seen,
        "shapes": shapes,
        "lists": lists,
        "first": first,
        "last": last,
    }


def list_masks(table: Mapping[str, int]) -> Callable[[str], int]:
    """Give the function that looks up the mask of the lists a word stands in."""
    return lambda word: table.get(word.lower(), 0)


def read_lists(path: Path) -> dict[str, int]:
    """Read the lists of names: lower-case word → mask."""
    table: dict[str, int] = json.loads(lzma.decompress(path.read_bytes()))
    return table
