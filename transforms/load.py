"""Write rows: stage them as Parquet files, for the one process that merges them.

Comes in: rows of any table, mixed. Goes out: files in the staging folder, one folder a table,
whole or not there at all. Any number of workers may stage; a retried bundle only stages the same
ids again, and the merge absorbs them.

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
            stage(Path(self.folder), table, self._rows[table])
        self._rows.clear()
        self._since = time.monotonic()


@dataclass
class WriteRows(beam.PTransform):
    """Rows of any table → staged files."""

    folder: str

    def expand(self, rows: Any) -> Any:
        return rows | "stage rows" >> beam.ParDo(StageRowsFn(self.folder))
