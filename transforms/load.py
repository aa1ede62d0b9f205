"""Write rows: stage them as Parquet files, or stream them into BigQuery.

Comes in: rows of any table, mixed. Goes out: files in the staging folder, one folder a table,
whole or not there at all, for the one process that merges them; or rows in BigQuery within
seconds. Any number of workers may write; a retried bundle only writes the same ids again, and the
merge, or the view, absorbs them.

Rows that vouch for others (a feed's state says that what it listed was read) are staged when all
that came with them is: in a batch the launcher holds them back until the end, in a stream the
watermark tells.

Order is kept: rows are staged in the order they came, and within a batch table by table in the
order of `TABLES`, so that a row that vouches for others is never there before them.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import FixedWindows, IntervalWindow

from schemas.tables import TABLE_OF, TABLES, Row
from transforms.control import note_progress
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


class WriteWindowFn(beam.DoFn):
    """Write the rows of a window at once, and note that all before its end is written."""

    def __init__(self, writer: StageRowsFn, control: str | None) -> None:
        self.writer = writer
        self.control = control

    def setup(self) -> None:
        self.writer.setup()

    def process(
        self,
        keyed: tuple[str, Iterable[Row | float]],
        window: Any = beam.DoFn.WindowParam,
    ) -> None:
        rows: dict[str, list[Row]] = defaultdict(list)
        for row in keyed[1]:
            if not isinstance(row, float):  # a tick has nothing to write
                rows[TABLE_OF[type(row)]].append(row)
        for table in sorted(rows, key=list(TABLES).index):
            self.writer.write(table, rows[table])
        assert isinstance(window, IntervalWindow)
        if self.control is not None:
            note_progress(Path(self.control), datetime.fromtimestamp(float(window.end), UTC))


@dataclass
class WriteRows(beam.PTransform):
    """Rows of any table → staged files."""

    folder: str

    def writer(self) -> StageRowsFn:
        """Give what writes."""
        return StageRowsFn(self.folder)

    def expand(self, rows: Any) -> Any:
        return rows | "stage rows" >> beam.ParDo(self.writer())


@dataclass
class StreamRows(beam.PTransform):
    """Rows of any table → BigQuery, as they come."""

    address: str

    def writer(self) -> AppendRowsFn:
        """Give what writes."""
        return AppendRowsFn(self.address)

    def expand(self, rows: Any) -> Any:
        return rows | "append rows" >> beam.ParDo(self.writer())


@dataclass
class WriteWhenDone(beam.PTransform):
    """Rows that vouch for others, ticks, and what is left of the others → the warehouse.

    A window of event time is written when the watermark of all of them has passed its end: whatever
    came with its ticks has then been written, or rejected. `control` is where that is noted.
    """

    sink: WriteRows | StreamRows
    control: str | None
    window_s: float = 5.0

    def expand(self, all_of_it: Any) -> Any:
        return (
            all_of_it
            | "all that must be done" >> beam.Flatten()
            | "a few seconds" >> beam.WindowInto(FixedWindows(self.window_s))
            | "one key" >> beam.WithKeys("all")
            | "when all is done" >> beam.GroupByKey()
            | "write what vouches" >> beam.ParDo(WriteWindowFn(self.sink.writer(), self.control))
        )
