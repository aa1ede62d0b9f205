"""`dateline feeds` keeps the user's list, and tells which feeds are alive."""

import json
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.__main__ import main
from pipelines.feeds import Looker
from schemas.flow import RunContext
from schemas.rows import Feed
from schemas.vocabulary import Reason, Rejected
from tests.conftest import Site
from transforms.answers import Answer
from transforms.feed_checks import FeedState
from transforms.opml import make_feed
from transforms.warehouse import StagingFolder, open_warehouse
from transforms.warehouse.staging import stage
from transforms.workers import Workers

NOW = datetime.now(UTC)
CONTEXT = RunContext(run_id="r", now=NOW)
DATE = f"{NOW:%a, %d %b %Y %H:%M:%S} GMT"
RSS = f"""<rss version="2.0"><channel><title>Meldt Post</title><link>http://meldt.example/</link>
<item><title>x</title><link>http://meldt.example/1</link><pubDate>{DATE}</pubDate></item>
</channel></rss>""".encode()
HTML = b"""<html><head><link rel="alternate" type="application/rss+xml" href="/post.xml">
<link rel="alternate" type="application/rss+xml" href="/sport.xml"></head><body/></html>"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run an action on a list in a folder of its own, against a site on loopback."""

    def call(action: str, *rest: str) -> tuple[int, str, str]:
        asking = ("--connect-to", site.address) if action in ("check", "add") else ()
        code = main(["feeds", action, "--feeds", str(tmp_path / "mine.opml"), *asking, *rest])
        said = capsys.readouterr()
        return code, said.out, said.err

    site.put("meldt.example/post.xml", RSS, kind="application/rss+xml")
    site.put("meldt.example/sport.xml", RSS, kind="application/rss+xml")
    site.put("meldt.example/", HTML, kind="text/html")
    return call


def test_the_feed_of_a_site_is_found_and_listed(run: Run) -> None:
    code, _, said = run("add", "http://meldt.example/", "--category", "World")
    assert code == 0
    assert "added http://meldt.example/post.xml (Meldt Post)" in said
    assert "also offers http://meldt.example/sport.xml" in said
    _, shown, _ = run("list", "--format", "json")
    (listed,) = map(json.loads, shown.splitlines())
    assert (listed["feed"], listed["category"]) == ("Meldt Post", "World")


def test_a_site_that_names_no_feed_is_tried_at_the_usual_places(run: Run, site: Site) -> None:
    site.put("quiet.example/", b"<html><body>Home</body></html>", kind="text/html")
    site.put("quiet.example/rss.xml", RSS, kind="application/rss+xml")
    assert "added http://quiet.example/rss.xml" in run("add", "http://quiet.example/")[2]


