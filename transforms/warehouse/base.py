"""What every warehouse can do, whatever engine holds it. No Beam.

In: staged files, a run's row, questions. Out: what became of the rows, answers, and the state that
a run starts from: feeds, known keys, recent articles. State is asked for in one SQL, DuckDB's;
an engine of another dialect translates it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from schemas.columns import content_id
from schemas.flow import LEAD_LENGTH, KnownKeys, StoryCandidate
from schemas.keys import KeyMap, KeySet
from schemas.rows import Feed, Run
from schemas.tables import from_record
from schemas.vocabulary import PublishedSource
from transforms.identity import identity_keys
from transforms.locks import WarehouseError
from transforms.warehouse.staging import StagedFile

RENAMED_WITHIN = timedelta(days=7)  # an address changes with its headline in the first days
_NAMED_BY = """
SELECT
  a.article_id,
  a.publisher_domain AS site,
  a.first_seen_at,
  e.entry_id,
  e.guid,
  e.title,
  e.published_at,
  e.published_precision,
  e.published_source
FROM entries AS e
JOIN articles AS a
  ON {}
WHERE e.guid IS NOT NULL
  AND e.first_seen_at > $since
"""
_NAMED = (
    _NAMED_BY.format("a.url_key = e.url_key")
    + "UNION ALL"
    + _NAMED_BY.format("a.article_id = e.article_id")
    + "ORDER BY first_seen_at, article_id, entry_id"
)
RETRY_WITHIN = timedelta(days=3)  # an address rejected for a passing reason is asked for so long


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


class Warehouse(ABC):
    """Tables and views of one address."""

    flush_every_s: float = 2.0  # between two merges while a run goes on

    @abstractmethod
    def prepare(self) -> None:
        """See that tables and views are there before a run."""

    def apply(self) -> list[str]:
        """Create tables and views, and say which."""
        self.prepare()
        return []

    def migrate(self) -> list[str]:
        """Bring tables of an earlier version up; say what was done."""
        return self.apply()

    @abstractmethod
    def merge(self, files: Sequence[StagedFile]) -> dict[str, Merged]:
        """Take staged files in, then delete them: the same rows change nothing."""

    @abstractmethod
    def record_run(self, run: Run) -> None:
        """Write a run's row, or its later state."""

    @abstractmethod
    def query(
        self,
        sql: str,
        parameters: dict[str, Any] | None = None,
        *,
        max_rows: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Run one statement that reads tables and views, and nothing else."""

    def bytes_scanned(self, sql: str, parameters: dict[str, Any] | None = None) -> int:
        """Tell what a query would read, without running it, where that is paid for."""
        raise WarehouseError("--cost is for bigquery:PROJECT.DATASET; here a query costs nothing")

    @abstractmethod
    def arrow(self, sql: str, parameters: dict[str, Any] | None = None) -> Any:
        """Answer a question of our own, as an Arrow table."""

    def records(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Answer a question of our own, as dicts."""
        return list(self.arrow(sql, parameters).to_pylist())

    def feeds(self) -> list[Feed]:
        """Read the state of all feeds."""
        return [from_record(Feed, record) for record in self.records("SELECT * FROM feeds")]

    def known(self, now: datetime) -> KnownKeys:
        """Read the keys of what need not be read again."""
        entries = self.arrow("SELECT entry_id, url_key, feed_id FROM entries")
        revisions = self.arrow("SELECT article_id, revision_id FROM article_revisions")
        url_keys = entries["url_key"].to_pylist()
        feed_ids = entries["feed_id"].to_pylist()
        return KnownKeys(
            entry_ids=KeySet(entries["entry_id"].to_pylist()),
            url_keys=KeySet(url_keys),
            # hashed here: an engine's hash is of bytes in one and of text in another
            feed_url_keys=KeySet(map(content_id, feed_ids, url_keys)),
            articles=KeyMap(self._articles_named(now - RENAMED_WITHIN)),
            article_ids=KeySet(revisions["article_id"].to_pylist()),
            revision_ids=KeySet(revisions["revision_id"].to_pylist()),
        )

    def _articles_named(self, since: datetime) -> Iterator[tuple[str, str]]:
        """Give by what keys, other than their addresses, entries name articles."""
        for row in self.records(_NAMED, {"since": since}):
            published_at = row["published_at"]
            if row["published_source"] != PublishedSource.PUBLISHED:
                published_at = None
            for key in identity_keys(
                row["site"], row["guid"], row["title"], published_at, row["published_precision"]
            ):
                yield key, row["article_id"]

    def retryable(self, now: datetime) -> list[tuple[str, str]]:
        """Name the feeds with an address to be tried again, and the address."""
        rows = self.records(
            """
            SELECT DISTINCT r.feed_id, r.address
            FROM rejections AS r
            WHERE r.is_retryable AND r.stage <> 'poll' AND r.rejected_at > $since
              AND NOT EXISTS (SELECT 1 FROM entries AS e WHERE e.url = r.address)
            """,
            {"since": now - RETRY_WITHIN},
        )
        return [(row["feed_id"], row["address"]) for row in rows]

    def recent_articles(self, since: datetime) -> list[StoryCandidate]:
        """Read the articles published since then, for grouping into stories."""
        rows = self.records(
            f"""
            WITH recent AS (
              SELECT *
              FROM article_revisions
              WHERE date_published >= $since
                AND change_type = 'initial'
            ),
            mentioned AS (
              SELECT m.revision_id, STRING_AGG(DISTINCT m.entity_id, ' ') AS entity_ids
              FROM entity_mentions AS m
              JOIN recent USING (revision_id)
              GROUP BY m.revision_id
            )
            SELECT
              r.article_id,
              r.headline,
              r.date_published AS published_at,
              r.text_sha256,
              SUBSTR(r.text, 1, {LEAD_LENGTH}) AS lead,
              COALESCE(m.entity_ids, '') AS entity_ids,
              s.story_id
            FROM recent AS r
            LEFT JOIN mentioned AS m USING (revision_id)
            LEFT JOIN story_articles AS s ON s.article_id = r.article_id
            ORDER BY r.article_id
            """,
            {"since": since},
        )
        return [
            StoryCandidate(**{**row, "entity_ids": tuple(sorted(row["entity_ids"].split()))})
            for row in rows
        ]

    def close_broken_runs(self) -> None:
        """Mark runs that were killed; only a run that has the warehouse for itself may ask."""
        for record in self.records("SELECT * FROM runs WHERE status = 'running'"):
            run = from_record(Run, record)
            self.record_run(replace(run, version=run.version + 1, status="killed"))

    def last_complete_run_at(self) -> datetime | None:
        """Tell the instant of the last complete run, None when there was none."""
        (row,) = self.records("SELECT MAX(started_at) AS at FROM runs WHERE status = 'complete'")
        last: datetime | None = row["at"]
        return last
