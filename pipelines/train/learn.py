"""Train the network on all corpora at once, and keep its checkpoints.

In: passes of examples. Out: the averaged weights, in the work folder. Every batch is of one kind
(names or trees with frames), so that heads which a corpus says nothing about cost nothing. The
seed is fixed; a run that was stopped goes on from its last checkpoint.
"""

import copy
import itertools
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from pipelines.train.examples import Example, role_tags
from pipelines.train.network import DISTANCE, OUTPUTS, Encoder, Labels, Roles, relation_scores
from transforms.encoder.inputs import MAX_PIECES, Chunk, Pieces, to_arrays

IGNORED = -100
AVERAGED_EVERY = 10  # steps
NAME_BITS = 0b11111  # first, last, city, country, region: lists that tomorrow's names are not on
LISTS_LOST = 0.2  # share of words that learn without these


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One go at the corpora; `recipe.toml` tells what each means."""

    seed: int
    words_a_batch: int
    rate: float
    head_rate: float
    warm_up: float
    tree_passes: int
    name_passes: dict[str, float]
    steps: int | None = None  # all batches of the passes
    also_at: int | None = None  # a tenth step, whose averaged weights make half of what comes out


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How it is trained."""

    kept: float
    checkpoint_s: float
    least_roles: int
    stages: tuple[Stage, ...]


def fit(example: Example, pieces: Pieces) -> Example | None:
    """Cut an example to what is read at once: at a sentence's start, where these are known."""
    size, end = 0, 0
    while end < len(example.words):
        size += len(pieces.of(example.words[end]))
        if size > MAX_PIECES:
            break
        end += 1
    if end == len(example.words):
        return example
    if example.starts:
        end = max((place for place in range(end + 1) if example.starts[place]), default=0)
    if not end:
        return None
    frames = example.frames
    if frames is not None:
        frames = tuple(frame for frame in frames if frame.predicate < end)
    cut: dict[str, Any] = {
        name: value[:end] for name, value in vars(example).items() if name != "frames" and value
    }
    return Example(**cut, frames=frames)


def batched(examples: Iterable[Example], words: int, chance: random.Random) -> list[list[Example]]:
    """Group examples of about one length into batches of so many words, in a random order."""
    ordered = sorted(examples, key=lambda e: len(e.words) + chance.random() * 12)
    batches: list[list[Example]] = [[]]
    for example in ordered:
        if batches[-1] and (len(batches[-1]) + 1) * len(example.words) > words:
            batches.append([])
        batches[-1].append(example)
    chance.shuffle(batches)
    return batches


