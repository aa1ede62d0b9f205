"""Run a graph on Beam's Fn API runner in this process, or on a runner and cluster that one names.

In: a laid-out graph and the runner's options, as Beam names them. Out: the finished pipeline's
result, or a graph that goes on. Rejected, in one line: a runner or an option that Beam does not
have, a runner that is not installed, and a job that its cluster gave up.

The graph runs in a thread, so that a signal reaches the main one, and not the middle of a stage.
"""

import shutil
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult, PipelineRunner, create_runner

from pipelines import flink
from pipelines.options import RUNNER, IngestSettings, UsageError
from pipelines.signals import Stopped
from transforms.stopping import stop_beginning

PRISM = "PrismRunner"
HOW_TO_GET_PRISM = (
    "prism is not installed: go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0, "
    "and put it on PATH or say --beam-option prism_location=PATH"
)
GRACE_S = 30.0  # for what has begun when a signal comes: pages are read, rows written


class GraphFailed(Exception):
    """A graph met a bug or an outage; the message is the last line of what its runner said."""


def run_graph(lay_out: Callable[[beam.Pipeline], None], settings: IngestSettings) -> PipelineResult:
    """Run a graph to its end; on a signal, to the end of what has begun.

    Stages in this process then begin nothing more (`stopping`), so that the graph soon ends by
    itself. One that does not, or that a cluster runs, is left.
    """
    graph = begin_graph(lay_out, settings)
    try:
        wait([graph])
    except Stopped:
        if settings.runner != RUNNER:
            raise
        stop_beginning()
        if not wait([graph], GRACE_S).done:
            raise
    if error := graph.exception():
        raise GraphFailed(reason_of(error)) from error
    return graph.result()


def reason_of(error: BaseException | None) -> str:
    """Say in one line why a graph ended."""
    if error is None:
        return "the runner ended the graph"
    return (str(error).strip() or repr(error)).splitlines()[-1]


def begin_graph(
    lay_out: Callable[[beam.Pipeline], None], settings: IngestSettings
) -> "Future[PipelineResult]":
    """Start to run a graph; the result is there when the graph has ended."""
    pipeline = make_pipeline(lay_out, settings, is_streaming=False)
    if isinstance(pipeline.runner, FnApiRunner):
        return _in_thread(pipeline.run)
    return begin_job(pipeline).done


def make_pipeline(
    lay_out: Callable[[beam.Pipeline], None], settings: IngestSettings, *, is_streaming: bool
) -> beam.Pipeline:
    """Lay a graph out on a pipeline of the runner that is named."""
    runner, options = runner_of(settings, is_streaming=is_streaming)
    pipeline = beam.Pipeline(runner=runner, options=options)
    lay_out(pipeline)
    return pipeline


@dataclass(frozen=True)
class Job:
    """A graph that is under way outside this thread; `done` is when it has ended."""

    running: PipelineResult
    done: "Future[PipelineResult]"
    on_flink: flink.FlinkJob | None = None

    def cancel(self) -> None:
        """Have it ended, where it goes on."""
        if self.on_flink:
            self.on_flink.cancel()
        if not self.done.done():
            self.running.cancel()


def begin_stream(
    lay_out: Callable[[beam.Pipeline], None], settings: IngestSettings, run_id: str
) -> Job:
    """Start to run a graph that does not end by itself."""
    pipeline = make_pipeline(lay_out, settings, is_streaming=True)
    on_flink = flink.job_of(settings, run_id)
    if on_flink:
        pipeline.options.view_as(GoogleCloudOptions).job_name = on_flink.name
    return begin_job(pipeline, on_flink)


def begin_job(pipeline: beam.Pipeline, on_flink: flink.FlinkJob | None = None) -> Job:
    """Hand a pipeline to its runner, and wait for its end in a thread."""
    running = _submit(pipeline)
    return Job(running, _in_thread(lambda: _wait(running)), on_flink)


def end_stream(settings: IngestSettings, run_id: str) -> None:
    """End a stream that outlived who started it: a cluster still runs it, and has no room else."""
    if job := flink.job_of(settings, run_id):
        job.cancel()


def runner_of(
    settings: IngestSettings, *, is_streaming: bool
) -> tuple[PipelineRunner, PipelineOptions]:
    """Make the runner; DirectRunner is named outright: see DESIGN, Runners."""
    flags = [*defaults_of(settings), *(f"--{option}" for option in settings.beam_options)]
    if is_streaming:
        flags.append("--streaming")
    # Ours only: where it is given none, Beam reads the command line.
    options = PipelineOptions(flags)
    if settings.runner == RUNNER:
        return FnApiRunner(), options
    check_options(options, settings.beam_options)
    try:
        return create_runner(settings.runner), options
    except (ValueError, ImportError) as error:
        raise UsageError(f"--runner {settings.runner}: {error}") from error


def defaults_of(settings: IngestSettings) -> list[str]:
    """Give what a runner is told where the user says nothing else."""
    if settings.runner == PRISM:
        return [f"--prism_location={find_prism(settings)}"]  # Beam itself would download it
    if settings.runner in flink.RUNNERS and settings.is_streaming:
        return list(flink.STREAM_OPTIONS)
    return []


def find_prism(settings: IngestSettings) -> str:
    """Find the program, where the user says or on PATH."""
    found = shutil.which(settings.beam_option("prism_location") or "prism")
    if found is None:
        raise UsageError(f"--runner {PRISM}: {HOW_TO_GET_PRISM}")
    return found


def check_options(options: PipelineOptions, given: Sequence[str]) -> None:
    """Refuse an option that Beam would only warn of, and leave out."""
    known = options.get_all_options()
    for option in given:
        if option.partition("=")[0] not in known:
            raise UsageError(f"--beam-option {option}: Beam has no such option")


def _submit(pipeline: beam.Pipeline) -> PipelineResult:
    """Hand a graph to its cluster, whose processes that start here leave Ctrl-C to this one.

    What a child process ignores it was started with; a Ctrl-C meanwhile waits until we listen.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    listener = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return pipeline.run()
    finally:
        signal.signal(signal.SIGINT, listener)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _wait(running: PipelineResult) -> PipelineResult:
    """Wait for a job; one that failed raises with what its cluster said."""
    running.wait_until_finish()
    return running


def _in_thread(work: Callable[[], PipelineResult]) -> "Future[PipelineResult]":
    done: Future[PipelineResult] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 (handed on whole to the thread that waits)
            done.set_exception(error)

    threading.Thread(target=run, name="graph", daemon=True).start()
    return done