def test_a_site_whose_robots_txt_names_a_news_sitemap_is_found(run: Run, site: Site) -> None:
    sitemap = f"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
    xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
    <url><loc>http://map.example/1</loc>
    <news:news><news:publication><news:name>M</news:name><news:language>en</news:language>
    </news:publication><news:publication_date>{NOW.isoformat()}</news:publication_date>
    <news:title>T</news:title></news:news></url></urlset>"""
    site.put("map.example/", b"<html><body>Home</body></html>", kind="text/html")
    site.put("map.example/robots.txt", b"Sitemap: http://map.example/news.xml")
    site.put("map.example/news.xml", sitemap.encode(), kind="application/xml")
    assert "added http://map.example/news.xml" in run("add", "http://map.example/")[2]


def test_an_address_without_a_feed_is_not_listed(run: Run, site: Site, tmp_path: Path) -> None:
    site.put("none.example/", b"<html><body>Home</body></html>", kind="text/html")
    code, _, said = run("add", "http://none.example/")
    assert code == 1
    assert "not added: http://none.example/" in said
    assert not (tmp_path / "mine.opml").exists()


def test_a_feed_is_not_listed_twice(run: Run) -> None:
    run("add", "http://meldt.example/post.xml")
    code, _, said = run("add", "http://meldt.example/")
    assert code == 0
    assert "1 listed already" in said


def test_check_tells_the_living_from_the_broken_and_why(run: Run, tmp_path: Path) -> None:
    run("add", "http://meldt.example/post.xml")
    run("add", "--unseen", "http://meldt.example/", "http://meldt.example/gone.xml")
    code, shown, said = run("check", "--format", "json")
    checks = {check["url"]: check for check in map(json.loads, shown.splitlines())}
    assert code == 1
    assert "1 of 3 feeds can be read" in said
    alive = checks["http://meldt.example/post.xml"]
    assert (alive["state"], alive["num_entries"], alive["http_status"]) == ("alive", 1, 200)
    assert checks["http://meldt.example/"]["why"].startswith("not_a_feed: ")
    assert checks["http://meldt.example/gone.xml"]["why"].startswith("gone: status 404")


def test_check_shows_people_a_table(run: Run) -> None:
    code, shown, _ = run("check", "http://meldt.example/")
    assert code == 0
    assert "Meldt Post" in shown
    assert "alive" in shown


def test_what_is_removed_is_gone_and_what_is_not_listed_is_said(run: Run) -> None:
    run("add", "--unseen", "http://meldt.example/post.xml", "http://meldt.example/sport.xml")
    assert run("remove", "http://meldt.example/post.xml")[0] == 0
    assert run("export", "--format", "txt")[1] == "http://meldt.example/sport.xml\n"
    code, _, said = run("remove", "http://meldt.example/post.xml")
    assert code == 1
    assert "1 of these addresses are not listed" in said


def test_lists_go_out_and_come_in(run: Run, tmp_path: Path) -> None:
    run("add", "--unseen", "http://meldt.example/post.xml")
    other = tmp_path / "other.opml"
    assert run("export", str(other))[0] == 0
    run("remove", "http://meldt.example/post.xml")
    assert "added http://meldt.example/post.xml" in run("import", str(other))[2]


def test_an_exemption_goes_out_and_comes_in_with_its_feed(run: Run, tmp_path: Path) -> None:
    run("add", "--unseen", "--tls-exempt", "https://meldt.example/post.xml")
    line = "https://meldt.example/post.xml tls-exempt\n"
    assert run("export", "--format", "txt")[1] == line
    (tmp_path / "other.txt").write_text(line)
    run("remove", "https://meldt.example/post.xml")
    run("import", str(tmp_path / "other.txt"))
    assert 'tlsExempt="true"' in run("export")[1]


def test_only_feeds_that_are_exempt_are_asked_without_proof() -> None:
    class Listening:
        def __init__(self) -> None:
            self.asked: dict[str, bool] = {}

        def get(self, url: str, *, accept: str, is_tls_exempt: bool) -> "Future[Answer]":
            self.asked[url] = is_tls_exempt
            refused: Future[Answer] = Future()
            refused.set_exception(Rejected(Reason.UNREACHABLE, "nobody there"))
            return refused

    web: Any = Listening()
    looker = Looker(web, Workers(0), NOW)
    checks = looker.check(
        ["https://a.example/", "https://b.example/"], exempt={"https://a.example/"}
    )
    assert [check.state for check in checks] == [FeedState.BROKEN] * 2
    assert web.asked == {"https://a.example/": True, "https://b.example/": False}
    looker.find("https://b.example/", is_exempt=True)
    assert web.asked["https://b.example/"]


def test_the_warehouse_tells_how_listed_feeds_are(run: Run, tmp_path: Path, make_row: Any) -> None:
    run("add", "--unseen", "http://meldt.example/post.xml")
    path = str(tmp_path / "w.duckdb")
    warehouse = open_warehouse(path)
    warehouse.prepare()
    url = "http://meldt.example/post.xml"
    made = make_row(
        Feed,
        feed_id=make_feed(url, None, None, None, CONTEXT).feed_id,
        url=url,
        last_polled_at=NOW,
        last_success_at=None,
        consecutive_failures=3,
    )
    stage(tmp_path / "staged", "feeds", [made])
    warehouse.merge(StagingFolder(tmp_path / "staged").ready(complete=True))
    _, shown, _ = run("list", "--warehouse", path, "--format", "json")
    (listed,) = map(json.loads, shown.splitlines())
    assert (listed["state"], listed["consecutive_failures"]) == ("failing", 3)


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (["check"], "mine.opml: cannot be read (No such file or directory)"),
        (["add", "not an address"], "is no address; write https://news.example/feed"),
        (["import", "missing.opml"], "missing.opml: cannot be read"),
    ],
)
def test_a_mistake_is_said_in_one_line(run: Run, rest: list[str], said: str) -> None:
    code, _, error = run(*rest)
    assert code == 2
    assert said in error
    assert error.count("\n") == 1
