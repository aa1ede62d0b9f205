"""Tell how likely each block of a page is to be text of its article.

Comes in: the matrix of features. Goes out: a probability for each block. Nothing is rejected. Pure.

The model is a sum of small decision trees, kept as a plain table (`seeds/blocks.csv`: a row a
node) that `make clean-model` writes; reading it needs no learning library. All trees are walked at
once, level by level, so that a page costs a few array operations.
"""

import csv
import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.block_features import FEATURES, Matrix

TABLE = "blocks.csv"
COLUMNS = ("tree", "node", "feature", "threshold", "left", "right", "value")


@dataclass(frozen=True, kw_only=True)
class BlockModel:
    """Trees as arrays over all their nodes; a leaf is its own child."""

    roots: NDArray[np.intp]
    features: NDArray[np.intp]
    thresholds: NDArray[np.float64]
    children: NDArray[np.intp]  # of each node the left one and the right one
    values: NDArray[np.float64]
    depth: int

    def probabilities(self, matrix: Matrix) -> NDArray[np.float64]:
        """Give the probability of each row."""
        cells = matrix.ravel()
        firsts = np.arange(len(matrix))[:, np.newaxis] * matrix.shape[1]
        nodes = np.tile(self.roots, (len(matrix), 1))
        for _ in range(self.depth):
            goes_right = cells.take(self.features.take(nodes) + firsts) > self.thresholds.take(
                nodes
            )
            nodes = self.children.take(2 * nodes + goes_right)
        odds = self.values.take(nodes).sum(axis=1)
        return np.asarray(1 / (1 + np.exp(-odds)))


def make_model(records: Iterable[dict[str, Any]]) -> BlockModel:
    """Make a model of the rows of its table; the first node of a tree is its root."""
    nodes = list(records)
    place = {(row["tree"], row["node"]): number for number, row in enumerate(nodes)}

    def child(row: dict[str, Any], side: str) -> int:
        return place[row["tree"], row[side] or row["node"]]

    column = {name: number for number, name in enumerate(FEATURES)}
    left = [child(row, "left") for row in nodes]
    right = [child(row, "right") for row in nodes]
    roots = [n for n, row in enumerate(nodes) if n == 0 or nodes[n - 1]["tree"] != row["tree"]]
    return BlockModel(
        roots=np.array(roots, dtype=np.intp),
        features=np.array([column[row["feature"] or FEATURES[0]] for row in nodes], dtype=np.intp),
        thresholds=np.array([float(row["threshold"] or math.inf) for row in nodes]),
        children=np.array([left, right], dtype=np.intp).T.ravel(),
        values=np.array([float(row["value"] or 0) for row in nodes]),
        depth=max(_depth(root, left, right) for root in roots),
    )


def _depth(node: int, left: list[int], right: list[int]) -> int:
    """Count the levels below a node."""
    if left[node] == node:
        return 0
    return 1 + max(_depth(left[node], left, right), _depth(right[node], left, right))


@functools.cache
def load_model() -> BlockModel:
    """Read the model that is shipped, once a process."""
    with resources.files("seeds").joinpath(TABLE).open(encoding="utf-8") as file:
        return make_model(csv.DictReader(file))
