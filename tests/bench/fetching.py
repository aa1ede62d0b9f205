"""What fetching and feed reading cost here: `make bench-web` prints it, each figure beside its aim.

All of it runs on loopback, against a server in another process that answers after 50 ms; the
server's share of the machine is part of what is measured. Costs are ratios of CPU time, taken
side by side, so that they hold on other machines and beside other work.
"""

import argparse
import atexit
import functools
import gc
import gzip
import hashlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import feedparser
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.transforms.combiners import Count
from apache_beam.transforms.window import GlobalWindow

from pipelines.sums import read_counters
from schemas.columns import content_id
from schemas.flow import Page, RunContext
from schemas.rows import Entry, Feed
from schemas.vocabulary import Rejected
from tests.bench import loopback
from transforms.answers import Answer
from transforms.extract import BATCH_PAGES, extract_article
from transforms.feeds import PollFeeds, entries_of, parse_answer, read_poll
from transforms.fetch import FetchPagesFn
from transforms.web import Web, WebSettings, shared_web
from transforms.workers import Batches, Workers

NOW = datetime(2026, 7, 7, tzinfo=UTC)
CONTEXT = RunContext(run_id="bench", now=NOW)
HOSTS, PAGES_EACH, HANGING = 1000, 15, 0.2
ROUNDS = 5
FETCH_ROUNDS = 9
WORKER_ROUNDS = 15


@contextmanager
def served() -> Iterator[str]:
    """Give the address of a server in another process."""
    program = [sys.executable, "-m", "tests.bench.loopback"]
    with subprocess.Popen(program, stdin=-1, stdout=-1, text=True) as server:
        assert server.stdout is not None
        yield f"127.0.0.1:{server.stdout.readline().strip()}"
        assert server.stdin is not None
        server.stdin.close()


def say(what: str, figure: str, aim: str) -> None:
    print(f"{what:<58} {figure:>22}   aim {aim}", flush=True)


# ----------------------------------------------------------------- memory


def memory_mb() -> tuple[float, float]:
    """Give the memory of this process and all below it: resident, and with shared pages once."""
    rss = pss = 0
    for pid in (os.getpid(), *below(os.getpid())):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # it has ended
        found = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
        rss, pss = rss + found.get("Rss", 0), pss + found.get("Pss", 0)
    return rss / 1024, pss / 1024


