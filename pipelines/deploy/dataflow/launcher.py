"""What the Flex template's launcher runs: parameters in, a Dataflow job out.

In: the template's parameters (`metadata.json`) as flags, and Beam's own, which Dataflow adds. The
launcher itself only describes the job: Dataflow starts it when this program has ended. So nothing
here waits for its end, and the job itself writes all rows, that of its run last. With `every` it is
one job that streams; its run is said to be running for as long as it does.

The list of feeds may lie wherever Beam reads files, such as gs://bucket/feeds.opml; it is copied
here, for a pass reads a file. Launches do not overlap when all have one job name: Dataflow refuses
a second job of a name that is running.
"""

import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import DebugOptions, PipelineOptions, StandardOptions
from apache_beam.transforms.combiners import Count
from apache_beam.transforms.util import WaitOn

from pipelines.__main__ import Parser
from pipelines.exit_codes import ExitCode
from pipelines.ingest import build, lay_out, stream_rows
from pipelines.logs import complain, set_up_logging
from pipelines.options import IngestSettings, UsageError, add_arguments, settings_from
from pipelines.passes import check_readers, new_context, new_run, read_state
from schemas.rows import Run
from schemas.tables import TABLE_OF, Row
from transforms.load import StreamRows
from transforms.locks import WarehouseError
from transforms.warehouse import StagingFolder, open_warehouse

RUNNER = "DataflowRunner"
NO_FOLDER = StagingFolder(Path("none"))  # workers write rows themselves
WORKERS = 4  # processes for text and language on a worker; the launcher's own cores tell nothing
# One process of Beam on a worker, whose children have the model: so its fetcher has all the lanes.
EXPERIMENT = "no_use_multiple_sdk_containers"


def main(argv: Sequence[str]) -> int:
    """Describe the job to Dataflow; give the exit code."""
    set_up_logging("json")
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings, beams = read_parameters(argv, Path(folder))
            launch(settings, options_of(beams))
    except (UsageError, WarehouseError) as error:
        complain("launcher", error, ExitCode.SETTING, log_format="json")
        return ExitCode.SETTING
    return ExitCode.DONE


def parameters() -> list[dict[str, Any]]:
    """Give the template's parameters, as its metadata has them."""
    found: list[dict[str, Any]] = json.loads(
        (files("pipelines.deploy.dataflow") / "metadata.json").read_text(encoding="utf-8")
    )["parameters"]
    return found


def read_parameters(argv: Sequence[str], folder: Path) -> tuple[IngestSettings, list[str]]:
    """Give the settings, and the flags that are Beam's; the list of feeds is copied to the folder.

    A parameter is a flag of `dateline ingest` with underscores, as Beam's options have them.
    """
    flags = {f"--{each['name']}": f"--{each['name'].replace('_', '-')}" for each in parameters()}
    ours, beams = ["--runner", RUNNER, "--workers", str(WORKERS)], []
    for argument in argv:
        name, _, value = argument.partition("=")
        if name == "--feeds":
            value = str(copy_here(value, folder))
        if name in flags:
            ours.append(f"{flags[name]}={value}")
        else:
            beams.append(argument)
    parser = Parser(prog="dateline launcher", allow_abbrev=False)
    parser.log_format = "json"
    add_arguments(parser)
    return settings_from(parser.parse_args(ours)), beams


def copy_here(address: str, folder: Path) -> Path:
    """Copy a file from wherever Beam reads files."""
    target = folder / Path(address).name
    try:
        with FileSystems.open(address) as source, target.open("wb") as copied:
            shutil.copyfileobj(source, copied)
    except (OSError, ValueError) as error:  # the latter where Beam has no such file system
        raise UsageError(f"feeds {address}: cannot be read ({error})") from error
    return target


def options_of(beams: Sequence[str]) -> PipelineOptions:
    """Make Beam's options from its flags."""
    options = PipelineOptions([*beams, f"--runner={RUNNER}"])
    options.view_as(DebugOptions).add_experiment(EXPERIMENT)
    return options


def launch(settings: IngestSettings, options: PipelineOptions) -> None:
    """Read the state from the warehouse, and describe the job of a pass."""
    check_readers(settings)
    context = replace(new_context(settings), is_streaming=settings.is_streaming)
    warehouse = open_warehouse(settings.warehouse)
    warehouse.prepare()
    warehouse.close_broken_runs()  # none is under way: see the module's first lines
    state = read_state(warehouse, NO_FOLDER, settings, context)
    run = new_run(context, settings)
    warehouse.record_run(run)
    options.view_as(StandardOptions).streaming = settings.is_streaming
    pipeline = beam.Pipeline(options=options)
    if settings.is_streaming:
        build(pipeline, context, settings, state)
    else:
        rows = lay_out(pipeline, context, settings, state)
        end_run(rows, stream_rows(rows, settings.warehouse), run, settings.warehouse)
    pipeline.run()


def end_run(rows: dict[str, Any], written: Any, run: Run, address: str) -> None:
    """Have the job say that the run is complete, when all other rows are there."""
    numbers = (
        tuple(rows.values())
        | "rows of all tables" >> beam.Flatten()
        | "name the table" >> beam.Map(table_of)
        | "count rows" >> Count.PerElement()
    )
    _ = (
        written.pipeline
        | "run" >> beam.Create([run])
        | "when all rows are there" >> WaitOn(written)
        | "complete" >> beam.Map(completed, beam.pvalue.AsIter(numbers))
        | "end the run" >> StreamRows(address)
    )


def table_of(row: Row) -> str:
    """Name the table a row goes to."""
    return TABLE_OF[type(row)]


def completed(run: Run, numbers: Iterable[tuple[str, int]]) -> Run:
    """Give a run its end; a retry may have counted rows twice that the views give once."""
    of_table = dict(numbers)
    ended_at = datetime.now(UTC)
    return replace(
        run,
        version=1,
        status="complete",
        ended_at=ended_at,
        seconds=round((ended_at - run.started_at).total_seconds(), 3),
        num_feeds=of_table.get("feed_fetches", 0),
        num_articles=of_table.get("article_revisions", 0),
        num_events=of_table.get("event_mentions", 0),
        num_rejections=of_table.get("rejections", 0),
    )
