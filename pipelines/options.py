"""Every flag of `dateline ingest`, once: names, defaults, help and checks.

A bad setting raises `UsageError` with one line that says what to change, before any work is done.
Light to import: no Beam, no model, no database.
"""

import argparse
import glob
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from transforms.files import find_files
from transforms.locks import beside

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DEFAULT_WAREHOUSE = "dateline.duckdb"
RUNNER = "DirectRunner"
REMOTE = frozenset({"DataflowRunner"})  # its workers share no folder with who starts it

EXAMPLES = """\
examples:
  dateline ingest --feeds feeds.opml                 one pass over the feeds, then exit
  dateline ingest --feeds feeds.opml --every 15m     keep running, a pass every 15 minutes
  dateline ingest --from-files 'saved/*.html'        saved pages or texts, no network
  dateline ingest --from-warc 'CC-NEWS-*.warc.gz'    replay an archive, no network
"""


class UsageError(Exception):
    """A setting that cannot be used; the message says what to change."""


@dataclass(frozen=True, kw_only=True)
class IngestSettings:
    """All that a pass needs to know, checked."""

    warehouse: str
    feeds: str | None = None
    from_files: str | None = None
    from_warc: str | None = None
    warc_files: tuple[str, ...] = ()  # those of it that a pass reads
    as_of: datetime | None = None  # instant that a pass over an archive takes as now
    published: datetime | None = None
    every: timedelta | None = None
    interval: timedelta = timedelta(hours=1)
    now: datetime | None = None
    model: str | None = None
    places: str | None = None
    actors: str | None = None
    languages: tuple[str, ...] = ("en",)
    workers: int = 1
    archive: str | None = None
    contact: str | None = None
    host_delay_s: float = 2.0
    timeout_s: float = 30.0
    concurrency: int = 200
    connect_to: str | None = None
    log_format: str = "text"
    metrics: str | None = None
    runner: str = RUNNER
    beam_options: tuple[str, ...] = ()  # NAME=VALUE, as Beam names them
    refetch: tuple[timedelta, ...] = (timedelta(hours=24), timedelta(days=7))

    @property
    def is_streaming(self) -> bool:
        """Tell whether one graph runs for ever; DirectRunner does pass after pass instead."""
        return self.every is not None and self.runner != RUNNER

    def beam_option(self, name: str) -> str | None:
        """Give what the user says for an option of Beam's."""
        given = [o.partition("=")[2] for o in self.beam_options if o.startswith(f"{name}=")]
        return given[-1] if given else None

    @property
    def lanes(self) -> str | None:
        """Name the folder beside the warehouse where processes and runs share their pace."""
        return f"{beside(self.warehouse)}.lanes"

    @property
    def is_remote(self) -> bool:
        """Tell whether workers see none of our files, and so write rows themselves."""
        return self.runner in REMOTE

    @property
    def source(self) -> str:
        """Name what is read: feeds, files or archive."""
        return "files" if self.from_files else "archive" if self.from_warc else "feeds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `dateline ingest`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    source = parser.add_argument_group("what is read (one of)").add_mutually_exclusive_group(
        required=True
    )
    source.add_argument("--feeds", metavar="FILE", help="OPML file, or a list of addresses")
    source.add_argument("--from-files", metavar="PATTERN", help="HTML or text files")
    source.add_argument("--from-warc", metavar="PATTERN", help="WARC files, ours or CC-NEWS")
    parser.add_argument(
        "--published", type=_time, metavar="TIME", help="publication time of files that state none"
    )
    parser.add_argument(
        "--warehouse", default=DEFAULT_WAREHOUSE, metavar="PATH", help="default: %(default)s"
    )
    parser.add_argument(
        "--every",
        type=read_duration,
        metavar="15m",
        help="keep running, a pass every so long (s m h); other runners: one stream",
    )
    parser.add_argument("--runner", default=RUNNER, help="Beam runner; default: %(default)s")
    parser.add_argument(
        "--beam-option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of the runner, as Beam names it; may be given several times",
    )
    _add_telling(parser.add_argument_group("telling"))
    _add_reading(parser.add_argument_group("reading"))
    _add_fetching(parser.add_argument_group("fetching"))


def _add_telling(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="json: an object a line"
    )
    group.add_argument(
        "--metrics", metavar="FILE", help="write the last pass's sums there, as Prometheus text"
    )


def _add_reading(group: "argparse._ArgumentGroup") -> None:
    group.add_argument("--model", metavar="NAME", help="spaCy pipeline instead of the shipped one")
    group.add_argument("--places", metavar="CSV", help="places of your own, beside the gazetteer")
    group.add_argument("--actors", metavar="CSV", help="actors of your own, beside the seeds")
    group.add_argument(
        "--languages", default="en", metavar="en", help="languages to keep, with commas between"
    )
    add_workers(group)
    group.add_argument("--now", type=_time, metavar="TIME", help="instant the run takes as now")


def add_workers(group: "argparse._ActionsContainer") -> None:
    """Declare --workers."""
    group.add_argument(
        "--workers",
        type=_whole,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes for text and language; 0 works in one process; default: all cores",
    )


