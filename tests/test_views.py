"""Every view gives the rows written by hand beside its input; every named query runs."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.sql import queries, views
from schemas.tables import TABLES, columns
from transforms.load import stage
from transforms.warehouse import DuckDbWarehouse, StagingFolder, open_warehouse

CASES = Path(__file__).parent / "sql"


def read_rows(case: Path, make_row: Any) -> dict[str, list[Any]]:
    """Read the input rows of a case: JSON, with times as text."""
    tables = json.loads((case / "input.json").read_text())
    return {
        table: [make_row(TABLES[table], **_typed(table, record)) for record in records]
        for table, records in tables.items()
    }


def _typed(table: str, record: dict[str, Any]) -> dict[str, Any]:
    read: dict[type, Any] = {datetime: datetime.fromisoformat, date: date.fromisoformat}
    kinds = {column.name: column.kind for column in columns(TABLES[table])}
    return {
        name: read[kinds[name]](value) if kinds[name] in read and value is not None else value
        for name, value in record.items()
    }


def fill(folder: Path, rows: dict[str, list[Any]]) -> DuckDbWarehouse:
    warehouse = open_warehouse(str(folder / "w.duckdb"))
    warehouse.prepare()
    for table, of_table in rows.items():
        stage(folder / "stage", table, of_table)
    warehouse.merge(StagingFolder(folder / "stage").ready(complete=True))
    return warehouse


@pytest.mark.parametrize("view", [view.name for view in views()])
def test_a_view_gives_the_rows_expected(view: str, tmp_path: Path, make_row: Any) -> None:
    case = CASES / view
    expected = json.loads((case / "expected.json").read_text())
    warehouse = fill(tmp_path, read_rows(case, make_row))
    answer = warehouse.query(f"SELECT * FROM {view} ORDER BY {expected['order']}")
    found = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    assert len(found) == len(expected["rows"]), found
    for row, wanted in zip(found, expected["rows"], strict=True):
        shown = {name: str(v) if isinstance(v, date) else v for name, v in row.items()}
        assert {name: _sorted(shown[name]) for name in wanted} == wanted


def _sorted(value: Any) -> Any:
    """Put what was aggregated in no order into one."""
    return "; ".join(sorted(value.split("; "))) if isinstance(value, str) else value


@pytest.mark.parametrize("name", queries())
def test_a_named_query_runs_and_opens_with_its_question(
    name: str, tmp_path: Path, make_row: Any
) -> None:
    query = queries()[name]
    assert query.question.endswith("?") or "?" in query.question
    warehouse = fill(tmp_path, read_rows(CASES / "events", make_row))
    answer = warehouse.query(query.sql, dict(query.parameters))
    assert answer.columns


def test_there_are_at_least_ten_named_queries() -> None:
    assert len(queries()) >= 10


def test_what_fell_with_a_withdrawn_article_is_counted(tmp_path: Path, make_row: Any) -> None:
    warehouse = fill(tmp_path, read_rows(CASES / "events", make_row))
    (row,) = warehouse.query(queries()["corrected_or_withdrawn"].sql).rows
    assert row[1] == "withdrawn"
    assert row[-2:] == (1, 1)


def test_what_did_not_happen_is_there_to_be_asked_for(tmp_path: Path, make_row: Any) -> None:
    warehouse = fill(tmp_path, read_rows(CASES / "events", make_row))
    answer = warehouse.query(queries()["denied_or_planned"].sql)
    assert sorted(row[1] for row in answer.rows) == ["asserted", "denied", "planned"]
