"""Every case of the hostile server ends as it states, in the time and memory that it allows.

The real chain reads each case: the fetcher with its guard, then feed reading or extraction in
killable workers, or robots.txt. Many cases are under way at once, so that deadlines overlap.
"""

import asyncio
import csv
import json
import os
import queue
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import html

from pipelines.__main__ import main
from pipelines.report.figures import read_report
from pipelines.report.page import clean, render
from schemas.flow import RunContext
from schemas.rows import Entry, Feed
from schemas.vocabulary import Reason, Rejected
from tests.test_report import check_harmless, make_warehouse_of
from transforms.answers import Answer, check_status
from transforms.extract import extract_article
from transforms.feeds import entries_of, parse_answer, without_address
from transforms.fetch import page_of
from transforms.web import FEEDS, PAGES, PRODUCT, Web, WebSettings
from transforms.workers import PRELOADED, Workers, outcome

pytestmark = pytest.mark.corpora

NOW = datetime(2026, 7, 7, tzinfo=UTC)
CONTEXT = RunContext(run_id="r", now=NOW)
DEADLINE_S = 8.0  # shorter than a run's, with the same outcome: nothing here answers that late
READING_S = 10.0
AT_ONCE = 16
READERS = 3
MIN_MB = 200  # what the server allows the most modest case
ROBOTS = {  # name: path asked for, and what the rules must say of it
    "disallow_all": ("/a", False),
    "allow_all": ("/a", True),
    "s404": ("/a", True),
    "s403": ("/a", True),
    "s500": ("/a", None),
    "s429": ("/a", None),
    "html": ("/a", True),
    "big_20mb": ("/a", False),
    "redos": ("/" + "a" * 5000, False),
    "crawl_delay_huge": ("/a", True),
    "crawl_delay_bad": ("/a", True),
    "bom": ("/private", False),
    "cr_only": ("/private", False),
    "groups": ("/y", False),
    "nul": ("/y", True),
}
DELAYS_S = {"crawl_delay_huge": 120.0, "crawl_delay_bad": 0.0}


@dataclass
class Ended:
    """How a case ended."""

    outcome: str = "ok"
    detail: str = ""
    rows: str = ""  # all of them, as text
    num_entries: int | None = None
    seconds: float = 0.0
    megabytes: float = 0.0  # that its worker grew by
    wrong: list[str] = field(default_factory=list)


def free_port() -> int:
    """Give the first of five ports in a row that are free."""
    for port in range(21000, 31000, 7):
        tried = [socket.socket() for _ in range(5)]
        try:
            for n, probe in enumerate(tried):
                probe.bind(("127.0.0.1", port + n))
        except OSError:
            continue
        finally:
            for probe in tried:
                probe.close()
        return port
    raise AssertionError("no ports are free")


@pytest.fixture(scope="module")
def port(corpora: Path) -> Iterator[int]:
    given = free_port()
    program = [sys.executable, str(corpora / "feeds" / "hostile_server.py")]
    arguments = ["--port", str(given), "--lifetime", "300"]
    with subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert "hostile server" in server.stdout.readline()
        yield given
        server.kill()


