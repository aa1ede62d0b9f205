"""The pipeline as a stream on Prism, Beam's local runner: `make test-prism` (it needs Go).

Collected only when DATELINE_PRISM names the program; `make test` says so.
"""

import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import duckdb
import pytest

from pipelines.demo_server import FIRST_EDITION, SECOND_EDITION, DemoServer
from tests.conftest import PRISM
from tests.streaming.stream import Stream, count_articles, count_rows, flags, rows_of
from tests.test_ingest import dateline

PROGRAM = [sys.executable, "-m", "pipelines"]
ON_PRISM = ["--runner", "PrismRunner", "--beam-option", f"prism_location={PRISM}"]


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(now=FIRST_EDITION) as server:
        yield server


@pytest.fixture(scope="module")
def one_pass(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, set[str]]:
    """Give the rows of one pass on DirectRunner."""
    warehouse = tmp_path_factory.mktemp("pass") / "news.duckdb"
    with DemoServer(now=FIRST_EDITION) as server:
        done = dateline(*flags(warehouse, server), timeout=600)
    assert done.returncode == 0, done.stderr
    return rows_of(warehouse)


def has_begun(warehouse: Path, runs: int) -> bool:
    """Tell whether so many streams have begun on a warehouse: before, a signal just ends one."""
    return count_rows(warehouse, "runs") == runs


def begin(warehouse: Path, server: DemoServer, *more: str) -> Stream:
    log = warehouse.with_suffix(".log")
    return Stream(PROGRAM, [*flags(warehouse, server), *ON_PRISM, *more], log)


def test_a_stream_gives_the_rows_of_a_pass_and_what_comes_later(
    tmp_path: Path, server: DemoServer, one_pass: Mapping[str, set[str]]
) -> None:
    warehouse = tmp_path / "news.duckdb"
    with begin(warehouse, server, "--interval", "4s") as stream:
        stream.wait_until_settled(warehouse, len(one_pass["article_revisions"]))
        assert rows_of(warehouse) == one_pass
        server.set_now(SECOND_EDITION)
        stream.wait_until_settled(warehouse, len(one_pass["article_revisions"]) + 1)
        # Stories are grouped when a minute of news has closed.
        stream.wait_until(lambda: count_rows(warehouse, "story_articles") > 0, "a story")
        stream.stop()
    rows = rows_of(warehouse)
    assert rows["event_mentions"] > one_pass["event_mentions"]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        kinds = connection.execute("SELECT DISTINCT change_type FROM article_revisions").fetchall()
        states = connection.execute("SELECT status, num_articles FROM runs").fetchall()
    assert {"initial", "edit"} <= {kind for (kind,) in kinds}
    assert count_rows(warehouse, "story_articles") > 0
    assert states == [("stopped", len(rows["article_revisions"]))]
    assert not list(Path(f"{warehouse}.archive").glob("*.open"))


def test_a_stream_that_is_killed_loses_and_doubles_nothing(
    tmp_path: Path, server: DemoServer, one_pass: Mapping[str, set[str]]
) -> None:
    warehouse = tmp_path / "news.duckdb"
    with begin(warehouse, server) as stream:
        stream.wait_until(lambda: count_articles(warehouse) > 5, "some articles")
    with begin(warehouse, server) as stream:
        stream.wait_until(partial(has_begun, warehouse, 2), "the stream to begin")
        stream.wait_until_settled(warehouse, len(one_pass["article_revisions"]))
        stream.stop()
    assert rows_of(warehouse) == one_pass


def test_a_restart_polls_no_feed_early(tmp_path: Path, server: DemoServer) -> None:
    warehouse = tmp_path / "news.duckdb"
    for runs in (1, 2):
        asked = len(server.requests)
        with begin(warehouse, server) as stream:
            stream.wait_until(partial(has_begun, warehouse, runs), "the stream to begin")
            stream.wait_until_settled(warehouse)
            stream.stop()
    again = [request.path for request in server.requests[asked:] if request.status == 200]
    assert again == []


def test_a_list_of_feeds_that_changes_is_taken_in(tmp_path: Path, server: DemoServer) -> None:
    warehouse, listed = tmp_path / "news.duckdb", tmp_path / "feeds.txt"
    listed.write_text("http://upland-post.example/index.xml\n")
    with begin(warehouse, server, "--feeds", str(listed)) as stream:
        stream.wait_until_settled(warehouse)
        found = count_articles(warehouse)
        with listed.open("a") as more:
            more.write("http://basinreport.example/feed.json\n")
        stream.wait_until_settled(warehouse, found + 1)
        stream.stop()
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        states = connection.execute("SELECT status FROM runs ORDER BY started_at").fetchall()
    assert states == [("complete",), ("stopped",)]
