"""From rows to tables: DuckDB DDL, Arrow schemas, BigQuery schemas, the data dictionary.

In: the dataclasses of `schemas/rows.py`. Out: what each engine needs to hold them. A column's
type, whether it is required or repeated, and its description come from the dataclass alone.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from schemas.rows import (
    Article,
    ArticleRevision,
    Entity,
    EntityMention,
    Entry,
    EventMention,
    Feed,
    FeedFetch,
    Rejection,
    RemovedBlock,
    Run,
    Story,
    StoryArticle,
)

if TYPE_CHECKING:
    import pyarrow as pa

Row = (
    Feed
    | FeedFetch
    | Entry
    | Article
    | ArticleRevision
    | RemovedBlock
    | Entity
    | EntityMention
    | EventMention
    | Story
    | StoryArticle
    | Rejection
    | Run
)

# In the order they are staged: a revision vouches that its mentions are there, and an entry that
# its article is, so they come last. A killed run then leaves nothing half told that looks whole.
TABLES: dict[str, type[Row]] = {
    "feeds": Feed,
    "feed_fetches": FeedFetch,
    "articles": Article,
    "removed_blocks": RemovedBlock,
    "entities": Entity,
    "entity_mentions": EntityMention,
    "event_mentions": EventMention,
    "stories": Story,
    "story_articles": StoryArticle,
    "rejections": Rejection,
    "runs": Run,
    "article_revisions": ArticleRevision,
    "entries": Entry,
}
RowType = TypeVar("RowType", bound=Row)
TABLE_OF = {row: table for table, row in TABLES.items()}

DUCKDB = {
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    datetime: "TIMESTAMPTZ",
    date: "DATE",
}
BIGQUERY = {
    str: "STRING",
    int: "INTEGER",
    float: "FLOAT",
    bool: "BOOLEAN",
    datetime: "TIMESTAMP",
    date: "DATE",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its scalar type, and whether it is required or repeated."""

    name: str
    kind: type
    doc: str
    is_required: bool
    is_repeated: bool


def columns(row: type[Row]) -> tuple[Column, ...]:
    """Give the columns of a row class."""
    return _COLUMNS[row]


def _column(field: "dataclasses.Field[Any]", hint: Any) -> Column:
    arguments = typing.get_args(hint)
    is_repeated = typing.get_origin(hint) is tuple
    is_optional = isinstance(hint, types.UnionType)
    kind = next(a for a in arguments if a not in (type(None), ...)) if arguments else hint
    return Column(
        name=field.name,
        kind=str if issubclass(kind, StrEnum) else kind,
        doc=field.metadata["doc"],
        is_required=not is_optional and not is_repeated,
        is_repeated=is_repeated,
    )


_COLUMNS: dict[type[Any], tuple[Column, ...]] = {
    row: tuple(
        _column(field, typing.get_type_hints(row)[field.name]) for field in dataclasses.fields(row)
    )
    for row in TABLES.values()
}


def key_of(row: type[Row]) -> str:
    """Name the column that tells rows apart."""
    return str(row.KEY)


def version_of(row: type[Row]) -> str | None:
    """Name the column by which a later state replaces an earlier; None where rows never change."""
    return getattr(row, "VERSION", None)


def table_version_of(row: type[Row]) -> int:
    """Number the table: a change that older rows do not fit is a new version of it."""
    return int(getattr(row, "TABLE_VERSION", 1))


def partition_of(row: type[Row]) -> str | None:
    """Name the time by whose month BigQuery keeps rows apart; None for a small table."""
    return getattr(row, "PARTITION", None)


def cluster_of(row: type[Row]) -> tuple[str, ...]:
    """Name the columns BigQuery sorts rows by within a partition."""
    return tuple(getattr(row, "CLUSTER", (key_of(row),)))


def duckdb_type(column: Column) -> str:
    """Name a column's type as DuckDB has it."""
    return DUCKDB[column.kind] + ("[]" if column.is_repeated else "")