class Targets:
    """Turns labels into numbers."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self._places = {
            head: {label: place for place, label in enumerate(getattr(labels, head))}
            for head in asdict(labels)
        }

    def column(self, head: str, rows: Sequence[Sequence[str]], width: int) -> Tensor:
        """Give the places of labels; what is MISSING or unheard of is ignored."""
        places = self._places[head]
        column = torch.full((len(rows), width), IGNORED)
        for row, values in enumerate(rows):
            if values:
                column[row, : len(values)] = torch.tensor(
                    [places.get(value, IGNORED) for value in values]
                )
        return column


class Trainer:
    """The network, its optimiser and what it has done so far."""

    def __init__(
        self,
        encoder: Encoder,
        labels: Labels,
        recipe: Recipe,
        stage: Stage,
        pieces: Pieces,
        lists: dict[str, int],
    ) -> None:
        self.encoder, self.roles = encoder, Roles(labels)
        self.labels, self.recipe, self.stage = labels, recipe, stage
        self.pieces, self.lists = pieces, lists
        self.targets = Targets(labels)
        self.chance = random.Random(stage.seed)
        for table in (encoder.words, encoder.positions):
            table.requires_grad_(False)  # half of all weights, which words off the corpora need too
        heads = [p for name, p in encoder.named_parameters() if not _is_pretrained(name)]
        body = [p for n, p in encoder.named_parameters() if _is_pretrained(n) and p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": body, "lr": stage.rate},
                {"params": [*heads, *self.roles.parameters()], "lr": stage.head_rate},
            ],
            weight_decay=0.01,
            fused=True,
        )
        self.average = copy.deepcopy(self.modules())
        self.step = 0

    def modules(self) -> torch.nn.ModuleDict:
        """Give both networks as one."""
        return torch.nn.ModuleDict({"encoder": self.encoder, "roles": self.roles})

    def mask(self, word: str) -> int:
        """Look up a word's lists, some of which are lost while learning."""
        bits = self.lists.get(word.lower(), 0)
        lost = bits & NAME_BITS and self.chance.random() < LISTS_LOST
        return bits & ~NAME_BITS if lost else bits

    def begin(self, weights: Path | None, checkpoint: Path) -> None:
        """Begin with given weights, or go on from a checkpoint where there is one."""
        self.checkpoint, self.early = checkpoint, checkpoint.with_suffix(".early")
        if checkpoint.exists():
            self.load(checkpoint)
        elif weights is not None:
            state = torch.load(weights, weights_only=True)
            self.modules().load_state_dict(state)
            self.average.load_state_dict(state)

    def train(self, batches: Sequence[list[Example]]) -> None:
        """Learn from the batches that are left; the rate falls to nothing at the last."""
        total = len(batches)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda _: rate_at(self.step, total, self.stage.warm_up)
        )
        self.encoder.train()
        self.roles.train()
        began = saved = time.monotonic()
        seen, sums = 0, dict[str, float]()
        for batch in batches[self.step :]:
            losses = self.losses(batch)
            loss = torch.stack(list(losses.values())).sum()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(
                itertools.chain(self.encoder.parameters(), self.roles.parameters()), 1.0
            )
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            self.step += 1
            schedule.step()
            if self.step % AVERAGED_EVERY == 0:
                self._average()
            seen += sum(len(example.words) for example in batch)
            for name, value in losses.items():
                sums[name] = 0.98 * sums.get(name, value.item()) + 0.02 * value.item()
            now = time.monotonic()
            if self.step % 20 == 0:
                told = " ".join(f"{name} {value:.3f}" for name, value in sorted(sums.items()))
                speed = seen / (now - began)
                left = (
                    (now - began)
                    / seen
                    * sum(len(e.words) for each in batches[self.step :] for e in each)
                )
                end = f"{speed:.0f} words/s, {left / 60:.0f} min left"
                print(f"step {self.step}/{total} {told} | {end}", flush=True)
            if now - saved > self.recipe.checkpoint_s or self.step == total:
                self.save(self.checkpoint)
                saved = now

    def result(self) -> dict[str, Tensor]:
        """Give the averaged weights of the last step, half and half with those of an early one.

        Those of a high rate fit the noise in the labels less.
        """
        state: dict[str, Tensor] = self.average.state_dict()
        if self.stage.also_at is None or self.step < self.stage.also_at:
            return state
        early = torch.load(self.early, weights_only=True)
        return {name: (early[name] + weights) / 2 for name, weights in state.items()}

    def _average(self) -> None:
        kept = min(self.recipe.kept**AVERAGED_EVERY, self.step / (10 * AVERAGED_EVERY + self.step))
        with torch.no_grad():
            pairs = zip(self.average.parameters(), self.modules().parameters(), strict=True)
            for mean, own in pairs:
                if own.requires_grad:
                    mean.lerp_(own, 1 - kept)
        if self.step == self.stage.also_at:
            torch.save(self.average.state_dict(), self.early)

    def save(self, path: Path) -> None:
        """Write a checkpoint that appears whole."""
        part = path.with_suffix(".part")
        torch.save(
            {
                "step": self.step,
                "modules": self.modules().state_dict(),
                "average": self.average.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "chance": self.chance.getstate(),
            },
            part,
        )
        part.rename(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(path, weights_only=True)
        self.modules().load_state_dict(state["modules"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        version, numbers, gauss = state["chance"]
        self.chance.setstate((version, tuple(numbers), gauss))
        self.step = state["step"]

    def losses(self, batch: Sequence[Example]) -> dict[str, Tensor]:
        """Give the losses of the heads about which a batch tells something."""
        chunks = [
            Chunk(tuple(range(len(e.words))), tuple(self.pieces.of(word) for word in e.words))
            for e in batch
        ]
        arrays = to_arrays(chunks, [e.words for e in batch], self.pieces, self.mask)
        inputs = {name: torch.from_numpy(array) for name, array in arrays.items()}
        scores = dict(zip(OUTPUTS, self.encoder(**inputs), strict=True))
        width = inputs["first"].shape[1]
        losses = {}
        if batch[0].names:
            losses["names"] = cross_entropy(
                scores["names"], self.targets.column("names", [e.names for e in batch], width)
            )
        if batch[0].heads:
            losses |= self._tree_losses(batch, scores, width)
        framed = [row for row, e in enumerate(batch) if e.frames]
        if framed:
            losses |= self._frame_losses(batch, framed, scores, width)
        return losses

    def _tree_losses(
        self, batch: Sequence[Example], scores: dict[str, Tensor], width: int
    ) -> dict[str, Tensor]:
        heads = torch.full((len(batch), width), IGNORED)
        sentences = torch.full((len(batch), width), -1)
        starts = torch.full((len(batch), width), IGNORED)
        for row, e in enumerate(batch):
            size = len(e.words)
            heads[row, :size] = torch.tensor(e.heads)
            starts[row, :size] = torch.tensor(e.starts, dtype=torch.long)
            sentences[row, :size] = starts[row, :size].cumsum(0)
        tags = self.targets.column("tags", [e.tags for e in batch], width)
        classes = self.targets.column("classes", [e.classes for e in batch], width)
        relations = self.targets.column("relations", [e.relations for e in batch], width)
        arcs = scores["arcs"] + torch.where(
            sentences[:, :, None] == sentences[:, None, :], 0.0, -1e4
        )
        own = torch.eye(width, dtype=torch.bool)
        arcs = torch.where(own, scores["root"].expand(-1, -1, width), arcs)
        known = heads.clamp(min=0)[:, :, None].expand(-1, -1, scores["relation_head"].shape[2])
        labelled = relation_scores(
            scores["relation_word"].flatten(0, 1),
            scores["relation_head"].gather(1, known).flatten(0, 1),
            self.encoder.relation,
        ).view(*heads.shape, -1)
        return {
            "tags": 0.5 * cross_entropy(scores["tags"], tags),
            "classes": 0.25 * cross_entropy(scores["classes"], classes),
            "starts": 0.3 * yes_or_no(scores["bounds"][:, :, 0], starts),
            "arcs": cross_entropy(
                arcs, heads, smoothing=0.0
            ),  # heads of other sentences are ruled out
            "relations": 0.5 * cross_entropy(labelled, relations),
        }

    def _frame_losses(
        self, batch: Sequence[Example], framed: list[int], scores: dict[str, Tensor], width: int
    ) -> dict[str, Tensor]:
        predicates = torch.full((len(batch), width), IGNORED)
        pairs, tags = [], []
        for row in framed:
            e = batch[row]
            predicates[row, : len(e.words)] = 0
            bounds = [*(place for place, starts in enumerate(e.starts) if starts), len(e.words)]
            for frame in e.frames or ():
                predicates[row, frame.predicate] = 1
                start = max(place for place in bounds if place <= frame.predicate)
                end = min(place for place in bounds if place > frame.predicate)
                pairs.append((row, frame.predicate, start, end))
                tags.append(role_tags(frame, start, end))
        losses = {"predicates": 0.3 * yes_or_no(scores["bounds"][:, :, 1], predicates)}
        if pairs:
            inputs = role_inputs(scores["role_word"], scores["role_predicate"], pairs)
            target = self.targets.column("roles", tags, inputs[0].shape[1])
            losses["roles"] = cross_entropy(self.roles(*inputs), target)
        return losses


def role_inputs(
    words: Tensor, predicates: Tensor, pairs: Sequence[tuple[int, int, int, int]]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gather what the roles of each predicate (row, place, sentence start, end) are read from."""
    width = max(end - start for _, _, start, end in pairs)
    rows = torch.tensor([row for row, *_ in pairs])
    places = torch.tensor([place for _, place, *_ in pairs])
    starts = torch.tensor([start for _, _, start, _ in pairs])
    ends = torch.tensor([end for *_, end in pairs])
    at = torch.minimum(starts[:, None] + torch.arange(width), ends[:, None] - 1)
    inside = (starts[:, None] + torch.arange(width)) < ends[:, None]
    distances = (at - places[:, None]).clamp(-DISTANCE, DISTANCE) + DISTANCE
    return words[rows[:, None], at], predicates[rows, places], distances, inside.long()


def cross_entropy(scores: Tensor, target: Tensor, *, smoothing: float = 0.03) -> Tensor:
    """Give the mean loss over the words that are told."""
    if not bool((target != IGNORED).any()):
        return scores.sum() * 0
    return functional.cross_entropy(
        scores.flatten(0, 1), target.flatten(), ignore_index=IGNORED, label_smoothing=smoothing
    )


def yes_or_no(scores: Tensor, target: Tensor) -> Tensor:
    """Give the mean loss of a yes or no over the words that are told."""
    told = target != IGNORED
    return functional.binary_cross_entropy_with_logits(scores[told], target[told].float())


def rate_at(step: int, total: int, warm_up: float) -> float:
    """Give the share of the rate: up in a straight line, then down to nothing."""
    begun = warm_up * total
    return min((step + 1) / begun, max(0.0, (total - step) / (total - begun)))


def _is_pretrained(name: str) -> bool:
    return name.startswith(("words.", "positions.", "norm.", "layers."))
