"""What every warehouse does alike: DuckDB and Parquet here, BigQuery where one is named.

DATELINE_BIGQUERY names the emulator's Python (`make test-bigquery`) or PROJECT.DATASET, an empty
dataset on Google's side (`make test-gcp`). One dataset serves all tests, so each begins by
counting from what is there, and its keys are its own.
"""

import os
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from schemas.columns import content_id
from schemas.flow import KnownKeys, RunContext
from schemas.rows import (
    Article,
    ArticleRevision,
    EntityMention,
    Entry,
    Feed,
    Rejection,
    Run,
)
from schemas.tables import TABLE_OF
from schemas.vocabulary import ChangeType, Reason
from transforms.history import due_refetches, known_words, site_lines
from transforms.identity import identity_keys
from transforms.load import StreamRows
from transforms.locks import WarehouseError
from transforms.warehouse import StagingFolder, Warehouse, open_warehouse
from transforms.warehouse.bigquery import BigQueryWarehouse
from transforms.warehouse.staging import stage

NOW = datetime(2026, 3, 9, 18, tzinfo=UTC)
DAY = timedelta(days=1)
BIGQUERY = os.environ.get("DATELINE_BIGQUERY", "")
ENGINES = ["bigquery"] if BIGQUERY else ["duckdb", "parquet"]


@pytest.fixture(scope="module", params=ENGINES)
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    if request.param == "duckdb":
        made = open_warehouse(str(tmp_path_factory.mktemp("contract") / "w.duckdb"))
    elif request.param == "parquet":
        made = open_warehouse(f"parquet:{tmp_path_factory.mktemp('contract')}")
    elif Path(BIGQUERY).is_file():
        made = open_warehouse(request.getfixturevalue("emulator"))
        assert isinstance(made, BigQueryWarehouse)
        with pytest.raises(WarehouseError, match="no such dataset; make it: bq mk"):
            made.prepare()
        made._client.create_dataset("d")
        with pytest.raises(WarehouseError, match="run: dateline schema apply"):
            made.prepare()
    else:
        made = open_warehouse(f"bigquery:{BIGQUERY}")
    made.apply()
    made.prepare()
    return made


@pytest.fixture
def staging(tmp_path: Path) -> StagingFolder:
    return StagingFolder(tmp_path / "stage")


def put(warehouse: Warehouse, staging: StagingFolder, *rows: Any) -> None:
    for row in rows:
        stage(staging.path, TABLE_OF[type(row)], [row])
    warehouse.merge(staging.ready(complete=True))


def new() -> str:
    return uuid.uuid4().hex


def test_rows_that_come_again_are_there_once_with_all_their_values(
    warehouse: Warehouse, staging: StagingFolder, make_row: Any
) -> None:
    key = new()
    row = make_row(
        Entry, entry_id=key, authors=("Ann", "Bo"), published_at=NOW, is_revisit=True, title="=1+1"
    )
    for _ in range(2):
        put(warehouse, staging, row)
    found = warehouse.query(
        "SELECT authors, published_at, is_revisit, title, guid FROM entries WHERE entry_id = $key",
        {"key": key},
    )
    assert found.columns == ("authors", "published_at", "is_revisit", "title", "guid")
    assert found.rows == [(["Ann", "Bo"], NOW, True, "=1+1", None)]
    assert staging.ready(complete=True) == []


def test_the_latest_state_of_a_feed_is_read_back_whole(
    warehouse: Warehouse, staging: StagingFolder, make_row: Any
) -> None:
    late = make_row(Feed, feed_id=new(), etag='W/"2"', updated_at=NOW + timedelta(hours=1))
    put(warehouse, staging, replace(late, etag="1", updated_at=NOW))
    put(warehouse, staging, late)
    put(warehouse, staging, replace(late, etag="0", updated_at=NOW - timedelta(hours=1)))
    assert [feed for feed in warehouse.feeds() if feed.feed_id == late.feed_id] == [late]


