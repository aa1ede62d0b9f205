"""What a run tells: progress while it works, and at its end the sums by stage.

For people: a line that is rewritten on a terminal, and a table at the end. With
`--log-format json`: one object a line on stderr, for a log collector.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from pipelines.logs import log, redact
from pipelines.sums import PassResult, StageSum, unbalanced

SECONDS_BETWEEN_LINES = 10.0  # where stderr is no terminal
COUNTED = {"feed_fetches": "feeds", "article_revisions": "articles"}  # as people call them


class Progress:
    """Says how far a run is, and how it ended."""

    def __init__(self, log_format: str = "text") -> None:
        self._console = Console(stderr=True, highlight=False)
        self._started = time.monotonic()
        self._shown = self._started
        self._is_json = log_format == "json"

    def show(self, rows: Mapping[str, int]) -> None:
        """Show what has been written so far, by table: at once on a terminal, else now and then."""
        now = time.monotonic()
        is_live = sys.stderr.isatty() and not self._is_json
        if not is_live and now - self._shown < SECONDS_BETWEEN_LINES:
            return
        self._shown = now
        tables = ("feed_fetches", "article_revisions", "event_mentions", "rejections")
        numbers = {COUNTED.get(table, table): rows.get(table, 0) for table in tables}
        speed = numbers["articles"] / max(now - self._started, 0.1)
        if self._is_json:
            log("progress", **numbers, articles_per_s=round(speed, 2))
            return
        line = " · ".join(f"{n} {what.replace('_', ' ')}" for what, n in numbers.items())
        end = "\r" if is_live else "\n"
        self._console.print(f"{line} · {speed:.1f} articles/s", end=end, soft_wrap=True)

    def say(self, line: str) -> None:
        """Say something that stays."""
        if self._is_json:
            log("note", message=line)
        else:
            self._console.print(redact(line))

    def warn(self, line: str) -> None:
        """Say something that someone should look at."""
        if self._is_json:
            log("warning", message=line)
        else:
            self._console.print(f"warning: {line}", soft_wrap=True)

    def report(self, result: PassResult) -> int:
        """Tell a pass's sums; give its exit code: 1 where an element was lost or doubled."""
        lost = unbalanced(result.sums)
        if self._is_json:
            for each in result.sums:
                log("stage", **asdict(each))
            log("run", **asdict(result.run), feeds_not_due=len(result.feeds_not_due), lost=lost)
        else:
            print_sums(result, lost)
        return 1 if lost else 0


def sums_table(sums: Sequence[StageSum]) -> Table:
    """Lay the sums out for a person."""
    table = Table(title="in = out + duplicates + rejected", title_justify="left", box=None)
    for name in ("stage", "in", "out", "duplicates", "rejected", "seconds"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    table.add_column("rejected by reason")
    for s in sums:
        table.add_row(
            s.stage,
            str(s.entered),
            str(s.left),
            str(s.duplicates),
            str(sum(s.rejected.values())),
            "" if s.seconds is None else f"{s.seconds:.1f}",
            ", ".join(f"{reason} {n}" for reason, n in s.rejected.items()),
        )
    return table


def print_sums(result: PassResult, lost: Sequence[str]) -> None:
    """Print a pass's sums for people."""
    console = Console(highlight=False)
    console.print(sums_table(result.sums))
    if result.feeds_not_due:
        soonest = min(feed.next_poll_at for feed in result.feeds_not_due if feed.next_poll_at)
        console.print(
            f"{len(result.feeds_not_due)} feeds are not due yet; the next is at {soonest:%H:%M} UTC"
        )
    run = result.run
    if not run.num_articles:
        console.print("nothing new: no article was fetched that the warehouse had already")
    console.print(
        f"{run.num_articles} articles and {run.num_events} event mentions written "
        f"in {run.seconds:.1f} s"
    )
    if lost:
        console.print(f"the sums of {', '.join(lost)} do not add up: please report this as a bug")
