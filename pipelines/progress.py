"""What a run tells: progress while it works, and at its end the sums by stage.

In = out + duplicates + rejections, for every stage; `unbalanced` names the stages where it is
not so, which is a bug and makes the run fail.
"""

import collections
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apache_beam.metrics.metric import MetricsFilter
from rich.console import Console
from rich.table import Table

PREFIX = "dateline."
STAGES = ("poll", "entries", "fetch", "extract", "clean", "changes", "annotate", "write")
SECONDS_BETWEEN_LINES = 10.0  # where stderr is no terminal


@dataclass(frozen=True, kw_only=True)
class StageSum:
    """What entered a stage and how it left."""

    stage: str
    entered: int = 0
    left: int = 0
    duplicates: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    seconds: float | None = None

    @property
    def is_balanced(self) -> bool:
        """Tell whether every element left exactly once."""
        return self.entered == self.left + self.duplicates + sum(self.rejected.values())


def read_counters(result: Any) -> dict[tuple[str, str], int]:
    """Read our counters from a finished pipeline: (stage, what) → number."""
    totals: collections.Counter[tuple[str, str]] = collections.Counter()
    for metric in result.metrics().query(MetricsFilter())["counters"]:
        namespace = metric.key.metric.namespace
        if namespace.startswith(PREFIX):  # one counter may be added to in several steps
            totals[namespace.removeprefix(PREFIX), metric.key.metric.name] += metric.result
    return dict(totals)


def stage_sums(counters: Mapping[tuple[str, str], int]) -> list[StageSum]:
    """Sum the counters by stage, in the order of the flow; a stage that saw nothing is left out."""
    sums = []
    for stage in STAGES:
        mine = {what: n for (name, what), n in counters.items() if name == stage}
        if mine:
            rejected = {
                what.removeprefix("rejected:"): n
                for what, n in sorted(mine.items())
                if what.startswith("rejected:")
            }
            sums.append(
                StageSum(
                    stage=stage,
                    entered=mine.get("in", 0),
                    left=mine.get("out", 0),
                    duplicates=mine.get("duplicate", 0),
                    rejected=rejected,
                    seconds=mine["ms"] / 1000 if "ms" in mine else None,
                )
            )
    return sums


def unbalanced(sums: Sequence[StageSum]) -> list[str]:
    """Name the stages where elements were lost or doubled."""
    return [s.stage for s in sums if not s.is_balanced]


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


class Progress:
    """One line that says how far a run is: rewritten on a terminal, now and then elsewhere."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._started = time.monotonic()
        self._shown = self._started

    def show(self, rows: Mapping[str, int]) -> None:
        """Show what has been written so far, by table."""
        now = time.monotonic()
        articles = rows.get("article_revisions", 0)
        line = (
            f"{rows.get('feed_fetches', 0)} feeds · {articles} articles · "
            f"{rows.get('event_mentions', 0)} event mentions · "
            f"{rows.get('rejections', 0)} rejections · "
            f"{articles / max(now - self._started, 0.1):.1f} articles/s"
        )
        if sys.stderr.isatty():
            self._console.print(line, end="\r", soft_wrap=True)
        elif now - self._shown >= SECONDS_BETWEEN_LINES:
            self._console.print(line)
            self._shown = now

    def say(self, line: str) -> None:
        """Say something that stays."""
        self._console.print(line)
