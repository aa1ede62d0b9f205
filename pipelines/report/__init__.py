"""`dateline report`: one HTML page that shows what the warehouse holds, to open from disk.

In: a warehouse. Out: a file with a map, a timeline, actors, dyads, stories, events with their
evidence, feeds, runs and figures of quality; it loads nothing and runs no script. Text from the
web is escaped, what is invisible in it is dropped, and only addresses of the web become links.
What is left out for size is said where it is left out.
"""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from pipelines.options import DEFAULT_WAREHOUSE, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `dateline report`."""
    parser.add_argument(
        "--warehouse", default=DEFAULT_WAREHOUSE, metavar="PATH", help="default: %(default)s"
    )
    parser.add_argument(
        "-o", "--out", default="report.html", metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument("--title", default="News events", help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Write the page."""
    from pipelines.report.figures import read_report
    from pipelines.report.page import render

    out = Path(args.out)
    if not out.absolute().parent.is_dir():
        raise UsageError(f"--out {out}: no such folder")
    if out.is_dir():
        raise UsageError(f"--out {out}: is a folder; name a file")
    report = read_report(args.warehouse, title=args.title, now=datetime.now(UTC))
    part = out.with_name(f"{out.name}.tmp")
    part.write_text(render(report), encoding="utf-8")
    os.replace(part, out)  # noqa: PTH105 a reader sees the old page or the new
    print(f"{out}: {report.totals.num_events} events of {report.totals.num_articles} articles")
    return 0
