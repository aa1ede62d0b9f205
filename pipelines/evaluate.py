"""`dateline evaluate`: score text, model or events against gold, with n.

In: the name of a suite and the folder or file with its gold. Out: figures on stdout. The gold is
never part of the project: see README for the public sets that have these forms.
"""

import argparse
from contextlib import nullcontext
from pathlib import Path

from pipelines.options import UsageError

SUITES = {
    "text": "folders with gold.jsonl and html/ID.html.gz (as in the Zyte and fundus benchmarks)",
    "model": "folder of corpora, as for `dateline train`",
    "frames": "file of JSON lines: words, space_after, frames (PropBank's roles as spans)",
    "events": "file of JSON lines: id, text, type, actors, recipients (as PLOVER's gold records)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `dateline evaluate`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "gold:\n" + "\n".join(f"  {name:<8}{what}" for name, what in SUITES.items())
    parser.add_argument("--suite", choices=SUITES, required=True, help="what is scored")
    parser.add_argument(
        "--gold", type=Path, metavar="PATH", help="see below; events: our own sentences if absent"
    )
    parser.add_argument("--model", metavar="NAME", help="spaCy pipeline instead of the shipped one")
    parser.add_argument(
        "--predictions",
        type=Path,
        metavar="OUT.jsonl",
        help="write what was found, a line a page or sentence (text, events)",
    )


def run(args: argparse.Namespace) -> int:
    """Score one suite."""
    if args.gold is None:
        if args.suite != "events":
            raise UsageError(f"--gold: give the gold of suite {args.suite}")
        return _score_own_events(args)
    if not args.gold.exists():
        raise UsageError(f"--gold {args.gold}: no such file or folder")
    if args.predictions and args.suite not in ("text", "events"):
        raise UsageError("--predictions is for --suite text and events")
    {
        "text": _score_text,
        "model": _score_model,
        "frames": _score_frames,
        "events": _score_events,
    }[args.suite](args)
    return 0


def _score_text(args: argparse.Namespace) -> None:
    # trafilatura takes a second to import
    from pipelines.evaluate_text import evaluate_text, format_pooled, format_scores, has_texts

    folders = sorted(path.parent for path in args.gold.rglob("gold.jsonl"))
    folders = [folder for folder in folders if has_texts(folder)]
    if not folders:
        raise UsageError(f"--gold {args.gold}: holds no gold.jsonl with texts")
    scores = []
    with args.predictions.open("w", encoding="utf-8") if args.predictions else nullcontext() as out:
        for folder in folders:
            scores.append(evaluate_text(folder, predictions=out))
            print(format_scores(folder.name, scores[-1]))
    if len(scores) > 1:
        print(format_pooled(scores))


def _score_model(args: argparse.Namespace) -> None:
    from pipelines.train.figures import evaluate_model
    from transforms.language import load_language

    print("\n".join(evaluate_model(load_language(args.model), args.gold).lines()))


def _score_frames(args: argparse.Namespace) -> None:
    from pipelines.evaluate_frames import evaluate_frames
    from transforms.language import load_language

    print("\n".join(evaluate_frames(load_language(args.model), args.gold).lines()))


def _score_own_events(args: argparse.Namespace) -> int:
    from pipelines.evaluate_events import evaluate_own

    for title, scores in evaluate_own(args.model):
        print(title, *scores, sep="\n  ")
    return 0


def _score_events(args: argparse.Namespace) -> None:
    from pipelines.evaluate_events import evaluate_events

    for score in evaluate_events(args.gold, model=args.model, predictions=args.predictions):
        print(score)
