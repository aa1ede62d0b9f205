"""The graph: feeds (or files, or an archive) in, rows out. Read top to bottom, it is the flow.

Only this module knows the order of the stages. Addresses and rows are shuffled, pages never are:
from fetch to annotation one element passes through fused stages in one process.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import apache_beam as beam
from apache_beam.transforms.util import WaitOn

from pipelines.options import IngestSettings, settings_from
from pipelines.passes import PassState, run_passes
from pipelines.streaming import run_stream
from schemas.flow import AnnotatedArticle, Page, RunContext
from schemas.rows import Rejection
from schemas.tables import TABLE_OF, Row
from transforms.annotate import AnnotateArticles
from transforms.clean import CleanArticles
from transforms.control import take_requests
from transforms.extract import ExtractArticles
from transforms.feeds import PollFeeds
from transforms.fetch import FetchPages
from transforms.files import read_files
from transforms.known import DropKnownEntries, DropUnchanged
from transforms.load import StreamRows, WriteRows, WriteWhenDone
from transforms.reject import ROWS, count
from transforms.remember import RememberEntries
from transforms.replay import read_archive
from transforms.stopping import is_stopping, note_left
from transforms.stories import GroupStories, GroupStoriesInWindows
from transforms.ticks import PollOnTicks, Ticks
from transforms.warehouse.staging import DEFERRED
from transforms.web import WebSettings

Found = TypeVar("Found")


@dataclass
class ReadFeeds(beam.PTransform):
    """Feeds → new pages, over the network."""

    context: RunContext
    settings: IngestSettings
    state: PassState

    def expand(self, pipeline: Any) -> Any:
        web = web_settings(self.settings)
        polled = (
            pipeline
            | "feeds" >> beam.Create(list(self.state.feeds))
            | "poll" >> PollFeeds(*poll_settings(self, web))
        )
        due = pipeline | "due again" >> beam.Create(list(self.state.due))
        fetched = (
            (polled.elements, due)
            | "listed or due" >> beam.Flatten()
            | "drop known" >> DropKnownEntries(self.state.known)
            | "fetch" >> FetchPages(self.context, web, self.settings.archive)
        )
        return {"pages": fetched.elements, "polls": polled.rows, "fetches": fetched.rows}


@dataclass
class ReadFeedsForEver(beam.PTransform):
    """Ticks → new pages, over the network, for as long as the stream lives."""

    context: RunContext
    settings: IngestSettings
    state: PassState

    def expand(self, pipeline: Any) -> Any:
        assert self.settings.every is not None  # a stream is asked for by it
        web, control = web_settings(self.settings), control_of(self.settings, self.state)
        ticks = pipeline | "ticks" >> Ticks(self.settings.every)
        feeds = (*self.state.feeds, *self.state.feeds_not_due)
        polled = ticks | "poll" >> PollOnTicks(feeds, control, poll_settings(self, web))
        asked = ticks | "asked again" >> beam.FlatMap(take_requests, control)
        fetched = (
            (polled.elements, asked)
            | "listed or asked for" >> beam.Flatten()
            | "drop known" >> RememberEntries(self.state.known)
            | "fetch" >> FetchPages(self.context, web, self.settings.archive)
        )
        return {
            "pages": fetched.elements,
            "polls": polled.rows,
            "fetches": fetched.rows,
            "ticks": ticks,
        }


def poll_settings(source: ReadFeeds | ReadFeedsForEver, web: WebSettings) -> tuple[Any, ...]:
    """Pick what polling needs."""
    settings = source.settings
    return (source.context, web, settings.archive, settings.workers, settings.interval)


@dataclass
class ReadSaved(beam.PTransform):
    """Saved files or WARC archives → pages."""

    context: RunContext
    settings: IngestSettings

    def expand(self, pipeline: Any) -> Any:
        if self.settings.from_files:
            patterns = pipeline | "pattern" >> beam.Create([self.settings.from_files])
            return {"pages": patterns | "read" >> beam.FlatMap(self.read_pattern)}
        read = (
            pipeline
            | "files" >> beam.Create(list(self.settings.warc_files))
            | "read" >> beam.FlatMap(self.read_warc).with_outputs(ROWS, main="pages")
        )
        return {"pages": read.pages, "archive": read[ROWS]}

    def read_pattern(self, pattern: str) -> Iterator[Page]:
        """Read files, one after the other."""
        pages = read_files(pattern, published=self.settings.published, context=self.context)
        return until_stopping(pages)

    def read_warc(self, name: str) -> Iterator[Any]:
        """Read an archive's file: its pages, and rows beside them."""
        for found in until_stopping(read_archive(Path(name), self.context)):
            if isinstance(found, Page):
                count("archive", "in")
                count("archive", "out")
                yield found
            else:
                if isinstance(found, Rejection):
                    count(found.stage, "in")
                    count(found.stage, f"rejected:{found.reason}")
                yield beam.pvalue.TaggedOutput(ROWS, found)


def until_stopping(found: Iterator[Found]) -> Iterator[Found]:
    """Give what is found, one after the other, until the process is about to stop."""
    for each in found:
        if is_stopping():
            note_left()
            return
        yield each