def test_an_article_is_known_by_its_guid_at_its_first_and_later_addresses(
    warehouse: Warehouse, staging: StagingFolder, make_row: Any
) -> None:
    site, first, later = f"{new()}.example", new(), new()
    told = {"guid": "tag:417", "first_seen_at": NOW - timedelta(days=1)}
    article = make_row(
        Article, article_id=new(), url_key=first, publisher_domain=site, first_seen_at=NOW
    )
    listed = make_row(Entry, entry_id=new(), url_key=first, title="One", **told)
    renamed = make_row(
        Entry, entry_id=new(), url_key=later, title="Two", article_id=article.article_id, **told
    )
    old = make_row(Entry, entry_id=new(), url_key=first, guid="tag:1", first_seen_at=NOW - 8 * DAY)
    put(warehouse, staging, article, listed, renamed, old)
    named = warehouse.known(NOW).articles
    for title in ("One", "Two"):
        keys = list(identity_keys(site, "tag:417", title, None, None))
        assert {named.get(key) for key in keys} == {article.article_id}
    assert not any(map(named.get, identity_keys(site, "tag:1", None, None, None)))


def test_what_was_seen_is_known_at_the_next_start(
    warehouse: Warehouse, staging: StagingFolder, make_row: Any
) -> None:
    entry = make_row(Entry, entry_id=new(), url_key=new(), feed_id="f")
    file = make_row(Entry, entry_id=new(), url_key=new(), feed_id=None)
    revision = make_row(ArticleRevision, revision_id=new(), change_type=ChangeType.INITIAL)
    put(warehouse, staging, entry, file, revision)
    known = warehouse.known(NOW)
    assert all(each.entry_id in known.entry_ids for each in (entry, file))
    assert all(each.url_key in known.url_keys for each in (entry, file))
    assert content_id("f", entry.url_key) in known.feed_url_keys
    assert content_id(None, file.url_key) in known.feed_url_keys
    assert revision.revision_id in known.revision_ids


def test_an_address_rejected_for_a_passing_reason_is_tried_again(
    warehouse: Warehouse, staging: StagingFolder, make_row: Any
) -> None:
    passing = make_row(
        Rejection,
        rejection_id=new(),
        stage="fetch",
        reason=Reason.TIMEOUT,
        address=new(),
        feed_id=new(),
        is_retryable=True,
        rejected_at=NOW,
    )
    mended = replace(passing, rejection_id=new(), address=new(), feed_id=new())
    put(warehouse, staging, passing, mended, make_row(Entry, entry_id=new(), url=mended.address))
    retried = warehouse.retryable(NOW)
    assert (passing.feed_id, passing.address) in retried
    assert (mended.feed_id, mended.address) not in retried


def test_recent_articles_come_with_the_entities_they_mention(
    warehouse: Warehouse, staging: StagingFolder, make_row: Any
) -> None:
    article, revision, entities = new(), new(), [new(), new()]
    put(
        warehouse,
        staging,
        make_row(Article, article_id=article),
        make_row(
            ArticleRevision,
            revision_id=revision,
            article_id=article,
            change_type=ChangeType.INITIAL,
            date_published=NOW,
            text="Long text. " * 100,
        ),
        *(
            make_row(EntityMention, mention_id=new(), revision_id=revision, entity_id=entity)
            for entity in (*entities, entities[0])
        ),
    )
    recent = {each.article_id: each for each in warehouse.recent_articles(NOW)}
    assert recent[article].entity_ids == tuple(sorted(entities))
    assert recent[article].published_at == NOW
    assert len(recent[article].lead) == 400


