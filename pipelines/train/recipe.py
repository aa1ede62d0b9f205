"""Train the two groups of components and put them together.

In: the corpora, and a folder for what is half done. Out: one spaCy pipeline in a folder.
Two groups are trained beside each other, each on its own network, as their texts differ:
`syntax` (tags, word classes, trees, lemmas) on treebanks, `names` on the corpus of names.
A group that has finished is not trained again; remove its folder to do so. Nothing is rejected
here: the caller has looked whether the corpora are there.
"""

import contextlib
import itertools
import json
import multiprocessing
import random
import shutil
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import spacy
from spacy.cli.train import train as train_spacy
from spacy.language import Language
from spacy.lookups import Lookups
from spacy.tokens import Doc, DocBin
from spacy.util import registry

from pipelines.train.gazetteer import build_gazetteer, thin_out
from pipelines.train.names import NamedSentence, held_out_docs, read_names, training_docs
from pipelines.train.treebanks import treebank_docs
from pipelines.train.variation import gather_stock, vary_names
from transforms.language import CONSISTENT_NAMES, NAME_CLASSES

SEED = 20
TREEBANKS = ("ud_ewt", "ud_gum_permissive")
NAMES = "ner_open_train_dev.jsonl.xz"
LISTS = "lists.json"
THIN_LISTS = "lists_train.json"
FINISHED = "finished"
MODEL_NAME = "dateline_news"
MODEL_VERSION = "1.0.0"


@dataclass(frozen=True)
class Group:
    """Components that are trained together."""

    name: str
    # Of up to 1,500 words (syntax) or 2,000 (names); the figures still rise slowly there.
    steps: int


GROUPS = (Group("syntax", 5500), Group("names", 2600))


@registry.misc("dateline.NameClasses.v1")
def read_name_classes(path: str) -> Lookups:
    """Read the lists of name words into a lookup table, which is saved with the model."""
    lookups = Lookups()
    lookups.add_table(NAME_CLASSES, json.loads(Path(path).read_text(encoding="utf-8")))
    return lookups


def blank_pipeline() -> Language:
    """Make an empty English pipeline with our tokenizer."""
    return spacy.blank(
        "en", config={"nlp": {"tokenizer": {"@tokenizers": "dateline.Tokenizer.v1"}}}
    )


def prepare_corpora(corpora: Path, work: Path) -> None:
    """Write the documents of each group, and the lists, in the form spaCy trains from."""
    work.mkdir(parents=True, exist_ok=True)
    nlp = blank_pipeline()
    for split in ("train", "dev"):
        docs = itertools.chain.from_iterable(
            treebank_docs(
                corpora / f"{name}_{split}.conllu.xz", nlp.vocab, SEED, varied=split == "train"
            )
            for name in TREEBANKS
        )
        _save_docs(docs, work / f"syntax_{split}.spacy")
    texts = (row.text for row in read_names(corpora / NAMES) if row.split == "train")
    lists = build_gazetteer(texts)
    thinned = thin_out(lists, random.Random(SEED))
    (work / LISTS).write_text(json.dumps(lists), encoding="utf-8")
    (work / THIN_LISTS).write_text(json.dumps(thinned), encoding="utf-8")
    stock = gather_stock()

    def vary(sentence: NamedSentence, chance: random.Random) -> NamedSentence:
        return vary_names(sentence, stock, chance)

    _save_docs(training_docs(corpora / NAMES, nlp, SEED, vary), work / "names_train.spacy")
    _save_docs(held_out_docs(corpora / NAMES, nlp), work / "names_dev.spacy")


def _save_docs(docs: Iterable[Doc], path: Path) -> None:
    """Write documents to a file."""
    DocBin(docs=docs).to_disk(path)


def train_groups(work: Path, steps: int | None) -> None:
    """Train the groups that have not finished, each in a process of its own."""
    waiting = [group for group in GROUPS if not (work / group.name / FINISHED).exists()]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(GROUPS), mp_context=context) as pool:
        for group in waiting:
            log = work / f"{group.name}.log"
            print(f"training {group.name} for {steps or group.steps} steps; see {log}")
        for done in [pool.submit(train_group, group, work, steps) for group in waiting]:
            done.result()


def train_group(group: Group, work: Path, steps: int | None) -> None:
    """Train one group; the best so far is always in its folder `model-best`."""
    overrides: dict[str, object] = {
        "paths.train": str(work / f"{group.name}_train.spacy"),
        "paths.dev": str(work / f"{group.name}_dev.spacy"),
        "training.max_steps": steps or group.steps,
        "system.seed": SEED,
    }
    if group.name == "names":
        overrides["paths.lists"] = str(work / THIN_LISTS)
    config = Path(__file__).with_name(f"{group.name}.cfg")
    with (
        (work / f"{group.name}.log").open("w", encoding="utf-8") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        train_spacy(config, work / group.name, overrides=overrides)
    (work / group.name / FINISHED).write_text(f"{steps or group.steps} steps\n", encoding="utf-8")


def assemble_model(work: Path, out: Path) -> Language:
    """Put the best of both groups together and write it beside the model's card."""
    nlp = spacy.load(work / "syntax" / "model-best")
    names = spacy.load(work / "names" / "model-best")
    nlp.vocab.lookups = read_name_classes(str(work / LISTS))
    nlp.add_pipe("ner", source=names)
    nlp.add_pipe(CONSISTENT_NAMES, last=True)
    # Folders of the machine it was trained on say nothing to others.
    nlp.config["paths"] = dict.fromkeys(nlp.config["paths"])
    nlp.meta.update(
        name=MODEL_NAME,
        version=MODEL_VERSION,
        description="English news: tags, trees, lemmas and names; CNN",
        license="CC BY-SA 4.0",
        performance={},
    )
    assembled = work / "assembled"
    shutil.rmtree(assembled, ignore_errors=True)
    nlp.to_disk(assembled)
    for component in nlp.component_names:
        shutil.rmtree(out / component, ignore_errors=True)
    shutil.copytree(assembled, out, dirs_exist_ok=True)
    return nlp
