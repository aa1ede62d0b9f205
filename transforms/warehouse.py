"""The warehouse: DuckDB, opened for each piece of work and closed after it. No Beam.

In: staged Parquet files of rows, and questions. Out: tables, and answers. A lock held by another
process is waited for and then named. This is the only importer of DuckDB.

The connection is never kept: an open writer blocks every reader, and the reverse. Rows come in
by `MERGE` in one transaction over all files at hand: tens of thousands of rows a second (100,000
event mentions in 2 s), where single statements do hundreds.
"""

import contextlib
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.columns import ID_LENGTH
from schemas.flow import LEAD_LENGTH, KnownKeys, StoryCandidate
from schemas.rows import Feed, Run
from schemas.sql import views
from schemas.tables import (
    TABLES,
    columns,
    duckdb_ddl,
    duckdb_type,
    from_record,
    key_of,
    version_of,
)
from transforms.locks import LOCK_WAIT_S, WarehouseError, WarehouseLocked, when_free

if TYPE_CHECKING:
    import duckdb

QUERY_MEMORY = "4GB"
QUERY_TIMEOUT_S = 600.0
RETRY_WITHIN = timedelta(days=3)  # an address rejected for a passing reason is asked for so long
# Vouch for a whole run, so they are merged only when it is complete.
DEFERRED = frozenset({"feeds", "feed_fetches", "stories", "story_articles"})
TAKEN = re.compile(r"Could not set lock on file|Conflicting lock is held")
HOLDER = re.compile(r"\(PID (\d+)\)")


@dataclass(frozen=True)
class StagedFile:
    """A Parquet file of one table's rows, whole and on disk."""

    table: str
    path: str


@dataclass(frozen=True)
class Merged:
    """What became of staged rows."""

    staged: int = 0
    inserted: int = 0
    updated: int = 0

    def __add__(self, other: "Merged") -> "Merged":
        return Merged(
            self.staged + other.staged,
            self.inserted + other.inserted,
            self.updated + other.updated,
        )


