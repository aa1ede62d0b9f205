"""The warehouse takes each row once, waits for its lock, and lets nobody write by a query."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from schemas.columns import content_id
from schemas.rows import (
    Article,
    ArticleRevision,
    EntityMention,
    Entry,
    Feed,
    FeedFetch,
    Rejection,
    Run,
    StoryArticle,
)
from schemas.tables import TABLE_OF
from schemas.vocabulary import ChangeType, FetchOutcome, Reason
from transforms.locks import WarehouseError, WarehouseLocked
from transforms.warehouse import DuckDbWarehouse, Merged, StagingFolder, open_warehouse
from transforms.warehouse.staging import stage

NOW = datetime(2026, 3, 9, 18, tzinfo=UTC)
HOLD = """
import sys, time, duckdb
held = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDbWarehouse:
    made = open_warehouse(str(tmp_path / "news.duckdb"))
    made.prepare()
    return made


@pytest.fixture
def staging(tmp_path: Path) -> StagingFolder:
    return StagingFolder(tmp_path / "stage")


def put(warehouse: DuckDbWarehouse, staging: StagingFolder, *rows: Any) -> dict[str, Merged]:
    for row in rows:
        stage(staging.path, TABLE_OF[type(row)], [row])
    return warehouse.merge(staging.ready(complete=True))


def test_rows_are_merged_once_however_often_they_come(
    warehouse: DuckDbWarehouse, staging: StagingFolder, make_row: Any
) -> None:
    rows = [make_row(Entry, entry_id=str(n), authors=("Ann", "Bo")) for n in range(3)]
    assert put(warehouse, staging, *rows, rows[0]) == {"entries": Merged(4, 3, 0)}
    assert put(warehouse, staging, *rows) == {"entries": Merged(3, 0, 0)}
    assert warehouse.query("SELECT COUNT(*) FROM entries").rows == [(3,)]


def test_a_later_state_replaces_an_earlier_and_never_the_reverse(
    warehouse: DuckDbWarehouse, staging: StagingFolder, make_row: Any
) -> None:
    early = make_row(Feed, feed_id="f", etag="1", updated_at=NOW)
    late = make_row(Feed, feed_id="f", etag="2", updated_at=NOW + timedelta(hours=1))
    put(warehouse, staging, early)
    assert put(warehouse, staging, late) == {"feeds": Merged(1, 0, 1)}
    assert put(warehouse, staging, early) == {"feeds": Merged(1, 0, 0)}
    assert put(warehouse, staging, early, late) == {"feeds": Merged(2, 0, 0)}
    assert [feed.etag for feed in warehouse.feeds()] == ["2"]


def test_staged_files_are_deleted_only_after_they_are_merged(
    warehouse: DuckDbWarehouse, staging: StagingFolder, make_row: Any
) -> None:
    put(warehouse, staging, make_row(Entry, entry_id="1"))
    assert staging.ready(complete=True) == []


def test_what_vouches_for_a_whole_run_waits_for_its_end(
    staging: StagingFolder, make_row: Any
) -> None:
    fetch = make_row(FeedFetch, outcome=FetchOutcome.OK)
    for row in (make_row(Feed), fetch, make_row(Entry)):
        stage(staging.path, TABLE_OF[type(row)], [row])
    assert [file.table for file in staging.ready(complete=False)] == ["entries"]
    assert staging.waiting()["feeds"] == staging.waiting()["feed_fetches"] == 1
    staging.discard_deferred()
    assert [file.table for file in staging.ready(complete=True)] == ["entries"]
    assert staging.waiting()["feeds"] == 0


def test_an_unfinished_file_is_never_merged(staging: StagingFolder, make_row: Any) -> None:
    stage(staging.path, "entries", [make_row(Entry)])
    (whole,) = staging.path.glob("entries/*.parquet")
    whole.rename(whole.with_suffix(".tmp"))
    assert staging.ready(complete=True) == []
    staging.discard_deferred()
    assert list(staging.path.glob("*/*")) == []


def test_known_keys_are_those_of_entries_and_revisions(
    warehouse: DuckDbWarehouse, staging: StagingFolder, make_row: Any
) -> None:
    revision = make_row(ArticleRevision, revision_id="r1", change_type=ChangeType.INITIAL)
    put(warehouse, staging, make_row(Entry, entry_id="e", url_key="k", feed_id="f"), revision)
    known = warehouse.known(NOW)
    assert "e" in known.entry_ids
    assert "k" in known.url_keys
    assert content_id("f", "k") in known.feed_url_keys
    assert "r1" in known.revision_ids


def rejection(make_row: Any, address: str, **given: Any) -> Any:
    return make_row(
        Rejection,
        **{
            "rejection_id": address,
            "stage": "fetch",
            "reason": Reason.TIMEOUT,
            "address": address,
            "feed_id": "f",
            "is_retryable": True,
            "rejected_at": NOW,
            **given,
        },
    )


