"""Rows on their way into a warehouse: files staged whole, one folder a table. No engine, no Beam.

In: rows of one table. Out: Parquet files that are there whole or not at all, and the list of those
that may be merged now. Rows that vouch for a whole run wait for its end; what a killed run staged
of them is dropped.
"""

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.tables import TABLES, Row, arrow_schema, to_record

# Vouch for a whole run, so they are merged only when it is complete.
DEFERRED = frozenset({"feeds", "feed_fetches", "stories", "story_articles"})
COMPLETE = "complete"  # a file of this name says that a run staged all that it had


@dataclass(frozen=True)
class StagedFile:
    """A Parquet file of one table's rows, whole and on disk."""

    table: str
    path: str


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

    def mark_complete(self) -> None:
        """Note that a run staged all its rows: from now on they only wait to be merged."""
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / COMPLETE).touch()
        _sync_folder(self.path)

    def is_complete(self) -> bool:
        """Tell whether what is staged is all of a run."""
        return (self.path / COMPLETE).exists()

    def unmark(self) -> None:
        """Note that all is merged, and that another run may begin."""
        (self.path / COMPLETE).unlink(missing_ok=True)

    def discard_deferred(self) -> None:
        """Drop what a killed run staged for its end, and files that it did not finish."""
        for table in DEFERRED:
            for path in (self.path / table).glob("*.parquet"):
                path.unlink()
        for path in self.path.glob("*/*.tmp"):
            path.unlink()


def stage(folder: Path, table: str, rows: Sequence[Row]) -> None:
    """Write rows of one table to a file that appears whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = arrow_schema(TABLES[table])
    target = folder / table / f"{uuid.uuid4().hex}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".tmp")
    with part.open("wb") as file:
        pq.write_table(pa.Table.from_pylist([to_record(row) for row in rows], schema), file)
        file.flush()
        os.fsync(file.fileno())
    part.rename(target)
    _sync_folder(target.parent)  # so that, after a power cut too, no row is there before its own


def _sync_folder(folder: Path) -> None:
    """Have a folder's list of files on disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
