"""BigQuery as the warehouse: rows are appended by load jobs, views give each key once.

In: staged Parquet files, and questions. Out: rows in tables named with their version
(`articles_v1`), behind views with the plain names. Tables, partitions and views are made by
`dateline schema apply`; a run only sees that they are there.

A load job's id is made from the content of what it loads, so that a retry finds the job done and
loads nothing twice. Staged files are first joined to one batch a table, whole on disk before its
parts are deleted: what a killed run loads again is the same batch, and so the same job.
"""

import contextlib
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from schemas.dialects import to_bigquery
from schemas.rows import Run
from schemas.sql import views
from schemas.tables import (
    TABLES,
    arrow_schema,
    bigquery_name,
    bigquery_table,
    columns,
    latest_rows,
    to_record,
)
from transforms.locks import WarehouseError
from transforms.warehouse.base import Answer, Merged, Warehouse
from transforms.warehouse.staging import StagedFile
from transforms.warehouse.storage_write import RowAppender

if TYPE_CHECKING:
    from google.cloud import bigquery

PREFIX = "bigquery:"
ADDRESS = re.compile(
    r"(?P<project>([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]*)\.(?P<dataset>\w+)(\?(?P<settings>.*))?"
)
TIMEOUT_S = 600.0
BATCH = "batch-"  # a joined file's name begins so
PARTS = b"parts"  # its metadata names the files it was joined from


