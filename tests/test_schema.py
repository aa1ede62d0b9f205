"""`dateline schema` gives what each engine takes."""

import json
from pathlib import Path

import duckdb
import pytest

from pipelines.__main__ import main
from schemas.sql import views
from schemas.tables import TABLES, bigquery_table


def test_the_ddl_makes_tables_and_views_as_it_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["schema"]) == 0
    with duckdb.connect() as connection:
        connection.execute(capsys.readouterr().out)
        made = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
    assert made == {*TABLES, *(view.name for view in views())}


def test_the_bigquery_table_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--for", "bigquery"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == {table: bigquery_table(row) for table, row in TABLES.items()}


@pytest.mark.parametrize(
    ("kind", "line"),
    [("markdown", "## event_mentions"), ("arrow", "event_date: date32[day]")],
)
def test_people_and_arrow_have_theirs(
    kind: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schema", "--for", kind]) == 0
    assert line in capsys.readouterr().out.splitlines()


def test_each_table_gets_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--for", "bigquery", "--out", str(tmp_path / "made" / "here")]) == 0
    assert {path.stem for path in (tmp_path / "made" / "here").glob("*.json")} == set(TABLES)
    assert "13 files" in capsys.readouterr().out


def test_a_folder_that_cannot_be_made_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["schema", "--out", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