@dataclass(frozen=True)
class Answer:
    """What a query gave."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    is_cut: bool


@dataclass(frozen=True)
class StagingFolder:
    """Where stages put rows until they are merged: one folder a table."""

    path: Path

    def ready(self, *, complete: bool) -> list[StagedFile]:
        """List whole files; those of deferred tables only when the run is complete.

        They are listed in the reverse of the order they are staged in: whatever a row vouches
        for was staged before it, so a later look into the other folders finds it.
        """
        wanted = [table for table in reversed(TABLES) if complete or table not in DEFERRED]
        return [
            StagedFile(table, str(path))
            for table in wanted
            for path in sorted((self.path / table).glob("*.parquet"))
        ]

    def waiting(self) -> dict[str, int]:
        """Count the rows that wait for the run to be complete, by table."""
        import pyarrow.parquet as pq

        return {
            table: sum(pq.read_metadata(p).num_rows for p in (self.path / table).glob("*.parquet"))
            for table in DEFERRED
        }

    def discard_deferred(self) -> None:
        """Drop what a killed run staged for its end, and files that it did not finish."""
        for table in DEFERRED:
            for path in (self.path / table).glob("*.parquet"):
                path.unlink()
        for path in self.path.glob("*/*.tmp"):
            path.unlink()


@dataclass(frozen=True)
class DuckDbWarehouse:
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
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise WarehouseError(f"{self.path}: {_first_line(error)}") from error
        finally:
            connection.close()

    def prepare(self) -> None:
        """Create the tables, columns and views that are not there."""
        parent = Path(self.path).absolute().parent
        if not parent.is_dir():
            raise WarehouseError(f"{self.path}: there is no folder {parent}")
        with self._open() as connection:
            connection.begin()
            for table in TABLES:
                connection.execute(duckdb_ddl(table))
                _add_columns(connection, table, self.path)
            for view in views():
                connection.execute(f"CREATE OR REPLACE VIEW {view.name} AS\n{view.sql}")
            connection.commit()

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

    def feeds(self) -> list[Feed]:
        """Read the state of all feeds."""
        return [from_record(Feed, record) for record in self._records("SELECT * FROM feeds")]

    def known(self) -> KnownKeys:
        """Read the keys of what need not be read again."""
        entries = self._arrow(
            f"""
            SELECT
              entry_id,
              url_key,
              LEFT(SHA256(CONCAT(feed_id, CHR(31), url_key)), {ID_LENGTH}) AS feed_url_key
            FROM entries
            """  # the last is content_id(feed_id, url_key)
        )
        revisions = self._arrow("SELECT revision_id FROM article_revisions")
        return KnownKeys(
            entry_ids=frozenset(entries["entry_id"].to_pylist()),
            url_keys=frozenset(entries["url_key"].to_pylist()),
            feed_url_keys=frozenset(entries["feed_url_key"].to_pylist()),
            revision_ids=frozenset(revisions["revision_id"].to_pylist()),
        )

    def retryable_feed_ids(self, now: datetime) -> set[str]:
        """Name the feeds with an address to be tried again."""
        rows = self._records(
            """
            SELECT DISTINCT r.feed_id
            FROM rejections AS r
            WHERE r.is_retryable AND r.stage <> 'poll' AND r.rejected_at > $since
              AND NOT EXISTS (SELECT 1 FROM entries AS e WHERE e.url = r.address)
            """,
            {"since": now - RETRY_WITHIN},
        )
        return {row["feed_id"] for row in rows}

    def recent_articles(self, since: datetime) -> list[StoryCandidate]:
        """Read the articles published since then, for grouping into stories."""
        rows = self._records(
            f"""
            WITH recent AS (
              SELECT *
              FROM article_revisions
              WHERE date_published >= $since
                AND change_type = 'initial'
            ),
            names AS (
              SELECT m.revision_id, LIST(DISTINCT e.name ORDER BY e.name) AS entity_names
              FROM entity_mentions AS m
              JOIN recent USING (revision_id)
              JOIN entities AS e USING (entity_id)
              GROUP BY m.revision_id
            )
            SELECT
              r.article_id,
              r.headline,
              r.date_published AS published_at,
              r.text_sha256,
              SUBSTR(r.text, 1, {LEAD_LENGTH}) AS lead,
              COALESCE(n.entity_names, []) AS entity_names,
              s.story_id
            FROM recent AS r
            LEFT JOIN names AS n USING (revision_id)
            LEFT JOIN story_articles AS s ON s.article_id = r.article_id
            ORDER BY r.article_id
            """,
            {"since": since},
        )
        return [
            StoryCandidate(**{**row, "entity_names": tuple(row["entity_names"])}) for row in rows
        ]

    def record_run(self, run: Run) -> None:
        """Write a run's row, or its later state."""
        record = {c.name: getattr(run, c.name) for c in columns(Run)}
        names = ", ".join(record)
        values = ", ".join(f"${name}" for name in record)
        with self._open() as connection:
            connection.begin()
            connection.execute("DELETE FROM runs WHERE run_id = $run_id", {"run_id": run.run_id})
            connection.execute(f"INSERT INTO runs ({names}) VALUES ({values})", record)
            connection.commit()

    def close_broken_runs(self) -> None:
        """Mark runs that were killed; only a run that has the warehouse for itself may ask."""
        with self._open() as connection:
            connection.execute("UPDATE runs SET status = 'killed' WHERE status = 'running'")

    def last_complete_run_at(self) -> datetime | None:
        """Tell the instant of the last complete run, None when there was none."""
        import duckdb

        if not Path(self.path).exists():
            return None
        try:
            (row,) = self._records("SELECT MAX(started_at) AS at FROM runs WHERE status='complete'")
        except duckdb.CatalogException:  # a DuckDB file that was not prepared yet
            return None
        last: datetime | None = row["at"]
        return last

    def query(
        self,
        sql: str,
        parameters: dict[str, Any] | None = None,
        *,
        max_rows: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Run one statement that reads tables and views, and nothing else."""
        import duckdb

        if not Path(self.path).is_file():
            raise WarehouseError(
                f"{self.path}: no such warehouse; `dateline ingest` or `make run` makes one"
            )
        with self._open(read_only=True) as connection:
            connection.execute("SET enable_external_access = false")
            connection.execute(f"SET memory_limit = '{QUERY_MEMORY}'")
            connection.execute("SET lock_configuration = true")
            timer = threading.Timer(timeout_s or QUERY_TIMEOUT_S, connection.interrupt)
            timer.start()
            try:
                _check_reads_only(connection.extract_statements(sql))
                cursor = connection.execute(sql, parameters or {})
                names = tuple(column[0] for column in cursor.description or ())
                rows = cursor.fetchall() if max_rows is None else cursor.fetchmany(max_rows + 1)
            except duckdb.InterruptException as error:
                raise WarehouseError("the query took longer than its time limit") from error
            except duckdb.Error as error:
                raise WarehouseError(_first_line(error)) from error
            finally:
                timer.cancel()
        return Answer(names, rows[:max_rows], max_rows is not None and len(rows) > max_rows)

    def _records(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        return list(self._arrow(sql, parameters).to_pylist())

    def _arrow(self, sql: str, parameters: dict[str, Any] | None = None) -> Any:
        with self._open() as connection:
            return connection.sql(sql, params=parameters or {}).to_arrow_table()


def open_warehouse(address: str, *, on_wait: Callable[[str], None] = print) -> DuckDbWarehouse:
    """Open a warehouse by its address; nothing is touched yet."""
    if "://" in address or address.startswith("parquet:"):
        raise WarehouseError(
            f"{address}: this release writes DuckDB files only; give a path such as news.duckdb"
        )
    if not address or address.startswith(":"):  # DuckDB would keep it in memory, and forget it
        raise WarehouseError(f"{address!r} is no file; give a path such as news.duckdb")
    return DuckDbWarehouse(address, on_wait=on_wait)


def _connect(path: str, *, read_only: bool) -> "duckdb.DuckDBPyConnection":
    """Open the file, or say in one line why it cannot be opened."""
    import duckdb

    try:
        return duckdb.connect(path, read_only=read_only)
    except duckdb.ConnectionException as error:  # open already, for reading or for writing
        raise WarehouseLocked(f"{path} is in use by this process") from error
    except duckdb.IOException as error:
        message = _first_line(error)
        if TAKEN.search(message):
            holder = HOLDER.search(message)
            who = f"process {holder[1]}" if holder else "another process"
            raise WarehouseLocked(f"{path} is locked by {who}") from error
        if "not a valid DuckDB" in message:
            raise WarehouseError(f"{path} is not a DuckDB file") from error
        raise WarehouseError(f"{path} cannot be opened: {message}") from error


def _add_columns(connection: "duckdb.DuckDBPyConnection", table: str, path: str) -> None:
    """Bring a table that an earlier version made up to date."""
    described = connection.execute(f"DESCRIBE {table}").fetchall()
    present = {name for name, *_ in described}
    for column in columns(TABLES[table]):
        if column.name in present:
            continue
        if column.is_required:
            raise WarehouseError(
                f"{path} was made by another version: {table} lacks {column.name}; "
                "name a new warehouse, and replay the archive into it"
            )
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {column.name} {duckdb_type(column)}")


def _merge(connection: "duckdb.DuckDBPyConnection", table: str, paths: list[str]) -> Merged:
    """Merge the rows of one table: of one key the latest version, else the earliest run's."""
    row = TABLES[table]
    key, version = key_of(row), version_of(row)
    names = ", ".join(c.name for c in columns(row))
    order = f"{version} DESC, {names}" if version else f"run_id, {names}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE staged AS SELECT {names} FROM ("
        # so that a file which an earlier version staged has all columns
        f"(SELECT * FROM {table} LIMIT 0) UNION ALL BY NAME "
        f"SELECT * FROM read_parquet($paths, union_by_name = true)) "
        f"QUALIFY ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY {order}) = 1",
        {"paths": paths},
    )
    (staged,) = connection.execute(
        "SELECT SUM(num_rows) FROM parquet_file_metadata($paths)", {"paths": paths}
    ).fetchone() or (0,)
    updates = f"WHEN MATCHED AND s.{version} > t.{version} THEN UPDATE BY NAME " if version else ""
    actions = connection.execute(
        f"MERGE INTO {table} AS t USING staged AS s ON t.{key} = s.{key} "
        f"{updates}WHEN NOT MATCHED THEN INSERT BY NAME RETURNING merge_action"
    ).fetchall()
    inserted = sum(action == "INSERT" for (action,) in actions)
    return Merged(int(staged), inserted, len(actions) - inserted)


def _check_reads_only(statements: Sequence[Any]) -> None:
    """Refuse anything but one statement that reads."""
    if len(statements) != 1:
        raise WarehouseError("give one statement, without others behind it")
    kind = statements[0].type.name
    if kind == "MULTI":
        raise WarehouseError("PIVOT needs its values listed: PIVOT … ON column IN (…)")
    if kind not in ("SELECT", "EXPLAIN"):
        raise WarehouseError(f"{kind} is not allowed: queries only read; begin with SELECT or WITH")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
