"""Run a graph on Beam's Fn API runner in this process, or on a runner and cluster that one names.

In: a laid-out graph and the runner's options, as Beam names them. Out: the finished pipeline's
result, or one that is still going. Rejected, in one line: a runner or an option that Beam does
not have, and a job that its cluster gave up.

The graph runs in a thread, so that a signal reaches the main one, and not the middle of a stage.
"""

import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult, PipelineRunner, create_runner

from pipelines.options import RUNNER, IngestSettings, UsageError
from pipelines.signals import Stopped
from transforms.stopping import stop_beginning

GRACE_S = 30.0  # for what has begun when a signal comes: pages are read, rows written


class GraphFailed(Exception):
    """A graph met a bug or an outage; the message is the last line of what its runner said."""


def run_graph(lay_out: Callable[[beam.Pipeline], None], settings: IngestSettings) -> PipelineResult:
    """Run a graph to its end; on a signal, to the end of what has begun.

    Stages in this process then begin nothing more (`stopping`), so that the graph soon ends by
    itself. One that does not, or that a cluster runs, is left.
    """
    graph = begin_graph(lay_out, settings, is_streaming=False)
    try:
        wait([graph])
    except Stopped:
        if settings.runner != RUNNER:
            raise
        stop_beginning()
        if not wait([graph], GRACE_S).done:
            raise
    if error := graph.exception():
        raise GraphFailed((str(error).strip() or repr(error)).splitlines()[-1]) from error
    return graph.result()


def begin_graph(
    lay_out: Callable[[beam.Pipeline], None], settings: IngestSettings, *, is_streaming: bool
) -> "Future[PipelineResult]":
    """Start to run a graph; the result is there when the graph has ended."""
    runner, options = runner_of(settings, is_streaming=is_streaming)
    pipeline = beam.Pipeline(runner=runner, options=options)
    lay_out(pipeline)
    if isinstance(runner, FnApiRunner):
        return _in_thread(pipeline.run)
    running = _submit(pipeline)
    return _in_thread(lambda: _wait(running))


def runner_of(
    settings: IngestSettings, *, is_streaming: bool
) -> tuple[PipelineRunner, PipelineOptions]:
    """Make the runner; DirectRunner is named outright: see DESIGN, Runners."""
    flags = [f"--{option}" for option in settings.beam_options]
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
