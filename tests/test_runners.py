"""A runner is named with its options; what Beam does not know stops the run beforehand."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.flink_runner import FlinkRunner

from pipelines.flink import FlinkJob, job_of
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


ON_FLINK = ("flink_master=localhost:8081",)


@pytest.mark.parametrize("runner", ["FlinkRunner", "PortableRunner"])
def test_a_stream_on_flink_ends_its_bundles_before_a_checkpoint(runner: str) -> None:
    stream = settings(runner=runner, every=timedelta(minutes=15))
    told = runner_of(stream, is_streaming=True)[1].get_all_options(drop_default=True)
    assert told["finish_bundle_before_checkpointing"]
    assert told["checkpointing_interval"] == 30_000


def test_a_pass_and_other_runners_are_told_nothing_of_checkpoints() -> None:
    for given in (settings(runner="FlinkRunner"), settings(every=timedelta(minutes=15))):
        told = runner_of(given, is_streaming=False)[1].get_all_options(drop_default=True)
        assert not told.keys() & {"finish_bundle_before_checkpointing", "checkpointing_interval"}


def test_a_job_on_flink_is_named_after_its_run_or_as_the_user_says() -> None:
    assert job_of(settings(beam_options=ON_FLINK), "r1") == FlinkJob(
        "localhost:8081", "dateline-r1"
    )
    named = settings(beam_options=(*ON_FLINK, "job_name=news"))
    assert job_of(named, "r1") == FlinkJob("localhost:8081", "news")
    assert job_of(settings(beam_options=("flink_master=[local]",)), "r1") is None
    assert job_of(settings(), "r1") is None


class Flink(ThreadingHTTPServer):
    """A job manager: a job that is cancelled ends a look later."""

    states: dict[str, list[str]]  # by name and id: what it is, then what it becomes


class Asked(BaseHTTPRequestHandler):
    server: Flink

    def do_GET(self) -> None:
        jobs = [
            {
                "jid": f"id-of-{name}",
                "name": name,
                "state": states.pop(0) if states[1:] else states[0],
            }
            for name, states in self.server.states.items()
        ]
        self.say(json.dumps({"jobs": jobs}))

    def do_PATCH(self) -> None:
        name = self.path.removeprefix("/jobs/id-of-").removesuffix("?mode=cancel")
        if self.server.states[name] == ["RUNNING"]:
            self.server.states[name] = ["CANCELLING", "CANCELED"]
        self.say("{}")

    def say(self, answer: str) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *said: object) -> None:
        """Say nothing."""


@pytest.fixture
def job_manager() -> Iterator[Flink]:
    with Flink(("127.0.0.1", 0), Asked) as server:
        server.states = {"dateline-r1": ["RUNNING"], "dateline-r2": ["RUNNING"]}
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def test_a_job_on_flink_is_ended_and_no_other(job_manager: Flink) -> None:
    master = f"localhost:{job_manager.server_port}"
    FlinkJob(master, "dateline-r1").cancel()
    assert job_manager.states == {"dateline-r1": ["CANCELED"], "dateline-r2": ["RUNNING"]}


def test_a_flink_that_does_not_answer_is_told(caplog: pytest.LogCaptureFixture) -> None:
    FlinkJob("localhost:1", "dateline-r1").cancel()
    assert "dateline-r1 may go on: Flink at localhost:1" in caplog.text
