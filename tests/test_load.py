"""Rows are staged whole, by table, with what vouches for others last."""

from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow.parquet as pq
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from schemas.rows import Entry, Feed
from transforms.load import WriteRows
from transforms.warehouse.staging import stage


def test_rows_of_all_tables_are_staged_by_a_pipeline(tmp_path: Path, make_row: Any) -> None:
    rows = [make_row(Entry, entry_id=str(n)) for n in range(5)] + [make_row(Feed, feed_id="f")]
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        _ = pipeline | beam.Create(rows) | WriteRows(str(tmp_path))
    entries = [r["entry_id"] for f in tmp_path.glob("entries/*.parquet") for r in records(f)]
    assert sorted(entries) == ["0", "1", "2", "3", "4"]
    assert len(list(tmp_path.glob("feeds/*.parquet"))) == 1
    assert not list(tmp_path.glob("*/*.tmp"))


def test_a_staged_row_keeps_unknown_and_repeated_values(tmp_path: Path, make_row: Any) -> None:
    stage(tmp_path, "entries", [make_row(Entry, title=None, authors=("Ann", "Bo"))])
    (file,) = tmp_path.glob("entries/*.parquet")
    (record,) = records(file)
    assert record["title"] is None
    assert record["authors"] == ["Ann", "Bo"]


def records(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return found
