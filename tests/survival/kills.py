"""Kill runs at random instants, start them again, and compare the rows with an undisturbed run's.

    make test-kill KILLS=200

In: the bundled news world in both its editions. A round is a warehouse of its own: a few runs on
the first edition are killed with SIGKILL and the last one is not, then the same on the second.
Each kill comes at a random share of the processor time that a whole pass takes, so that all of its
work is as likely to be met, however busy the machine is; it takes the whole process group or, in
some rounds, only a worker process. Out: how many kills met which stage, and every row that is lost,
doubled or different; exit code 1 where there is one.
"""

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import kill, killpg
from pathlib import Path

import duckdb

from pipelines.demo_server import FIRST_EDITION, SECOND_EDITION, DemoServer
from schemas.tables import TABLES
from tests.survival.launcher import LISTS
from transforms.archive import OPEN
from transforms.replay import read_records
from transforms.warehouse.staging import COMPLETE

# One with sixteen articles and a correction; most rounds have one with three, which costs a third.
LONG, SHORT = "http://basinreport.example/feed.json", "http://upland-post.example/index.xml"
FEEDS = (SHORT, SHORT, SHORT, LONG)  # round by round
# Differ from run to run by their nature.
OF_A_RUN = {"run_id", "archive_file", "archive_offset"}
TABLES_OF_RUNS = {"runs", "feed_fetches"}
EDITIONS = (FIRST_EDITION, SECOND_EDITION)
KILLS_AN_EDITION = 5
WORKERS = (0, 0, 1)  # in every third round there is a worker process
LOOK_EVERY_S = 0.002
LONGEST_RUN_S = 600.0


