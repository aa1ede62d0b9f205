"""The sums of a pass can be scraped."""

import re
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
        latency=Latency(count=4, total_ms=2000, max_ms=900, within_ms={100: 1, 562: 2, 1000: 1}),
    )
    return PassResult(
        run=make_row(Run, seconds=1.5, ended_at=ENDED),
        sums=(fetch,),
        tables={"articles": Merged(staged=3, inserted=2, updated=1)},
        feeds_not_due=(),
    )


def test_sums_latencies_and_rows_are_told(result: PassResult) -> None:
    value = gather(result, ENDED).get_sample_value
    elements, latency = "dateline_stage_elements", "dateline_stage_latency_seconds"
    assert value(elements, {"stage": "fetch", "outcome": "out", "reason": ""}) == 3
    assert value(elements, {"stage": "fetch", "outcome": "rejected", "reason": "gone"}) == 1
    assert value(latency, {"stage": "fetch", "statistic": "mean"}) == 0.5
    assert value(latency, {"stage": "fetch", "statistic": "max"}) == 0.9
    assert value(latency, {"stage": "fetch", "statistic": "p50"}) == 0.562
    assert value(latency, {"stage": "fetch", "statistic": "p99"}) == 0.9
    assert value("dateline_last_complete_timestamp_seconds") == ENDED.timestamp()
    assert value("dateline_run_complete") == 0  # the fixture's run has another status
    assert value("dateline_rows", {"table": "articles"}) == 2
    assert value("dateline_run_ended_timestamp_seconds") == ENDED.timestamp()


def test_the_file_is_replaced_whole(tmp_path: Path, result: PassResult) -> None:
    path = tmp_path / "dateline.prom"
    write_metrics(str(path), result, ENDED)
    write_metrics(str(path), result, ENDED)
    assert [each.name for each in tmp_path.iterdir()] == ["dateline.prom"]
    told = {family.name for family in text_string_to_metric_families(path.read_text())}
    assert "dateline_run_seconds" in told


def test_names_and_texts_are_as_a_linter_of_prometheus_wants_them(
    tmp_path: Path, result: PassResult
) -> None:
    path = tmp_path / "dateline.prom"
    write_metrics(str(path), result, ENDED)
    told = path.read_text()
    families = list(text_string_to_metric_families(told))
    names = [family.name for family in families]
    assert len(names) == len(set(names)) >= 9
    for family in families:
        assert re.fullmatch(r"dateline(_[a-z]+)+", family.name)
        assert family.documentation.endswith(".")
        assert family.type == "gauge"
        assert not family.name.endswith(("_total", "_count", "_sum", "_bucket", "_info"))
        if "timestamp" in family.name or "latency" in family.name:
            assert family.name.endswith("_seconds")  # base units, at the end
        labels = [tuple(sorted(sample.labels.items())) for sample in family.samples]
        assert len(labels) == len(set(labels)) > 0


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, result: PassResult) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_metrics(str(tmp_path / "missing" / "dateline.prom"), result, ENDED)
