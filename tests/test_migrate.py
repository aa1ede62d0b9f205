"""A DuckDB file of an earlier version is brought up without losing a row."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.__main__ import main
from schemas.compatibility import Tables, released
from schemas.sql import queries
from schemas.tables import BIGQUERY, DUCKDB
from transforms.locks import WarehouseError
from transforms.warehouse import Merged, StagingFolder, Warehouse, open_warehouse
from transforms.warehouse.staging import stage

KINDS = {BIGQUERY[kind]: DUCKDB[kind] for kind in DUCKDB}


def ddl(tables: Tables) -> str:
    """Write the DDL of a release."""
    statements = []
    for table, of_table in tables.items():
        lines = []
        for column, kind in of_table["columns"].items():
            name, mode = kind.split()
            suffix = {"REPEATED": "[]", "REQUIRED": " NOT NULL", "NULLABLE": ""}[mode]
            lines.append(f"{column} {KINDS[name]}{suffix}")
        statements.append(f"CREATE TABLE {table} ({', '.join(lines)});")
    return "\n".join(statements)


def put(warehouse: Warehouse, folder: Path, rows: dict[str, list[Any]]) -> Warehouse:
    for table, of_table in rows.items():
        stage(folder, table, of_table)
    warehouse.merge(StagingFolder(folder).ready(complete=True))
    return warehouse


@pytest.fixture
def rows(read_rows: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = read_rows(Path(__file__).parent / "sql" / "queries")
    return found


@pytest.fixture
def old(tmp_path: Path, rows: dict[str, list[Any]]) -> Path:
    """Give a file as release 0.1.0 wrote it."""
    path = tmp_path / "old.duckdb"
    release = released("0.1.0")
    with duckdb.connect(str(path)) as connection:
        connection.execute(ddl(release))
        for table, of_table in rows.items():
            stage(tmp_path / "old", table, of_table)
            names = ", ".join(release[table]["columns"])
            connection.execute(
                f"INSERT INTO {table} ({names}) SELECT {names} "
                f"FROM read_parquet('{tmp_path}/old/{table}/*.parquet')"
            )
    return path


def test_an_older_file_is_refused_with_the_command_that_brings_it_up(old: Path) -> None:
    with pytest.raises(WarehouseError, match="dateline schema migrate --warehouse") as refused:
        open_warehouse(str(old)).prepare()
    assert "\n" not in str(refused.value)


def test_a_file_of_the_first_release_migrates_and_answers_the_same_queries(
    old: Path, tmp_path: Path, rows: dict[str, list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schema", "migrate", "--warehouse", str(old)]) == 0
    assert "article_revisions.line_kinds: added" in capsys.readouterr().out
    migrated, new = open_warehouse(str(old)), open_warehouse(str(tmp_path / "new.duckdb"))
    migrated.prepare()
    new.prepare()
    put(new, tmp_path / "stage", rows)
    assert sum(len(of_table) for of_table in rows.values()) > 50
    for query in queries().values():
        answer = migrated.query(query.sql, dict(query.parameters))
        assert answer == new.query(query.sql, dict(query.parameters)), query.name
    # what is ingested again changes nothing
    assert all(merged.inserted == 0 for merged in put_again(migrated, tmp_path, rows).values())


def put_again(warehouse: Warehouse, folder: Path, rows: dict[str, list[Any]]) -> dict[str, Merged]:
    for table, of_table in rows.items():
        stage(folder / "again", table, of_table)
    return warehouse.merge(StagingFolder(folder / "again").ready(complete=True))


def test_migrating_twice_changes_nothing(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_warehouse(str(old)).migrate()
    assert open_warehouse(str(old)).migrate() == []


def test_a_column_that_may_be_null_now_is_relaxed(old: Path) -> None:
    with duckdb.connect(str(old)) as connection:
        connection.execute("UPDATE feeds SET title = 'x'")
        connection.execute("ALTER TABLE feeds ALTER COLUMN title SET NOT NULL")
    assert "feeds.title: may be NULL now" in open_warehouse(str(old)).migrate()


def test_a_retyped_table_is_copied_and_the_old_one_kept(old: Path) -> None:
    with duckdb.connect(str(old)) as connection:
        connection.execute(
            "ALTER TABLE rejections ALTER COLUMN detail TYPE VARCHAR[] USING [detail]"
        )
        connection.execute("ALTER TABLE rejections ADD COLUMN was INTEGER")
        before = connection.execute("SELECT COUNT(*) FROM rejections").fetchall()
    assert "rejections: rows copied, the old table kept as rejections_v0" in (
        open_warehouse(str(old)).migrate()
    )
    warehouse = open_warehouse(str(old))
    assert warehouse.query("SELECT COUNT(*) FROM rejections").rows == before
    assert warehouse.query("SELECT COUNT(*) FROM rejections_v0").rows == before


def test_rows_that_lack_a_required_column_stop_the_migration_untouched(tmp_path: Path) -> None:
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE entries AS SELECT 'e' AS entry_id")
    with pytest.raises(WarehouseError, match="entries: its rows do not fit"):
        open_warehouse(str(path)).migrate()
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [("entries",)]


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no such warehouse"):
        open_warehouse(str(tmp_path / "none.duckdb")).migrate()
    assert list(tmp_path.iterdir()) == []
