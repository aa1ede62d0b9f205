"""Write rows: stage them as Parquet files, or stream them into BigQuery.

Comes in: rows of any table, mixed. Goes out: files in the staging folder, one folder a table,
whole or not there at all, for the one process that merges them; or rows in BigQuery within
seconds. Any number of workers may write; a retried bundle only writes the same ids again, and the
merge, or the view, absorbs them.

Order is kept: rows are staged in the order they came, and within a batch table by table in the
order of `TABLES`, so that a row that vouches for others is never there before them.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam

from schemas.tables import TABLE_OF, TABLES, Row
from transforms.warehouse.bigquery import read_address
from transforms.warehouse.staging import stage

MAX_ROWS = 2000  # of all tables, before they are staged
MAX_SECONDS = 3.0  # so that a slow run shows its rows as it goes


class StageRowsFn(beam.DoFn):
    """Hold rows until there are enough, or they are old enough."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def start_bundle(self) -> None:
        self._rows: dict[str, list[Row]] = defaultdict(list)
        self._since = time.monotonic()

    def process(self, row: Row) -> Iterator[Any]:
        self._rows[TABLE_OF[type(row)]].append(row)
        is_full = sum(map(len, self._rows.values())) >= MAX_ROWS
        if is_full or time.monotonic() - self._since > MAX_SECONDS:
            self._flush()
        return iter(())

    def finish_bundle(self) -> None:
        self._flush()

    def _flush(self) -> None:
        for table in sorted(self._rows, key=list(TABLES).index):
            self.write(table, self._rows[table])
        self._rows.clear()
        self._since = time.monotonic()

    def write(self, table: str, rows: list[Row]) -> None:
        """Write rows of one table."""
        stage(Path(self.folder), table, rows)


class AppendRowsFn(StageRowsFn):
    """Hold rows likewise, and append them to BigQuery; `address` is that of the warehouse."""

    def __init__(self, address: str) -> None:
        self.address = address

    def setup(self) -> None:
        self._appender = read_address(self.address).appender()

    def write(self, table: str, rows: list[Row]) -> None:
        self._appender.append(table, rows)


@dataclass
class WriteRows(beam.PTransform):
    """Rows of any table → staged files."""

    folder: str

    def expand(self, rows: Any) -> Any:
        return rows | "stage rows" >> beam.ParDo(StageRowsFn(self.folder))


@dataclass
class StreamRows(beam.PTransform):
    """Rows of any table → BigQuery, as they come."""

    address: str

    def expand(self, rows: Any) -> Any:
        return rows | "append rows" >> beam.ParDo(AppendRowsFn(self.address))