def test_what_earlier_passes_found_out_is_read_back(
    warehouse: Warehouse, staging: StagingFolder, make_row: Any
) -> None:
    """Lines that repeat, texts by their words, articles to be read again."""
    context = RunContext(run_id="r", now=NOW)
    site, ids = new(), [new() for _ in range(3)]
    for n, each in enumerate(ids):
        revision = make_row(
            ArticleRevision,
            revision_id=each,
            article_id=each,
            change_type=ChangeType.INITIAL,
            words_sha256=each,
            fetched_at=NOW - timedelta(hours=9 - n),
            text=f"Text number {n} opens.\n\nSign up for our letter.",
        )
        put(warehouse, staging, make_row(Article, article_id=each, publisher_domain=site), revision)
    learned = site_lines(warehouse, context).learned
    assert {key: at for key, at in learned.items() if key[0] == site} == {
        (site, "Sign up for our letter."): NOW - timedelta(hours=7)
    }
    known = known_words(warehouse, NOW - timedelta(days=1))
    assert all(content_id(each, each) in known for each in ids)
    key = new()
    found = make_row(
        Entry, entry_id=new(), url_key=key, feed_id="f", first_seen_at=NOW - timedelta(days=1)
    )
    put(warehouse, staging, found, make_row(Article, article_id=new(), url_key=key))
    due = due_refetches(warehouse, [timedelta(days=1)], KnownKeys(), context)
    assert [entry.url_key for entry in due] == [key]


def test_a_killed_run_is_marked_and_the_last_complete_one_told(
    warehouse: Warehouse, make_row: Any
) -> None:
    killed = make_row(Run, run_id=new(), status="running", started_at=NOW)
    complete = make_row(Run, run_id=new(), status="running", started_at=NOW)
    warehouse.record_run(killed)
    warehouse.record_run(complete)
    warehouse.record_run(replace(complete, version=1, status="complete"))
    warehouse.close_broken_runs()
    status = "SELECT status FROM runs WHERE run_id = $run"
    assert warehouse.query(status, {"run": killed.run_id}).rows == [("killed",)]
    assert warehouse.query(status, {"run": complete.run_id}).rows == [("complete",)]
    assert warehouse.last_complete_run_at() == NOW


@pytest.mark.parametrize("sql", ["DELETE FROM entries WHERE TRUE", "DROP TABLE entries", "SELECT"])
def test_a_query_only_reads(sql: str, warehouse: Warehouse) -> None:
    before = warehouse.query("SELECT COUNT(*) FROM entries").rows
    with pytest.raises(WarehouseError):
        warehouse.query(sql)
    assert warehouse.query("SELECT COUNT(*) FROM entries").rows == before


def test_applying_the_schema_again_changes_nothing_of_the_tables(warehouse: Warehouse) -> None:
    assert not [step for step in warehouse.apply() if "views" not in step]


if BIGQUERY:

    def test_rows_streamed_twice_are_there_once(warehouse: Warehouse, make_row: Any) -> None:
        assert isinstance(warehouse, BigQueryWarehouse)
        endpoints = f"?rest={warehouse.rest}&grpc={warehouse.grpc}" if warehouse.rest else ""
        entry = make_row(
            Entry, entry_id=new(), authors=("Ann", "Bo"), published_at=NOW, is_revisit=True
        )
        revision = make_row(
            ArticleRevision, revision_id=new(), change_type=ChangeType.INITIAL, fetched_at=NOW
        )
        with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([])) as pipeline:
            rows = pipeline | beam.Create([entry, revision, entry])
            rows | StreamRows(f"bigquery:{warehouse.name}{endpoints}")
        found = warehouse.query(
            "SELECT authors, published_at, is_revisit, guid FROM entries WHERE entry_id = $key",
            {"key": entry.entry_id},
        )
        assert found.rows == [(["Ann", "Bo"], NOW, True, None)]
        assert revision.revision_id in warehouse.known(NOW).revision_ids

    def test_a_row_that_bigquery_refuses_is_an_error(warehouse: Warehouse, make_row: Any) -> None:
        assert isinstance(warehouse, BigQueryWarehouse)
        nowhere = replace(warehouse, dataset="nowhere").appender()
        with pytest.raises(WarehouseError, match="entries: "):
            nowhere.append("entries", [make_row(Entry, entry_id=new())])
