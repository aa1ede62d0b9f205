"""A process that is about to stop finishes what has begun, and takes no more."""

import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipelines.sums import read_counters
from schemas.flow import RunContext
from schemas.rows import Entry
from transforms.fetch import FetchPages
from transforms.stopping import begin_again, is_stopping, num_left, stop_beginning
from transforms.web import Web, WebSettings, shared_web

NOW = datetime(2026, 3, 9, tzinfo=UTC)
CONTEXT = RunContext(run_id="r", now=NOW)


@pytest.fixture(autouse=True)
def go_on_afterwards() -> Iterator[None]:
    yield
    begin_again()


def entry(n: int) -> Entry:
    url = f"http://a.example/{n}"
    return Entry(entry_id=url, url=url, url_key=url, version="v", first_seen_at=NOW, run_id="r")


sites: list[Any] = []  # a stage is copied on its way to the runner; this is not


class StopBeforeTheLast(beam.DoFn):
    """Stops the process while the first of four is under way."""

    def start_bundle(self) -> None:
        self.seen = 0

    def process(self, entry: Entry) -> Iterator[Entry]:
        self.seen += 1
        if self.seen == 4:
            wait_for_a_request(sites[0])
            stop_beginning()
        yield entry


def wait_for_a_request(site: Any) -> None:
    deadline = time.monotonic() + 10
    while not site.requests and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_request_under_way_is_finished_and_one_that_waits_is_given_up(site: Any) -> None:
    site.latency_s = 0.3
    site.put("a.example/1", b"<p>News</p>")
    web = Web(WebSettings(connect_to=site.address, host_delay_s=0, obey_robots=False))
    asked: list[Future[Any]] = [web.get("http://a.example/1") for _ in range(3)]
    wait_for_a_request(site)
    stop_beginning()
    late = web.get("http://b.example/1")
    assert asked[0].result(timeout=5).body == b"<p>News</p>"
    for given_up in (*asked[1:], late):
        with pytest.raises(CancelledError):
            given_up.result(timeout=5)
    assert len(site.requests) == 1
    web.close()


def test_what_a_stage_leaves_is_not_counted_as_taken(site: Any, tmp_path: Path) -> None:
    for n in range(4):
        site.put(f"a.example/{n}", b"<p>News</p>", kind="text/html")
    settings = WebSettings(connect_to=site.address, host_delay_s=0, obey_robots=False)
    shared_web(settings)  # one lane: the second waits while the first is under way
    site.latency_s = 0.3

    sites[:] = [site]
    pipeline = beam.Pipeline(runner=FnApiRunner())
    entries = pipeline | beam.Create([entry(n) for n in range(4)], reshuffle=False)
    entries | beam.ParDo(StopBeforeTheLast()) | FetchPages(CONTEXT, settings)
    counted = read_counters(pipeline.run())
    assert (counted["fetch", "in"], counted["fetch", "out"], num_left()) == (1, 1, 3)


def test_the_wish_to_stop_ends_with_the_run() -> None:
    stop_beginning()
    assert is_stopping()
    begin_again()
    assert not is_stopping()
