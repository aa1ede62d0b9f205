"""One stream: read the state, run the graph for ever, merge its rows as they come.

For runners that stream: Prism, Flink. The graph polls on its own clock; this process merges staged
rows into the warehouse, asks the stream for articles to be read again, tells how it goes, and stops
it. What a stream remembers is its runner's; what the next one starts from is in the warehouse, so
that a stream which dies, whatever dies with it, goes on from there: a feed's state is staged only
when all that it listed is.

It is begun anew every day, and when the list of feeds has changed: it then starts from what the
warehouse has come to know (lines that sites repeat, texts, addresses), and its runner may forget.

Ctrl-C and SIGTERM stop it: nothing new is begun, what is under way is finished and written. A
second signal leaves at once. A stream that fails is begun anew, after a while that grows with each
failure in a row.
"""

import time
from collections.abc import Mapping
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from pipelines.metrics import write_metrics
from pipelines.options import IngestSettings, UsageError
from pipelines.passes import (
    Build,
    Merger,
    check_readers,
    new_context,
    new_run,
    read_state,
    take_over,
)
from pipelines.progress import Progress
from pipelines.repeat import FAILURES, OutputWatch, retry_after_s
from pipelines.runners import GraphFailed, Job, begin_stream, end_stream, reason_of, runner_of
from pipelines.signals import Signals, Stopped, leave
from pipelines.sums import PassResult, read_counters, read_latencies, stage_sums, totals, written
from schemas.flow import RunContext
from schemas.rows import Run
from transforms import control
from transforms.archive import recover
from transforms.history import due_refetches
from transforms.locks import WarehouseError, beside, exclusive
from transforms.urls import url_key
from transforms.warehouse import StagingFolder, Warehouse, open_warehouse

GRACE_S = 60.0  # for what is under way when a signal comes
LOOK_EVERY_S = 0.5
TELL_EVERY = timedelta(minutes=1)  # at most: sums, metrics, requests
RENEW_EVERY_S = 24 * 3600.0
# Of a run's sums, those that Flink tells of no job before it has ended: until then not known.
COUNTED = ("num_feeds", "num_entries", "num_duplicates", "num_rejections")
LONG_LIVED_S = 600.0  # a stream that lived so long has not failed in a row


def run_stream(settings: IngestSettings, build: Build) -> int:
    """Stream until stopped, alone on the warehouse."""
    check_readers(settings)
    runner_of(settings, is_streaming=True)  # a mistake in its name stops the run at once
    progress = Progress(settings.log_format)
    with Signals() as signals:
        try:
            warehouse = open_warehouse(settings.warehouse, on_wait=progress.say)
            with exclusive(settings.warehouse, on_wait=progress.say):
                warehouse.prepare()
                stream_for_ever(warehouse, settings, build, progress, signals)
        except WarehouseError as error:
            raise UsageError(str(error)) from error
        except Stopped:
            progress.say("stopped; what was read is written, the next run goes on from there")
            leave(130)


def stream_for_ever(
    warehouse: Warehouse,
    settings: IngestSettings,
    build: Build,
    progress: Progress,
    signals: Signals,
) -> NoReturn:
    """Begin a stream, and another one when it fails, until a signal raises `Stopped`.

    A stream that fails while it is being stopped is not begun again: how it failed is raised.
    """
    failures, is_first = 0, True
    while True:
        began = time.monotonic()
        try:
            open_stream(warehouse, settings, build, progress).watch()
            failures = 0
        except FAILURES as error:
            if signals.came or (is_first and isinstance(error, UsageError)):
                raise
            failures = 1 if time.monotonic() - began > LONG_LIVED_S else failures + 1
            wait_s = retry_after_s(failures, timedelta())
            progress.warn(f"{error}; the stream failed, the next one begins in {wait_s:.0f} s")
            time.sleep(wait_s)
        is_first = False


def open_stream(
    warehouse: Warehouse, settings: IngestSettings, build: Build, progress: Progress
) -> "Stream":
    """Read the state, and start a graph from it."""
    context = replace(new_context(settings), is_streaming=True)
    staging = StagingFolder(Path(f"{beside(settings.warehouse)}.stage"))
    take_over(warehouse, staging, settings)
    state = read_state(warehouse, staging, settings, context)
    folder = Path(state.control)
    if before := control.owner(folder):
        end_stream(settings, before)
    control.begin(folder, context.run_id)
    run = new_run(context, settings)
    warehouse.record_run(run)
    merger = Merger(warehouse, staging, progress, takes_all=True)
    job = begin_stream(
        lambda graph: build(graph, context, settings, state), settings, context.run_id
    )
    return Stream(settings, context, warehouse, merger, job, folder, progress, run)