def below(pid: int) -> list[int]:
    """Give the processes below one, but for the server that stands for the web."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        own = [int(c) for c in children if "loopback" not in Path(f"/proc/{c}/cmdline").read_text()]
    except OSError:
        return []
    return [*own, *(grandchild for child in own for grandchild in below(child))]


class Watch:
    """Samples memory while something runs."""

    def __enter__(self) -> "Watch":
        self.rss = self.pss = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(1.0):
            rss, pss = memory_mb()
            self.rss, self.pss = max(self.rss, rss), max(self.pss, pss)


# ----------------------------------------------------------------- polling and fetching


def feed_of(host: str) -> Feed:
    return Feed(feed_id=content_id(host), url=f"http://{host}/feed", updated_at=NOW, run_id="bench")


def entry_of(url: str) -> Entry:
    key = content_id(url)
    return Entry(entry_id=key, url=url, url_key=key, version="v", first_seen_at=NOW, run_id="bench")


def poll(address: str, num_feeds: int, share_hanging: float, timeout_s: float) -> None:
    """Poll feeds of as many hosts through the real stage on the real runner."""
    num_hanging = round(num_feeds * share_hanging)
    hosts = [f"{'hang' if n < num_hanging else 'h'}{n}.example" for n in range(num_feeds)]
    random.Random(1).shuffle(hosts)
    with tempfile.TemporaryDirectory() as folder, Watch() as watch:
        web = WebSettings(connect_to=address, lanes=folder, timeout_s=timeout_s)
        began = time.monotonic()
        pipeline = beam.Pipeline(runner=FnApiRunner())
        polled = (
            pipeline
            | "feeds" >> beam.Create([feed_of(host) for host in hosts])
            | "poll" >> PollFeeds(CONTEXT, web, f"{folder}/archive", os.cpu_count() or 1)
        )
        _ = polled.elements | "entries" >> Count.Globally()
        result = pipeline.run()
        took_s = time.monotonic() - began
    counters = read_counters(result)
    done = counters["poll", "out"]
    assert done == num_feeds - num_hanging, counters
    what = f"{num_feeds:,} feeds polled" + (
        f", {num_hanging:,} of them hang" if num_hanging else ""
    )
    say(what, f"{took_s:.0f} s, {done / took_s:.0f}/s", "300 s")
    say(
        "  memory of all processes (shared pages once)",
        f"{watch.rss:.0f} ({watch.pss:.0f}) MB",
        "600 MB",
    )


def fetch(address: str, num_hanging: int) -> float:
    """Fetch pages of many hosts through the stage; give good pages a second."""
    hosts = [f"{'hang' if n < num_hanging else 'h'}{n}.example" for n in range(HOSTS)]
    urls = [f"http://{host}/{n}" for host in hosts for n in range(PAGES_EACH)]
    random.Random(1).shuffle(urls)
    with tempfile.TemporaryDirectory() as folder:
        web = WebSettings(connect_to=address, lanes=folder, host_delay_s=0, obey_robots=False)
        fn = FetchPagesFn(CONTEXT, web, None)
        fn.start_bundle()
        began = last = time.monotonic()
        num_good = 0
        for found in outputs_of(fn, urls):
            if not isinstance(found, beam.pvalue.TaggedOutput):
                num_good += 1
                last = time.monotonic()
                if num_good == (HOSTS - num_hanging) * PAGES_EACH:
                    break
        end(shared_web(web))  # those that hang would burden the next round
    return num_good / (last - began)


def end(web: Web) -> None:
    """Give up what is under way."""
    web.close()
    atexit.unregister(web.close)


def outputs_of(fn: FetchPagesFn, urls: list[str]) -> Iterator[Any]:
    for url in urls:
        yield from fn.process(entry_of(url), 0, GlobalWindow())
    yield from fn.finish_bundle()


def fetch_with_and_without_hanging(address: str) -> None:
    fetch(address, 0)  # the first time loads what is needed
    rates = [
        (fetch(address, 0), fetch(address, round(HOSTS * HANGING))) for _ in range(FETCH_ROUNDS)
    ]
    say("pages a second", f"{statistics.median(whole for whole, _ in rates):.0f}", "500")
    loss = 1 - statistics.median(hampered / whole for whole, hampered in rates)
    say(f"  lost where {HANGING:.0%} of {HOSTS:,} hosts hang", f"{loss:.1%}", "< 5 %")


# ----------------------------------------------------------------- reading feeds


def cpu_s(work: Callable[[], Any], times: int) -> float:
    """Give the CPU seconds of one call."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def ratio(base: Callable[[], Any], ours: Callable[[], Any], base_times: int, times: int) -> float:
    """Say how many times as fast ours is: the median of rounds taken side by side."""
    return statistics.median(cpu_s(base, base_times) / cpu_s(ours, times) for _ in range(ROUNDS))


def read_feeds(body: bytes, name: str) -> None:
    feed = feed_of("h1.example")
    headers = (("Content-Type", "application/rss+xml"), ("ETag", '"1"'))
    answer = Answer(
        asked=feed.url,
        url=feed.url,
        status=200,
        reason="OK",
        headers=headers,
        body=body,
        duration_ms=50,
    )
    not_modified = replace(answer, status=304, body=b"")
    known = replace(feed, body_sha256=hashlib.sha256(body).hexdigest(), last_full_at=NOW)

    def changed() -> None:
        parsed = parse_answer(body, feed.url, "application/rss+xml")
        entries_of(parsed, feed, CONTEXT)

    def same() -> None:
        assert hashlib.sha256(answer.body).hexdigest() == known.body_sha256
        read_poll(known, answer, None, CONTEXT)

    def parse() -> None:
        feedparser.parse(body)

    def unmodified() -> None:
        read_poll(known, not_modified, None, CONTEXT)

    print(f"\n{name}, {len(body) / 1000:.0f} kB, against feedparser.parse on the same bytes:")
    parse_s = cpu_s(parse, 3)
    print(f"  feedparser.parse reads {1 / parse_s:.0f} a second and core")
    say("  changed: read to rows", f"{ratio(parse, changed, 2, 4):.1f} times", ">= 2.5")
    say("  unchanged by its bytes", f"{ratio(parse, same, 2, 200):.0f} times", ">= 50")
    say("  unchanged by 304", f"{ratio(parse, unmodified, 2, 200):.0f} times", ">= 50")