def test_feeds_with_an_address_to_be_tried_again_are_named(
    warehouse: DuckDbWarehouse, staging: StagingFolder, make_row: Any
) -> None:
    put(
        warehouse,
        staging,
        rejection(make_row, "u1", feed_id="again"),
        rejection(make_row, "u2", feed_id="mended"),
        make_row(Entry, entry_id="2", url="u2"),
        rejection(make_row, "u3", feed_id="long ago", rejected_at=NOW - timedelta(days=4)),
        rejection(make_row, "u4", feed_id="for good", is_retryable=False),
    )
    assert {feed_id for feed_id, _ in warehouse.retryable(NOW)} == {"again"}


def test_recent_articles_come_with_their_names_and_story(
    warehouse: DuckDbWarehouse, staging: StagingFolder, make_row: Any
) -> None:
    revision = make_row(
        ArticleRevision,
        revision_id="r",
        article_id="a",
        change_type=ChangeType.INITIAL,
        date_published=NOW,
        text="Long text. " * 100,
    )
    old = make_row(
        ArticleRevision,
        revision_id="old",
        article_id="b",
        change_type=ChangeType.INITIAL,
        date_published=NOW - timedelta(days=30),
    )
    put(
        warehouse,
        staging,
        make_row(Article, article_id="a"),
        revision,
        old,
        make_row(EntityMention, mention_id="m1", revision_id="r", entity_id="e"),
        make_row(EntityMention, mention_id="m2", revision_id="r", entity_id="e"),
        make_row(StoryArticle, article_id="a", story_id="s"),
    )
    (recent,) = warehouse.recent_articles(NOW - timedelta(days=14))
    assert (recent.article_id, recent.entity_ids, recent.story_id) == ("a", ("e",), "s")
    assert len(recent.lead) == 400


def test_a_run_that_was_killed_is_marked_by_the_next(
    warehouse: DuckDbWarehouse, make_row: Any
) -> None:
    warehouse.record_run(make_row(Run, run_id="1", status="running"))
    warehouse.close_broken_runs()
    assert warehouse.query("SELECT status FROM runs").rows == [("killed",)]
    assert warehouse.last_complete_run_at() is None
    warehouse.record_run(make_row(Run, run_id="2", status="complete", started_at=NOW))
    assert warehouse.last_complete_run_at() == NOW


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM entries",
        "INSERT INTO entries SELECT * FROM entries",
        "DROP TABLE entries",
        "COPY entries TO 'out.csv'",
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM glob('/*')",
        "ATTACH 'other.duckdb'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "PRAGMA database_list",
        "SELECT 1; SELECT 2",
        "EXPLAIN ANALYZE DELETE FROM entries",
        "PIVOT entries ON url",
        "CREATE TEMP TABLE mine AS SELECT 1",
        "PREPARE mine AS SELECT 1",
        "CALL pragma_version()",
        "SELECT * FROM query('DROP TABLE entries')",
        "SELECT",
        "",
    ],
)
def test_a_query_can_neither_write_nor_touch_files(warehouse: DuckDbWarehouse, sql: str) -> None:
    with pytest.raises(WarehouseError) as refused:
        warehouse.query(sql)
    assert "\n" not in str(refused.value)


def test_a_query_that_takes_too_long_is_ended(warehouse: DuckDbWarehouse) -> None:
    endless = "SELECT SUM(a.range * b.range) FROM range(10000000) AS a, range(10000000) AS b"
    with pytest.raises(WarehouseError, match="time limit"):
        warehouse.query(endless, timeout_s=0.2)


def test_rows_beyond_the_limit_are_said_to_be_there(warehouse: DuckDbWarehouse) -> None:
    answer = warehouse.query("SELECT * FROM range(5)", max_rows=3)
    assert len(answer.rows) == 3
    assert answer.is_cut


@pytest.fixture
def holder(warehouse: DuckDbWarehouse) -> Iterator["subprocess.Popen[str]"]:
    """Another process that keeps the file open."""
    command = [sys.executable, "-c", HOLD, warehouse.path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_locked_warehouse_is_waited_for_and_its_holder_named(
    warehouse: DuckDbWarehouse, holder: "subprocess.Popen[str]"
) -> None:
    said: list[str] = []
    waiting = DuckDbWarehouse(warehouse.path, lock_wait_s=0.5, on_wait=said.append)
    with pytest.raises(WarehouseError, match=f"locked by process {holder.pid}"):
        waiting.feeds()
    assert len(said) == 1
    assert str(holder.pid) in said[0]


def test_a_lock_that_is_released_in_time_is_no_error(
    warehouse: DuckDbWarehouse, holder: "subprocess.Popen[str]"
) -> None:
    waiting = DuckDbWarehouse(warehouse.path, on_wait=lambda _: holder.kill())
    assert waiting.feeds() == []


def test_a_path_that_cannot_hold_a_warehouse_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="there is no folder"):
        open_warehouse(str(tmp_path / "none" / "w.duckdb")).prepare()
    text = tmp_path / "text.duckdb"
    text.write_text("not a database " * 1000)
    with pytest.raises(WarehouseError, match="not a DuckDB file"):
        open_warehouse(str(text)).prepare()
    with pytest.raises(WarehouseError, match="give a path such as"):
        open_warehouse("s3://bucket/news.duckdb")