@dataclass
class Stream:
    """A graph that is under way, and what is known of it."""

    settings: IngestSettings
    context: RunContext
    warehouse: Warehouse
    merger: Merger
    job: Job
    control: Path
    progress: Progress
    run: Run
    _output: OutputWatch = field(default_factory=OutputWatch)
    _counters: Mapping[tuple[str, str], int] = field(default_factory=dict)  # as told last

    def watch(self) -> None:
        """Merge and tell until the graph is to be begun anew, fails, or a signal comes.

        What is under way is finished then.
        """
        status = "failed"
        try:
            with self.merger:
                try:
                    self._follow()
                except Stopped:
                    status = "stopped"
                    self._drain()
                    raise
                if self.job.done.done():
                    raise GraphFailed(reason_of(self.job.done.exception()))
                self._drain()
                status = "complete"
        finally:
            try:
                self.merger.merge(self.merger.staging.ready(complete=True))
                if status != "failed":
                    self._sum_up()
            finally:
                self.job.cancel()
            if self.settings.archive:
                recover(Path(self.settings.archive))
            self._note(status)

    def _follow(self) -> None:
        """Tell now and then how it goes, until the graph ends or is to be begun anew."""
        assert self.settings.every is not None
        every_s = max(self.settings.every, TELL_EVERY).total_seconds()
        began, listed = time.monotonic(), self._feed_list()
        due = began + every_s
        while not wait([self.job.done], LOOK_EVERY_S).done:
            if time.monotonic() - began > RENEW_EVERY_S or self._feed_list() != listed:
                return
            if time.monotonic() >= due:
                due = time.monotonic() + every_s
                self._tell()
                self._ask_again()

    def _feed_list(self) -> bytes | None:
        """Read the list of feeds as it is; None while it is not there."""
        assert self.settings.feeds is not None
        try:
            return Path(self.settings.feeds).read_bytes()
        except FileNotFoundError:  # an editor is about to replace it
            return None

    def _drain(self) -> None:
        """Have nothing new begun, and wait until all before is staged."""
        control.stop(self.control)
        asked, deadline = datetime.now(UTC), time.monotonic() + GRACE_S
        while time.monotonic() < deadline:
            done = control.progress(self.control)
            if (done is not None and done > asked) or wait([self.job.done], LOOK_EVERY_S).done:
                return
        self.progress.warn(f"what was under way was not done in {GRACE_S:.0f} s; it is left")

    def _tell(self) -> None:
        """Write the sums down, and say when feeds change but nothing comes of it."""
        before = self._counters
        result = self._sum_up()
        since = {key: number - before.get(key, 0) for key, number in self._counters.items()}
        if self.settings.metrics:
            last = self.warehouse.last_complete_run_at()
            write_metrics(self.settings.metrics, result, last)
        if warning := self._output.look(replace(result, sums=tuple(stage_sums(since)))):
            self.progress.warn(warning)
        self._note("running")

    def _sum_up(self) -> PassResult:
        """Sum up what has been done since the stream began."""
        self._counters = read_counters(self.job.running)
        tables = dict(self.merger.tables)
        sums = stage_sums({**self._counters, **written(tables)}, read_latencies(self.job.running))
        told = totals(sums, tables)
        if not self._counters:
            told |= dict.fromkeys(COUNTED)
        self.run = replace(self.run, **told)
        return PassResult(run=self.run, sums=tuple(sums), tables=tables, feeds_not_due=())

    def _note(self, status: str) -> None:
        """Write the run's row as it stands."""
        now = datetime.now(UTC)
        self.run = replace(
            self.run,
            version=self.run.version + 1,
            status=status,
            seconds=(now - self.context.now).total_seconds(),
            ended_at=None if status == "running" else now,
        )
        self.warehouse.record_run(self.run)

    def _ask_again(self) -> None:
        """Ask for articles that are due to be read again, and for pages that failed for a while."""
        now = replace(self.context, now=datetime.now(UTC))
        if control.requests(self.control):
            return  # the stream has not even taken the last ones
        known = self.warehouse.known(now.now)
        retries = [url_key(address) for _, address in self.warehouse.retryable(now.now)]
        refetches = due_refetches(self.warehouse, self.settings.refetch, known, now)
        control.ask_again(self.control, retries, refetches)
