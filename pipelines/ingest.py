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
from schemas.flow import AnnotatedArticle, Page, RunContext
from schemas.rows import Rejection
from schemas.tables import TABLE_OF, Row
from transforms.annotate import AnnotateArticles
from transforms.clean import CleanArticles
from transforms.extract import ExtractArticles
from transforms.feeds import PollFeeds
from transforms.fetch import FetchPages
from transforms.files import read_files
from transforms.known import DropKnownEntries, DropUnchanged
from transforms.load import StreamRows, WriteRows
from transforms.reject import ROWS, count
from transforms.replay import read_archive
from transforms.stopping import is_stopping, note_left
from transforms.stories import GroupStories
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
        known = beam.pvalue.AsSingleton(pipeline | "known" >> beam.Create([self.state.known]))
        polled = (
            pipeline
            | "feeds" >> beam.Create(list(self.state.feeds))
            | "poll"
            >> PollFeeds(
                self.context,
                web,
                self.settings.archive,
                self.settings.workers,
                self.settings.interval,
            )
        )
        due = pipeline | "due again" >> beam.Create(list(self.state.due))
        fetched = (
            (polled.elements, due)
            | "listed or due" >> beam.Flatten()
            | "drop known" >> DropKnownEntries(known)
            | "fetch" >> FetchPages(self.context, web, self.settings.archive)
        )
        return {"pages": fetched.elements, "polls": polled.rows, "fetches": fetched.rows}


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
                    count("archive", "in")
                    count("archive", f"rejected:{found.reason}")
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
    if settings.is_remote:
        stream_rows(rows, settings.warehouse)
        return
    # Each by itself: a writer fused to its stage stages rows as they come, and holds none back.
    for name, found in rows.items():
        found | f"write {name}" >> WriteRows(state.staging)


def lay_out(
    pipeline: beam.Pipeline, context: RunContext, settings: IngestSettings, state: PassState
) -> dict[str, Any]:
    """Lay all stages on a pipeline; give the rows that each makes."""
    known = beam.pvalue.AsSingleton(pipeline | "known texts" >> beam.Create([state.known]))
    source = ReadFeeds(context, settings, state) if settings.feeds else ReadSaved(context, settings)
    read = pipeline | "read" >> source
    extracted = read["pages"] | "extract" >> ExtractArticles(
        context, settings.workers, settings.languages
    )
    cleaned = extracted.elements | "clean" >> CleanArticles(context, state.site_lines)
    changed = cleaned.elements | "drop unchanged" >> DropUnchanged(known)
    annotated = changed.elements | "annotate" >> AnnotateArticles(
        context, settings.model, settings.workers, settings.places, settings.actors
    )
    stories = annotated.elements | "stories" >> GroupStories(context, state.recent)
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
    """Do one pass, or one every so long until stopped; give the exit code."""
    return run_passes(settings, build)
