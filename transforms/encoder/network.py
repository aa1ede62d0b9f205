"""Run the encoder over a text's words.

In: the words of texts. Out: for each text its names, tags, trees and frames. The network is read
from ONNX files and runs on one thread: texts are read in parallel by processes. The encoder's pass
is shared by all heads; only the roles have a small network of their own, for the predicates found.
Names are read last, when the scores of the whole text are known, as they speak for each other.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
import onnxruntime
from numpy.typing import NDArray

from transforms.encoder.decode import IMPOSSIBLE, Span, Spans, best_tree, outside_beyond
from transforms.encoder.inputs import (
    BATCH_PIECES,
    Arrays,
    Chunk,
    Pieces,
    batches,
    cut_chunks,
    list_masks,
    read_lists,
    to_arrays,
)
from transforms.encoder.names import read_names
from transforms.roles import RoleFrame

DISTANCE = 24  # as in training: words further apart count as this far
ROOT = "ROOT"
# Predicates without roles: 4,563 of the 4,613 auxiliaries in PropBank on EWT's training part.
AUXILIARIES = frozenset({"aux", "auxpass"})
BATCH_WORDS = 1024  # of the sentences of predicates, with padding
SLOWER_SO = {"SkipLayerNormFusion"}  # see `pipelines/train/export.py`
LIKELY = 0.0  # logit from which a word is a predicate, or begins a sentence

Bounds = list[tuple[int, int]]  # of sentences: first word, word after the last


@dataclass
class Reading:
    """What the encoder reads in a text; columns have an entry a word, spaces too."""

    tags: list[str]
    classes: list[str]
    heads: list[int]
    relations: list[str]
    names: list[Span] = field(default_factory=list)
    frames: list[RoleFrame] = field(default_factory=list)

    @classmethod
    def blank(cls, size: int) -> "Reading":
        """Make a reading of nothing: what only spaces get."""
        return cls(["_SP"] * size, ["SPACE"] * size, list(range(size)), ["dep"] * size)


@dataclass(frozen=True)
class Predicate:
    """A predicate in its sentence, and what the encoder tells the network of roles about both."""

    reading: Reading
    words: Sequence[int]  # of the sentence: places in the text
    place: int  # in the sentence
    around: NDArray[Any]  # [word, number]
    own: NDArray[Any]

    def frame(self, roles: Sequence[Span]) -> RoleFrame:
        """Give its frame; roles are spans of the sentence."""
        spans = tuple((self.words[a], self.words[b - 1] + 1, role) for a, b, role in roles)
        return RoleFrame(self.words[self.place], spans)


class Network:
    """The encoder with its heads, loaded from a folder."""

    def __init__(self, folder: Path) -> None:
        labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
        self.tags: list[str] = labels["tags"]
        self.classes: list[str] = labels["classes"]
        self.relations: list[str] = labels["relations"]
        self._names, self._roles = Spans.of(labels["names"]), Spans.of(labels["roles"])
        self._pieces = Pieces.load(folder / "vocabulary.txt.xz")
        self._mask = list_masks(read_lists(folder / "lists.json.xz"))
        self._root = self.relations.index(ROOT)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._encoder, self._relation_scores, self._role_scores = (
            onnxruntime.InferenceSession(
                folder / name,
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=SLOWER_SO,
            )
            for name in ("encoder.onnx", "relations.onnx", "roles.onnx")
        )
        self._outputs = [output.name for output in self._encoder.get_outputs()]

    def read(
        self,
        texts: Sequence[Sequence[str]],
        given: Sequence[Sequence[int] | None] | None = None,
    ) -> list[Reading]:
        """Read texts, each given as its words; where predicates are given, the roles of these."""
        readings = [Reading.blank(len(words)) for words in texts]
        chunks = [
            (place, chunk)
            for place, words in enumerate(texts)
            for chunk in cut_chunks(words, self._pieces)
        ]
        kept = [numpy.zeros((len(words), len(self._names.labels))) for words in texts]
        predicates: list[Predicate] = []
        for batch in batches([chunk.num_pieces for _, chunk in chunks], BATCH_PIECES):
            chosen = [chunks[place] for place in batch]
            words = [[texts[place][word] for word in chunk.words] for place, chunk in chosen]
            arrays = to_arrays([chunk for _, chunk in chosen], words, self._pieces, self._mask)
            scores = dict(zip(self._outputs, self._encoder.run(None, dict(arrays)), strict=True))
            bounds = self._write_trees(chosen, scores, readings)
            for row, (place, chunk) in enumerate(chosen):
                asked = given[place] if given else None
                predicates += _predicates(scores, row, chunk, bounds[row], readings[place], asked)
                kept[place][list(chunk.words)] = scores["names"][row, : len(chunk.words)]
        self._read_roles(predicates)
        found = read_names(self._names, texts, chunks, kept)
        for reading, names in zip(readings, found, strict=True):
            reading.names = names
            reading.frames.sort(key=lambda frame: frame.predicate)
        return readings

    def _write_trees(
        self,
        chosen: Sequence[tuple[int, Chunk]],
        scores: Arrays,
        readings: Sequence[Reading],
    ) -> list[Bounds]:
        """Write the tags and trees of a batch of chunks into the readings; gives the sentences."""
        tags, classes = (scores[name].argmax(axis=2).tolist() for name in ("tags", "classes"))
        bounds = [
            sentence_bounds(scores["bounds"][row, : len(chunk.words), 0])
            for row, (_, chunk) in enumerate(chosen)
        ]
        heads = [
            _heads(scores["arcs"][row], scores["root"][row, :, 0], bounds[row])
            for row in range(len(chosen))
        ]
        relations = self._label(scores, heads)
        for row, (place, chunk) in enumerate(chosen):
            reading = readings[place]
            for i, word in enumerate(chunk.words):
                reading.tags[word] = self.tags[tags[row][i]]
                reading.classes[word] = self.classes[classes[row][i]]
                reading.heads[word] = chunk.words[heads[row][i]]
                reading.relations[word] = self.relations[next(relations)]
        return bounds

    def _label(self, scores: Arrays, heads: Sequence[Sequence[int]]) -> Iterator[int]:
        """Give the best relation of each word to its head; ROOT to roots and to none else."""
        row = numpy.repeat(numpy.arange(len(heads)), [len(each) for each in heads])
        word = numpy.concatenate([numpy.arange(len(each)) for each in heads])
        head = numpy.concatenate(heads)
        found = self._relation_scores.run(
            None,
            {
                "word": scores["relation_word"][row, word],
                "head": scores["relation_head"][row, head],
            },
        )[0]
        found[:, self._root] = numpy.where(head == word, -IMPOSSIBLE, IMPOSSIBLE)
        return iter(found.argmax(axis=1).tolist())

    def _read_roles(self, predicates: Sequence[Predicate]) -> None:
        """Write the frames of predicates into their readings."""
        asked: list[Predicate] = []
        for each in predicates:
            if each.reading.relations[each.words[each.place]] in AUXILIARIES:
                each.reading.frames.append(each.frame(()))
            else:
                asked.append(each)
        for batch in batches([len(each.words) for each in asked], BATCH_WORDS):
            chosen = [asked[place] for place in batch]
            for each, roles in zip(chosen, self._roles_of(chosen), strict=True):
                each.reading.frames.append(each.frame(roles))

    def _roles_of(self, predicates: Sequence[Predicate]) -> list[list[Span]]:
        """Read the roles of predicates in sentences of about one length."""
        sizes = numpy.asarray([len(each.words) for each in predicates])
        places = numpy.asarray([each.place for each in predicates])
        every = numpy.arange(sizes.max())
        own = numpy.stack([each.own for each in predicates])
        words = numpy.zeros((len(predicates), len(every), own.shape[1]), dtype=own.dtype)
        for row, each in enumerate(predicates):
            words[row, : sizes[row]] = each.around
        found = self._role_scores.run(
            None,
            {
                "words": words,
                "predicates": own,
                "distances": (every - places[:, None]).clip(-DISTANCE, DISTANCE) + DISTANCE,
                "seen": (every < sizes[:, None]).astype(numpy.int64),
            },
        )[0]
        return self._roles.read_many(outside_beyond(found, sizes.tolist()))


def _heads(arcs: NDArray[Any], root: NDArray[Any], bounds: Bounds) -> list[int]:
    """Give the head of each word of a chunk, itself where it is a root."""
    heads: list[int] = []
    for start, end in bounds:
        scores = arcs[start:end, start:end].copy()
        numpy.fill_diagonal(scores, root[start:end])
        heads += [start + head for head in best_tree(scores)]
    return heads


def _predicates(
    scores: Arrays,
    row: int,
    chunk: Chunk,
    bounds: Bounds,
    reading: Reading,
    given: Sequence[int] | None,
) -> Iterator[Predicate]:
    """Find the predicates of a chunk, or those given, in their sentences."""
    words = chunk.words
    is_predicate = scores["bounds"][row, : len(words), 1] > LIKELY
    if given is not None:
        is_predicate = numpy.isin(words, given)
    for start, end in bounds:
        around = scores["role_word"][row, start:end]
        for place in numpy.flatnonzero(is_predicate[start:end]).tolist():
            own = scores["role_predicate"][row, start + place]
            yield Predicate(reading, words[start:end], place, around, own)


def sentence_bounds(scores: NDArray[Any]) -> Bounds:
    """Part a chunk into sentences: the first word always begins one."""
    starts = [0, *(int(place) for place in numpy.flatnonzero(scores > LIKELY) if place)]
    return list(zip(starts, [*starts[1:], len(scores)], strict=True))