@dataclass(frozen=True)
class BigQueryWarehouse(Warehouse):
    """A dataset; `rest` and `grpc` are addresses of an emulator, else Google's."""

    project: str
    dataset: str
    rest: str | None = None
    grpc: str | None = None
    flush_every_s = 120.0  # a table takes 1,500 load jobs a day

    def appender(self) -> RowAppender:
        """Give what appends rows as they come."""
        return RowAppender(self.project, self.dataset, self.grpc)

    @property
    def name(self) -> str:
        """Name the dataset with its project."""
        return f"{self.project}.{self.dataset}"

    @cached_property
    def _client(self) -> "bigquery.Client":
        from google.auth.credentials import AnonymousCredentials
        from google.auth.exceptions import DefaultCredentialsError
        from google.cloud import bigquery

        if self.rest:
            return bigquery.Client(
                self.project,
                credentials=AnonymousCredentials(),
                client_options={"api_endpoint": self.rest},
            )
        try:
            return bigquery.Client(self.project)
        except DefaultCredentialsError as error:
            raise WarehouseError(
                f"{self.name}: no Google credentials; run: gcloud auth application-default login"
            ) from error

    @contextlib.contextmanager
    def _working(self) -> "Iterator[bigquery.Client]":
        """Give the client; what Google refuses is one line."""
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError

        try:
            yield self._client
        except (GoogleAPIError, GoogleAuthError, OSError) as error:  # the last: no connection
            told = getattr(error, "message", None) or str(error)
            raise WarehouseError(f"{self.name}: {told.strip().splitlines()[0]}") from error

    def prepare(self) -> None:
        """See that all tables and views are there, with all their columns."""
        with self._working() as client:
            self._check_dataset(client)
            found = {table.table_id for table in client.list_tables(self.name)}
            wanted = {*map(bigquery_name, TABLES), *TABLES, *(view.name for view in views())}
            lacking = sorted(wanted - found)
            for table, row in TABLES.items() if not lacking else ():
                schema = client.get_table(f"{self.name}.{bigquery_name(table)}").schema
                gone = {c.name for c in columns(row)} - {field.name for field in schema}
                lacking += [f"{table}.{column}" for column in sorted(gone)]
        if lacking:
            raise WarehouseError(
                f"{self.name} lacks {lacking[0]}; "
                f"run: dateline schema apply --warehouse {PREFIX}{self.name}"
            )

    def apply(self) -> list[str]:
        """Create tables and views, add new columns; say what was done."""
        with self._working() as client:
            self._check_dataset(client)
            done = [step for table in TABLES if (step := self._apply_table(client, table))]
            for table in TABLES:
                source = f"`{self.name}.{bigquery_name(table)}`"
                self._make_view(client, table, latest_rows(table, source))
            for view in views():
                self._make_view(client, view.name, to_bigquery(view.sql, dataset=self.name))
        return [*done, f"{len(TABLES) + len(views())} views made"]

    def _check_dataset(self, client: "bigquery.Client") -> None:
        from google.api_core.exceptions import NotFound

        try:
            client.get_dataset(self.name)
        except NotFound as error:
            raise WarehouseError(
                f"{self.name}: no such dataset; make it: bq mk --location=EU {self.name}"
            ) from error

    def _apply_table(self, client: "bigquery.Client", table: str) -> str | None:
        from google.api_core.exceptions import NotFound
        from google.cloud import bigquery

        reference = {
            "projectId": self.project,
            "datasetId": self.dataset,
            "tableId": bigquery_name(table),
        }
        wanted = bigquery.Table.from_api_repr(
            {"tableReference": reference, **bigquery_table(TABLES[table])}
        )
        try:
            present = client.get_table(wanted.reference)
        except NotFound:
            client.create_table(wanted)
            return f"{wanted.table_id}: created"
        names = {field.name for field in present.schema}
        new = [field for field in wanted.schema if field.name not in names]
        if not new:
            return None
        present.schema = [*present.schema, *new]
        client.update_table(present, ["schema"])
        return f"{wanted.table_id}: added {', '.join(field.name for field in new)}"

    def _make_view(self, client: "bigquery.Client", view: str, sql: str) -> None:
        client.query_and_wait(f"CREATE OR REPLACE VIEW `{self.name}.{view}` AS\n{sql}")

    def merge(self, files: Sequence[StagedFile]) -> dict[str, Merged]:
        """Load staged files, one job a table; a batch loaded before is not loaded again."""
        by_table: dict[str, list[Path]] = defaultdict(list)
        for file in files:
            by_table[file.table].append(Path(file.path))
        merged: dict[str, Merged] = {}
        for table, paths in by_table.items():
            for batch in join(table, paths):
                rows = self._load(table, batch)
                merged[table] = merged.get(table, Merged()) + Merged(rows, rows)
                batch.unlink()
        return merged

    def _load(self, table: str, batch: Path) -> int:
        """Load a batch by a job that its content names; an earlier one that failed is retried."""
        from google.api_core.exceptions import Conflict
        from google.cloud import bigquery

        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
            schema=[bigquery.SchemaField.from_api_repr(f) for f in _fields(table)],
        )
        config.parquet_options = bigquery.ParquetOptions()
        config.parquet_options.enable_list_inference = True
        target = f"{self.name}.{bigquery_name(table)}"
        # ids of jobs are a project's, and the same rows may go to two of its datasets
        digest = hashlib.sha256(target.encode() + batch.read_bytes()).hexdigest()[:40]
        with self._working() as client:
            for attempt in range(20):
                job_id = f"dateline_{table}_{digest}_{attempt}"
                job: Any
                try:
                    with batch.open("rb") as file:
                        job = client.load_table_from_file(
                            file, target, job_id=job_id, job_config=config, rewind=True
                        )
                except Conflict:
                    job = client.get_job(job_id)
                    if job.state == "DONE" and job.error_result:
                        continue
                return int(job.result(timeout=TIMEOUT_S).output_rows or 0)
        raise WarehouseError(f"{target}: twenty load jobs of one batch failed; see {job_id}")

    def record_run(self, run: Run) -> None:
        """Append a run's row, or its later state, which the view gives."""
        import io

        import pyarrow as pa
        import pyarrow.parquet as pq
        from google.cloud import bigquery

        made = io.BytesIO()
        pq.write_table(pa.Table.from_pylist([to_record(run)], arrow_schema(Run)), made)
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            schema=[bigquery.SchemaField.from_api_repr(f) for f in _fields("runs")],
        )
        with self._working() as client:
            client.load_table_from_file(
                made, f"{self.name}.{bigquery_name('runs')}", rewind=True, job_config=config
            ).result(timeout=TIMEOUT_S)

    def query(
        self,
        sql: str,
        parameters: dict[str, Any] | None = None,
        *,
        max_rows: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Run one statement that reads, in DuckDB's dialect as far as `schemas/dialects` goes."""
        from sqlglot.errors import SqlglotError

        try:
            translated = to_bigquery(sql, dataset=self.name)
        except SqlglotError as error:
            raise WarehouseError(f"it cannot be read: {str(error).splitlines()[0]}") from error
        found = self._run(translated, parameters or {}, max_rows, timeout_s)
        names = tuple(field.name for field in found.schema)
        rows = [tuple(row.values()) for row in found]
        return Answer(names, rows[:max_rows], max_rows is not None and len(rows) > max_rows)

    def bytes_scanned(self, sql: str, parameters: dict[str, Any] | None = None) -> int:
        """Tell what a query would read, without running it."""
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(dry_run=True, query_parameters=_typed(parameters or {}))
        with self._working() as client:
            job = client.query(to_bigquery(sql, dataset=self.name), job_config=config)
            return int(job.total_bytes_processed)

    def arrow(self, sql: str, parameters: dict[str, Any] | None = None) -> Any:
        """Answer a question of our own, as an Arrow table."""
        found = self._run(to_bigquery(sql, dataset=self.name), parameters or {}, None, None)
        with self._working():
            return found.to_arrow(create_bqstorage_client=False)

    def _run(
        self,
        sql: str,
        parameters: dict[str, Any],
        max_rows: int | None,
        timeout_s: float | None,
    ) -> Any:
        """Run a statement that a dry run found to be one that reads."""
        from google.cloud import bigquery

        typed = _typed(parameters)
        with self._working() as client:
            dry = bigquery.QueryJobConfig(dry_run=True, query_parameters=typed)
            kind = client.query(sql, job_config=dry).statement_type
            if kind not in (None, "SELECT"):
                raise WarehouseError(f"{kind} is not allowed: queries only read")
            return client.query(
                sql, job_config=bigquery.QueryJobConfig(query_parameters=typed)
            ).result(
                max_results=None if max_rows is None else max_rows + 1,
                timeout=timeout_s or TIMEOUT_S,
            )


def read_address(address: str) -> BigQueryWarehouse:
    """Read `bigquery:PROJECT.DATASET`, with `?rest=URL&grpc=HOST:PORT` for an emulator."""
    match = ADDRESS.fullmatch(address.removeprefix(PREFIX).removeprefix("//"))
    if not match:
        raise WarehouseError(f"{address}: give bigquery:PROJECT.DATASET")
    settings = {name: values[0] for name, values in parse_qs(match["settings"] or "").items()}
    return BigQueryWarehouse(
        match["project"], match["dataset"], settings.get("rest"), settings.get("grpc")
    )


def join(table: str, paths: Sequence[Path]) -> list[Path]:
    """Join staged files to one batch beside them; batches that are there already come first."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    batches = [path for path in paths if path.name.startswith(BATCH)]
    covered = {
        name
        for batch in batches
        for name in (pq.read_schema(batch).metadata or {}).get(PARTS, b"").decode().split()
    }
    parts = [path for path in paths if path not in batches and path.name not in covered]
    if parts:
        schema = arrow_schema(TABLES[table])
        rows = [_as_defined(pq.read_table(path), schema) for path in parts]
        names = " ".join(path.name for path in parts)
        joined = pa.concat_tables(rows).replace_schema_metadata({PARTS: names.encode()})
        target = parts[0].with_name(f"{BATCH}{hashlib.sha256(names.encode()).hexdigest()}.parquet")
        pq.write_table(joined, target.with_suffix(".tmp"))
        target.with_suffix(".tmp").rename(target)
        batches.append(target)
    for path in paths:
        if not path.name.startswith(BATCH):
            path.unlink()
    return batches


def _as_defined(rows: Any, schema: Any) -> Any:
    """Give rows that an earlier version staged the columns they lack."""
    import pyarrow as pa

    for field in schema:
        if field.name not in rows.column_names:
            rows = rows.append_column(field.name, pa.nulls(len(rows), field.type))
    return rows.select(schema.names).cast(schema)


def _fields(table: str) -> list[dict[str, str]]:
    fields: list[dict[str, str]] = bigquery_table(TABLES[table])["schema"]["fields"]
    return fields


def _typed(parameters: dict[str, Any]) -> list[Any]:
    """Give parameters their types."""
    from datetime import date, datetime

    from google.cloud import bigquery

    kinds = {bool: "BOOL", int: "INT64", float: "FLOAT64", datetime: "TIMESTAMP", date: "DATE"}
    return [
        bigquery.ScalarQueryParameter(name, kinds.get(type(value), "STRING"), value)
        for name, value in parameters.items()
    ]