def build(
    pipeline: beam.Pipeline, context: RunContext, settings: IngestSettings, state: PassState
) -> None:
    """Lay the whole graph on a pipeline."""
    rows = lay_out(pipeline, context, settings, state)
    if context.is_streaming:
        write_stream(rows, settings, state)
    elif settings.is_remote:
        stream_rows(rows, settings.warehouse)
    else:
        write_each(rows, WriteRows(state.staging))


def lay_out(
    pipeline: beam.Pipeline, context: RunContext, settings: IngestSettings, state: PassState
) -> dict[str, Any]:
    """Lay all stages on a pipeline; give the rows that each makes."""
    read = pipeline | "read" >> source_of(context, settings, state)
    extracted = read["pages"] | "extract" >> ExtractArticles(
        context, settings.workers, settings.languages
    )
    cleaned = extracted.elements | "clean" >> CleanArticles(context, state.site_lines)
    changed = cleaned.elements | "drop unchanged" >> DropUnchanged(
        state.known, knows_all=not context.is_streaming
    )
    annotated = changed.elements | "annotate" >> AnnotateArticles(
        context, settings.model, settings.workers, settings.places, settings.actors
    )
    group = GroupStoriesInWindows if context.is_streaming else GroupStories
    stories = annotated.elements | "stories" >> group(context, state.recent)
    articles = annotated.elements | "rows of articles" >> beam.FlatMap(rows_of)
    return {
        **{name: found for name, found in read.items() if name != "pages"},
        "extract": extracted.rows,
        "clean": cleaned.rows,
        "changes": changed.rows,
        "annotate": annotated.rows,
        "articles": articles,
        "stories": stories,
    }


def source_of(context: RunContext, settings: IngestSettings, state: PassState) -> Any:
    """Choose where pages come from."""
    if context.is_streaming:
        return ReadFeedsForEver(context, settings, state)
    if settings.feeds:
        return ReadFeeds(context, settings, state)
    return ReadSaved(context, settings)


def write_each(rows: dict[str, Any], sink: WriteRows | StreamRows) -> list[Any]:
    """Write the rows of each stage by themselves; nothing comes out, when all is written.

    A writer fused to its stage stages rows as they come, and holds none back.
    """
    return [found | f"write {name}" >> sink for name, found in rows.items()]


def write_stream(rows: dict[str, Any], settings: IngestSettings, state: PassState) -> None:
    """Write rows as they come, and those that vouch for others when these are written."""
    ticks, polls, stories = rows.pop("ticks"), rows.pop("polls"), rows.pop("stories")
    sink = StreamRows(settings.warehouse) if settings.is_remote else WriteRows(state.staging)
    done = (polls, ticks, *write_each(rows, sink))
    _ = done | "write polls" >> WriteWhenDone(sink, control_of(settings, state))
    # Nothing waits for these: an article that is in no story yet, the next stream puts in one.
    write_each({"stories": stories}, sink)


def control_of(settings: IngestSettings, state: PassState) -> str | None:
    """Name the folder where the stream and its launcher meet; None where there is none."""
    return None if settings.is_remote else state.control


def stream_rows(rows: dict[str, Any], address: str) -> Any:
    """Have workers that share no folder with us append rows to BigQuery themselves.

    Rows that vouch for the whole pass wait until all others are there, as in the staging folder.
    Nothing comes out; what waits for it begins when all rows are there.
    """
    every = tuple(rows.values()) | "all rows" >> beam.Flatten()
    facts = every | "those that vouch for none" >> beam.Filter(is_fact)
    written = facts | "stream facts" >> StreamRows(address)
    return (
        every
        | "those that vouch for all" >> beam.Filter(is_voucher)
        | "when facts are there" >> WaitOn(written)
        | "stream the rest" >> StreamRows(address)
    )


def is_voucher(row: Row) -> bool:
    """Tell whether a row vouches for the whole pass."""
    return TABLE_OF[type(row)] in DEFERRED


def is_fact(row: Row) -> bool:
    """Tell whether a row stands for itself."""
    return not is_voucher(row)


def rows_of(annotated: AnnotatedArticle) -> Iterator[Row]:
    """Give an article's rows: revision and entry last, for they vouch that the others are there."""
    yield annotated.article
    yield from annotated.removed_blocks
    yield from annotated.entities
    yield from annotated.entity_mentions
    yield from annotated.event_mentions
    yield annotated.revision
    yield annotated.entry


def web_settings(settings: IngestSettings) -> WebSettings:
    """Pick what the fetcher needs."""
    return WebSettings(
        contact=settings.contact,
        timeout_s=settings.timeout_s,
        host_delay_s=settings.host_delay_s,
        concurrency=settings.concurrency,
        connect_to=settings.connect_to,
        lanes=settings.lanes,
    )


def run(args: argparse.Namespace) -> int:
    """Run `dateline ingest`."""
    return ingest(settings_from(args))


def ingest(settings: IngestSettings) -> int:
    """Do one pass, or one every so long until stopped, or stream; give the exit code."""
    return run_stream(settings, build) if settings.is_streaming else run_passes(settings, build)
