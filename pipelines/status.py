"""`dateline status`: is the warehouse fed, what waits, which feeds are silent.

In: a warehouse, while a run writes to it or not. Out: the last runs, the backlog and the feeds
that are not alive, as tables or as one JSON object. Exit code 1 says that someone should look:
the last run did not end well, or no run was complete for too long. A feed that fails is shown
and is no such reason: some feed always does.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.options import DEFAULT_WAREHOUSE, REMOTE, read_duration
from pipelines.query import ask, plain, print_table

if TYPE_CHECKING:
    from transforms.warehouse import Answer

MAX_RUNS = 5
MAX_FEEDS = 20
# Nobody here holds a lock for a run whose workers are elsewhere: its row alone tells of it.
ELSEWHERE = ", ".join(f"'{runner}'" for runner in sorted(REMOTE))
BACKLOG = f"""
SELECT
  (
    SELECT COUNT(*) FROM runs WHERE status = 'running' AND runner IN ({ELSEWHERE})
  ) AS runs_elsewhere,
  (SELECT COUNT(*) FROM feeds WHERE next_poll_at IS NULL OR next_poll_at <= $now) AS feeds_due,
  (SELECT COUNT(*) FROM feeds) AS feeds_listed,
  (SELECT MAX(started_at) FROM runs WHERE status = 'complete') AS last_complete_at
"""


@dataclass(frozen=True, kw_only=True)
class Status:
    """How things stand."""

    running_process: int | None
    last_complete_at: datetime | None
    feeds_listed: int
    feeds_due: int
    files_staged: int
    problems: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `dateline status`."""
    parser.epilog = "exit code: 0 all is well, 1 someone should look, 2 a setting cannot be used"
    parser.add_argument(
        "--warehouse", default=DEFAULT_WAREHOUSE, metavar="PATH", help="default: %(default)s"
    )
    parser.add_argument(
        "--max-age",
        type=read_duration,
        metavar="2h",
        help="complain when no run was complete since",
    )
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(args: argparse.Namespace) -> int:
    """Show how things stand."""
    runs = ask(args.warehouse, "latest_runs", limit=MAX_RUNS)
    feeds = ask(args.warehouse, "silent_feeds", limit=MAX_FEEDS)
    status = read_status(args.warehouse, runs, datetime.now(UTC), args.max_age)
    {"table": print_status, "json": print_json}[args.format](status, runs, feeds)
    return 1 if status.problems else 0


def read_status(
    warehouse: str, runs: "Answer", now: datetime, max_age: timedelta | None = None
) -> Status:
    """Read what a glance should tell."""
    from transforms.locks import beside, running_process

    [told] = _records(ask(warehouse, BACKLOG, parameters={"now": now}))
    row = dict(told)
    process = running_process(warehouse)
    is_elsewhere = bool(row.pop("runs_elsewhere"))
    return Status(
        running_process=process,
        **row,
        files_staged=sum(1 for _ in Path(f"{beside(warehouse)}.stage").glob("*/*.parquet")),
        problems=tuple(
            find_problems(
                [each["status"] for each in _records(runs)],
                is_running=process is not None or is_elsewhere,
                last_complete_at=row["last_complete_at"],
                oldest=now - max_age if max_age else None,
            )
        ),
    )


def find_problems(
    statuses: list[str],
    *,
    is_running: bool,
    last_complete_at: datetime | None,
    oldest: datetime | None,
) -> list[str]:
    """Say what someone should look at; the statuses of the runs are newest first."""
    problems = []
    if not statuses:
        problems.append("no run yet")
    elif statuses[0] == "killed" or (statuses[0] == "running" and not is_running):
        problems.append("the last run was killed; the next one picks up what it left")
    if oldest and (last_complete_at is None or last_complete_at < oldest):
        problems.append(f"no run was complete since {oldest:%Y-%m-%d %H:%M} UTC")
    return problems


def print_status(status: Status, runs: "Answer", feeds: "Answer") -> None:
    """Print tables for people."""
    print("The last runs")
    print_table(runs)
    print("\nFeeds that are not alive")
    print_table(feeds)
    process = status.running_process
    print(f"\n{f'process {process} is' if process else 'no process is'} writing to the warehouse")
    print(f"{status.feeds_due} of {status.feeds_listed} feeds are due")
    print(f"{status.files_staged} staged files wait to be merged")
    for problem in status.problems:
        print(f"look: {problem}")


def print_json(status: Status, runs: "Answer", feeds: "Answer") -> None:
    """Print one object."""
    told = {
        **asdict(status),
        "runs": _records(runs),
        "feeds_not_alive": _records(feeds),
    }
    print(json.dumps(plain(told), allow_nan=False))


def _records(answer: "Answer") -> list[Mapping[str, Any]]:
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
