"""One pass: read the state, run the graph, merge its rows into the warehouse, sum up.

The warehouse is the only state. Stages write rows to a staging folder; while the graph runs, a
thread merges finished files of facts, so that a long pass shows its rows early and loses nothing
when it is killed. Rows that vouch for a whole pass (feed state, stories) are merged only when it
is complete. What a killed pass left behind is picked up by the next one.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import apache_beam as beam

from pipelines.metrics import write_metrics
from pipelines.options import IngestSettings, UsageError
from pipelines.progress import Progress
from pipelines.repeat import repeat
from pipelines.runners import run_graph, runner_of
from pipelines.signals import Signals, Stopped, leave
from pipelines.sums import (
    PassResult,
    read_counters,
    read_latencies,
    stage_sums,
    totals,
    unbalanced,
    written,
)
from schemas.flow import KnownKeys, RunContext, SiteLines, StoryCandidate
from schemas.rows import Entry, Feed, Run
from transforms.archive import recover
from transforms.entities import load_actors
from transforms.history import LEARNED_WITHIN, due_refetches, known_words, site_lines
from transforms.language import load_language
from transforms.locks import WarehouseError, beside, exclusive
from transforms.opml import read_feed_list
from transforms.places import load_gazetteer
from transforms.polling import is_due
from transforms.replay import archived_passes
from transforms.stopping import num_left
from transforms.stories import STORY_WINDOW
from transforms.warehouse import (
    Merged,
    StagedFile,
    StagingFolder,
    Warehouse,
    open_warehouse,
)


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

    @property
    def control(self) -> str:
        """Name the folder where a stream and its launcher tell each other things."""
        return f"{self.staging}.control"


Build = Callable[[beam.Pipeline, RunContext, IngestSettings, PassState], None]


def run_passes(settings: IngestSettings, build: Build) -> int:
    """Do one pass, or one every so long until stopped, alone on the warehouse; print its sums."""
    check_readers(settings)
    runner_of(settings, is_streaming=False)  # a mistake in its name stops the run at once
    progress = Progress(settings.log_format)
    with Signals() as signals:
        try:
            warehouse = open_warehouse(settings.warehouse, on_wait=progress.say)
            with exclusive(settings.warehouse, on_wait=progress.say):
                warehouse.prepare()
                do_pass = partial(run_pass, warehouse, build, progress, signals)
                if settings.every:
                    repeat(settings.every, partial(do_pass, settings), progress)
                return 1 if any(unbalanced(do_pass(each).sums) for each in rounds(settings)) else 0
        except WarehouseError as error:
            raise UsageError(str(error)) from error
        except Stopped:
            progress.say("stopped; what was read is written, the next run goes on from there")
            leave(130)


def rounds(settings: IngestSettings) -> Iterator[IngestSettings]:
    """Give the settings of each pass: of the only one, or one for each of an archive."""
    if not settings.from_warc:
        yield settings
        return
    for as_of, files in archived_passes(settings.from_warc):
        yield replace(settings, warc_files=files, as_of=as_of)


def check_readers(settings: IngestSettings) -> None:
    """Load what the user brings along, once, so that a mistake in it stops the run at once."""
    try:
        if settings.model:
            load_language(settings.model)
        load_gazetteer(settings.places)
        load_actors(settings.actors)
    except ValueError as error:
        raise UsageError(str(error)) from error


def run_pass(
    warehouse: Warehouse,
    build: Build,
    progress: Progress,
    signals: Signals,
    settings: IngestSettings,
) -> PassResult:
    """Do one pass; the caller holds the warehouse for itself (`exclusive`).

    A signal ends it early: what has begun is finished and written, and then `Stopped` is raised.
    """
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
        break_off(merger, run)
        raise
    with signals.held():
        tables = merge_rest(merger)
        sums = stage_sums({**read_counters(graph), **written(tables)}, read_latencies(graph))
        seconds = round(time.monotonic() - started, 3)
        ended = replace(ended_run(run, settings), **totals(sums, tables), seconds=seconds)
        warehouse.record_run(ended)
        result = PassResult(
            run=ended, sums=tuple(sums), tables=tables, feeds_not_due=state.feeds_not_due
        )
        tell(result, warehouse, settings, progress)
    return result


def tell(
    result: PassResult, warehouse: Warehouse, settings: IngestSettings, progress: Progress
) -> None:
    """Tell how a pass ended: to people or a log, and to Prometheus."""
    if settings.metrics:
        write_metrics(settings.metrics, result, warehouse.last_complete_run_at())
    progress.report(result)


def break_off(merger: "Merger", run: Run) -> None:
    """Keep what a graph has staged that did not end within the time given to it."""
    try:
        merger.merge(merger.staging.ready(complete=False))
        stopped = replace(run, version=1, status="stopped", ended_at=datetime.now(UTC))
        merger.warehouse.record_run(stopped)
    except WarehouseError as error:
        merger.progress.warn(f"{error}; the next run merges what is staged")


def merge_rest(merger: "Merger") -> dict[str, Merged]:
    """Merge what a graph that has ended staged; give the sums of all its merges.

    Where it left elements to the next run, that one asks their feeds again: what vouches for the
    whole pass is not merged.
    """
    is_complete = not num_left()
    if is_complete:
        merger.staging.mark_complete()
    merger.merge(merger.staging.ready(complete=is_complete))
    merger.staging.unmark()
    return merger.tables


def clock(settings: IngestSettings) -> datetime:
    """Tell the time: the one that was set, else the true one."""
    return settings.now or datetime.now(UTC)


def new_context(settings: IngestSettings) -> RunContext:
    """Name the run by its start and a random tail, and fix the instant it takes as now."""
    now = settings.now or settings.as_of or clock(settings).replace(microsecond=0)
    return RunContext(run_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}", now=now)


def new_run(context: RunContext, settings: IngestSettings) -> Run:
    """Make the row of a run that has just begun."""
    return Run(
        run_id=context.run_id,
        version=0,
        started_at=clock(settings) if settings.as_of else context.now,
        status="running",
        source=settings.source,
        runner=settings.runner,
        dateline_version=version("dateline"),
        model_version=settings.model or "shipped",
    )


def ended_run(run: Run, settings: IngestSettings) -> Run:
    """Give the row of a run that ends now, stopped where it left elements to the next one."""
    return replace(
        run,
        version=1,
        status="stopped" if num_left() else "complete",
        ended_at=clock(settings),
    )


def take_over(warehouse: Warehouse, staging: StagingFolder, settings: IngestSettings) -> None:
    """Pick up what a killed pass left: its facts are merged, its half-told rest is dropped."""
    is_complete = staging.is_complete()
    if not is_complete:
        staging.discard_deferred()
    warehouse.merge(staging.ready(complete=is_complete))
    staging.unmark()
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
    retry = {feed_id for feed_id, _ in warehouse.retryable(context.now)}
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


@dataclass
class Merger:
    """A thread that merges staged facts every few seconds while the graph runs."""

    warehouse: Warehouse
    staging: StagingFolder
    progress: Progress
    takes_all: bool = False  # also what vouches for a whole pass: a stream stages that when it may
    tables: dict[str, Merged] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _said: str = ""

    def __enter__(self) -> "Merger":
        self._thread = threading.Thread(target=self._work, name="merger", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def merge(self, files: Sequence[StagedFile]) -> None:
        """Merge files and add to the sums."""
        for table, merged in self.warehouse.merge(files).items():
            self.tables[table] = self.tables.get(table, Merged()) + merged
        merged_rows = {name: merged.staged for name, merged in self.tables.items()}
        self.progress.show({**self.staging.waiting(), **merged_rows})

    def _work(self) -> None:
        """Merge until told to stop.

        A warehouse that is held, or whose disk is full, only puts it off: rows wait where they are
        staged, and the merge at the end of the pass fails where this still goes on.
        """
        while not self._stop.wait(self.warehouse.flush_every_s):
            try:
                self.merge(self.staging.ready(complete=self.takes_all))
            except WarehouseError as error:
                if str(error) != self._said:  # not with every try
                    self.progress.warn(f"{error}; rows are merged when it can be written again")
                self._said = str(error)
            else:
                self._said = ""