class Launcher:
    """Starts runs, and tells how they end."""

    def __init__(self) -> None:
        program = [sys.executable, "-W", "ignore::RuntimeWarning", "-m", "tests.survival.launcher"]
        self._process = subprocess.Popen(program, stdin=-1, stdout=-1, text=True)
        self.fork_server = self._line()

    def start(self, argv: list[object], log: Path) -> int:
        """Start a run; give its process id, which is that of its group."""
        assert self._process.stdin is not None
        print(
            json.dumps({"argv": list(map(str, argv)), "log": str(log)}),
            file=self._process.stdin,
            flush=True,
        )
        return self._line()

    def wait(self) -> int:
        """Wait for its end; give its exit code."""
        return self._line()

    def workers(self) -> list[int]:
        """Name the worker processes of the run."""
        path = Path(f"/proc/{self.fork_server}/task/{self.fork_server}/children")
        return list(map(int, path.read_text().split()))

    def stop(self) -> None:
        """End it."""
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait()

    def _line(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


@dataclass
class World:
    """The news world, and a warehouse that is filled from it."""

    folder: Path
    server: DemoServer
    launcher: Launcher
    feed: str
    workers: int = 0
    met: Counter[str] = field(default_factory=Counter)

    @property
    def warehouse(self) -> Path:
        return self.folder / "news.duckdb"

    @property
    def stage(self) -> Path:
        return Path(f"{self.warehouse}.stage")

    def begin(self) -> int:
        """Start a run."""
        feeds = self.folder / "feeds.txt"
        feeds.write_text(self.feed)
        self.server.requests.clear()
        flags: list[object] = [
            *("ingest", "--feeds", feeds, "--warehouse", self.warehouse),
            *("--now", self.server.now.isoformat(), "--host-delay", 0, "--workers", self.workers),
            *("--connect-to", f"127.0.0.1:{self.server.port}"),
            *("--places", LISTS[0], "--actors", LISTS[1]),
        ]
        return self.launcher.start(flags, self.folder / "log")

    def finish(self) -> float:
        """Do a run undisturbed; give the seconds of processor time it took."""
        pid = self.begin()
        used_s = 0.0
        with _ended_in_time(pid):
            while (now_s := cpu_s(pid)) is not None:
                used_s = now_s
                time.sleep(0.02)
            code = self.launcher.wait()
        assert code == 0, (self.folder / "log").read_text()
        return used_s

    def kill(self, pid: int, after_cpu_s: float, *, only_worker: bool) -> bool:
        """Kill a run after so much processor time; tell whether it was still going on."""
        with _ended_in_time(pid):
            while (used_s := cpu_s(pid)) is not None and used_s < after_cpu_s:
                time.sleep(LOOK_EVERY_S)
            is_running = used_s is not None
            if is_running:
                self.met.update(self.stages_met(only_worker=only_worker))
            workers = self.launcher.workers() if self.workers else []
            for worker in workers:
                _kill(worker)
            if is_running and not only_worker:
                killpg(pid, signal.SIGKILL)
            code = self.launcher.wait()
        assert code in (-signal.SIGKILL, 0), (self.folder / "log").read_text()
        return is_running

    def stages_met(self, *, only_worker: bool) -> Iterator[str]:
        """Tell what a run is about, by what it has asked for and left on disk."""
        pages = [r for r in self.server.requests if is_page(r.path)]
        if only_worker:
            yield "a worker process only"
        if not self.server.requests:
            yield "reading the state, laying out the graph"
        elif not pages:
            yield "polling"
        elif (self.stage / COMPLETE).exists():
            yield "merging at the end"
        elif any(self.stage.glob("stories/*")):
            yield "grouping and staging stories"
        else:
            yield "fetching, extracting, annotating, staging, merging meanwhile"
        if any(self.stage.glob("*/*.tmp")):
            yield "(among them: half a staged file)"
        if any(self.stage.glob("*/*.parquet")):
            yield "(among them: staged rows not yet merged)"
        if any(Path(f"{self.warehouse}.archive").glob(f"*{OPEN}")):
            yield "(among them: a WARC file open)"
        if Path(f"{self.warehouse}.wal").exists():
            yield "(among them: a DuckDB log not yet in the file)"


@contextmanager
def _ended_in_time(pid: int) -> Iterator[None]:
    """See that a run that hangs is a failure, and does not hang this one."""
    guard = threading.Timer(LONGEST_RUN_S, kill, (pid, signal.SIGABRT))
    guard.start()
    try:
        yield
    finally:
        guard.cancel()


def _kill(pid: int) -> None:
    try:
        kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def is_page(path: str) -> bool:
    """Tell an article's address from those of feeds and of robots.txt."""
    return not re.search(r"robots\.txt|\.json|\.xml", path)


def cpu_s(pid: int) -> float | None:
    """Read the processor time that a process has used; None where it has ended."""
    cpu_clock_of_process = 2
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return None if state == "Z" else time.clock_gettime(~pid << 3 | cpu_clock_of_process)
    except OSError:
        return None


def rows_of(warehouse: Path) -> Mapping[str, list[str]]:
    """Give every row of what does not differ by run, sorted, in a form to compare."""
    found = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for table in TABLES:
            if table not in TABLES_OF_RUNS:
                cursor = connection.execute(f"SELECT * FROM {table}")
                names = [column[0] for column in cursor.description or ()]
                found[table] = sorted(
                    repr([v for k, v in zip(names, row, strict=True) if k not in OF_A_RUN])
                    for row in cursor.fetchall()
                )
    return found


def differences(found: Mapping[str, list[str]], wanted: Mapping[str, list[str]]) -> list[str]:
    """Name the rows that are lost or too many."""
    told = []
    for table, rows in wanted.items():
        lost, more = Counter(rows) - Counter(found[table]), Counter(found[table]) - Counter(rows)
        told += [f"{table}: lost {row[:300]}" for row in lost.elements()]
        told += [f"{table}: too many {row[:300]}" for row in more.elements()]
    return told


def damages(warehouse: Path) -> list[str]:
    """Name what is wrong with the archive: files left open, offsets that hold no such page."""
    archive = Path(f"{warehouse}.archive")
    told = [f"{path.name} is open" for path in archive.glob(f"*{OPEN}")]
    records = {
        (path.name, each.offset): each.record.rec_headers.get_header("WARC-Target-URI")
        for path in archive.glob("*.warc.gz")
        for each in read_records(path)
        if each.record is not None
    }
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        placed = connection.execute(
            "SELECT archive_file, archive_offset, a.url FROM article_revisions "
            "JOIN articles AS a USING (article_id) WHERE archive_file IS NOT NULL"
        ).fetchall()
    told += [
        f"{name} has no page of {url} at {offset}"
        for name, offset, url in placed
        if records.get((name, offset)) != url
    ]
    return told


def one_round(world: World, costs: list[float], *, seed: int, only_worker: bool) -> int:
    """Fill a warehouse in spite of kills; give how many there were."""
    chance = random.Random(seed)
    num_kills = 0
    for now, cost in zip(EDITIONS, costs, strict=True):
        world.server.set_now(now)
        for _ in range(KILLS_AN_EDITION):
            share = chance.random()
            num_kills += world.kill(world.begin(), share * cost, only_worker=only_worker)
        world.finish()
    return num_kills


@dataclass(frozen=True)
class Undisturbed:
    """What runs give that nobody kills: the rows, and what each edition costs."""

    rows: Mapping[str, list[str]]
    costs: list[float]


def undisturbed(world: World) -> Undisturbed:
    """Fill a warehouse without kills."""
    costs = []
    for now in EDITIONS:
        world.server.set_now(now)
        costs.append(world.finish())
    rows = rows_of(world.warehouse)
    told = " and ".join(f"{cost:.1f}" for cost in costs)
    print(
        f"{world.feed}: {sum(map(len, rows.values()))} rows; its passes take {told} s of processor "
        "time",
        flush=True,
    )
    return Undisturbed(rows, costs)


def main() -> int:
    """Kill, compare and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=round(time.time()))
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    met: Counter[str] = Counter()
    bad: list[str] = []
    num_kills = rounds = 0
    launcher = Launcher()
    with tempfile.TemporaryDirectory() as top, DemoServer(now=FIRST_EDITION) as server:
        whole = {
            feed: undisturbed(World(make(top, name), server, launcher, feed))
            for name, feed in (("long", LONG), ("short", SHORT))
        }
        while num_kills < args.kills:
            feed = FEEDS[rounds % len(FEEDS)]
            wanted = whole[feed]
            workers = WORKERS[rounds % len(WORKERS)]
            only_worker = bool(workers) and rounds % 2 == 0
            world = World(make(top, str(rounds)), server, launcher, feed, workers, met)
            seed = args.seed + rounds
            num_kills += one_round(world, wanted.costs, seed=seed, only_worker=only_worker)
            wrong = [*differences(rows_of(world.warehouse), wanted.rows), *damages(world.warehouse)]
            bad += [f"round {rounds} (seed {seed}): {line}" for line in wrong]
            rounds += 1
            print(f"{num_kills} kills, {len(bad)} differences", *wrong, sep="\n  ", flush=True)
        launcher.stop()
    tell(met, num_kills, rounds, bad)
    return 1 if bad else 0


def make(top: str, name: str) -> Path:
    """Make a folder."""
    folder = Path(top) / name
    folder.mkdir()
    return folder


def tell(met: Counter[str], num_kills: int, rounds: int, bad: list[str]) -> None:
    """Print what was met and what went wrong."""
    print(f"{num_kills} kills met")
    for stage, number in met.most_common():
        print(f"  {number:>5}  {stage}")
    lost = sum(": lost " in line for line in bad)
    doubled = sum(": too many " in line for line in bad)
    print(f"in {rounds} rounds {lost} rows lost, {doubled} doubled or different")
    for line in bad:
        print(line)


if __name__ == "__main__":
    sys.exit(main())
