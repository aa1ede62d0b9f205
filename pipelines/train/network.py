"""The encoder and its heads as a torch network: what is trained, and exported to ONNX.

In: the arrays of `transforms/encoder/inputs.py`. Out: scores for each word. The encoder is
all-MiniLM-L6-v2 (BERT's architecture: 6 layers, width 384, uncased); what it cannot see, a word's
shape and the lists of names it stands in, is added to its input, from nothing at first.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import gelu

from transforms.encoder.inputs import NUM_LISTS, NUM_SHAPES

WIDTH, HEADS, LAYERS, INNER = 384, 12, 6, 1536
VOCABULARY, POSITIONS = 30522, 512
ARC, RELATION, ROLE = 256, 96, 128  # widths of the heads
ROLE_HEADS, ROLE_LAYERS = 4, 2
DISTANCE = 24  # words further apart count as this far
DROPOUT = 0.1


@dataclass(frozen=True)
class Labels:
    """The labels of each head, in the order of its scores."""

    names: tuple[str, ...]
    tags: tuple[str, ...]
    classes: tuple[str, ...]
    relations: tuple[str, ...]
    roles: tuple[str, ...]


class Layer(nn.Module):
    """One layer of the encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.attended = nn.LayerNorm(WIDTH, eps=1e-12)
        self.wide, self.narrow = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.done = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Read the pieces `x` [chunk, piece, width]; `hidden` is added to the attention."""
        rows, length, _ = x.shape

        def split(y: Tensor) -> Tensor:
            return y.view(rows, length, HEADS, WIDTH // HEADS).transpose(1, 2)

        scores = split(self.query(x)) @ split(self.key(x)).transpose(2, 3)
        weights = torch.softmax(scores / math.sqrt(WIDTH // HEADS) + hidden, dim=-1)
        mixed = (weights @ split(self.value(x))).transpose(1, 2).reshape(rows, length, WIDTH)
        x = self.attended(x + self.dropout(self.output(mixed)))
        return self.done(x + self.dropout(self.narrow(gelu(self.wide(x)))))


class Encoder(nn.Module):
    """Words → vectors, and the scores of all heads but roles."""

    def __init__(self, labels: Labels) -> None:
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.shapes = nn.Embedding(NUM_SHAPES, WIDTH)
        self.lists = nn.Linear(NUM_LISTS, WIDTH, bias=False)
        nn.init.zeros_(self.shapes.weight)
        nn.init.zeros_(self.lists.weight)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.dropout = nn.Dropout(DROPOUT)
        self.name = nn.Linear(WIDTH, len(labels.names))
        self.tag = nn.Linear(WIDTH, len(labels.tags))
        self.kind = nn.Linear(WIDTH, len(labels.classes))
        self.bound = nn.Linear(WIDTH, 2)  # begins a sentence; is a predicate
        self.arc_word, self.arc_head = nn.Linear(WIDTH, ARC), nn.Linear(WIDTH, ARC)
        self.arc = nn.Parameter(torch.zeros(ARC, ARC))
        self.arc_bias = nn.Linear(ARC, 1)
        self.root = nn.Linear(WIDTH, 1)
        self.relation_word = nn.Linear(WIDTH, RELATION)
        self.relation_head = nn.Linear(WIDTH, RELATION)
        self.relation = nn.Parameter(
            torch.randn(RELATION + 1, len(labels.relations), RELATION + 1) * 0.01
        )
        self.role_word, self.role_predicate = nn.Linear(WIDTH, ROLE), nn.Linear(WIDTH, ROLE)

    def pieces(self, ids: Tensor, seen: Tensor, shapes: Tensor, lists: Tensor) -> Tensor:
        """Give the vector of each piece."""
        positions = torch.arange(ids.shape[1], device=ids.device)
        x = self.words(ids) + self.positions(positions) + self.shapes(shapes) + self.lists(lists)
        x = self.dropout(self.norm(x))
        hidden = (1.0 - seen[:, None, None, :].to(x.dtype)) * -1e4
        for layer in self.layers:
            x = layer(x, hidden)
        return x

    def forward(
        self,
        ids: Tensor,
        seen: Tensor,
        shapes: Tensor,
        lists: Tensor,
        first: Tensor,
        last: Tensor,
    ) -> tuple[Tensor, ...]:
        """Give, for each word, the scores of the heads (see OUTPUTS)."""
        x = self.pieces(ids, seen, shapes, lists)
        places = first[:, :, None].expand(-1, -1, WIDTH), last[:, :, None].expand(-1, -1, WIDTH)
        h = self.dropout((x.gather(1, places[0]) + x.gather(1, places[1])) / 2)
        word, head = gelu(self.arc_word(h)), gelu(self.arc_head(h))
        arcs = word @ self.arc @ head.transpose(1, 2) / math.sqrt(ARC)
        arcs = arcs + self.arc_bias(head).transpose(1, 2)
        return (
            self.name(h),
            self.tag(h),
            self.kind(h),
            self.bound(h),
            arcs,
            self.root(h),
            gelu(self.relation_word(h)),
            gelu(self.relation_head(h)),
            self.role_word(h),
            self.role_predicate(h),
        )


OUTPUTS = (
    "names",
    "tags",
    "classes",
    "bounds",
    "arcs",
    "root",
    "relation_word",
    "relation_head",
    "role_word",
    "role_predicate",
)
INPUTS = ("ids", "seen", "shapes", "lists", "first", "last")


class Attended(nn.Module):
    """A layer in which the words of a sentence, as one predicate meets them, see each other."""

    def __init__(self) -> None:
        super().__init__()
        self.mixed, self.output = nn.Linear(ROLE, 3 * ROLE), nn.Linear(ROLE, ROLE)
        self.before, self.between = nn.LayerNorm(ROLE), nn.LayerNorm(ROLE)
        self.wide, self.narrow = nn.Linear(ROLE, 2 * ROLE), nn.Linear(2 * ROLE, ROLE)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Read `x` [predicate, word, ROLE]; `hidden` is added to the attention."""
        rows, width, _ = x.shape
        split = self.mixed(self.before(x)).view(rows, width, 3, ROLE_HEADS, ROLE // ROLE_HEADS)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
        scores = query @ key.transpose(2, 3) / math.sqrt(ROLE // ROLE_HEADS)
        found = torch.softmax(scores + hidden, dim=-1) @ value
        x = x + self.dropout(self.output(found.transpose(1, 2).reshape(rows, width, ROLE)))
        return x + self.dropout(self.narrow(gelu(self.wide(self.between(x)))))


class Roles(nn.Module):
    """Predicates and the words around them → scores of roles."""

    def __init__(self, labels: Labels) -> None:
        super().__init__()
        self.distance = nn.Embedding(2 * DISTANCE + 1, ROLE)
        self.near = nn.Conv1d(ROLE, ROLE, 3, padding=1)
        self.layers = nn.ModuleList(Attended() for _ in range(ROLE_LAYERS))
        self.score = nn.Linear(ROLE, len(labels.roles))
        self.norm, self.done = nn.LayerNorm(ROLE), nn.LayerNorm(ROLE)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, words: Tensor, predicates: Tensor, distances: Tensor, seen: Tensor) -> Tensor:
        """Score [predicate, word, role] from `words` [predicate, word, ROLE] of its sentence.

        `distances` is each word's place less the predicate's, from 0 to 2 * DISTANCE; `seen` is 0
        beyond the sentence.
        """
        met = predicates[:, None, :]
        x = self.norm(gelu(words + met + self.distance(distances)) + words * met)
        x = x * seen[:, :, None].to(x.dtype)
        x = x + gelu(self.near(self.dropout(x).transpose(1, 2))).transpose(1, 2)
        hidden = (1.0 - seen[:, None, None, :].to(x.dtype)) * -1e4
        for layer in self.layers:
            x = layer(x, hidden)
        return self.score(self.done(x))


class Relations(nn.Module):
    """Words and their heads → scores of relations: what is exported of the encoder's weights."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.relation = encoder.relation

    def forward(self, word: Tensor, head: Tensor) -> Tensor:
        """Score [word, relation] from `word` and `head`, both [word, RELATION]."""
        return relation_scores(word, head, self.relation)


def relation_scores(word: Tensor, head: Tensor, weights: Tensor) -> Tensor:
    """Score the relations of words to their heads, both [word, RELATION]."""
    one = torch.ones_like(word[:, :1])
    inner, relations, outer = weights.shape
    through = (torch.cat([word, one], 1) @ weights.reshape(inner, -1)).view(-1, relations, outer)
    return (through @ torch.cat([head, one], 1)[:, :, None])[:, :, 0]


def load_pretrained(encoder: Encoder, path: Path) -> None:
    """Fill the encoder's own part from the weights of all-MiniLM-L6-v2."""
    given = load_file(path)
    own = {
        "words.weight": given["embeddings.word_embeddings.weight"],
        "positions.weight": given["embeddings.position_embeddings.weight"]
        + given["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": given["embeddings.LayerNorm.weight"],
        "norm.bias": given["embeddings.LayerNorm.bias"],
    }
    parts = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "output": "attention.output.dense",
        "attended": "attention.output.LayerNorm",
        "wide": "intermediate.dense",
        "narrow": "output.dense",
        "done": "output.LayerNorm",
    }
    for layer in range(LAYERS):
        for mine, theirs in parts.items():
            for kind in ("weight", "bias"):
                own[f"layers.{layer}.{mine}.{kind}"] = given[
                    f"encoder.layer.{layer}.{theirs}.{kind}"
                ]
    missing, unexpected = encoder.load_state_dict(own, strict=False)
    if unexpected or any(name.startswith("layers.") for name in missing):
        raise ValueError(f"the pretrained weights do not fit: {unexpected or missing}")