def add_asking(group: "argparse._ActionsContainer") -> None:
    """Declare the flags of whatever asks servers."""
    group.add_argument(
        "--contact", metavar="URL", help="address or e-mail sent to publishers in User-Agent"
    )
    group.add_argument(
        "--timeout", type=_seconds, default=30.0, metavar="S", help="seconds for a whole answer"
    )
    group.add_argument(
        "--connect-to", metavar="HOST:PORT", help="connect there whatever the address says (tests)"
    )


def check_host(flag: str, value: str | None) -> None:
    """Raise a UsageError for what is no HOST:PORT."""
    if value and not re.fullmatch(r"[\w.:\[\]-]+:\d{1,5}", value):
        raise UsageError(f"{flag} {value}: give HOST:PORT")


def _add_fetching(group: "argparse._ArgumentGroup") -> None:
    add_asking(group)
    group.add_argument(
        "--interval", type=read_duration, default="1h", metavar="1h", help="shortest time between "
        "two polls of a feed, which itself and its server may lengthen; default: %(default)s"
    )  # fmt: skip
    group.add_argument(
        "--archive", metavar="DIR", help="where raw pages are kept; default: WAREHOUSE.archive"
    )
    group.add_argument("--no-archive", action="store_true", help="keep no raw pages")
    group.add_argument(
        "--host-delay", type=_seconds, default=2.0, metavar="S", help="seconds between requests "
        "to one domain; default: %(default)s"
    )  # fmt: skip
    group.add_argument(
        "--concurrency", type=_whole, default=200, metavar="N", help="requests that have just begun"
    )
    group.add_argument(
        "--refetch", type=_ages, default="24h,7d", metavar="24h,7d", help="ages of an article "
        "at which it is read again; 0 for never; default: %(default)s"
    )  # fmt: skip


def settings_from(args: argparse.Namespace) -> IngestSettings:
    """Check the flags against each other and the disk."""
    _check_combination(args)
    _check_files(args)
    check_host("--connect-to", args.connect_to)
    languages = tuple(code.strip().lower() for code in args.languages.split(",") if code.strip())
    if not languages or not all(re.fullmatch(r"[a-z]{2,3}", code) for code in languages):
        raise UsageError(f"--languages {args.languages}: give ISO codes, such as en or en,fr")
    archive = None if args.no_archive else args.archive or f"{beside(args.warehouse)}.archive"
    return IngestSettings(
        warehouse=args.warehouse,
        feeds=args.feeds,
        from_files=args.from_files,
        from_warc=args.from_warc,
        published=args.published,
        every=args.every,
        interval=args.interval,
        refetch=args.refetch,
        now=args.now,
        model=args.model,
        places=args.places,
        actors=args.actors,
        languages=languages,
        workers=args.workers,
        archive=archive if args.feeds and args.runner not in REMOTE else None,
        contact=args.contact,
        host_delay_s=args.host_delay,
        timeout_s=args.timeout,
        concurrency=args.concurrency,
        connect_to=args.connect_to,
        log_format=args.log_format,
        metrics=args.metrics,
        runner=args.runner,
        beam_options=tuple(args.beam_option),
    )


def _check_combination(args: argparse.Namespace) -> None:
    if args.beam_option and args.runner == RUNNER:
        raise UsageError("--beam-option is for other runners: name one with --runner")
    if args.runner in REMOTE and not (args.feeds and args.warehouse.startswith("bigquery:")):
        raise UsageError(
            f"--runner {args.runner} needs --feeds and --warehouse bigquery:PROJECT.DATASET: "
            "its workers see no file of this machine"
        )
    if args.runner in REMOTE and args.archive:
        raise UsageError(f"--archive is a folder that workers of {args.runner} do not see")
    if args.every and not args.feeds:
        raise UsageError("--every needs --feeds: files and archives are read once")
    if args.every and args.now:
        raise UsageError("--now fixes the clock of one pass; leave it out with --every")
    if args.published and not args.from_files:
        raise UsageError("--published is for --from-files: feeds and archives have their own times")


def _check_files(args: argparse.Namespace) -> None:
    for name in ("feeds", "places", "actors"):
        path = getattr(args, name)
        if path and not Path(path).is_file():
            raise UsageError(f"--{name} {path}: no such file")
    if args.metrics and not Path(args.metrics).absolute().parent.is_dir():
        raise UsageError(f"--metrics {args.metrics}: no such folder")
    if args.from_warc and not glob.glob(args.from_warc, recursive=True):  # noqa: PTH207
        raise UsageError(f"--from-warc {args.from_warc}: no file matches")
    if args.from_files:
        try:
            find_files(args.from_files)
        except ValueError as error:
            raise UsageError(f"--from-files: {error}") from error


def read_duration(text: str) -> timedelta:
    """Read a duration as people write it: 90s, 15m, 2h, 1d."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 90s, 15m, 2h or 1d")
    return timedelta(seconds=int(match[1]) * UNITS[match[2]])


def _ages(text: str) -> tuple[timedelta, ...]:
    """Read durations with commas between; 0 is none."""
    return () if text == "0" else tuple(read_duration(each) for each in text.split(","))


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; write 2026-03-09 or 2026-03-09T18:00Z"
        ) from error
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from error
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r}: give 0 to 3600 seconds")
    return seconds
