"""From feeds to answers, whole, in the warehouses that are no DuckDB file.

DATELINE_BIGQUERY names a BigQuery as in test_contract; else rows go to Parquet files.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from pipelines.demo_server import FIRST_EDITION, DemoServer
from schemas.tables import TABLES
from transforms.warehouse import open_warehouse

ROOT = Path(__file__).parent.parent
SITE = ROOT / "seeds" / "site"
FEEDS = "http://basinreport.example/feed.json\nhttp://upland-post.example/index.xml\n"
OF_RUNS = {"runs", "feed_fetches", "feeds"}  # each run adds to them, or a later state
IS_BIGQUERY = bool(os.environ.get("DATELINE_BIGQUERY"))


def dateline(*argv: object, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines", *map(str, argv)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=folder, timeout=400
    )


@pytest.fixture(scope="module")
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give a warehouse with the articles of two feeds in it."""
    if IS_BIGQUERY:
        made = str(request.getfixturevalue("new_dataset")("chain"))
        open_warehouse(made).apply()
    else:
        made = f"parquet:{tmp_path_factory.mktemp('chain')}"
    ingest(made, tmp_path_factory.mktemp("feeds"))
    return made


def ingest(address: str, folder: Path) -> None:
    feeds = folder / "feeds.txt"
    feeds.write_text(FEEDS)
    with DemoServer(now=FIRST_EDITION) as server:
        done = dateline(
            *("ingest", "--feeds", feeds, "--warehouse", address, "--host-delay", 0),
            *("--connect-to", f"127.0.0.1:{server.port}", "--now", server.now.isoformat()),
            *("--places", SITE / "places.csv", "--actors", SITE / "actors.csv", "--workers", 0),
            folder=folder,  # where a run on BigQuery keeps what it fetched
        )
    assert done.returncode == 0, done.stderr


def counts(address: str) -> Counter[str]:
    warehouse = open_warehouse(address)
    return Counter(
        {
            table: int(warehouse.records(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"])
            for table in TABLES
            if table not in OF_RUNS
        }
    )


def test_a_second_run_adds_no_row(address: str, tmp_path: Path) -> None:
    before = counts(address)
    assert before["articles"] >= 5
    assert before["event_mentions"] >= 5
    ingest(address, tmp_path)
    assert counts(address) == before


def test_a_named_query_is_answered(address: str) -> None:
    done = dateline("query", "latest_events", "--limit", 3, "--warehouse", address)
    assert done.returncode == 0, done.stderr
    assert "3 rows" in done.stderr + done.stdout


def test_a_report_is_made(address: str, tmp_path: Path) -> None:
    done = dateline("report", "--warehouse", address, "-o", tmp_path / "r.html")
    assert done.returncode == 0, done.stderr
    assert "upland-post.example" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_what_a_query_costs_is_told_where_it_costs(address: str) -> None:
    done = dateline("query", "latest_events", "--cost", "--warehouse", address)
    if IS_BIGQUERY:
        assert (done.returncode, "would be read" in done.stdout) == (0, True), done.stderr
    else:
        assert (done.returncode, "here a query costs nothing" in done.stderr) == (2, True)
