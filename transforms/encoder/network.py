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
SLOWER_SO = {"SkipLayerNormFusion"}  # see `pipelines/train/export.py`
LIKELY = 0.0  # logit from which a word is a predicate, or begins a sentence


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
        for batch in batches([chunk for _, chunk in chunks]):
            chosen = [chunks[place] for place in batch]
            words = [[texts[place][word] for word in chunk.words] for place, chunk in chosen]
            arrays = to_arrays([chunk for _, chunk in chosen], words, self._pieces, self._mask)
            scores = dict(zip(self._outputs, self._encoder.run(None, dict(arrays)), strict=True))
            asked = [given[place] if given else None for place, _ in chosen]
            self._decode(chosen, scores, readings, asked)
            for row, (place, chunk) in enumerate(chosen):
                kept[place][list(chunk.words)] = scores["names"][row, : len(chunk.words)]
        found = read_names(self._names, texts, chunks, kept)
        for reading, names in zip(readings, found, strict=True):
            reading.names = names
        return readings

    def _decode(
        self,
        chosen: Sequence[tuple[int, Chunk]],
        scores: Arrays,
        readings: Sequence[Reading],
        asked: Sequence[Sequence[int] | None],
    ) -> None:
        """Write what a batch of chunks says into the readings of their texts."""
        predicates: list[tuple[int, int, int, int]] = []
        for row, (place, chunk) in enumerate(chosen):
            reading, words = readings[place], chunk.words
            bounds = self._write_trees(scores, row, words, reading)
            is_predicate = scores["bounds"][row, : len(words), 1] > LIKELY
            if (given := asked[row]) is not None:
                is_predicate = numpy.isin(words, given)
            predicates += [
                (row, i, start, end)
                for start, end in bounds
                for i in range(start, end)
                if is_predicate[i]
            ]
        found = self._read_roles(scores, predicates)
        for (row, i, start, _), roles in zip(predicates, found, strict=True):
            place, chunk = chosen[row]
            spans = tuple(
                (chunk.words[start + a], chunk.words[start + b - 1] + 1, role)
                for a, b, role in roles
            )
            readings[place].frames.append(RoleFrame(chunk.words[i], spans))

    def _write_trees(
        self, scores: Arrays, row: int, words: Sequence[int], reading: Reading
    ) -> list[tuple[int, int]]:
        """Write tags, trees and sentence bounds of one chunk; gives the bounds."""
        size = len(words)
        tags = scores["tags"][row, :size].argmax(axis=1)
        classes = scores["classes"][row, :size].argmax(axis=1)
        bounds = sentence_bounds(scores["bounds"][row, :size, 0])
        heads = self._heads(scores["arcs"][row], scores["root"][row, :, 0], bounds)
        relations = self._label(scores, row, heads)
        for i, word in enumerate(words):
            reading.tags[word] = self.tags[tags[i]]
            reading.classes[word] = self.classes[classes[i]]
            reading.heads[word] = words[heads[i]]
            reading.relations[word] = self.relations[relations[i]]
        return bounds

    def _heads(
        self, arcs: NDArray[Any], root: NDArray[Any], bounds: Sequence[tuple[int, int]]
    ) -> list[int]:
        heads: list[int] = []
        for start, end in bounds:
            scores = arcs[start:end, start:end].copy()
            numpy.fill_diagonal(scores, root[start:end])
            heads += [start + head for head in best_tree(scores)]
        return heads

    def _label(self, scores: Arrays, row: int, heads: Sequence[int]) -> NDArray[Any]:
        """Give the best relation of each word to its head; ROOT to roots and to none else."""
        found = self._relation_scores.run(
            None,
            {
                "word": scores["relation_word"][row, : len(heads)],
                "head": scores["relation_head"][row, list(heads)],
            },
        )[0]
        is_root = numpy.asarray(heads) == numpy.arange(len(heads))
        found[:, self._root] = numpy.where(is_root, -IMPOSSIBLE, IMPOSSIBLE)
        best: NDArray[Any] = found.argmax(axis=1)
        return best

    def _read_roles(
        self, scores: Arrays, predicates: Sequence[tuple[int, int, int, int]]
    ) -> Iterator[list[Span]]:
        """Read the roles of predicates (row, place, start and end of the sentence)."""
        if not predicates:
            return
        rows, places, starts, ends = numpy.asarray(predicates, dtype=numpy.int64).T
        width = int((ends - starts).max())
        every = starts[:, None] + numpy.arange(width)
        at = numpy.minimum(every, ends[:, None] - 1)
        found = self._role_scores.run(
            None,
            {
                "words": scores["role_word"][rows[:, None], at],
                "predicates": scores["role_predicate"][rows, places],
                "distances": (at - places[:, None]).clip(-DISTANCE, DISTANCE) + DISTANCE,
                "seen": (every < ends[:, None]).astype(numpy.int64),
            },
        )[0]
        sizes = (ends - starts).tolist()
        yield from self._roles.read_many(outside_beyond(found, sizes))


def sentence_bounds(scores: NDArray[Any]) -> list[tuple[int, int]]:
    """Part a chunk into sentences: the first word always begins one."""
    starts = [0, *(int(place) for place in numpy.flatnonzero(scores > LIKELY) if place)]
    return list(zip(starts, [*starts[1:], len(scores)], strict=True))
