"""A folder of Parquet files as the warehouse: what several workers, or other tools, can read.

In: staged Parquet files, and questions. Out: the same files, moved into one folder a table, each
there whole or not at all; and answers, from views that give each key once. Nothing is ever
changed in place: a later state is a further row. `compact` joins the files of a table to one
without the rows that no view gives.
"""

import contextlib
import os
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.rows import Run
from schemas.tables import TABLES, duckdb_ddl, latest_rows
from transforms.locks import WarehouseError
from transforms.warehouse.base import Answer, Merged, Warehouse
from transforms.warehouse.duckdb_file import answer, create_views, first_line
from transforms.warehouse.staging import StagedFile, stage

if TYPE_CHECKING:
    import duckdb

PREFIX = "parquet:"


@dataclass(frozen=True)
class ParquetWarehouse(Warehouse):
    """A folder with a folder of Parquet files for each table."""

    path: str

    def prepare(self) -> None:
        """Create the folders that are not there."""
        try:
            for table in TABLES:
                (Path(self.path) / table).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WarehouseError(f"{self.path}: cannot be written ({error.strerror})") from error

    def merge(self, files: Sequence[StagedFile]) -> dict[str, Merged]:
        """Move staged files in; rows that are there already are told apart when they are read."""
        import pyarrow.parquet as pq

        merged: dict[str, Merged] = defaultdict(Merged)
        for file in files:
            staged = Path(file.path)
            rows = pq.read_metadata(staged).num_rows
            try:
                staged.rename(Path(self.path) / file.table / staged.name)
            except OSError as error:
                raise WarehouseError(f"{self.path}: {error.strerror}") from error
            merged[file.table] += Merged(rows, rows)
        return dict(merged)

    def record_run(self, run: Run) -> None:
        """Add a run's row, or its later state, which the view gives."""
        stage(Path(self.path), "runs", [run])

    def query(
        self,
        sql: str,
        parameters: dict[str, Any] | None = None,
        *,
        max_rows: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Run one statement that reads tables and views, and nothing else."""
        if not (Path(self.path) / "runs").is_dir():
            raise WarehouseError(f"{self.path}: no such warehouse; `dateline ingest` makes one")
        with self._open() as connection:
            return answer(connection, sql, parameters or {}, max_rows, timeout_s)

    def arrow(self, sql: str, parameters: dict[str, Any] | None = None) -> Any:
        """Answer a question of our own, as an Arrow table."""
        with self._open() as connection:
            return connection.sql(sql, params=parameters or {}).to_arrow_table()

    def compact(self) -> list[str]:
        """Join the files of each table to one; say what was done.

        The new file is there before the old ones go: a reader in between finds rows twice, and
        the views give each once.
        """
        done = []
        for table in TABLES:
            old = sorted((Path(self.path) / table).glob("*.parquet"))
            if len(old) < 2:
                continue
            rows = self._join(table, Path(self.path) / table / f"{uuid.uuid4().hex}.parquet")
            for path in old:
                path.unlink()
            done.append(f"{table}: {len(old)} files joined to one of {rows:,} rows")
        return done

    def _join(self, table: str, target: Path) -> int:
        part = target.with_suffix(".tmp")
        with self._open() as connection:
            copied = connection.execute(
                f"COPY {table} TO '{_quoted(part)}' (FORMAT parquet, COMPRESSION zstd)"
            ).fetchone()
        with part.open("rb") as file:
            os.fsync(file.fileno())  # before the files it stands for go
        part.rename(target)
        assert copied is not None
        return int(copied[0])

    @contextlib.contextmanager
    def _open(self) -> "Iterator[duckdb.DuckDBPyConnection]":
        """Open a database in memory that has the tables as views of the files."""
        import duckdb

        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            folders = [str((Path(self.path) / table).resolve()) for table in TABLES]
            connection.execute("SET allowed_directories = $folders", {"folders": folders})
            try:
                for table, folder in zip(TABLES, folders, strict=True):
                    _show(connection, table, Path(folder))
                create_views(connection)
                yield connection
            except duckdb.IOException as error:
                raise WarehouseError(f"{self.path}: {first_line(error)}") from error


def _show(connection: "duckdb.DuckDBPyConnection", table: str, folder: Path) -> None:
    """Show a table's files as the table, each key once; no file is a table without rows."""
    empty = f"no_{table}"
    connection.execute(duckdb_ddl(table).replace(f"EXISTS {table} (", f"EXISTS {empty} ("))
    source = empty
    if any(folder.glob("*.parquet")):  # files of an earlier version have fewer columns
        files = f"read_parquet('{_quoted(folder)}/*.parquet', union_by_name = true)"
        source = f"(SELECT * FROM {empty} UNION ALL BY NAME SELECT * FROM {files})"
    connection.execute(f"CREATE VIEW {table} AS\n{latest_rows(table, source)}")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
