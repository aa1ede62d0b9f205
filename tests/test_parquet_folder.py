"""A folder of Parquet files: whole files only, each key once, one file a table when compacted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.__main__ import main
from schemas.rows import Entry, Feed
from transforms.locks import WarehouseError, exclusive
from transforms.warehouse import ParquetWarehouse, StagingFolder, open_warehouse
from transforms.warehouse.staging import stage

NOW = datetime(2026, 3, 9, 18, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path, make_row: Any) -> ParquetWarehouse:
    """Three states of a feed and two entries, one of them twice."""
    made = open_warehouse(f"parquet:{tmp_path}/it's a lake")
    assert isinstance(made, ParquetWarehouse)
    made.prepare()
    feed = make_row(Feed, feed_id="f", updated_at=NOW)
    staging = StagingFolder(Path(f"{made.path}.stage"))
    for n in (1, 2, 0):
        state = replace(feed, etag=str(n), updated_at=NOW + timedelta(hours=n))
        stage(staging.path, "feeds", [state])
    for key in "aba":
        stage(staging.path, "entries", [make_row(Entry, entry_id=key)])
    made.merge(staging.ready(complete=True))
    return made


def test_compacting_keeps_what_the_views_give_in_one_file(
    lake: ParquetWarehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    counted = "SELECT (SELECT COUNT(*) FROM entries), etag FROM feeds"
    assert lake.query(counted).rows == [(2, "2")]
    assert main(["compact", "--warehouse", f"parquet:{lake.path}"]) == 0
    assert "entries: 3 files joined to one of 2 rows" in capsys.readouterr().out
    assert lake.query(counted).rows == [(2, "2")]
    assert len(list(Path(lake.path).glob("entries/*"))) == 1
    assert lake.compact() == []


def test_a_file_that_is_not_whole_is_not_read(lake: ParquetWarehouse) -> None:
    (Path(lake.path) / "entries" / "half.tmp").write_bytes(b"PAR1")
    assert lake.query("SELECT COUNT(*) FROM entries").rows == [(2,)]


def test_a_query_reads_no_file_but_the_tables(lake: ParquetWarehouse, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for sql in (
        f"SELECT * FROM read_csv('{tmp_path}/secret.csv')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY entries TO 'out.csv'",
    ):
        with pytest.raises(WarehouseError):
            lake.query(sql)


def test_a_warehouse_that_a_run_writes_to_is_not_compacted(
    lake: ParquetWarehouse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"parquet:{lake.path}"
    with (
        exclusive(address),
        pytest.raises(WarehouseError, match="another run"),
        exclusive(address, wait_s=0),
    ):
        pass


def test_only_folders_are_compacted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compact", "--warehouse", str(tmp_path / "w.duckdb")]) == 2
    assert "only parquet:DIR has files to join" in capsys.readouterr().err


def test_a_folder_that_is_no_warehouse_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no such warehouse"):
        open_warehouse(f"parquet:{tmp_path}").query("SELECT 1")
    (tmp_path / "file").touch()
    with pytest.raises(WarehouseError, match="cannot be written"):
        open_warehouse(f"parquet:{tmp_path}/file").prepare()
    with pytest.raises(WarehouseError, match="give a path"):
        open_warehouse("parquet:")
