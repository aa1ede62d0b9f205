"""A run that is killed or stopped loses and doubles nothing; bad settings stop it beforehand."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.__main__ import main
from pipelines.demo_server import FIRST_EDITION, DemoServer
from pipelines.demo_server.world import Article, Kind, World
from schemas.tables import TABLES

ROOT = Path(__file__).parent.parent
SITE = ROOT / "seeds" / "site"
# Differ from run to run by their nature.
OF_A_RUN = {"run_id", "archive_file", "archive_offset"}
TABLES_OF_RUNS = {"runs", "feed_fetches"}
TWO_FEEDS = "http://basinreport.example/feed.json\nhttp://upland-post.example/index.xml\n"


def dateline(*argv: object, **settings: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines", *map(str, argv)]
    settings = {"capture_output": True, "text": True, "cwd": ROOT, "timeout": 200, **settings}
    return subprocess.run(command, check=False, **settings)


def ingest_flags(
    warehouse: Path, feeds: Path, server: DemoServer, *, workers: int = 0
) -> list[object]:
    return [
        *("ingest", "--feeds", feeds, "--warehouse", warehouse, "--now", server.now.isoformat()),
        *("--host-delay", 0, "--connect-to", f"127.0.0.1:{server.port}", "--workers", workers),
        *("--places", SITE / "places.csv", "--actors", SITE / "actors.csv"),
    ]


def ask(warehouse: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def rows_of(warehouse: Path) -> Mapping[str, set[str]]:
    """Give every row of what does not differ by run, in a form to compare."""
    found = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for table in TABLES:
            if table not in TABLES_OF_RUNS:
                cursor = connection.execute(f"SELECT * FROM {table}")
                names = [column[0] for column in cursor.description or ()]
                found[table] = {
                    repr([v for k, v in zip(names, row, strict=True) if k not in OF_A_RUN])
                    for row in cursor.fetchall()
                }
    return found


@pytest.fixture
def world() -> Iterator[DemoServer]:
    with DemoServer(now=FIRST_EDITION) as server:
        yield server


@pytest.fixture
def two_feeds(tmp_path: Path) -> Path:
    feeds = tmp_path / "feeds.txt"
    feeds.write_text(TWO_FEEDS)
    return feeds


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, set[str]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    feeds = folder / "feeds.txt"
    feeds.write_text(TWO_FEEDS)
    with DemoServer(now=FIRST_EDITION) as server:
        done = dateline(*ingest_flags(folder / "news.duckdb", feeds, server))
    assert done.returncode == 0, done.stderr
    return rows_of(folder / "news.duckdb")


def started(flags: list[object]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines", *map(str, flags)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def wait_for(condition: Any, process: "subprocess.Popen[str]") -> None:
    """Wait until a run is as far as the condition asks, or over."""
    deadline = time.monotonic() + 100
    while process.poll() is None and not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


class TestARunThatIsKilled:
    @pytest.mark.parametrize("moment", ["polling", "fetching", "staging", "merging"])
    def test_leaves_the_next_run_the_rows_of_an_undisturbed_one(
        self,
        moment: str,
        tmp_path: Path,
        world: DemoServer,
        two_feeds: Path,
        undisturbed: Mapping[str, set[str]],
    ) -> None:
        warehouse = tmp_path / "news.duckdb"
        stage = Path(f"{warehouse}.stage")
        moments = {
            "polling": lambda: len(world.requests) >= 1,
            "fetching": lambda: len(world.requests) >= 9,
            "staging": lambda: any(stage.glob("event_mentions/*")),
            "merging": lambda: any(stage.glob("feeds/*.parquet")),
        }
        flags = ingest_flags(warehouse, two_feeds, world, workers=2 * (moment == "staging"))
        process = started(flags)
        wait_for(moments[moment], process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        done = dateline(*flags)
        assert done.returncode == 0, done.stderr
        assert rows_of(warehouse) == undisturbed
        assert list(stage.glob("*/*")) == []

    def test_leaves_no_child_process(
        self, tmp_path: Path, world: DemoServer, two_feeds: Path
    ) -> None:
        process = started(ingest_flags(tmp_path / "news.duckdb", two_feeds, world, workers=2))
        wait_for(lambda: len(world.requests) >= 5, process)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=30) in (0, 130)
        deadline = time.monotonic() + 10
        while children_of(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert children_of(process.pid) == []


def children_of(session: int) -> list[str]:
    """Name the processes of a session that are still there."""
    listed = subprocess.run(
        ["ps", "-s", str(session), "-o", "pid=,stat=,args="],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    return [line for line in listed if not line.split()[1].startswith("Z")]


class TestSettings:
    """Each is one line on stderr and exit code 2, before any work."""

    def test_a_malformed_opml(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        feeds = tmp_path / "feeds.opml"
        feeds.write_text("<opml><body><outline")
        argv = ["ingest", "--feeds", str(feeds), "--warehouse", str(tmp_path / "w.duckdb")]
        assert main(argv) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "no well-formed OPML" in said

    def test_a_warehouse_that_cannot_be_written(
        self, tmp_path: Path, two_feeds: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        nowhere = tmp_path / "no" / "w.duckdb"
        assert main(["ingest", "--feeds", str(two_feeds), "--warehouse", str(nowhere)]) == 2
        assert capsys.readouterr().err.count("\n") == 1

    def test_a_file_that_is_no_warehouse_is_left_alone(
        self, tmp_path: Path, two_feeds: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = tmp_path / "w.duckdb"
        other.write_text("my shopping list, which must not be lost " * 400)
        before = other.read_bytes()
        assert main(["ingest", "--feeds", str(two_feeds), "--warehouse", str(other)]) == 2
        assert "not a DuckDB file" in capsys.readouterr().err
        assert other.read_bytes() == before

    def test_a_model_that_is_not_there(
        self, tmp_path: Path, two_feeds: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        argv = ["ingest", "--feeds", str(two_feeds), "--warehouse", str(tmp_path / "w.duckdb")]
        assert main([*argv, "--model", "no_such_pipeline"]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "no_such_pipeline" in said

    def test_a_list_of_places_that_cannot_be_read(
        self, tmp_path: Path, two_feeds: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        places = tmp_path / "places.csv"
        places.write_text("town;somewhere\n")
        argv = ["ingest", "--feeds", str(two_feeds), "--warehouse", str(tmp_path / "w.duckdb")]
        assert main([*argv, "--places", str(places)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_saved_page_and_its_plain_text_give_the_same_events(tmp_path: Path) -> None:
    paragraphs = [
        "ORZHAN, Zembria (NPA) — Rebels of the Yarrun Liberation Front (YLF) attacked a barracks "
        "near Orzhan late on Saturday, killing four soldiers, the Zembrian army said.",
        "The YLF denied that it had attacked the barracks. Zembria will send more troops to the "
        "province of Yarrun next week, Defence Minister Idris Malk told reporters.",
        "In Other News",
        "Load More",
    ]
    (tmp_path / "story.txt").write_text("\n\n".join(paragraphs))
    body = "".join(f"<p>{p}</p>" for p in paragraphs)
    (tmp_path / "story.html").write_text(
        "<html lang='en'><head><title>Rebels attack barracks</title></head>"
        f"<body><article><h1>Rebels attack barracks</h1>{body}</article></body></html>"
    )
    warehouse = tmp_path / "news.duckdb"
    done = dateline(
        *("ingest", "--from-files", tmp_path / "story.*", "--warehouse", warehouse),
        *("--published", "2026-03-08", "--workers", 0),
    )
    assert done.returncode == 0, done.stderr
    found = {
        url: ask(
            warehouse,
            "SELECT event_type, actor_text, recipient_text, event_date, place_text, modality, "
            f"sentence_start, sentence_text FROM event_mentions WHERE article_id = '{article_id}' "
            "ORDER BY ALL",
        )
        for article_id, url in ask(warehouse, "SELECT article_id, url FROM articles")
    }
    texts = ask(warehouse, "SELECT DISTINCT text FROM article_revisions")
    assert len(texts) == 1
    assert "Load More" not in texts[0][0]
    assert "In Other News" not in texts[0][0]
    assert len(found) == 2
    one, other = found.values()
    assert one == other
    assert any(event[0] == "ASSAULT" and str(event[3]) == "2026-03-07" for event in one)


def changed(article: Article, later: datetime, **changes: Any) -> Article:
    """Give the article a further edition."""
    edition = replace(article.editions[-1], updated=later, **changes)
    return replace(article, editions=(*article.editions, edition))


def with_changes(world: World, host: str, later: datetime) -> tuple[World, dict[str, str]]:
    """Change six articles of a site, each in its own way; give their addresses by the way."""
    site = world.sites[host]
    shown = [
        each for each in site.articles if (e := each.edition_at(later)) and e.kind == "article"
    ]
    first, *_ = texts = [each.editions[-1].paragraphs for each in shown]
    said = "Correction: An earlier version of this article misstated the day of the vote."
    moved = "/moved/" + shown[5].slug
    ways: dict[str, dict[str, Any]] = {
        "edit": {"paragraphs": (*first, "The council will meet again on Friday, it said.")},
        "minor": {"headline": shown[1].editions[-1].headline + "!"},
        "correction": {"paragraphs": (said, *texts[2])},
        "withdrawn": {"kind": Kind.RETRACTION, "paragraphs": ("This article has been withdrawn.",)},
        "deleted": {"kind": Kind.GONE},
        "redirect": {"kind": Kind.REDIRECT, "target": moved},
    }
    new = {
        each.slug: changed(each, later, **changes)
        for each, changes in zip(shown, ways.values(), strict=False)
    }
    articles = tuple(new.get(each.slug, each) for each in site.articles)
    articles += (replace(shown[5], slug="moved", path=moved),)
    addresses = {way: each.address for way, each in zip(ways, shown, strict=False)}
    return replace(world, sites={**world.sites, host: replace(site, articles=articles)}), addresses


def test_articles_are_read_again_after_a_week_and_it_is_told_what_became_of_each(
    world: DemoServer, two_feeds: Path, tmp_path: Path
) -> None:
    warehouse = tmp_path / "w.duckdb"
    two_feeds.write_text(TWO_FEEDS + "http://basinreport.example/no-feed.xml\n")
    flags = [str(flag) for flag in ingest_flags(warehouse, two_feeds, world)]
    assert main(flags) == 0
    num_articles = ask(warehouse, "SELECT COUNT(*) FROM articles")[0][0]
    num_revisions = ask(warehouse, "SELECT COUNT(*) FROM article_revisions")[0][0]
    world.set_now(world.now + timedelta(seconds=1))  # no later: others would be published
    world.world, addresses = with_changes(world.world, "basinreport.example", world.now)
    flags[flags.index("--now") + 1] = (world.now + timedelta(days=8)).isoformat()
    assert main(flags) == 0
    again = "SELECT COUNT(*) FROM entries WHERE version LIKE 'again after 604800 s'"
    assert ask(warehouse, again)[0][0] >= num_articles - len(addresses) - 1
    changes = ask(
        warehouse,
        "SELECT a.url, c.change_type FROM article_changes AS c JOIN articles AS a "
        "USING (article_id) WHERE c.change_type <> 'initial'",
    )
    assert sorted(changes) == sorted((address, way) for way, address in addresses.items())
    # but for four new versions and the article at its new address
    assert ask(warehouse, "SELECT COUNT(*) FROM article_revisions")[0][0] == num_revisions + 5
    check_replay(warehouse, tmp_path / "replayed.duckdb")


def check_replay(warehouse: Path, replayed: Path) -> None:
    """Check that the archive of a warehouse's runs, read without a network, gives all its rows."""
    own = ["--places", str(SITE / "places.csv"), "--actors", str(SITE / "actors.csv")]
    archive = ["--from-warc", f"{warehouse}.archive/*.warc.gz", "--workers", "0"]
    assert main(["ingest", *archive, *own, "--warehouse", str(replayed)]) == 0
    assert rows_of(replayed) == rows_of(warehouse)
    polls = "SELECT * EXCLUDE run_id FROM feed_fetches ORDER BY fetch_id"
    assert ask(replayed, polls) == ask(warehouse, polls)
    where = "SELECT revision_id, archive_file, archive_offset FROM article_revisions ORDER BY ALL"
    assert ask(replayed, where) == ask(warehouse, where)
