"""No page and no text is shuffled: addresses, and rows for stories, are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from pipelines.ingest import build
from pipelines.options import IngestSettings
from pipelines.passes import PassState
from schemas.flow import KnownKeys, RunContext, SiteLines

FEEDS = {"feeds": "feeds.opml"}
FILES = {"from_files": "*.html"}
STREAM = {**FEEDS, "every": timedelta(minutes=15), "runner": "PrismRunner"}
PAGES = ("FetchPagesFn", "read/read")  # the steps that pages come out of
REDUCED = "stories/reduce to candidates"  # after it 400 characters are left of a text
STAGING = "stage rows"  # nothing comes out of it, when all is staged
SHUFFLES = ("group_by_key", "reshuffle", "redistribute", "combine")


def graph_of(source: dict[str, Any]) -> Any:
    """Lay the graph out, and give it as a runner gets it."""
    settings = IngestSettings(warehouse="w.duckdb", **source)
    state = PassState(
        feeds=(),
        feeds_not_due=(),
        known=KnownKeys(),
        due=(),
        site_lines=SiteLines(),
        recent=(),
        staging="w.stage",
    )
    pipeline = beam.Pipeline(runner=FnApiRunner())
    now, is_streaming = datetime.now(UTC), settings.is_streaming
    build(pipeline, RunContext(run_id="r", now=now, is_streaming=is_streaming), settings, state)
    return pipeline.to_runner_api()


def about(step: Any) -> Any:
    """Give what a step says of the DoFn that it applies; nothing, where it applies none."""
    is_pardo = step.spec.urn == "beam:transform:pardo:v1"
    return beam_runner_api_pb2.ParDoPayload.FromString(step.spec.payload if is_pardo else b"")


def holds_state(step: Any) -> bool:
    """Tell whether a step keeps state by key, for which what it takes is shuffled."""
    return bool(about(step).state_specs)


def shuffles_of_pages(graph: Any) -> Iterator[str]:
    """Name the steps that shuffle what comes of pages, unless it was reduced before."""
    steps = graph.components.transforms.values()
    carrying = {
        given
        for s in steps
        if any(p in s.unique_name for p in PAGES)
        for given in s.outputs.values()
    }
    assert carrying
    looked_at: set[str] = set()
    while fresh := carrying - looked_at:
        looked_at |= fresh
        for step in steps:
            if step.subtransforms or step.unique_name == REDUCED or STAGING in step.unique_name:
                continue  # a composite's parts come by themselves
            if fresh & set(step.inputs.values()):
                if any(kind in step.spec.urn for kind in SHUFFLES) or holds_state(step):
                    yield step.unique_name
                carrying |= set(step.outputs.values())


@pytest.mark.parametrize("source", [FEEDS, FILES, STREAM])
def test_nothing_that_comes_of_a_page_is_shuffled(source: dict[str, Any]) -> None:
    assert list(shuffles_of_pages(graph_of(source))) == []


def test_a_shuffle_of_pages_would_be_found() -> None:
    pipeline = beam.Pipeline(runner=FnApiRunner())
    pages = pipeline | "read/read" >> beam.Create([1])
    pages | "spread" >> beam.Reshuffle()
    assert any("spread" in name for name in shuffles_of_pages(pipeline.to_runner_api()))


def test_from_fetch_to_rows_is_one_fused_stage() -> None:
    _, stages = FnApiRunner().create_stages(graph_of(FEEDS))
    fused = [{step.unique_name for step in stage.transforms} for stage in stages]
    wanted = ("FetchPagesFn", "ExtractArticlesFn", "CleanArticlesFn", "AnnotateArticlesFn")
    [whole] = [names for names in fused if any("FetchPagesFn" in name for name in names)]
    for part in (*wanted, "write articles", REDUCED):
        assert any(part in name for name in whole), part


def test_a_stream_has_no_side_inputs_which_flink_can_put_in_no_checkpoint() -> None:
    steps = graph_of(STREAM).components.transforms.values()
    assert any(holds_state(step) for step in steps)
    assert [step.unique_name for step in steps if about(step).side_inputs] == []
