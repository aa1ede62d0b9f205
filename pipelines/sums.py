"""The sums of a pass: what entered each stage, and how it left.

In = out + duplicates + rejections, for every stage; `unbalanced` names the stages where it is
not so, which is a bug and makes the run fail.
"""

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apache_beam.metrics.metric import MetricsFilter

from schemas.rows import Feed, Run
from transforms.reject import WITHIN
from transforms.warehouse import Merged

PREFIX = "dateline."
STAGES = (
    "archive", "poll", "entries", "fetch", "extract", "clean", "changes", "annotate", "write",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Latency:
    """How long elements took in a stage, from its start on one to that one's outputs."""

    count: int
    total_ms: int
    max_ms: int
    within_ms: Mapping[int, int] = field(default_factory=dict)  # how many took so long, no longer

    def quantile_ms(self, share: float) -> int:
        """Say within which time that share of the elements was done, to the next bound."""
        done = 0
        for bound, number in sorted(self.within_ms.items()):
            done += number
            if done >= share * self.count:
                return min(bound, self.max_ms)
        return self.max_ms


@dataclass(frozen=True, kw_only=True)
class StageSum:
    """What entered a stage and how it left."""

    stage: str
    entered: int = 0
    left: int = 0
    duplicates: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    seconds: float | None = None
    latency: Latency | None = None

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


def read_latencies(result: Any) -> dict[str, Latency]:
    """Read our distributions from a finished pipeline, by stage."""
    within: dict[str, dict[int, int]] = collections.defaultdict(dict)
    for (stage, what), number in read_counters(result).items():
        if what.startswith(WITHIN):
            within[stage][int(what.removeprefix(WITHIN))] = number
    found: dict[str, Latency] = {}
    for metric in result.metrics().query(MetricsFilter())["distributions"]:
        namespace = metric.key.metric.namespace
        if namespace.startswith(PREFIX) and metric.result.count:
            stage = namespace.removeprefix(PREFIX)
            one = found.get(stage, Latency(count=0, total_ms=0, max_ms=0))
            found[stage] = Latency(
                count=one.count + metric.result.count,
                total_ms=one.total_ms + metric.result.sum,
                max_ms=max(one.max_ms, metric.result.max),
                within_ms=within[stage],
            )
    return found


def stage_sums(
    counters: Mapping[tuple[str, str], int], latencies: Mapping[str, Latency] | None = None
) -> list[StageSum]:
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
                    latency=(latencies or {}).get(stage),
                )
            )
    return sums


def unbalanced(sums: Sequence[StageSum]) -> list[str]:
    """Name the stages where elements were lost or doubled."""
    return [s.stage for s in sums if not s.is_balanced]


@dataclass(frozen=True, kw_only=True)
class PassResult:
    """How a pass ended: the run's row, the sums by stage, and what each table took."""

    run: Run
    sums: tuple[StageSum, ...]
    tables: Mapping[str, Merged]
    feeds_not_due: tuple[Feed, ...]


def written(tables: Mapping[str, Merged]) -> dict[tuple[str, str], int]:
    """Sum the merges as a stage of its own."""
    staged = sum(merged.staged for merged in tables.values())
    taken = sum(merged.inserted + merged.updated for merged in tables.values())
    return {
        ("write", "in"): staged,
        ("write", "out"): taken,
        ("write", "duplicate"): staged - taken,
    }


def totals(sums: list[StageSum], tables: Mapping[str, Merged]) -> dict[str, Any]:
    """Sum what a run's row tells."""
    by_stage = {s.stage: s for s in sums}
    entries = by_stage.get("entries", StageSum(stage="entries"))
    inserted = {name: merged.inserted for name, merged in tables.items()}
    return {
        "num_feeds": by_stage.get("poll", StageSum(stage="poll")).entered,
        "num_entries": entries.entered,
        "num_articles": inserted.get("article_revisions", 0),
        "num_events": inserted.get("event_mentions", 0),
        "num_duplicates": sum(s.duplicates for s in sums if s.stage != "write"),
        "num_rejections": sum(sum(s.rejected.values()) for s in sums),
    }