def test_asking_a_warehouse_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="make run"):
        open_warehouse(str(tmp_path / "none.duckdb")).query("SELECT 1")


def test_a_file_that_is_no_warehouse_is_not_waited_for_because_of_its_name(tmp_path: Path) -> None:
    block = tmp_path / "block.duckdb"
    block.write_text("not a database " * 1000)
    with pytest.raises(WarehouseError, match="not a DuckDB file"):
        open_warehouse(str(block), on_wait=pytest.fail).prepare()


@pytest.mark.parametrize("address", ["", ":memory:"])
def test_a_warehouse_that_would_be_forgotten_is_refused(address: str) -> None:
    with pytest.raises(WarehouseError, match=r"such as news\.duckdb"):
        open_warehouse(address)


def test_a_file_that_an_earlier_version_staged_is_merged(
    warehouse: DuckDbWarehouse, staging: StagingFolder, make_row: Any
) -> None:
    stage(staging.path, "entries", [make_row(Entry, entry_id="1")])
    (file,) = staging.ready(complete=True)
    pq.write_table(pq.read_table(file.path).drop_columns(["guid", "authors"]), file.path)
    warehouse.merge([file])
    assert warehouse.query("SELECT entry_id, guid FROM entries").rows == [("1", None)]


def test_of_rows_with_one_key_the_earliest_run_wins_in_any_order(
    tmp_path: Path, staging: StagingFolder, make_row: Any
) -> None:
    first = make_row(Article, article_id="a", run_id="1", url="z")
    second = make_row(Article, article_id="a", run_id="2", url="y")
    for n, rows in enumerate([(first, second), (second, first)]):
        made = open_warehouse(str(tmp_path / f"{n}.duckdb"))
        made.prepare()
        put(made, staging, *rows)
        assert made.query("SELECT url FROM articles").rows == [("z",)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_of_rows_with_one_key_of_one_run_the_same_stays_whichever_is_merged_first(
    order: tuple[int, ...], warehouse: DuckDbWarehouse, staging: StagingFolder, make_row: Any
) -> None:
    rows = [make_row(Article, article_id="a", url_key=key, run_id="r") for key in "kmn"]
    merged = [put(warehouse, staging, rows[place])["articles"] for place in order]
    assert merged == [Merged(1, 1, 0), Merged(1, 0, 0), Merged(1, 0, 0)]
    assert warehouse.query("SELECT url_key FROM articles").rows == [("k",)]


def test_a_failed_merge_leaves_warehouse_and_staged_files_as_they_were(
    warehouse: DuckDbWarehouse, staging: StagingFolder, make_row: Any
) -> None:
    stage(staging.path, "entries", [make_row(Entry, entry_id="1")])
    stage(staging.path, "articles", [make_row(Article, article_id="a")])
    (broken,) = staging.path.glob("articles/*.parquet")
    broken.write_bytes(b"PAR1 but not for long")
    with pytest.raises(WarehouseError, match=r"news\.duckdb: "):
        warehouse.merge(staging.ready(complete=True))
    assert len(staging.ready(complete=True)) == 2
    assert warehouse.query("SELECT COUNT(*) FROM entries").rows == [(0,)]


def test_a_merge_that_finds_no_room_fails_in_one_line_and_works_when_there_is_room(
    warehouse: DuckDbWarehouse, staging: StagingFolder, make_row: Any
) -> None:
    stage(staging.path, "entries", [make_row(Entry, entry_id=str(n)) for n in range(3000)])
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, was[1]))
    try:
        with pytest.raises(WarehouseError, match=r"news\.duckdb: "):
            warehouse.merge(staging.ready(complete=True))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)
    assert len(staging.ready(complete=True)) == 1
    assert warehouse.merge(staging.ready(complete=True))["entries"].inserted == 3000


def test_a_file_of_another_kind_has_no_last_run(tmp_path: Path) -> None:
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE mine (x INTEGER)")
    assert open_warehouse(str(path)).last_complete_run_at() is None


def test_a_reader_in_the_same_process_is_waited_for(warehouse: DuckDbWarehouse) -> None:
    hasty = DuckDbWarehouse(warehouse.path, lock_wait_s=0.0)
    with (
        duckdb.connect(warehouse.path, read_only=True),
        pytest.raises(WarehouseLocked, match="in use by this process"),
    ):
        hasty.feeds()
