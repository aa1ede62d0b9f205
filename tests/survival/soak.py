"""Run `dateline ingest` for a while on a web that changes all the time, and count what came of it.

    make soak MINUTES=20
    make soak MINUTES=20 FLAGS="--runner PrismRunner"      what follows goes to `dateline ingest`

In: 200 feeds with a new article every minute each, hostile ones among them. Out: lost entries,
doubled rows, texts that are not what was published; the time from publication to the row being
there, as a reader of the warehouse sees it who looks every few seconds; the memory of the run's
processes after a quarter of the time and at its end. Exit code 1 where an aim is missed.
"""

import argparse
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from tests.survival.changing_web import ChangingWeb, as_settings, text_of

LOOK_EVERY_S = 2.0
SETTLE_S = 30.0  # until the run has started
LONGEST_REST_S = 240.0  # for the last articles to become rows
PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024


@dataclass
class Seen:
    """What was seen of a run."""

    at: dict[str, float] = field(default_factory=dict)  # by address: when its row was there
    # when; in MB: RSS of all, with shared pages once, RSS of the first process
    memory: list[tuple[float, float, float, float]] = field(default_factory=list)


@contextlib.contextmanager
def served(web: ChangingWeb) -> Iterator[str]:
    """Give the address of the web, in another process."""
    program = [sys.executable, "-m", "tests.survival.changing_web", as_settings(web)]
    with subprocess.Popen(program, stdin=-1, stdout=-1, text=True) as server:
        assert server.stdout is not None
        yield f"127.0.0.1:{server.stdout.readline().strip()}"
        assert server.stdin is not None
        server.stdin.close()
        server.kill()  # hanging connections are part of it


def begin(
    folder: Path, web: ChangingWeb, address: str, flags: list[str]
) -> "subprocess.Popen[str]":
    """Start the run."""
    feeds = folder / "feeds.txt"
    feeds.write_text("".join(f"http://{web.host(k)}/feed\n" for k in range(web.num_feeds)))
    every = f"{web.every_s:.0f}s"
    command = [
        *(sys.executable, "-m", "pipelines", "ingest", "--feeds", str(feeds)),
        *("--warehouse", str(folder / "news.duckdb"), "--every", every, "--interval", every),
        *("--connect-to", address, "--host-delay", "0.5", "--timeout", "15", *flags),
    ]
    with (folder / "log").open("w") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, text=True, start_new_session=True)


