"""A run tells how far it is and how it ended, to people or to a log collector."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.progress import Progress
from pipelines.sums import PassResult, StageSum
from schemas.rows import Run


@pytest.fixture
def result(make_row: Callable[..., Any]) -> PassResult:
    run = make_row(Run, run_id="r1", num_articles=3, num_events=9, seconds=1.5)
    sums = (StageSum(stage="fetch", entered=4, left=3, rejected={"gone": 1}),)
    return PassResult(run=run, sums=sums, tables={}, feeds_not_due=())


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_people_get_a_table_and_a_sentence(
    result: PassResult, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Progress().report(result) == 0
    shown = capsys.readouterr().out
    assert "gone 1" in shown
    assert "3 articles and 9 event mentions written in 1.5 s" in shown


def test_a_collector_gets_an_object_a_line(
    result: PassResult, capsys: pytest.CaptureFixture[str]
) -> None:
    as_json = Progress("json")
    as_json.say('a\nline with "quotes"')
    assert as_json.report(result) == 0
    note, stage, run = lines(capsys)
    assert note["message"] == 'a\nline with "quotes"'
    assert (stage["event"], stage["entered"], stage["rejected"]) == ("stage", 4, {"gone": 1})
    assert (run["event"], run["num_articles"], run["lost"]) == ("run", 3, [])


def test_a_run_that_lost_an_element_fails(
    result: PassResult, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = PassResult(
        run=result.run,
        sums=(StageSum(stage="clean", entered=2, left=1),),
        tables={},
        feeds_not_due=(),
    )
    assert Progress().report(lost) == 1
    assert "the sums of clean do not add up" in capsys.readouterr().out