# ----------------------------------------------------------------- killable workers


def pages(corpora: str | None) -> list[Page]:
    """Give real pages where the corpora are, else one of our own in several versions."""
    found = sorted(Path(corpora).glob("extraction/dev/*/html/*.html.gz")) if corpora else []
    if found:
        bodies = [gzip.decompress(path.read_bytes()) for path in found[:: len(found) // 60]]
    else:
        bodies = [loopback.PAGE.replace(b"Ostrand", b"Ostrand%d" % n) for n in range(60)]
    return [page_of(body, n) for n, body in enumerate(bodies) if len(body) < 1_000_000]


def page_of(body: bytes, number: int) -> Page:
    entry = entry_of(f"http://h{number}.example/1")
    return Page(
        entry=entry,
        url=entry.url,
        http_status=200,
        content_type="text/html; charset=utf-8",
        body=body,
        fetched_at=NOW,
    )


def extract_in_workers(corpora: str | None) -> None:
    """Compare the CPU time of extraction in a killable worker with that in this process."""
    pool = Workers(1)
    pid = pool.submit(os.getpid, timeout_s=60).result()
    gc.collect()
    gc.freeze()  # as in the worker, so that both collect the same

    def inside(given: list[Page]) -> None:
        for page in given:
            with suppress(Rejected):
                extract_article(page, CONTEXT, ())

    def outside(given: list[Page]) -> None:
        batches = Batches(pool, size=BATCH_PAGES, timeout_s=60, batch_timeout_s=60)
        tasks = [batches.submit(extract_article, page, CONTEXT, ()) for page in given]
        batches.flush()
        for task in tasks:
            with suppress(Rejected):
                task.result()

    def one_round(given: list[Page]) -> tuple[float, float]:
        here = there = 0.0
        began = cpu_of(pid)
        # in small turns: other work disturbs both alike
        for start in range(0, len(given), BATCH_PAGES):
            turn = given[start : start + BATCH_PAGES]
            here += cpu_s(functools.partial(inside, turn), 1)
            there += cpu_s(functools.partial(outside, turn), 1)
        return here, there + cpu_of(pid) - began

    given = pages(corpora)
    one_round(given)  # the first time loads what is needed
    rounds = [one_round(given) for _ in range(WORKER_ROUNDS)]
    pool.stop()
    cost_ms = 1000 * statistics.median(here for here, _ in rounds) / len(given)
    surplus = statistics.median(there / here for here, there in rounds) - 1
    say("a page's extraction", f"{cost_ms:.1f} ms", "-")
    say("  in a killable worker it costs more by", f"{surplus:.1%}", "< 3 %")


def cpu_of(pid: int) -> float:
    """Read the CPU seconds that a process has used, up to this very moment.

    (What /proc tells of a process that runs is up to a tick old: that is several per cent here.)
    """
    cpu_clock_of_process = 2
    return time.clock_gettime(~pid << 3 | cpu_clock_of_process)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--only", choices=("poll", "fetch", "read", "extract"))
    args = parser.parse_args()
    with served() as address:
        if args.only in (None, "poll"):
            poll(address, args.feeds, 0, 30)
            poll(address, args.feeds, HANGING, 30)
        if args.only in (None, "fetch"):
            fetch_with_and_without_hanging(address)
    if args.only in (None, "read"):
        read_feeds(loopback.FEED, "a feed of 20 entries")
    if args.only in (None, "extract"):
        extract_in_workers(os.environ.get("DATELINE_CORPORA"))