def members(session: int) -> list[int]:
    """Name the processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(path.name))
    return found


def memory_mb(session: int) -> tuple[float, float, float]:
    """Give the memory of a session: resident, with shared pages once, of its first process."""
    rss = pss = first = 0
    for pid in members(session):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            found = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
            rss, pss = rss + found.get("Rss", 0), pss + found.get("Pss", 0)
            first += found.get("Rss", 0) * (pid == session)
    return rss / 1024, pss / 1024, first / 1024


def ask(warehouse: Path, sql: str) -> list[tuple[object, ...]] | None:
    """Ask the warehouse; None where it is not there, or held at the moment."""
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()
    except duckdb.Error:
        return None


def look(seen: Seen, warehouse: Path, session: int) -> None:
    """Look at the rows and at the memory."""
    now = time.time()
    seen.memory.append((now, *memory_mb(session)))
    found = ask(warehouse, "SELECT url FROM articles JOIN article_revisions USING (article_id)")
    for (url,) in found or ():
        seen.at.setdefault(str(url), now)


def watch(process: "subprocess.Popen[str]", web: ChangingWeb, warehouse: Path) -> Seen:
    """Look every few seconds until all articles are rows, or some time after they should be."""
    seen, wanted = Seen(), set(web.expected())
    end = web.at(0, web.num_articles)
    while process.poll() is None and time.time() < end + LONGEST_REST_S:
        look(seen, warehouse, process.pid)
        if time.time() > end and wanted <= seen.at.keys():
            break
        time.sleep(LOOK_EVERY_S)
    return seen


def wrong_rows(warehouse: Path, web: ChangingWeb) -> tuple[list[str], list[str], list[str]]:
    """Name what is lost, what is doubled, and whose text is another."""
    rows = ask(
        warehouse,
        "SELECT a.url, r.text FROM article_revisions AS r JOIN articles AS a USING (article_id)",
    )
    texts: dict[str, list[str]] = {}
    for url, text in rows or ():
        texts.setdefault(str(url), []).append(str(text))
    entries = ask(warehouse, "SELECT url FROM entries GROUP BY url HAVING COUNT(*) > 1")
    doubled = {url for url, found in texts.items() if len(found) > 1}
    doubled |= {str(url) for (url,) in entries or ()}
    expected = web.expected()
    return (
        sorted(expected.keys() - texts.keys()),
        sorted(doubled),
        sorted(url for url in expected.keys() & texts if texts[url] != [known_text(url)]),
    )


def known_text(url: str) -> str:
    """Give the text of an article by its address."""
    host, _, number = url.removeprefix("http://").partition("/news/")
    return text_of(host, int(number))


def memory_at(seen: Seen, at: float) -> list[float]:
    """Give the memory around an instant: the medians of two minutes."""
    near = [sample[1:] for sample in seen.memory if abs(sample[0] - at) <= 60]
    return [statistics.median(column) for column in zip(*near, strict=True)]


def say(what: str, figure: str, aim: str, *, is_met: bool) -> bool:
    """Print a figure beside its aim."""
    print(f"{what:<52} {figure:>24}   aim {aim:<14} {'met' if is_met else 'MISSED'}", flush=True)
    return is_met


def judge(seen: Seen, web: ChangingWeb, warehouse: Path) -> bool:
    """Print all figures; tell whether all aims are met."""
    lost, doubled, other = wrong_rows(warehouse, web)
    expected = web.expected()
    delays = sorted(seen.at[url] - at for url, at in expected.items() if url in seen.at)
    end = seen.memory[-1][0]
    quarter = memory_at(seen, web.start + (end - web.start) / 4)
    last = memory_at(seen, end - 60)
    growth = last[0] / quarter[0] - 1
    delay = statistics.median(delays) if delays else float("inf")
    print(f"{len(expected)} articles published in {(end - web.start) / 60:.1f} minutes")
    for url in [*lost[:5], *doubled[:5], *other[:5]]:
        print(f"  look at {url}")
    late = f"{delay:.0f} s ({max(delays, default=0):.0f} s at most)"
    memory = f"{quarter[0]:.0f} → {last[0]:.0f} MB ({growth:+.1%})"
    print(f"  memory with shared pages once: {quarter[1]:.0f} → {last[1]:.0f} MB")
    minutes = range(int((end - web.start) / 60) + 1)
    for what, column in (("all processes", 0), ("the first one", 2)):
        told = [f"{memory_at(seen, web.start + 60 * m)[column]:.0f}" for m in minutes]
        print(f"  RSS of {what} by minute, MB: {' '.join(told)}")
    return all(
        [
            say("entries lost", str(len(lost)), "0", is_met=not lost),
            say("rows doubled", str(len(doubled)), "0", is_met=not doubled),
            say("texts other than published", str(len(other)), "0", is_met=not other),
            say(
                "publication to row, median",
                late,
                f"< {web.every_s + 10:.0f} s",
                is_met=delay < web.every_s + 10,
            ),
            say("RSS after a quarter and at the end", memory, "± 10 %", is_met=abs(growth) < 0.1),
        ]
    )


def main() -> int:
    """Run, watch and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--pace", type=float, default=60, help="seconds between two articles")
    parser.add_argument("--keep", type=Path, help="folder for warehouse and log")
    args, flags = parser.parse_known_args()
    web = ChangingWeb(
        start=time.time() + SETTLE_S,
        num_feeds=args.feeds,
        every_s=args.pace,
        num_articles=round(args.minutes * 60 / args.pace),
    )
    with tempfile.TemporaryDirectory() as temporary, served(web) as address:
        folder = args.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        process = begin(folder, web, address, flags)
        try:
            seen = watch(process, web, folder / "news.duckdb")
            code = stop(process)
            is_clean = say("exit code on SIGTERM", str(code), "130", is_met=code == 130)
            left = left_over(process.pid)
            is_alone = say("processes left", str(len(left)), "0", is_met=not left)
            print(*(f"  {line}" for line in left), sep="\n")
            is_met = judge(seen, web, folder / "news.duckdb")
        finally:
            for pid in members(process.pid):
                os.kill(pid, signal.SIGKILL)
        if not (is_met and is_clean and is_alone):
            print((folder / "log").read_text()[-3000:])
    return 0 if is_met and is_clean and is_alone else 1


def stop(process: "subprocess.Popen[str]") -> int:
    """End the run in order, and give its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=90)


def left_over(session: int) -> list[str]:
    """Name the processes that are there 20 s later: the fork server ends when it notices."""
    deadline = time.monotonic() + 20
    while members(session) and time.monotonic() < deadline:
        time.sleep(0.2)
    found = []
    for pid in members(session):
        with contextlib.suppress(OSError):
            found.append(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")[:200])
    return found


if __name__ == "__main__":
    sys.exit(main())
