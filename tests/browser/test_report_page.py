"""The report in a real browser: `make test-report` (it installs Chromium where it is absent).

Collected only when DATELINE_BROWSER names a browser; `make test` says so.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.world import fill
from tests.browser.chromium import Page, visit
from tests.test_report import ATTACKS, SENTENCE, make_warehouse, page_of
from transforms.warehouse import open_warehouse

PHONE, DESK = (390, 844), (1200, 900)
OPEN_S = 3.0


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, make_row: Any) -> Path:
    """Write a page in which every text holds all attacks."""
    folder = tmp_path_factory.mktemp("report")
    said = {"headline": " ".join(ATTACKS), "name": "@" + " ".join(ATTACKS)}
    said["sentence"] = SENTENCE + said["headline"]
    path = folder / "report.html"
    path.write_text(page_of(make_warehouse(folder, make_row, **said)), encoding="utf-8")
    return path


@pytest.mark.parametrize(("width", "height"), [PHONE, DESK])
def test_the_page_fits_its_window_and_asks_for_nothing(
    width: int, height: int, report: Path
) -> None:
    async def ask(page: Page) -> None:
        seconds = await page.open(report, width=width, height=height)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate("document.title") == "News events"  # no attack has run
        assert await page.evaluate("document.querySelectorAll('script,img,iframe').length") == 0
        assert await page.evaluate("document.querySelectorAll('circle').length") == 1
        assert await page.evaluate("document.querySelectorAll('mark.trigger').length") >= 2
        assert page.requested == [report.as_uri()]
        assert seconds < OPEN_S
        shot = report.with_name(f"{width}.png")
        await page.shoot(shot)
        assert shot.stat().st_size > 10_000

    asyncio.run(visit(ask))


def test_colours_follow_the_choice(report: Path) -> None:
    async def ask(page: Page) -> tuple[str, str]:
        await page.open(report, width=DESK[0], height=DESK[1])
        paper = "getComputedStyle(document.body).backgroundColor"
        await page.evaluate("document.getElementById('theme-light').click()")
        light = await page.evaluate(paper)
        await page.evaluate("document.getElementById('theme-dark').click()")
        return light, await page.evaluate(paper)

    light, dark = asyncio.run(visit(ask))
    assert light == "rgb(251, 250, 247)"
    assert dark == "rgb(20, 23, 28)"


def test_the_page_of_a_hundred_thousand_events_opens_in_no_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path / "w.duckdb", 320_000)
    warehouse = open_warehouse(str(tmp_path / "w.duckdb"))
    warehouse.prepare()
    num_events = warehouse.records("SELECT COUNT(*) AS n FROM events")[0]["n"]
    assert num_events > 100_000
    report = tmp_path / "report.html"
    report.write_text(page_of(warehouse.path), encoding="utf-8")

    async def ask(page: Page) -> float:
        seconds = await page.open(report, width=PHONE[0], height=PHONE[1])
        assert await page.evaluate("document.querySelectorAll('mark.trigger').length") >= 200
        assert page.requested == [report.as_uri()]
        return seconds

    seconds = asyncio.run(visit(ask))
    with capsys.disabled():
        sys.stdout.write(f"\n{num_events:,} events: opened in {seconds:.2f} s of work\n")
    assert seconds < OPEN_S
