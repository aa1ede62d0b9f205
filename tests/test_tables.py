"""Every schema comes from the one definition, and what is checked in is what it gives."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.cloud.bigquery import Table

from schemas.rows import ArticleRevision, Feed
from schemas.tables import (
    TABLES,
    arrow_schema,
    bigquery_table,
    columns,
    dictionary,
    duckdb_ddl,
    from_record,
    key_of,
    to_record,
    version_of,
)

SCHEMAS = Path(__file__).parent.parent / "schemas"


@pytest.mark.parametrize("table", TABLES)
def test_every_column_says_what_it_means(table: str) -> None:
    assert all(column.doc.endswith((".", "…")) for column in columns(TABLES[table]))


@pytest.mark.parametrize("table", TABLES)
def test_every_row_has_a_key_among_its_columns_and_names_its_run(table: str) -> None:
    names = {column.name for column in columns(TABLES[table])}
    assert {key_of(TABLES[table]), "run_id"} <= names
    assert version_of(TABLES[table]) in {*names, None}


@pytest.mark.parametrize("table", TABLES)
def test_the_bigquery_table_is_accepted_and_checked_in(table: str) -> None:
    made = bigquery_table(TABLES[table])
    reference = {"projectId": "p", "datasetId": "d", "tableId": table}
    accepted = Table.from_api_repr({"tableReference": reference, **made})
    names = {field.name for field in accepted.schema}
    assert set(accepted.clustering_fields or ()) <= names
    assert len(accepted.clustering_fields or ()) <= 4
    if accepted.time_partitioning:
        assert accepted.time_partitioning.field in names
    stored = json.loads((SCHEMAS / "bigquery" / f"{table}.json").read_text())
    assert stored == made, "run: dateline schema --for bigquery --out schemas/bigquery"


def test_the_data_dictionary_is_checked_in() -> None:
    stored = (SCHEMAS / "tables.md").read_text()
    assert stored == dictionary(), "run: dateline schema --for markdown --out schemas"


def test_required_optional_and_repeated_columns_are_told_apart() -> None:
    by_name = {column.name: column for column in columns(ArticleRevision)}
    assert by_name["text"].is_required
    assert not by_name["headline"].is_required
    assert by_name["authors"].is_repeated
    ddl = duckdb_ddl("article_revisions")
    assert "text VARCHAR NOT NULL" in ddl
    assert "authors VARCHAR[]" in ddl
    assert not arrow_schema(ArticleRevision).field("text").nullable


def test_a_row_comes_back_as_it_was(make_row: Any) -> None:
    feed = make_row(Feed, feed_id="f", etag='W/"1"')
    assert from_record(Feed, to_record(feed)) == feed


def test_what_vouches_for_others_is_staged_last() -> None:
    assert list(TABLES)[-2:] == ["article_revisions", "entries"]
