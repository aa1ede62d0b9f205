"""A stream of the bundled site as a process of its own, and what is left of it to compare."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import duckdb

from pipelines.demo_server import DemoServer
from tests.test_ingest import SITE, children_of

# What a row is known by, and what of it does not tell the time of a run.
COMPARED = {
    "entries": "url_key, is_revisit",  # of two feeds that list an address, the first is named
    "articles": "article_id, url",
    "article_revisions": "revision_id, article_id, change_type, text",
    "entities": "entity_id, name, country",
    "entity_mentions": "* EXCLUDE (run_id)",
    "event_mentions": "* EXCLUDE (run_id)",
    "rejections": "rejection_id, stage, reason, address",
}
# A feed that failed and is asked again finds its host left alone: that tells of the time.
OF_A_TIME = "SELECT rejection_id FROM rejections WHERE stage = 'poll'"
SETTLED_S = 10.0  # without another article: all has come through


def flags(warehouse: Path, server: DemoServer) -> list[str]:
    """Give the flags that read the bundled site."""
    return [
        *("ingest", "--feeds", str(SITE / "feeds.opml"), "--warehouse", str(warehouse)),
        *("--connect-to", f"127.0.0.1:{server.port}", "--host-delay", "0", "--refetch", "0"),
        *("--places", str(SITE / "places.csv"), "--actors", str(SITE / "actors.csv")),
        *("--workers", "1"),
    ]


def rows_of(warehouse: Path) -> Mapping[str, set[str]]:
    """Give what the rows of a warehouse say, but for when they were made."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = {
            table: {repr(r) for r in connection.execute(f"SELECT {what} FROM {table}").fetchall()}
            for table, what in COMPARED.items()
        }
        of_a_time = [repr(key) for (key,) in connection.execute(OF_A_TIME).fetchall()]
    rows["rejections"] = {r for r in rows["rejections"] if not any(k in r for k in of_a_time)}
    return rows


def has_rows(warehouse: Path, rows: Mapping[str, set[str]]) -> bool:
    """Tell whether a warehouse holds these rows by now; not while it is being written."""
    try:
        return rows_of(warehouse) == rows
    except (duckdb.IOException, duckdb.CatalogException, duckdb.ConnectionException):
        return False


def count_articles(warehouse: Path) -> int:
    """Count revisions."""
    return count_rows(warehouse, "article_revisions")


def count_rows(warehouse: Path, table: str) -> int:
    """Count the rows of a table; 0 while the warehouse is not there, or is being written."""
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            row = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
    except (duckdb.IOException, duckdb.CatalogException, duckdb.ConnectionException):
        return 0
    return int(row[0]) if row else 0


class Stream:
    """`dateline ingest --every 2s` under way."""

    def __init__(self, program: Sequence[str], flags: Sequence[str], log: Path) -> None:
        self.log = log
        with log.open("ab") as said:
            self.process = subprocess.Popen(
                [*program, *flags, "--every", "2s"],
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def wait_until(self, condition: Callable[[], bool], what: str, seconds: float = 600.0) -> None:
        """Wait for something to be so, or say what was waited for and what the stream said."""
        deadline = time.monotonic() + seconds
        while not condition():
            is_over = self.process.poll() is not None or time.monotonic() > deadline
            assert not is_over, f"{what}: not so\n{self.log.read_text()[-4000:]}"
            time.sleep(0.5)

    def wait_until_settled(self, warehouse: Path, at_least: int = 1) -> None:
        """Wait until no article has come for a while."""
        seen, since = 0, time.monotonic()

        def is_settled() -> bool:
            nonlocal seen, since
            found = count_articles(warehouse)
            if found > seen:
                seen, since = found, time.monotonic()
            return seen >= at_least and time.monotonic() - since > SETTLED_S

        self.wait_until(is_settled, f"{at_least} articles")

    def stop(self) -> None:
        """Stop it in order; it leaves nobody behind."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=120)
        assert code == 130, f"exit code {code}\n{self.log.read_text()[-4000:]}"
        deadline = time.monotonic() + 10
        while children_of(self.process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert children_of(self.process.pid) == []

    def kill(self) -> None:
        """End it and all its processes at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Leave nothing behind, however the block ended."""
        self.kill()
