"""`make clean-model`: train the block model on pages with gold text, and measure it.

In: folders with `gold.jsonl` and `html/<id>.html.gz`, as for `dateline evaluate --suite text`.
Out: the table of trees that `transforms/block_model.py` reads, and figures by cross-validation
over sites: no page is scored by a model that has seen a page of its site. Needs lightgbm (the
`train` extra); what it learns runs without it.

A block is text when most of its four-token runs stand in the gold text; a block that the gold
marks as optional teaches neither way.
"""

import argparse
import collections
import csv
import gzip
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluate_text import (
    Counts,
    Tokens,
    baseline_text,
    count_page,
    f1,
    gain_interval,
    has_promo,
    shingles,
    tokens_of,
)
from schemas.vocabulary import Rejected
from transforms.block_features import FEATURES
from transforms.block_model import COLUMNS, BlockModel, make_model
from transforms.clean import find_boilerplate
from transforms.lines import DescribedPage, choose_lines, describe_page
from transforms.markup import decode_page, parse_page, trim_tree
from transforms.metadata import Metadata, read_metadata
from transforms.urls import registrable_domain

FOLDS = 5
ROUNDS = 100
MIN_SHARE = 0.5  # of a block's token runs that stand in the gold text
NEAR = 5  # blocks: where one text stands twice, the one among more text is meant
MAX_WEIGHT_TOKENS = 100
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.08, "num_leaves": 12, "max_depth": 7,
    "min_data_in_leaf": 30, "feature_fraction": 0.4, "bagging_fraction": 0.8, "bagging_freq": 1,
    "lambda_l2": 5.0, "verbose": -1, "num_threads": 2, "seed": 3, "deterministic": True,
    "force_row_wise": True, "use_missing": False,
}  # fmt: skip

ALL = "all"
WHOLE = "block model and phrase rules"

Labels = NDArray[np.float32]  # 1 text, 0 furniture, NaN neither


@dataclass(frozen=True, kw_only=True)
class GoldPage:
    """A page described, with what each of its blocks is."""

    folder: str
    site: str
    gold: dict[str, Any]
    metadata: Metadata
    page: DescribedPage
    labels: Labels
    weights: Labels
    baseline: str  # trafilatura's text in its default setting


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one way to clean is worth on the pages of a folder."""

    name: str
    folder: str
    num_pages: int
    f1: float
    gain: float
    interval: tuple[float, float]
    exact: float
    promo: float

    def __str__(self) -> str:
        """Give the figures as a line for a person."""
        low, high = self.interval
        return (
            f"{self.name:<38}{self.folder:<12} n={self.num_pages:<4} F1 {self.f1:.4f}  gain "
            f"{self.gain:+.4f} [{low:+.4f}, {high:+.4f}]  exact {self.exact:.1%}  "
            f"promo {self.promo:.1%}"
        )


def read_pages(corpora: Sequence[Path]) -> Iterator[GoldPage]:
    """Read the pages of all folders whose gold has whole texts."""
    for path in sorted(path for folder in corpora for path in folder.rglob("gold.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for gold in map(json.loads, lines):
                page = _read_page(path.parent, gold) if gold.get("paras") else None
                if page is not None:
                    yield page


def _read_page(folder: Path, gold: dict[str, Any]) -> GoldPage | None:
    """Describe a page as the chain does; None for one that holds no text."""
    body = gzip.decompress((folder / "html" / f"{gold['id']}.html.gz").read_bytes())
    url = gold.get("url") or f"https://gold.example/{gold['id']}"
    try:
        tree = parse_page(decode_page(body, "text/html"))
        metadata = read_metadata(tree, url, latest=datetime.now(UTC))
        trim_tree(tree)
    except Rejected:
        return None
    page = describe_page(tree, metadata, url)
    if not page.blocks:
        return None
    tokens = [tokens_of(block.text) for block in page.blocks]
    weights = np.sqrt([min(len(each), MAX_WEIGHT_TOKENS) + 1 for each in tokens])
    return GoldPage(
        folder=folder.name,
        site=registrable_domain(url) or url,
        gold=gold,
        metadata=replace(metadata, declared_body=None),
        page=page,
        labels=label(tokens, gold["paras"]),
        weights=np.asarray(weights / weights.sum(), dtype=np.float32),  # each page weighs the same
        baseline=baseline_text(body, url),
    )


def label(blocks: Sequence[Tokens], paragraphs: list[dict[str, Any]]) -> Labels:
    """Tell of each block whether it is text of the gold."""
    wanted = [tokens_of(each["t"]) for each in paragraphs if not each.get("opt")]
    optional = [tokens_of(each["t"]) for each in paragraphs if each.get("opt")]
    whole = [token for tokens in wanted for token in tokens]
    runs, free = shingles(whole), collections.Counter[Any]()
    for tokens in optional:
        free.update(shingles(tokens))
    labels = np.zeros(len(blocks), dtype=np.float32)
    for number, tokens in enumerate(blocks):
        if _share(tokens, runs) >= MIN_SHARE and len(tokens) > 3:
            labels[number] = 1
        elif not tokens or _share(tokens, free) >= MIN_SHARE:
            labels[number] = np.nan
    _label_short(labels, blocks, wanted)
    _label_repeats(labels, blocks, f" {' '.join(whole)} ")
    return labels


def _share(tokens: Tokens, runs: "collections.Counter[Any]") -> float:
    """Give the share of a text's token runs that are among these."""
    own = shingles(tokens)
    return sum(run in runs for run in own) / len(own) if own else 0.0


