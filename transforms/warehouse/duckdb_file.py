"""A DuckDB file as the warehouse, opened for each piece of work and closed after it.

In: staged Parquet files of rows, and questions. Out: tables, and answers. A lock held by another
process is waited for and then named. A file made by an earlier version is refused until
`dateline schema migrate` has brought it up.

The connection is never kept: an open writer blocks every reader, and the reverse. Rows come in
by `MERGE` in one transaction over all files at hand: tens of thousands of rows a second, where
single statements do hundreds.
"""

import contextlib
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.rows import Run
from schemas.sql import views
from schemas.tables import TABLES, columns, duckdb_ddl, key_of, to_record, version_of
from transforms.locks import LOCK_WAIT_S, WarehouseError, WarehouseLocked, when_free
from transforms.warehouse.base import Answer, Merged, Warehouse
from transforms.warehouse.migrate import check_columns, migrate_table
from transforms.warehouse.staging import StagedFile

if TYPE_CHECKING:
    import duckdb

QUERY_MEMORY = "4GB"
QUERY_TIMEOUT_S = 600.0
# It computes every COUNT(DISTINCT …) of a view, those too that a query does not ask for: 1.9 s of
# processor time for a query of `events` instead of 0.6, a million mentions (DuckDB 2.0.0).
SLOWING = "distinct_aggregate_rewrite"
TAKEN = re.compile(r"Could not set lock on file|Conflicting lock is held")
HOLDER = re.compile(r"\(PID (\d+)\)")


