"""Where the corpora lie: files of fixed names anywhere below one folder, and our own in here."""

from importlib import resources
from pathlib import Path

NAMES = "ner_open_train_dev.jsonl.xz"
FRAMES = "srl/train.jsonl.xz"
TREEBANKS = {"EWT": "ud_ewt", "GUM": "ud_gum_permissive"}
CORPORA = (
    *(f"{name}_{part}.conllu.xz" for name in TREEBANKS.values() for part in ("train", "dev")),
    NAMES,
    FRAMES,
)


def own_news() -> Path:
    """Find the folder of news that was written for this project."""
    return Path(str(resources.files("pipelines.train") / "news"))


def find_corpus(folder: Path, name: str) -> Path:
    """Find a corpus below the folder; raises FileNotFoundError where it is not there."""
    found = sorted(folder.rglob(name))
    if not found:
        raise FileNotFoundError(f"{folder} lacks {name}")
    return found[0]
