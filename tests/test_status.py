"""`dateline status` tells how things stand, and its exit code whether someone should look."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.__main__ import main
from pipelines.status import find_problems
from schemas.rows import Feed, Run
from transforms.locks import exclusive
from transforms.warehouse import StagingFolder, open_warehouse
from transforms.warehouse.staging import stage

NOW = datetime.now(UTC)


@pytest.fixture
def warehouse(tmp_path: Path, make_row: Callable[..., Any]) -> str:
    """A warehouse with one complete run, and one of two feeds due."""
    path = str(tmp_path / "w.duckdb")
    opened = open_warehouse(path)
    opened.prepare()
    staged = tmp_path / "staged"
    feeds = [
        make_row(Feed, feed_id=f"f{n}", url=f"https://n{n}.example/", next_poll_at=NOW + when)
        for n, when in enumerate((-timedelta(hours=1), timedelta(hours=1)))
    ]
    stage(staged, "feeds", feeds)
    opened.merge(StagingFolder(staged).ready(complete=True))
    opened.record_run(make_row(Run, run_id="r1", version=1, started_at=NOW, status="complete"))
    return path


def status(warehouse: str, *flags: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    code = main(["status", "--warehouse", warehouse, "--format", "json", *flags])
    return code, json.loads(capsys.readouterr().out)


def test_a_warehouse_that_is_fed_is_well(
    warehouse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = status(warehouse, "--max-age", "1h", capsys=capsys)
    assert code == 0
    assert (told["feeds_listed"], told["feeds_due"], told["problems"]) == (2, 1, [])
    assert [run["status"] for run in told["runs"]] == ["complete"]
    assert {feed["state"] for feed in told["feeds_not_alive"]} == {"never polled"}


def test_a_killed_run_asks_for_a_look(
    warehouse: str, make_row: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    killed = make_row(Run, run_id="r2", started_at=NOW + timedelta(minutes=1), status="running")
    open_warehouse(warehouse).record_run(killed)
    code, told = status(warehouse, capsys=capsys)
    assert code == 1
    assert told["problems"] == ["the last run was killed; the next one picks up what it left"]


def test_a_run_whose_workers_are_elsewhere_is_taken_for_alive(
    warehouse: str, make_row: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    later = NOW + timedelta(minutes=1)
    under_way = make_row(
        Run, run_id="r2", started_at=later, status="running", runner="DataflowRunner"
    )
    open_warehouse(warehouse).record_run(under_way)
    assert status(warehouse, capsys=capsys)[0] == 0


def test_the_process_that_writes_is_named(
    warehouse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with exclusive(warehouse):
        _, told = status(warehouse, capsys=capsys)
    assert isinstance(told["running_process"], int)
    assert status(warehouse, capsys=capsys)[1]["running_process"] is None


def test_people_get_tables(warehouse: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--warehouse", warehouse]) == 0
    shown = capsys.readouterr().out
    assert "1 of 2 feeds are due" in shown
    assert "0 staged files wait to be merged" in shown


def test_no_run_for_too_long_is_a_problem() -> None:
    old = NOW - timedelta(hours=3)
    said = find_problems(
        ["complete"],
        is_running=False,
        last_complete_at=old,
        oldest=NOW - timedelta(hours=2),
    )
    assert [each.split(" since")[0] for each in said] == ["no run was complete"]


def test_a_warehouse_without_a_run_has_a_problem() -> None:
    assert find_problems([], is_running=False, last_complete_at=None, oldest=None) == ["no run yet"]


def test_a_run_that_is_under_way_is_none() -> None:
    assert not find_problems(["running"], is_running=True, last_complete_at=None, oldest=None)
