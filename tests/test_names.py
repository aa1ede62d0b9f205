"""Sentences with typical trouble: capitals, abbreviations, datelines, quotes, foreign names."""

import json
from pathlib import Path

from pipelines.train.figures import MERGED
from transforms.language import load_language

SENTENCES = Path(__file__).parent / "golden" / "names" / "troublesome.jsonl"
GATES = Path(__file__).parent / "gates.json"
FLOOR = json.loads(GATES.read_text(encoding="utf-8"))["entities"]["troublesome"]

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
