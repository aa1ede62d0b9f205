"""Every view gives the rows written by hand beside its input; so does every named query."""

import json
import re
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
        assert {name: _shown(row[name]) for name in wanted} == wanted


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, date) else value


@pytest.mark.parametrize("name", queries())
def test_a_named_query_answers_the_question_it_opens_with(name: str, answers: Any) -> None:
    assert "?" in queries()[name].question
    found, expected = answers(name)
    assert found == expected


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, make_row: Any) -> Any:
    """Give what a query finds in the rows of `sql/queries`, and what was written by hand."""
    case = CASES / "queries"
    warehouse = fill(tmp_path_factory.mktemp("queries"), read_rows(case, make_row))
    expected = json.loads((case / "expected.json").read_text())

    def answer(name: str) -> tuple[list[Any], list[Any]]:
        query, wanted = queries()[name], expected[name]
        given = warehouse.query(query.sql, {**query.parameters, **wanted.get("parameters", {})})
        places = [given.columns.index(column) for column in wanted["columns"]]
        return [[_shown(row[place]) for place in places] for row in given.rows], wanted["rows"]

    return answer


@pytest.mark.parametrize("name", queries())
def test_a_named_query_runs_with_its_own_parameters(
    name: str, tmp_path: Path, make_row: Any
) -> None:
    query = queries()[name]
    assert set(re.findall(r"\$(\w+)", query.sql)) == set(query.parameters)
    assert fill(tmp_path, {}).query(query.sql, dict(query.parameters)).rows == []


def test_there_are_at_least_ten_named_queries() -> None:
    assert len(queries()) >= 10