def _label_short(labels: Labels, blocks: Sequence[Tokens], wanted: list[Tokens]) -> None:
    """Take a block of few tokens for text where it is a paragraph, or stands beside text."""
    whole = {tuple(tokens) for tokens in wanted}
    joined = f" {' '.join(token for tokens in wanted for token in tokens)} "
    known = [number for number in range(len(blocks)) if labels[number] == 1]
    for number, tokens in enumerate(blocks):
        if labels[number] != 0 or not 0 < len(tokens) <= 3:
            continue
        before = [blocks[n][-3:] for n in known if n < number][-1:]
        after = [blocks[n][:3] for n in known if n > number][:1]
        beside = [[*each, *tokens] for each in before] + [[*tokens, *each] for each in after]
        if tuple(tokens) in whole or any(f" {' '.join(each)} " in joined for each in beside):
            labels[number] = 1


def _label_repeats(labels: Labels, blocks: Sequence[Tokens], gold: str) -> None:
    """Of a text that the page holds more often than the gold, keep those among other text."""
    places = collections.defaultdict(list)
    for number in np.flatnonzero(labels == 1):
        places[tuple(blocks[int(number)])].append(int(number))
    texts = np.flatnonzero(labels == 1)
    for tokens, numbers in places.items():
        allowed = max(1, gold.count(f" {' '.join(tokens)} "))
        ranked = sorted(numbers, key=lambda n: (-int((abs(texts - n) <= NEAR).sum()), n))
        labels[ranked[allowed:]] = 0


def train(pages: Sequence[GoldPage]) -> list[dict[str, Any]]:
    """Train on these pages; give the rows of the model's table."""
    import lightgbm

    matrix = np.vstack([page.page.matrix for page in pages])
    labels = np.concatenate([page.labels for page in pages])
    weights = np.concatenate([page.weights for page in pages])
    is_known = ~np.isnan(labels)
    scale = is_known.sum() / weights[is_known].sum()
    known = lightgbm.Dataset(
        matrix[is_known], label=labels[is_known], weight=weights[is_known] * scale
    )
    booster = lightgbm.train(PARAMETERS, known, ROUNDS)
    trees = booster.dump_model()["tree_info"]
    return [row for tree in trees for row in _rows(tree["tree_index"], tree["tree_structure"])]