def told(port: int, what: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/__{what}") as answer:
        return json.load(answer)


def web_for(port: int, *also: int) -> Web:
    """Make a fetcher of its own for each case, so that none waits for another's lane."""
    trusted = (f"127.0.0.1:{port}", *(f"localhost:{tls}" for tls in also))
    return Web(
        WebSettings(trusted=trusted, host_delay_s=0, timeout_s=DEADLINE_S, obey_robots=False)
    )


def peak_mb(pid: int | str) -> float | None:
    """Read the most memory a process had; None where it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(found[0].split()[1]) / 1024 if found else None


def forget_peak(pid: int | str) -> float:
    """Have the kernel measure a process's peak anew; give what it holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak_mb(pid) or 0.0


class Readers:
    """Pools of one worker each, so that what a case does to its worker can be measured."""

    def __init__(self) -> None:
        self._free: queue.Queue[Workers] = queue.Queue()
        self._all = [Workers(1) for _ in range(READERS)]
        for pool in self._all:
            # the fork server may have been started by a test that preloads nothing
            pool.submit(exec, f"import {', '.join(PRELOADED)}", timeout_s=60).result()
            self._free.put(pool)

    def read(self, ended: Ended, reason: Reason, function: Any, *arguments: Any) -> Any:
        """Run a function in a worker, and note how long it took and how much it held."""
        pool = self._free.get()
        pid = pool.submit(os.getpid, timeout_s=30).result()
        before = forget_peak(pid)
        began = time.monotonic()
        try:
            task = pool.submit(function, *arguments, timeout_s=READING_S)
            while not wait([task], timeout=0.02).done:
                ended.megabytes = max(ended.megabytes, (peak_mb(pid) or 0.0) - before)
            return outcome(task, reason=reason)
        finally:
            ended.seconds += time.monotonic() - began
            ended.megabytes = max(ended.megabytes, (peak_mb(pid) or 0.0) - before)
            self._free.put(pool)

    def stop(self) -> None:
        for pool in self._all:
            pool.stop()


def end_case(case: dict[str, Any], port: int, readers: Readers) -> Ended:
    """Lead one case through the chain."""
    ended = Ended()
    url = f"http://127.0.0.1:{port}{case['path']}"
    with closing(web_for(port)) as web:
        began = time.monotonic()
        try:
            if case["kind"] == "robots":
                end_robots(case["name"], web, port, ended)
                return ended
            answer = web.get(url, accept=PAGES if case["kind"] == "page" else FEEDS).result()
        except Rejected as rejected:
            ended.outcome, ended.detail = "reject", str(rejected)
            return ended
        finally:
            ended.seconds += time.monotonic() - began
    try:
        if case["kind"] == "page":
            read_article(answer, ended, readers)
        else:
            read_entries(answer, ended, readers)
    except Rejected as rejected:
        ended.outcome, ended.detail = "reject", str(rejected)
    return ended


def read_article(answer: Answer, ended: Ended, readers: Readers) -> None:
    entry = Entry(
        entry_id="e", url=answer.asked, url_key="k", version="v", first_seen_at=NOW, run_id="r"
    )
    page = page_of(entry, answer, CONTEXT)
    ended.rows = repr(readers.read(ended, Reason.BROKEN_PAGE, extract_article, page, CONTEXT, ()))


def read_entries(answer: Answer, ended: Ended, readers: Readers) -> None:
    check_status(answer)
    given = (answer.body, answer.url, answer.content_type)
    parsed = readers.read(ended, Reason.BROKEN_FEED, parse_answer, *given)
    feed = Feed(feed_id="f", url=answer.asked, updated_at=NOW, run_id="r")
    rows = (*entries_of(parsed, feed, CONTEXT), *without_address(parsed, feed, CONTEXT))
    ended.rows, ended.num_entries = repr(rows), len(rows)


def end_robots(name: str, web: Web, port: int, ended: Ended) -> None:
    """Ask for one of the server's robots.txt, and check what it says of a path."""
    path, is_allowed = ROBOTS[name]
    origin = f"http://127.0.0.1:{port}"
    asked = web._ask_robots(f"{origin}/robots.txt?case={name}&rest=", is_tls_exempt=False)
    rules = asyncio.run_coroutine_threadsafe(asked, web._loop).result()
    try:
        rules.check(origin + path, PRODUCT)
        said: bool | None = True
    except Rejected as rejected:
        said = False if rejected.reason is Reason.ROBOTS_DISALLOWED else None
    if said is not is_allowed:
        ended.wrong.append(f"{path} is allowed: {said}")
    if rules.delay_s(PRODUCT) != DELAYS_S.get(name, 0.0):
        ended.wrong.append(f"a delay of {rules.delay_s(PRODUCT)} s")


def faults(case: dict[str, Any], ended: Ended) -> list[str]:
    """Say in what a case did not end as it states."""
    found = list(ended.wrong)
    if case["outcome"] not in ("either", ended.outcome):
        found.append(f"{ended.outcome} {ended.detail}")
    if ended.seconds > case["max_s"]:
        found.append(f"{ended.seconds:.1f} s")
    if ended.megabytes > case["max_mb"]:
        found.append(f"{ended.megabytes:.0f} MB")
    if case.get("forbid") and case["forbid"] in ended.rows:
        found.append(f"{case['forbid']!r} in its rows")
    if ended.outcome == "ok":
        if ended.num_entries not in (None, case.get("entries", ended.num_entries)):
            found.append(f"{ended.num_entries} entries")
        if case.get("contains", "") not in ended.rows:
            found.append(f"no {case['contains']!r} in its rows")
    return found


def test_a_feed_that_is_exempt_is_read_and_its_answer_says_so(port: int) -> None:
    with closing(web_for(port, port + 2)) as web:
        url = f"https://localhost:{port + 2}/ok/feed"
        answer = web.get(url, is_tls_exempt=True).result()
    assert (answer.status, answer.is_tls_verified) == (200, False)


@pytest.mark.parametrize("offset", [2, 3, 4])
def test_certificates_that_prove_nothing_are_refused(port: int, offset: int) -> None:
    with closing(web_for(port, port + offset)) as web, pytest.raises(Rejected) as caught:
        web.get(f"https://localhost:{port + offset}/ok/feed").result()
    assert caught.value.reason is Reason.UNREACHABLE
    assert "ertificate" in caught.value.detail


def test_every_hostile_case_ends_as_stated_within_its_bounds(port: int) -> None:
    cases = told(port, "cases")
    readers = Readers()
    before = forget_peak("self")
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            ended = list(pool.map(lambda case: end_case(case, port, readers), cases))
    finally:
        readers.stop()
    found = {
        f"{case['group']}/{case['name']}": wrong
        for case, how in zip(cases, ended, strict=True)
        if (wrong := faults(case, how))
    }
    assert found == {}
    assert len(cases) == 304
    assert told(port, "canary") == []
    # all that were under way at once together took less than one of them may
    assert (peak_mb("self") or 0.0) - before < MIN_MB


def test_what_hostile_entries_say_does_nothing_in_answers_or_on_the_page(
    port: int, tmp_path: Path, make_row: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = [case for case in told(port, "cases") if case["group"] == "item"]
    entries = [entry for case in cases for entry in read_case(case, port) if entry.title]
    assert len(cases) >= 60
    assert len(entries) >= 100
    assert {urlsplit(entry.url).scheme for entry in entries if entry.url} <= {"http", "https"}
    assert not [entry.url for entry in entries if "@" in urlsplit(entry.url).netloc]
    said = [{"headline": e.title, "name": e.title, "url": e.url} for e in entries]
    warehouse = make_warehouse_of(tmp_path, make_row, *said)
    page = render(read_report(warehouse, title="News events", now=NOW))
    check_harmless(page)
    shown = html.fromstring(page).text_content()
    assert not [entry.title for entry in entries if clean(entry.title or "") not in shown]
    sql = "SELECT actor_name, canonical_url FROM event_mentions JOIN articles USING (article_id)"
    for form in ("table", "csv", "json"):
        assert main(["query", sql, "--warehouse", warehouse, "--format", form]) == 0
        check_answer(form, capsys.readouterr().out, {entry.title for entry in entries})


def read_case(case: dict[str, Any], port: int) -> list[Entry]:
    """Read the entries with an address that a case's feed has."""
    with closing(web_for(port)) as web:
        answer = web.get(f"http://127.0.0.1:{port}{case['path']}", accept=FEEDS).result()
    feed = Feed(feed_id="f", url=answer.asked, updated_at=NOW, run_id="r")
    parsed = parse_answer(answer.body, answer.url, answer.content_type)
    return list(entries_of(parsed, feed, CONTEXT))


def check_answer(form: str, shown: str, titles: set[str | None]) -> None:
    """Check that an answer moves no cursor, has a line a row, and no cell that calculates."""
    assert not {c for c in shown if not c.isprintable()} - {"\n"}
    if form == "csv":
        cells = [cell for row in csv.reader(shown.splitlines()) for cell in row]
        assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    if form == "json":
        assert {json.loads(line)["actor_name"] for line in shown.splitlines()} == titles