def duckdb_ddl(table: str) -> str:
    """Write the statement that creates a table; without PRIMARY KEY, see `warehouse.merge`."""
    lines = []
    for column in columns(TABLES[table]):
        required = " NOT NULL" if column.is_required else ""
        lines.append(f"  {column.name} {duckdb_type(column)}{required}")
    return f"CREATE TABLE IF NOT EXISTS {table} (\n" + ",\n".join(lines) + "\n)"


def arrow_schema(row: type[Row]) -> "pa.Schema":
    """Give the Arrow schema that staged files have."""
    import pyarrow as pa  # 0.2 s that `--help` does not pay

    kinds = {
        str: pa.string(),
        int: pa.int64(),
        float: pa.float64(),
        bool: pa.bool_(),
        datetime: pa.timestamp("us", tz="UTC"),
        date: pa.date32(),
    }
    return pa.schema(
        [
            pa.field(
                c.name,
                pa.list_(kinds[c.kind]) if c.is_repeated else kinds[c.kind],
                nullable=not c.is_required,
            )
            for c in columns(row)
        ]
    )


def to_record(row: Row) -> dict[str, Any]:
    """Turn a row into a dict: the last step before a warehouse."""
    return {c.name: getattr(row, c.name) for c in columns(type(row))}


def from_record(row: type[RowType], record: Mapping[str, Any]) -> RowType:
    """Turn what a warehouse gave back into a row."""
    values: dict[str, Any] = {
        c.name: tuple(record[c.name] or ()) if c.is_repeated else record[c.name]
        for c in _COLUMNS[row]
    }
    make: Callable[..., RowType] = row
    return make(**values)


def mode_of(column: Column) -> str:
    """Name a column's mode as BigQuery has it."""
    return "REPEATED" if column.is_repeated else "REQUIRED" if column.is_required else "NULLABLE"


def bigquery_fields(row: type[Row]) -> list[dict[str, str]]:
    """Give the fields as BigQuery's REST API has them."""
    return [
        {
            "name": c.name,
            "type": BIGQUERY[c.kind],
            "mode": mode_of(c),
            "description": c.doc,
        }
        for c in columns(row)
    ]


def bigquery_table(row: type[Row]) -> dict[str, Any]:
    """Give the table as BigQuery's REST API has it, but for its name.

    A partition filter is not asked for: people query the view that gives each key once, and a
    filter on it does not reach the partitions of every table it joins.
    """
    partition = partition_of(row)
    return {
        "description": (row.__doc__ or "").strip(),
        "schema": {"fields": bigquery_fields(row)},
        **({"timePartitioning": {"type": "MONTH", "field": partition}} if partition else {}),
        "clustering": {"fields": list(cluster_of(row))},
        "requirePartitionFilter": False,
    }


def bigquery_name(table: str) -> str:
    """Name the BigQuery table that holds all rows ever appended; the plain name is the view."""
    return f"{table}_v{table_version_of(TABLES[table])}"


def latest_rows(table: str, source: str) -> str:
    """Write the query that gives each key once: the latest version, else the earliest run's."""
    row = TABLES[table]
    version = version_of(row)
    order = f"{version} DESC, run_id" if version else "run_id"
    names = ",\n  ".join(c.name for c in columns(row))
    return (
        f"SELECT\n  {names}\nFROM {source}\nWHERE TRUE\n"
        f"QUALIFY ROW_NUMBER() OVER (PARTITION BY {key_of(row)} ORDER BY {order}) = 1"
    )


def dictionary() -> str:
    """Write the data dictionary in Markdown."""
    lines = ["# Tables", "", "Made from `schemas/rows.py` by `dateline schema --for markdown`."]
    for table, row in TABLES.items():
        lines += ["", f"## {table}", "", (row.__doc__ or "").strip(), ""]
        lines += ["| column | type | meaning |", "| --- | --- | --- |"]
        for c in columns(row):
            kind = BIGQUERY[c.kind] + (" repeated" if c.is_repeated else "")
            lines.append(f"| {c.name} | {kind}{' required' if c.is_required else ''} | {c.doc} |")
    return "\n".join(lines) + "\n"
