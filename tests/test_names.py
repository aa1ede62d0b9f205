"""Names in sentences with typical trouble (capitals, abbreviations, quotes) and in the corpora."""

import json
from pathlib import Path

import pytest

from pipelines.train.figures import MERGED, held_out, measure_documents, measure_syntax
from transforms.language import load_language

SENTENCES = Path(__file__).parent / "golden" / "names" / "troublesome.jsonl"
GATES = Path(__file__).parent / "gates.json"
FLOORS = json.loads(GATES.read_text(encoding="utf-8"))
FLOOR = FLOORS["entities"]["troublesome"]

Mark = tuple[int, int, str]


def test_nine_of_ten_names_in_troublesome_sentences_are_right() -> None:
    rows = [json.loads(line) for line in SENTENCES.read_text(encoding="utf-8").splitlines()]
    gold = [{(start, end, label) for start, end, label in row["names"]} for row in rows]
    found = [
        {(e.start_char, e.end_char, MERGED.get(e.label_, e.label_)) for e in doc.ents}
        for doc in load_language().pipe(row["text"] for row in rows)
    ]
    right = sum(len(wanted & given) for wanted, given in zip(gold, found, strict=True))
    wrong = {
        row["text"]: (sorted(wanted - given), sorted(given - wanted))
        for row, wanted, given in zip(rows, gold, found, strict=True)
        if wanted != given
    }
    assert len(rows) >= 98
    assert right >= FLOOR * sum(map(len, gold)), wrong
    assert right >= FLOOR * sum(map(len, found)), wrong


@pytest.mark.corpora
@pytest.mark.parametrize("source", FLOORS["names"])
def test_names_in_the_texts_of_the_corpora_keep_to_their_floor(source: str, corpora: Path) -> None:
    figures = measure_documents(load_language(), held_out(corpora, source), source)
    assert figures.f >= FLOORS["names"][source]


@pytest.mark.corpora
@pytest.mark.parametrize("source", FLOORS["trees"])
def test_trees_and_lemmas_of_the_treebanks_keep_to_their_floors(source: str, corpora: Path) -> None:
    figures = vars(measure_syntax(load_language(), corpora, source))
    assert {
        name: figures[name]
        for name, floor in FLOORS["trees"][source].items()
        if figures[name] < floor
    } == {}