@dataclass(frozen=True)
class DuckDbWarehouse(Warehouse):
    """A DuckDB file."""

    path: str
    lock_wait_s: float = LOCK_WAIT_S
    on_wait: Callable[[str], None] = print

    @contextlib.contextmanager
    def _open(self, *, read_only: bool = False) -> "Iterator[duckdb.DuckDBPyConnection]":
        import duckdb  # 0.4 s that `--help` does not pay

        connection = when_free(
            lambda: _connect(self.path, read_only=read_only),
            wait_s=self.lock_wait_s,
            on_wait=self.on_wait,
        )
        try:
            # After connecting: as a setting of the connection it is refused without a network.
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        except (
            duckdb.IOException,
            duckdb.OutOfMemoryException,
            duckdb.TransactionException,  # a commit that finds the disk full
            duckdb.FatalException,
            duckdb.InvalidInputException,  # a damaged file
        ) as error:
            raise WarehouseError(f"{self.path}: {first_line(error)}") from error
        finally:
            connection.close()

    def prepare(self) -> None:
        """Create the tables and views that are not there; refuse tables of another version."""
        parent = Path(self.path).absolute().parent
        if not parent.is_dir():
            raise WarehouseError(f"{self.path}: there is no folder {parent}")
        with self._open() as connection:
            connection.begin()
            for table in TABLES:
                connection.execute(duckdb_ddl(table))
                check_columns(connection, table, self.path)
            create_views(connection)
            connection.commit()

    def migrate(self) -> list[str]:
        """Bring tables of an earlier version up without losing a row; say what was done."""
        if not Path(self.path).is_file():
            raise WarehouseError(f"{self.path}: no such warehouse")
        with self._open() as connection:
            connection.begin()
            done = [step for table in TABLES for step in migrate_table(connection, table)]
            create_views(connection)
            connection.commit()
        return done

    def merge(self, files: Sequence[StagedFile]) -> dict[str, Merged]:
        """Merge staged files in one transaction, then delete them: the same rows change nothing."""
        by_table: dict[str, list[str]] = defaultdict(list)
        for file in files:
            by_table[file.table].append(file.path)
        if not by_table:
            return {}
        with self._open() as connection:
            connection.begin()
            merged = {table: _merge(connection, table, paths) for table, paths in by_table.items()}
            connection.commit()
        for file in files:
            Path(file.path).unlink()
        return merged

    def record_run(self, run: Run) -> None:
        """Write a run's row, or its later state."""
        record = to_record(run)
        names = ", ".join(record)
        values = ", ".join(f"${name}" for name in record)
        with self._open() as connection:
            connection.begin()
            connection.execute("DELETE FROM runs WHERE run_id = $run_id", {"run_id": run.run_id})
            connection.execute(f"INSERT INTO runs ({names}) VALUES ({values})", record)
            connection.commit()

    def last_complete_run_at(self) -> datetime | None:
        """Tell the instant of the last complete run, None when there was none."""
        import duckdb

        if not Path(self.path).exists():
            return None
        try:
            return super().last_complete_run_at()
        except duckdb.CatalogException:  # a DuckDB file that was not prepared yet
            return None

    def query(
        self,
        sql: str,
        parameters: dict[str, Any] | None = None,
        *,
        max_rows: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Run one statement that reads tables and views, and nothing else."""
        if not Path(self.path).is_file():
            raise WarehouseError(
                f"{self.path}: no such warehouse; `dateline ingest` or `make run` makes one"
            )
        with self._open(read_only=True) as connection:
            return answer(connection, sql, parameters or {}, max_rows, timeout_s)

    def arrow(self, sql: str, parameters: dict[str, Any] | None = None) -> Any:
        """Answer a question of our own, as an Arrow table."""
        with self._open() as connection:
            return connection.sql(sql, params=parameters or {}).to_arrow_table()


def answer(
    connection: "duckdb.DuckDBPyConnection",
    sql: str,
    parameters: dict[str, Any],
    max_rows: int | None,
    timeout_s: float | None,
) -> Answer:
    """Run one statement that only reads what the connection shows, within limits."""
    import duckdb

    connection.execute("SET enable_external_access = false")
    connection.execute(f"SET memory_limit = '{QUERY_MEMORY}'")
    connection.execute(f"SET disabled_optimizers = '{SLOWING}'")
    connection.execute("SET lock_configuration = true")
    timer = threading.Timer(timeout_s or QUERY_TIMEOUT_S, connection.interrupt)
    timer.start()
    try:
        _check_reads_only(connection.extract_statements(sql))
        cursor = connection.execute(sql, parameters)
        names = tuple(column[0] for column in cursor.description or ())
        rows = cursor.fetchall() if max_rows is None else cursor.fetchmany(max_rows + 1)
    except duckdb.InterruptException as error:
        raise WarehouseError("the query took longer than its time limit") from error
    except duckdb.Error as error:
        raise WarehouseError(first_line(error)) from error
    finally:
        timer.cancel()
    return Answer(names, rows[:max_rows], max_rows is not None and len(rows) > max_rows)


def create_views(connection: "duckdb.DuckDBPyConnection") -> None:
    """Create the views that people query."""
    for view in views():
        connection.execute(f"CREATE OR REPLACE VIEW {view.name} AS\n{view.sql}")


def _connect(path: str, *, read_only: bool) -> "duckdb.DuckDBPyConnection":
    """Open the file, or say in one line why it cannot be opened."""
    import duckdb

    try:
        return duckdb.connect(path, read_only=read_only)
    except duckdb.ConnectionException as error:  # open already, for reading or for writing
        raise WarehouseLocked(f"{path} is in use by this process") from error
    except duckdb.IOException as error:
        message = first_line(error)
        if TAKEN.search(message):
            holder = HOLDER.search(message)
            who = f"process {holder[1]}" if holder else "another process"
            raise WarehouseLocked(f"{path} is locked by {who}") from error
        if "not a valid DuckDB" in message:
            raise WarehouseError(f"{path} is not a DuckDB file") from error
        raise WarehouseError(f"{path} cannot be opened: {message}") from error


def _merge(connection: "duckdb.DuckDBPyConnection", table: str, paths: list[str]) -> Merged:
    """Merge the rows of one table: of one key the latest version, else the earliest run's first."""
    row = TABLES[table]
    key, version = key_of(row), version_of(row)
    names = ", ".join(c.name for c in columns(row))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE staged AS SELECT {names} FROM ("
        # so that a file which an earlier version staged has all columns
        f"(SELECT * FROM {table} LIMIT 0) UNION ALL BY NAME "
        f"SELECT * FROM read_parquet($paths, union_by_name = true))",
        {"paths": paths},
    )
    staged, keys = _one(connection, f"SELECT COUNT(*), COUNT(DISTINCT {key}) FROM staged")
    if keys < staged:  # sorting rows by all their columns takes longer than the rest
        order = f"{version} DESC, {names}" if version else f"run_id, {names}"
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE staged AS SELECT * FROM staged "
            f"QUALIFY ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY {order}) = 1"
        )
    (before,) = _one(connection, f"SELECT COUNT(*) FROM {table}")
    mine, yours = (", ".join(f"{side}.{c.name}" for c in columns(row)) for side in "st")
    # Two addresses may lead to one article: which is merged first must not tell.
    is_better = (
        f"s.{version} > t.{version}"
        if version
        else f"s.run_id = t.run_id AND ROW({mine}) < ROW({yours})"
    )
    (changed,) = _one(
        connection,
        f"MERGE INTO {table} AS t USING staged AS s ON t.{key} = s.{key} "
        f"WHEN MATCHED AND {is_better} THEN UPDATE BY NAME WHEN NOT MATCHED THEN INSERT BY NAME",
    )
    (after,) = _one(connection, f"SELECT COUNT(*) FROM {table}")
    return Merged(staged, after - before, changed - (after - before) if version else 0)


def _one(connection: "duckdb.DuckDBPyConnection", sql: str) -> tuple[int, ...]:
    """Give the one row of numbers that a statement answers with."""
    row: tuple[int, ...] | None = connection.execute(sql).fetchone()
    assert row is not None
    return row


def _check_reads_only(statements: Sequence[Any]) -> None:
    """Refuse anything but one statement that reads."""
    if len(statements) != 1:
        raise WarehouseError("give one statement, without others behind it")
    kind = statements[0].type.name
    if kind == "MULTI":
        raise WarehouseError("PIVOT needs its values listed: PIVOT … ON column IN (…)")
    if kind not in ("SELECT", "EXPLAIN"):
        raise WarehouseError(f"{kind} is not allowed: queries only read; begin with SELECT or WITH")


def first_line(error: Exception) -> str:
    """Give the first line of an engine's message."""
    return str(error).strip().splitlines()[0]
