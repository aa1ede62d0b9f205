"""What a pass starts from that earlier passes found out: which articles to read again, and which
lines repeat across a site's pages.

Comes in: the warehouse, asked by SQL. Goes out: entries to be fetched again, and lines known by
site. Nothing is rejected. No Beam.

A line is learned when it stood in three articles of a site that open differently, and it counts
for pages fetched after the third of them only. So what is removed from a page depends on what was
read before it, never on when it is asked: a rerun or a replay makes the same rows.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from schemas.columns import content_id
from schemas.flow import KnownKeys, RunContext, SiteLines
from schemas.keys import KeySet
from schemas.rows import Entry
from schemas.tables import columns, from_record

RETRY_WITHIN = timedelta(days=3)  # after it was due; then the article is left alone
LEARNED_WITHIN = timedelta(days=30)  # sites change their boxes; older pages are not looked at
AGAIN = "again after "  # begins the version of an entry that is read again by its age
MIN_PAGES = 3
MIN_LINE_LENGTH = 8
MAX_LINE_LENGTH = 200
OPENING_LENGTH = 80  # characters; pages that open alike are one text at several addresses
SITE_RULE = "repeated_on_site"

_DUE = f"""
SELECT {", ".join(f"e.{column.name}" for column in columns(Entry))}, l.last_seen_at
FROM entries AS e
JOIN (
  SELECT url_key, MAX(first_seen_at) AS last_seen_at
  FROM entries
  GROUP BY url_key
) AS l
  ON l.url_key = e.url_key
WHERE e.feed_id IS NOT NULL
  AND e.first_seen_at > $oldest
  AND e.first_seen_at <= $newest
  AND (
    (e.article_id IS NOT NULL AND e.version NOT LIKE '{AGAIN}%')
    OR (
      NOT e.is_revisit
      AND e.url_key IN (SELECT a.url_key FROM articles AS a)
      AND e.url_key NOT IN (
        SELECT a.url_key
        FROM articles AS a
        JOIN entries AS renamed
          ON renamed.article_id = a.article_id
      )
    )
  )
ORDER BY e.entry_id
"""
_WORDS = "SELECT DISTINCT article_id, words_sha256 FROM article_revisions WHERE fetched_at > $since"
_REPEATED = f"""
WITH seen AS (
  SELECT
    a.publisher_domain AS site,
    r.fetched_at,
    LEFT(r.text, {OPENING_LENGTH}) AS opening,
    line
  FROM article_revisions AS r
  JOIN articles AS a
    ON a.article_id = r.article_id
  CROSS JOIN UNNEST(SPLIT(r.text, CONCAT(CHR(10), CHR(10)))) AS line
  WHERE r.fetched_at > $since
    AND r.change_type = 'initial'
  UNION ALL
  SELECT
    a.publisher_domain AS site,
    r.fetched_at,
    LEFT(r.text, {OPENING_LENGTH}) AS opening,
    b.text AS line
  FROM removed_blocks AS b
  JOIN article_revisions AS r
    ON r.revision_id = b.revision_id
  JOIN articles AS a
    ON a.article_id = b.article_id
  WHERE b.rule = '{SITE_RULE}'
    AND r.fetched_at > $since
    AND r.change_type = 'initial'
),
firsts AS (
  SELECT site, line, opening, MIN(fetched_at) AS fetched_at
  FROM seen
  WHERE LENGTH(line) BETWEEN {MIN_LINE_LENGTH} AND {MAX_LINE_LENGTH}
  GROUP BY site, line, opening
)
SELECT site, line, fetched_at
FROM firsts
QUALIFY ROW_NUMBER() OVER (PARTITION BY site, line ORDER BY fetched_at, opening) = {MIN_PAGES}
ORDER BY site, line
"""


class Asked(Protocol):
    """A warehouse that answers queries."""

    def query(self, sql: str, parameters: dict[str, Any] | None = None) -> Any:
        """Give columns and rows."""


def due_refetches(
    warehouse: Asked, ages: Sequence[timedelta], known: KnownKeys, context: RunContext
) -> list[Entry]:
    """Give the entries of articles to be read again, as versions of their own.

    An article is due once at each age, at the address where it was named last. The entry is
    remembered like any other when its page was read, or rejected for good; until then it stays due
    for some days. One that a feed has listed anew since then was read for that, and is not due.
    """
    if not ages:
        return []
    answer = warehouse.query(
        _DUE,
        {
            "oldest": context.now - max(ages) - RETRY_WITHIN,
            "newest": context.now - min(ages),
        },
    )
    due = []
    for row in answer.rows:
        record = dict(zip(answer.columns, row, strict=True))
        last_seen_at = record.pop("last_seen_at")
        entry = from_record(Entry, record)
        again = refetch_of(entry, ages, context, last_seen_at)
        if again is not None and again.entry_id not in known.entry_ids:
            due.append(again)
    return due


def refetch_of(
    entry: Entry,
    ages: Sequence[timedelta],
    context: RunContext,
    last_seen_at: datetime | None = None,
) -> Entry | None:
    """Give the version of an entry that the latest age reached calls for.

    `last_seen_at` is when its address was listed, or read again, last.
    """
    age = context.now - entry.first_seen_at
    reached = max((each for each in ages if each <= age < each + RETRY_WITHIN), default=None)
    if reached is None or (last_seen_at or entry.first_seen_at) - entry.first_seen_at >= reached:
        return None
    version = f"{AGAIN}{int(reached.total_seconds())} s"
    return replace(
        entry,
        entry_id=content_id(entry.feed_id, entry.url_key, version),
        version=version,
        first_seen_at=context.now,
        run_id=context.run_id,
    )


def known_words(warehouse: Asked, since: datetime) -> KeySet:
    """Give the keys by which a text is known that differs in no word."""
    answer = warehouse.query(_WORDS, {"since": since})
    return KeySet(content_id(article, words) for article, words in answer.rows if words)


def site_lines(warehouse: Asked, context: RunContext) -> SiteLines:
    """Give the lines that repeat across each site's pages, with the instant they were learned."""
    answer = warehouse.query(_REPEATED, {"since": context.now - LEARNED_WITHIN})
    return SiteLines(learned={(site, line): at for site, line, at in answer.rows})
