"""One pass: read the state, run the graph, merge its rows into the warehouse, sum up.

The warehouse is the only state. Stages write rows to a staging folder; while the graph runs, a
thread merges finished files of facts, so that a long pass shows its rows early and loses nothing
when it is killed. Rows that vouch for a whole pass (feed state, stories) are merged only when it
is complete. What a killed pass left behind is picked up by the next one.
"""

import multiprocessing
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import NoReturn

import apache_beam as beam

from pipelines.metrics import write_metrics
from pipelines.options import IngestSettings, UsageError
from pipelines.progress import Progress
from pipelines.runners import run_graph, runner_of
from pipelines.sums import PassResult, read_counters, read_latencies, stage_sums, totals, written
from schemas.flow import KnownKeys, RunContext, SiteLines, StoryCandidate
from schemas.rows import Entry, Feed, Run
from transforms.archive import recover
from transforms.entities import load_actors
from transforms.history import LEARNED_WITHIN, due_refetches, known_words, site_lines
from transforms.language import load_language
from transforms.locks import WarehouseError, WarehouseLocked, beside, exclusive
from transforms.opml import read_feed_list
from transforms.places import load_gazetteer
from transforms.warehouse import (
    Merged,
    StagedFile,
    StagingFolder,
    Warehouse,
    open_warehouse,
)

STORY_WINDOW = timedelta(days=14)  # how far back articles are read to find a running story


@dataclass(frozen=True, kw_only=True)
class PassState:
    """What the warehouse told at the start of a pass, and where its rows are staged."""

    feeds: tuple[Feed, ...]
    feeds_not_due: tuple[Feed, ...]
    known: KnownKeys
    due: tuple[Entry, ...]  # to be read again
    site_lines: SiteLines
    recent: tuple[StoryCandidate, ...]
    staging: str


class Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM: what is written stays, the rest is left for the next run."""


Build = Callable[[beam.Pipeline, RunContext, IngestSettings, PassState], None]


def run_passes(settings: IngestSettings, build: Build) -> int:
    """Do one pass, or one every so long until stopped, alone on the warehouse; print its sums."""
    check_readers(settings)
    runner_of(settings, is_streaming=False)  # a mistake in its name stops the run at once
    progress = Progress(settings.log_format)
    previous = {sign: signal.signal(sign, _stop) for sign in (signal.SIGINT, signal.SIGTERM)}
    try:
        warehouse = open_warehouse(settings.warehouse, on_wait=progress.say)
        with exclusive(settings.warehouse, on_wait=progress.say):
            warehouse.prepare()
            while True:
                began = time.monotonic()
                result = run_pass(warehouse, settings, build, progress)
                if settings.metrics:
                    write_metrics(settings.metrics, result)
                code = progress.report(result)
                if code or not settings.every:
                    return code
                time.sleep(max(0.0, settings.every.total_seconds() - (time.monotonic() - began)))
    except WarehouseError as error:
        raise UsageError(str(error)) from error
    except Stopped:
        progress.say("stopped; what was read so far is written, the next run goes on from there")
        _leave(130)
    finally:
        for sign, handler in previous.items():
            signal.signal(sign, handler)


def check_readers(settings: IngestSettings) -> None:
    """Load what the user brings along, once, so that a mistake in it stops the run at once."""
    try:
        if settings.model:
            load_language(settings.model)
        load_gazetteer(settings.places)
        load_actors(settings.actors)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _stop(signum: int, _frame: FrameType | None) -> None:
    """Stop at the first signal; leave at once at the second."""
    signal.signal(signum, lambda *_: _leave(130))
    raise Stopped


def _leave(code: int) -> NoReturn:
    """Exit without waiting for threads that Beam left working."""
    for worker in multiprocessing.active_children():
        worker.kill()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run_pass(
    warehouse: Warehouse, settings: IngestSettings, build: Build, progress: Progress
) -> PassResult:
    """Do one pass; the caller holds the warehouse for itself (`exclusive`)."""
    started = time.monotonic()
    context = new_context(settings)
    staging = StagingFolder(Path(f"{beside(settings.warehouse)}.stage"))
    take_over(warehouse, staging, settings)
    state = read_state(warehouse, staging, settings, context)
    run = new_run(context, settings)
    warehouse.record_run(run)
    merger = Merger(warehouse, staging, progress)
    try:
        with merger:
            graph = run_graph(lambda graph: build(graph, context, settings, state), settings)
    except Stopped:
        merger.merge(staging.ready(complete=False))
        warehouse.record_run(replace(run, version=1, status="stopped", ended_at=datetime.now(UTC)))
        raise
    merger.merge(staging.ready(complete=True))
    tables = merger.tables
    sums = stage_sums({**read_counters(graph), **written(tables)}, read_latencies(graph))
    ended = replace(
        run,
        **totals(sums, tables),
        version=1,
        status="complete",
        ended_at=context.now if settings.now else datetime.now(UTC),
        seconds=round(time.monotonic() - started, 3),
    )
    warehouse.record_run(ended)
    return PassResult(run=ended, sums=tuple(sums), tables=tables, feeds_not_due=state.feeds_not_due)


def new_context(settings: IngestSettings) -> RunContext:
    """Name the run by its start and a random tail, and fix the instant it takes as now."""
    now = settings.now or datetime.now(UTC).replace(microsecond=0)
    return RunContext(run_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}", now=now)


def new_run(context: RunContext, settings: IngestSettings) -> Run:
    """Make the row of a run that has just begun."""
    return Run(
        run_id=context.run_id,
        version=0,
        started_at=context.now,
        status="running",
        source=settings.source,
        runner=settings.runner,
        dateline_version=version("dateline"),
        model_version=settings.model or "shipped",
    )


def take_over(warehouse: Warehouse, staging: StagingFolder, settings: IngestSettings) -> None:
    """Pick up what a killed pass left: its facts are merged, its half-told rest is dropped."""
    staging.discard_deferred()
    warehouse.merge(staging.ready(complete=False))
    warehouse.close_broken_runs()
    if settings.archive:
        recover(Path(settings.archive))


def read_state(
    warehouse: Warehouse,
    staging: StagingFolder,
    settings: IngestSettings,
    context: RunContext,
) -> PassState:
    """Read from the warehouse what the stages start from."""
    feeds = configured_feeds(warehouse, settings, context) if settings.feeds else []
    due = [feed for feed in feeds if is_due(feed, context.now)]
    known = replace(
        warehouse.known(context.now), words=known_words(warehouse, context.now - LEARNED_WITHIN)
    )
    return PassState(
        feeds=tuple(due),
        feeds_not_due=tuple(feed for feed in feeds if feed not in due),
        known=known,
        due=tuple(due_refetches(warehouse, settings.refetch, known, context)) if feeds else (),
        site_lines=site_lines(warehouse, context),
        recent=tuple(warehouse.recent_articles(context.now - STORY_WINDOW)),
        staging=str(staging.path),
    )


def configured_feeds(
    warehouse: Warehouse, settings: IngestSettings, context: RunContext
) -> list[Feed]:
    """Read the list of feeds, each with the state its last poll left.

    A feed whose entries were last rejected for a passing reason loses its validators, so that
    it lists them again and they are tried again.
    """
    assert settings.feeds is not None
    try:
        listed = read_feed_list(Path(settings.feeds), context)
    except ValueError as error:
        raise UsageError(f"--feeds {settings.feeds}: {error}") from error
    stored = {feed.feed_id: feed for feed in warehouse.feeds()}
    listed += listed_by_indexes(listed, stored.values())
    retry = warehouse.retryable_feed_ids(context.now)
    feeds = []
    for feed in listed:
        state = stored.get(feed.feed_id, feed)
        if feed.feed_id in retry:
            state = replace(state, etag=None, last_modified=None, body_sha256=None)
        state = replace(state, category=feed.category, is_tls_exempt=feed.is_tls_exempt)
        feeds.append(replace(state, title=state.title or feed.title))
    return feeds


def listed_by_indexes(listed: list[Feed], stored: Iterable[Feed]) -> list[Feed]:
    """Give the sitemaps that indexes among the feeds listed when they were polled."""
    ids = {feed.feed_id for feed in listed}
    return [feed for feed in stored if feed.listed_by in ids and feed.feed_id not in ids]


def is_due(feed: Feed, now: datetime) -> bool:
    """Tell whether a feed may be polled."""
    return feed.next_poll_at is None or feed.next_poll_at <= now


@dataclass
class Merger:
    """A thread that merges staged facts every few seconds while the graph runs."""

    warehouse: Warehouse
    staging: StagingFolder
    progress: Progress
    tables: dict[str, Merged] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _failure: list[WarehouseError] = field(default_factory=list)

    def __enter__(self) -> "Merger":
        self._thread = threading.Thread(target=self._work, name="merger", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._failure and exception[0] is None:
            raise self._failure[0]

    def merge(self, files: Sequence[StagedFile]) -> None:
        """Merge files and add to the sums."""
        for table, merged in self.warehouse.merge(files).items():
            self.tables[table] = self.tables.get(table, Merged()) + merged
        merged_rows = {name: merged.staged for name, merged in self.tables.items()}
        self.progress.show({**self.staging.waiting(), **merged_rows})

    def _work(self) -> None:
        """Merge until told to stop; a failure is kept for the pass to raise."""
        try:
            while not self._stop.wait(self.warehouse.flush_every_s):
                self._merge_facts()
        except WarehouseError as error:
            self._failure.append(error)

    def _merge_facts(self) -> None:
        """Merge what is staged; a query that holds the warehouse long only puts it off."""
        try:
            self.merge(self.staging.ready(complete=False))
        except WarehouseLocked as locked:
            self.progress.say(f"{locked}; rows are merged when it is free")
