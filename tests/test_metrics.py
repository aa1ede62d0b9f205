"""The sums of a pass can be scraped."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipelines.metrics import gather, write_metrics
from pipelines.options import UsageError
from pipelines.sums import Latency, PassResult, StageSum
from schemas.rows import Run
from transforms.warehouse import Merged

ENDED = datetime(2026, 3, 9, 18, 1, tzinfo=UTC)


@pytest.fixture
def result(make_row: Callable[..., Any]) -> PassResult:
    fetch = StageSum(
        stage="fetch",
        entered=4,
        left=3,
        rejected={"gone": 1},
        latency=Latency(count=4, total_ms=2000, max_ms=900),
    )
    return PassResult(
        run=make_row(Run, seconds=1.5, ended_at=ENDED),
        sums=(fetch,),
        tables={"articles": Merged(staged=3, inserted=2, updated=1)},
        feeds_not_due=(),
    )


def test_sums_latencies_and_rows_are_told(result: PassResult) -> None:
    value = gather(result).get_sample_value
    elements, latency = "dateline_stage_elements", "dateline_stage_latency_seconds"
    assert value(elements, {"stage": "fetch", "outcome": "out", "reason": ""}) == 3
    assert value(elements, {"stage": "fetch", "outcome": "rejected", "reason": "gone"}) == 1
    assert value(latency, {"stage": "fetch", "statistic": "mean"}) == 0.5
    assert value(latency, {"stage": "fetch", "statistic": "max"}) == 0.9
    assert value("dateline_rows", {"table": "articles"}) == 2
    assert value("dateline_run_ended_timestamp_seconds") == ENDED.timestamp()


def test_the_file_is_replaced_whole(tmp_path: Path, result: PassResult) -> None:
    path = tmp_path / "dateline.prom"
    write_metrics(str(path), result)
    write_metrics(str(path), result)
    assert [each.name for each in tmp_path.iterdir()] == ["dateline.prom"]
    told = {family.name for family in text_string_to_metric_families(path.read_text())}
    assert "dateline_run_seconds" in told


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, result: PassResult) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_metrics(str(tmp_path / "missing" / "dateline.prom"), result)
