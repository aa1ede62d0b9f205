"""A runner is named with its options; what Beam does not know stops the run beforehand."""

from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.flink_runner import FlinkRunner

from pipelines.options import IngestSettings, UsageError
from pipelines.runners import run_graph, runner_of


def settings(**given: Any) -> IngestSettings:
    return IngestSettings(warehouse="w.duckdb", feeds="feeds.opml", **given)


def test_a_runner_is_made_with_its_options() -> None:
    given = settings(runner="FlinkRunner", beam_options=("flink_master=localhost:8081",))
    runner, options = runner_of(given, is_streaming=True)
    assert isinstance(runner, FlinkRunner)
    told = options.get_all_options()
    assert told["flink_master"] == "localhost:8081"
    assert told["streaming"]


@pytest.mark.parametrize(
    ("runner", "option", "said"),
    [
        ("FlinkRunner", "flink_mister=localhost", "Beam has no such option"),
        ("FlinkedRunner", "parallelism=2", "--runner FlinkedRunner: "),
    ],
)
def test_what_beam_does_not_know_is_refused(runner: str, option: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        runner_of(settings(runner=runner, beam_options=(option,)), is_streaming=False)


def test_a_graph_that_fails_raises_what_failed() -> None:
    def lay_out(pipeline: beam.Pipeline) -> None:
        pipeline | beam.Create([0]) | beam.Map(lambda zero: 1 // zero)

    with pytest.raises(Exception, match="division"):
        run_graph(lay_out, settings())
