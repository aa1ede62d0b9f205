"""`--every` with real processes: it goes on whatever happens, and ends in order on a signal."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

ROOT = Path(__file__).parent.parent
PAGE = (
    "<html lang='en'><head><title>{headline}</title></head><body><article><h1>{headline}</h1>"
    "<p>Rebels attacked a barracks near Orzhan late on Saturday, the army of Zembria said, and "
    "four soldiers were killed before the attackers withdrew into the hills.</p>"
    "<p>It was attack number {number} of this year in the province of Yarrun, where the front "
    "has not moved since the talks broke down, the governor told reporters on Sunday.</p>"
    "</article></body></html>"
)
ITEM = (
    "<item><title>{headline}</title><link>http://{host}/{number}</link><pubDate>{at}</pubDate>"
    "</item>"
)
LONG_AGO = "Tue, 04 Mar 2025 09:30:00 GMT"


def publish(site: Any, host: str, *numbers: int, at: str = "Mon, 09 Mar 2026 09:30:00 GMT") -> str:
    """Put a feed with articles on the site, and give its address."""
    items = ""
    for number in numbers:
        told = {"headline": f"Barracks attacked, {number}", "number": number}
        site.put(f"{host}/{number}", PAGE.format(**told).encode(), kind="text/html")
        items += ITEM.format(**told, host=host, at=at)
    feed = f"<rss version='2.0'><channel><title>{host}</title>{items}</channel></rss>"
    site.put(f"{host}/feed", feed.encode(), kind="application/rss+xml")
    return f"http://{host}/feed\n"


class Ingest:
    """A run of `dateline ingest` in a process group of its own."""

    def __init__(self, folder: Path, site: Any, workers: int, *flags: object) -> None:
        self.feeds = folder / "feeds.txt"
        self.warehouse = folder / "news.duckdb"
        self.log = folder / "log"
        given = [
            *("ingest", "--feeds", self.feeds, "--warehouse", self.warehouse, "--workers", workers),
            *("--host-delay", 0, "--connect-to", site.address, *flags),
        ]
        command = [sys.executable, "-m", "pipelines", *map(str, given)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + 400
        while not condition():
            told = self.log.read_text()
            assert self.process.poll() is None, told
            assert time.monotonic() < deadline, f"{what}: {told}"
            time.sleep(0.3)  # who reads the warehouse keeps the run from writing

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse between two merges; where there is none yet, nothing is in it."""
        while True:
            try:
                with duckdb.connect(str(self.warehouse), read_only=True) as connection:
                    return connection.execute(sql).fetchall()
            except duckdb.Error as error:
                if "lock" not in str(error):
                    return []
                time.sleep(0.02)

    def stop(self, sign: signal.Signals) -> int:
        os.kill(self.process.pid, sign)
        return self.process.wait(timeout=60)

    def children(self) -> list[str]:
        """Name the processes of the group that are still there a moment after its end."""
        for _ in range(200):
            listed = subprocess.run(
                ["ps", "-s", str(self.process.pid), "-o", "pid=,stat=,args="],
                capture_output=True,
                text=True,
                check=False,
            ).stdout.splitlines()
            left = [line for line in listed if not line.split()[1].startswith("Z")]
            if not left:
                break
            time.sleep(0.05)
        return left


@pytest.fixture
def start(tmp_path: Path, site: Any) -> Iterator[Callable[..., Ingest]]:
    started: list[Ingest] = []

    def begin(feeds: str, *flags: object, workers: int) -> Ingest:
        (tmp_path / "feeds.txt").write_text(feeds)
        started.append(Ingest(tmp_path, site, workers, *flags))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            os.killpg(each.process.pid, signal.SIGKILL)
            each.process.wait()


def test_it_goes_on_past_a_broken_list_and_finishes_what_has_begun_on_a_signal(
    site: Any, start: Callable[..., Ingest]
) -> None:
    listed = publish(site, "now.example", 1)
    run = start(listed, "--every", "1s", workers=1)
    urls = "SELECT url FROM article_revisions JOIN articles USING (article_id) ORDER BY url"
    run.wait_for(lambda: len(run.ask(urls)) == 1, "a first article")

    run.feeds.write_text("<opml><body><outline")
    run.wait_for(lambda: "no well-formed OPML" in run.log.read_text(), "a warning")
    listed += publish(site, "late.example", 2, at=LONG_AGO)
    run.feeds.write_text(listed)
    run.wait_for(lambda: len(run.ask(urls)) == 2, "an article of a year ago")
    days = "SELECT DISTINCT CAST(published_at AS DATE) FROM event_mentions ORDER BY 1"
    run.wait_for(lambda: len(run.ask(days)) == 2, "events of both days")
    assert str(run.ask(days)[0][0]) == "2025-03-04"

    site.latency_s = 0.7
    run.feeds.write_text(listed + publish(site, "slow.example", 3, 4, 5))
    run.wait_for(lambda: site.asked("/3") or site.asked("/4") or site.asked("/5"), "a slow page")
    assert run.stop(signal.SIGTERM) == 130
    assert run.children() == []
    assert len(run.ask(urls)) == 3  # the page under way, and none of the two that waited
    assert run.ask("SELECT status FROM runs ORDER BY started_at")[-1] == ("stopped",)
    assert "do not add up" not in run.log.read_text()


def test_a_second_signal_leaves_at_once(site: Any, start: Callable[..., Ingest]) -> None:
    listed = publish(site, "hang.example", 1)
    site.answers["hang.example/1"] = b""  # never answers
    run = start(listed, "--every", "1m", workers=0)
    run.wait_for(lambda: site.asked("/1"), "a page that hangs")
    os.kill(run.process.pid, signal.SIGINT)
    time.sleep(0.5)
    assert run.process.poll() is None  # it waits for the page
    began = time.monotonic()
    assert run.stop(signal.SIGTERM) == 130
    assert time.monotonic() - began < 5
    assert run.children() == []