def _rows(tree: int, root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the nodes of a tree, root first, numbered as they come."""
    waiting = [(0, root)]
    last = 0
    while waiting:
        number, node = waiting.pop()
        row = dict.fromkeys(COLUMNS, "") | {"tree": str(tree), "node": str(number)}
        if "leaf_value" in node and "left_child" not in node:
            yield row | {"value": f"{node['leaf_value']:.5f}"}
            continue
        left, right = last + 1, last + 2
        last += 2
        waiting += [(right, node["right_child"]), (left, node["left_child"])]
        yield row | {
            "feature": FEATURES[node["split_feature"]],
            "threshold": f"{node['threshold']:.6g}",
            "left": str(left),
            "right": str(right),
        }


def cross_validate(pages: Sequence[GoldPage]) -> list[Figures]:
    """Measure, over folds of sites, what the model and the rules are worth."""
    sites = sorted({page.site for page in pages})
    random.Random(1).shuffle(sites)
    fold = {site: number % FOLDS for number, site in enumerate(sites)}
    texts: dict[str, dict[int, str]] = collections.defaultdict(dict)
    for held_out in range(FOLDS):
        model = make_model(train([page for page in pages if fold[page.site] != held_out]))
        for number, page in enumerate(pages):
            if fold[page.site] == held_out:
                for name, text in _texts(page, model):
                    texts[name][number] = text
    return [
        figures
        for name, found in texts.items()
        for figures in _figures(name, pages, [found[number] for number in range(len(pages))])
    ]


def _texts(page: GoldPage, model: BlockModel) -> Iterator[tuple[str, str]]:
    """Give the page's text with and without model and rules."""
    modelled = [
        line.text for line in choose_lines(page.page, page.metadata, model) if line.rule is None
    ]
    bare = list(page.page.extracted)
    yield "trafilatura, default", page.baseline
    yield "trafilatura, fast, furniture dropped", "\n".join(bare)
    yield "the same with phrase rules", "\n".join(_ruled(page, bare))
    yield "the same with block model", "\n".join(modelled)
    yield WHOLE, "\n".join(_ruled(page, modelled))


def _ruled(page: GoldPage, lines: list[str]) -> list[str]:
    removed = find_boilerplate(lines, page.metadata.headline, page.metadata.authors)
    return [line for number, line in enumerate(lines) if number not in removed]


def _figures(name: str, pages: Sequence[GoldPage], texts: list[str]) -> Iterator[Figures]:
    """Score one way to clean on each folder and on all pages."""
    ours = [count_page(page.gold, text) for page, text in zip(pages, texts, strict=True)]
    base = [count_page(page.gold, page.baseline) for page in pages]
    for folder in [*dict.fromkeys(page.folder for page in pages), ALL]:
        chosen = [n for n, page in enumerate(pages) if folder in (page.folder, ALL)]
        mine: list[Counts] = [ours[n] for n in chosen]
        theirs: list[Counts] = [base[n] for n in chosen]
        yield Figures(
            name=name,
            folder=folder,
            num_pages=len(chosen),
            f1=f1(mine),
            gain=f1(mine) - f1(theirs),
            interval=gain_interval(mine, theirs),
            exact=sum(count[3] for count in mine) / len(chosen),
            promo=sum(has_promo(pages[n].gold, texts[n]) for n in chosen) / len(chosen),
        )


def below(floors: dict[str, dict[str, float]], found: Sequence[Figures]) -> Iterator[str]:
    """Tell where the whole chain, on sites it has not seen, is worse than the floors."""
    for figures in found:
        if figures.name != WHOLE:
            continue
        for measure, floor in floors.get(figures.folder, {}).items():
            value = getattr(figures, measure.removeprefix("most_"))
            if value > floor if measure.startswith("most_") else value < floor:
                yield f"{figures.folder}: {measure} {floor}, found {value:.4f}"


def write_table(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the model."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, then train on all pages and write the table where the floors are kept."""
    parser = argparse.ArgumentParser(prog="pipelines.train.blocks", description=__doc__)
    parser.add_argument("--corpora", type=Path, nargs="+", required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("seeds/blocks.csv"), metavar="FILE")
    parser.add_argument("--floors", type=Path, metavar="FILE", help="JSON; what is to be reached")
    args = parser.parse_args(argv)
    pages = list(read_pages(args.corpora))
    if not pages:
        parser.error("--corpora: no gold.jsonl with whole texts in there")
    found = cross_validate(pages)
    print(*found, sep="\n")
    floors = json.loads(args.floors.read_text())["text_unseen_sites"] if args.floors else {}
    missed = list(below(floors, found))
    if missed:
        print("no table written, below the floors:", *missed, sep="\n  ", file=sys.stderr)
        return 1
    write_table(train(pages), args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
