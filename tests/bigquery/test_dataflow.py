"""A job as the Flex template describes it, run here, against a BigQuery (`make test-bigquery`)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.demo_server import FIRST_EDITION, DemoServer
from pipelines.deploy.dataflow.launcher import launch
from pipelines.options import IngestSettings
from transforms.warehouse import open_warehouse

FEEDS = "http://basinreport.example/feed.json\n"
HERE = "--runner=apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"


def one(warehouse: Any, sql: str) -> dict[str, Any]:
    [row] = warehouse.records(sql)
    return dict(row)


def test_a_job_writes_all_its_rows_itself_and_the_next_one_adds_none(
    new_dataset: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where a worker keeps whose turn it is
    address = new_dataset("flex")
    warehouse = open_warehouse(address)
    warehouse.apply()
    (tmp_path / "feeds.txt").write_text(FEEDS)
    with DemoServer(now=FIRST_EDITION) as server:
        settings = IngestSettings(
            warehouse=address,
            feeds=str(tmp_path / "feeds.txt"),
            runner="DataflowRunner",
            now=server.now,
            host_delay_s=0,
            connect_to=f"127.0.0.1:{server.port}",
            workers=0,
        )
        launch(settings, PipelineOptions([HERE]))
        articles = one(warehouse, "SELECT COUNT(*) AS n FROM articles")["n"]
        launch(settings, PipelineOptions([HERE]))
    assert articles >= 3
    assert one(warehouse, "SELECT COUNT(*) AS n FROM articles")["n"] == articles
    runs = warehouse.records("SELECT status, num_feeds, num_articles FROM runs ORDER BY 3 DESC")
    assert [run["status"] for run in runs] == ["complete", "complete"]
    assert (runs[0]["num_feeds"], runs[0]["num_articles"]) == (1, articles)
    assert one(warehouse, "SELECT COUNT(*) AS n FROM feeds")["n"] == 1
