"""Turn the encoder's scores into names, trees and frames.

In: scores of one chunk's words. Out: the best reading that is well formed: names that do not
overlap, one tree a sentence, roles that are spans.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray

Scores = NDArray[Any]
Span = tuple[int, int, str]  # first word, word after the last, label
OUTSIDE = "O"
IMPOSSIBLE = -1e4


@dataclass(frozen=True)
class Spans:
    """The labels of a tagging of spans: O, B-X and I-X, which follows only a B-X or I-X."""

    labels: tuple[str, ...]
    opens: NDArray[Any]  # for each label, the place of its B-X; O has its own
    inner: NDArray[Any]  # places of the I-X

    @classmethod
    def of(cls, labels: Sequence[str]) -> "Spans":
        """Work out which label may follow which."""
        opens = [labels.index(label.replace("I-", "B-", 1)) for label in labels]
        inner = [place for place, label in enumerate(labels) if label.startswith("I-")]
        return cls(tuple(labels), numpy.asarray(opens), numpy.asarray(inner))

    def read(self, scores: Scores) -> list[Span]:
        """Find the best spans (first word, word after the last, label) for scores [word, label]."""
        return self.read_many(scores[None])[0]

    def read_many(self, scores: Scores) -> list[list[Span]]:
        """The same for several rows of words of one length at once: [row, word, label].

        Where each word's best label may follow the one before it, there is nothing better.
        """
        paths = scores.argmax(axis=2)
        broken = ~self._may_be(paths)
        if broken.any():
            paths[broken] = self._best_paths(scores[broken])
        return self._spans(paths)

    def _may_be(self, paths: NDArray[Any]) -> NDArray[Any]:
        """Tell of each row of labels whether they may follow each other."""
        before = numpy.full_like(paths, self.labels.index(OUTSIDE))
        before[:, 1:] = paths[:, :-1]
        begins, own = self.opens[before], self.opens[paths]
        may_be: NDArray[Any] = ((own == paths) | (own == begins)).all(axis=1)
        return may_be

    def _best_paths(self, scores: Scores) -> NDArray[Any]:
        """Viterbi's algorithm, all rows at once."""
        rows, width, num_labels = scores.shape
        begin = self.opens[self.inner]
        every = numpy.arange(rows)
        best = scores[:, 0].copy()
        best[:, self.inner] = IMPOSSIBLE
        back = numpy.zeros((width, rows, num_labels), dtype=numpy.int64)
        for word in range(1, width):
            likeliest = best.argmax(axis=1)
            before = numpy.repeat(likeliest[:, None], num_labels, axis=1)
            goes_on = best[:, self.inner] > best[:, begin]
            before[:, self.inner] = numpy.where(goes_on, self.inner, begin)
            back[word] = before
            best = best[every[:, None], before] + scores[:, word]
        path = numpy.zeros((rows, width), dtype=numpy.int64)
        path[:, -1] = best.argmax(axis=1)
        for word in range(width - 1, 0, -1):
            path[:, word - 1] = back[word, every, path[:, word]]
        return path

    def _spans(self, paths: NDArray[Any]) -> list[list[Span]]:
        """Read the spans off rows of labels."""
        rows, width = paths.shape
        opens = numpy.full((rows, width + 1), True)  # with an end
        opens[:, :-1] = self.opens[paths] == paths
        ends = numpy.flatnonzero(opens)
        row, start = numpy.nonzero(opens[:, :-1] & (paths != self.labels.index(OUTSIDE)))
        begin = row * (width + 1) + start
        size = ends[numpy.searchsorted(ends, begin, side="right")] - begin
        spans: list[list[Span]] = [[] for _ in range(rows)]
        columns = (row, start, start + size, paths[row, start])
        for nth, first, end, label in zip(*(each.tolist() for each in columns), strict=True):
            spans[nth].append((first, end, self.labels[label][2:]))
        return spans


def outside_beyond(scores: Scores, sizes: Sequence[int]) -> Scores:
    """Rule out spans beyond each row's words."""
    beyond = numpy.arange(scores.shape[1])[None, :] >= numpy.asarray(sizes)[:, None]
    ruled: Scores = scores.copy()
    ruled[beyond, 1:] = IMPOSSIBLE
    ruled[beyond, 0] = 0
    return ruled


def best_tree(scores: Scores) -> list[int]:
    """Find the best tree of one sentence: for each word its head, itself for the one root.

    Scores are [word, head]; a word's score with itself is that of being the root. Each word takes
    its best head; where that gives no tree with one root, Chu-Liu and Edmonds' algorithm does.
    """
    size = len(scores)
    greedy: list[int] = scores.argmax(axis=1).tolist()
    if sum(head == word for word, head in enumerate(greedy)) == 1 and not _cycle(greedy):
        return greedy
    roots = numpy.diagonal(scores)
    free = scores.copy()
    numpy.fill_diagonal(free, -numpy.inf)
    candidates = numpy.argsort(-roots)[: min(size, 3)]
    trees = [_tree_from(free, int(root)) for root in candidates]
    weights = [
        roots[root] + sum(scores[word, head] for word, head in enumerate(tree) if word != root)
        for root, tree in zip(candidates, trees, strict=True)
    ]
    return trees[int(numpy.argmax(weights))]


def _cycle(heads: Sequence[int]) -> list[int]:
    """Find the words of a cycle, other than a root that is its own head."""
    state = [0] * len(heads)
    for start in range(len(heads)):
        trail = []
        word = start
        while not state[word]:
            state[word] = 1
            trail.append(word)
            if heads[word] == word:
                break
            word = heads[word]
        if state[word] == 1 and heads[word] != word:
            return trail[trail.index(word) :]
        for each in trail:
            state[each] = 2
    return []


def _tree_from(scores: Scores, root: int) -> list[int]:
    """Chu-Liu and Edmonds: the best tree below a root; scores are [word, head]."""
    heads = scores.argmax(axis=1)
    heads[root] = root
    cycle = numpy.asarray(_cycle(heads.tolist()))
    if not len(cycle):
        return [int(head) for head in heads]
    inside = numpy.zeros(len(scores), dtype=bool)
    inside[cycle] = True
    outer = numpy.flatnonzero(~inside)
    kept = scores[cycle, heads[cycle]]
    size = len(outer)
    small = numpy.full((size + 1, size + 1), -numpy.inf)
    small[:size, :size] = scores[numpy.ix_(outer, outer)]
    into = scores[numpy.ix_(cycle, outer)] - kept[:, None]  # a cycle's word takes an outer head
    small[size, :size] = into.max(axis=0) + kept.sum()
    small[:size, size] = scores[numpy.ix_(outer, cycle)].max(axis=1)
    solved = _tree_from(small, int(numpy.flatnonzero(outer == root)[0]))
    result = heads.copy()
    for place, head in enumerate(solved[:size]):
        word = int(outer[place])
        if head == size:
            result[word] = cycle[scores[word, cycle].argmax()]
        elif word != root:
            result[word] = outer[head]
    entered = outer[solved[size]]
    breaking = int(into[:, solved[size]].argmax())
    result[cycle[breaking]] = entered
    result[root] = root
    return [int(head) for head in result]
