"""Where the corpora lie: files of fixed names anywhere below one folder."""

from pathlib import Path

NAMES = "ner_open_train_dev.jsonl.xz"
FRAMES = "srl/train.jsonl.xz"
TREEBANKS = {"EWT": "ud_ewt", "GUM": "ud_gum_permissive"}
CORPORA = (
    *(f"{name}_{part}.conllu.xz" for name in TREEBANKS.values() for part in ("train", "dev")),
    NAMES,
    FRAMES,
)


def find_corpus(folder: Path, name: str) -> Path:
    """Find a corpus below the folder; raises FileNotFoundError where it is not there."""
    found = sorted(folder.rglob(name))
    if not found:
        raise FileNotFoundError(f"{folder} lacks {name}")
    return found[0]
