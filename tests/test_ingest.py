"""The whole chain on the bundled site: feeds in over HTTP, rows out, nothing lost or doubled."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.demo_server import FIRST_EDITION, DemoServer, read_world
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


def ingest_flags(warehouse: Path, feeds: Path, server: DemoServer) -> list[object]:
    return [
        *("ingest", "--feeds", feeds, "--warehouse", warehouse, "--now", server.now.isoformat()),
        *("--host-delay", 0, "--connect-to", f"127.0.0.1:{server.port}", "--workers", 2),
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


def counts_of(warehouse: Path) -> dict[str, int]:
    return {
        table: ask(warehouse, f"SELECT COUNT(*) FROM {table}")[0][0]
        for table in TABLES
        if table not in TABLES_OF_RUNS
    }


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Ingest both editions of the whole world, as `make run` does."""
    warehouse = tmp_path_factory.mktemp("demo") / "news.duckdb"
    done = dateline("demo", "--warehouse", warehouse)
    assert done.returncode == 0, done.stderr
    return warehouse, done.stdout


@pytest.mark.xdist_group("demo")
class TestTheDemonstration:
    def test_it_shows_events_and_sums(self, demo: tuple[Path, str]) -> None:
        _, shown = demo
        assert "What happened" in shown
        assert shown.count("in = out + duplicates + rejected") == 2
        assert "do not add up" not in shown

    def test_every_article_of_the_world_is_read(self, demo: tuple[Path, str]) -> None:
        articles = {url for (url,) in ask(demo[0], "SELECT canonical_url FROM articles")}
        assert len(articles) >= 80
        domains = ask(demo[0], "SELECT COUNT(DISTINCT publisher_domain) FROM articles")
        assert domains[0][0] >= 6

    def test_no_text_holds_boilerplate(self, demo: tuple[Path, str]) -> None:
        for phrase in (
            "In Other News",
            "Load More",
            "newsletter",
            "All rights reserved",
            "cookies",
        ):
            found = ask(
                demo[0],
                f"SELECT article_id FROM article_revisions WHERE text ILIKE '%{phrase}%'",
            )
            assert found == [], phrase

    def test_what_was_removed_is_on_record(self, demo: tuple[Path, str]) -> None:
        rows = ask(demo[0], "SELECT kind, rule, text FROM removed_blocks")
        assert len(rows) > 50
        assert all(kind and rule and text for kind, rule, text in rows)

    def test_each_rejection_has_a_reason_and_an_address(self, demo: tuple[Path, str]) -> None:
        rows = ask(demo[0], "SELECT DISTINCT reason FROM rejections")
        assert {reason for (reason,) in rows} >= {
            *("paywall", "bot_check", "soft_404", "no_text", "wrong_language", "gone"),
            *("robots_disallowed", "not_a_feed"),
        }

    def test_every_span_equals_the_stored_text(self, demo: tuple[Path, str]) -> None:
        spans = ("sentence", "trigger", "actor", "recipient", "date", "place", "attributed_to")
        wrong = " OR ".join(
            f"SUBSTR(r.text, {s}_start + 1, {s}_end - {s}_start) <> {s}_text" for s in spans
        )
        with_text = "JOIN article_revisions r USING (revision_id)"
        sql = f"SELECT m.mention_id FROM event_mentions m {with_text} WHERE {wrong}"
        assert ask(demo[0], sql) == []
        sql = (
            f"SELECT m.mention_id FROM entity_mentions m {with_text} "
            "WHERE SUBSTR(r.text, mention_start + 1, mention_end - mention_start) <> mention_text"
        )
        assert ask(demo[0], sql) == []

    def test_a_correction_and_a_withdrawal_are_revisions(self, demo: tuple[Path, str]) -> None:
        rows = ask(demo[0], "SELECT change_type, COUNT(*) FROM article_revisions GROUP BY 1")
        kinds = dict(rows)
        assert kinds["correction"] >= 1
        assert kinds["withdrawn"] >= 1
        assert kinds["edit"] >= 1

    def test_a_wire_copy_names_its_original(self, demo: tuple[Path, str]) -> None:
        copies = ask(demo[0], "SELECT * FROM story_articles WHERE syndicated_from IS NOT NULL")
        assert len(copies) >= 4

    def test_every_entity_that_is_referred_to_is_there(self, demo: tuple[Path, str]) -> None:
        for role in ("actor", "recipient", "attributed_to"):
            sql = (
                f"SELECT {role}_text FROM event_mentions WHERE {role}_entity_id IS NOT NULL "
                f"AND {role}_entity_id NOT IN (SELECT entity_id FROM entities)"
            )
            assert ask(demo[0], sql) == []

    def test_stories_hold_together(self, demo: tuple[Path, str]) -> None:
        """Pairs of articles in one story, against the story each was written for."""
        written = {article.address: article.story for article in read_world().articles()}
        rows = ask(
            demo[0], "SELECT url, story_id FROM articles JOIN story_articles USING (article_id)"
        )
        told = [(written[url], story) for url, story in rows if written.get(url)]
        pairs = list(itertools.combinations(told, 2))
        together = [one[0] == other[0] for one, other in pairs if one[1] == other[1]]
        same = [one[1] == other[1] for one, other in pairs if one[0] == other[0]]
        floors = json.loads((ROOT / "tests" / "gates.json").read_text())["stories"]
        assert sum(together) / len(together) >= floors["pair_precision"]
        assert sum(same) / len(same) >= floors["pair_recall"]

    def test_a_second_run_fetches_and_writes_nothing(self, demo: tuple[Path, str]) -> None:
        warehouse, _ = demo
        before = counts_of(warehouse)
        again = dateline("demo", "--warehouse", warehouse)
        assert again.returncode == 0, again.stderr
        assert counts_of(warehouse) == before
        assert "nothing new" in again.stdout


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


@pytest.mark.xdist_group("kill")
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
        flags = ingest_flags(warehouse, two_feeds, world)
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
        process = started(ingest_flags(tmp_path / "news.duckdb", two_feeds, world))
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


@pytest.mark.xdist_group("kill")
class TestSettings:
    def test_a_malformed_opml_is_one_line_and_exit_2(self, tmp_path: Path) -> None:
        feeds = tmp_path / "feeds.opml"
        feeds.write_text("<opml><body><outline")
        done = dateline("ingest", "--feeds", feeds, "--warehouse", tmp_path / "w.duckdb")
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert "no well-formed OPML" in done.stderr

    def test_a_warehouse_that_cannot_be_written_is_one_line_and_exit_2(
        self, tmp_path: Path, two_feeds: Path
    ) -> None:
        done = dateline("ingest", "--feeds", two_feeds, "--warehouse", tmp_path / "no" / "w.duckdb")
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1

    def test_a_file_that_is_no_warehouse_is_left_alone(
        self, tmp_path: Path, two_feeds: Path
    ) -> None:
        other = tmp_path / "w.duckdb"
        other.write_text("my shopping list, which must not be lost " * 400)
        before = other.read_bytes()
        done = dateline("ingest", "--feeds", two_feeds, "--warehouse", other)
        assert done.returncode == 2
        assert "not a DuckDB file" in done.stderr
        assert other.read_bytes() == before


@pytest.mark.xdist_group("demo")
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
    found = {}
    for kind in ("txt", "html"):
        warehouse = tmp_path / f"{kind}.duckdb"
        done = dateline(
            *("ingest", "--from-files", tmp_path / f"story.{kind}", "--warehouse", warehouse),
            *("--published", "2026-03-08", "--workers", 0),
        )
        assert done.returncode == 0, done.stderr
        found[kind] = ask(
            warehouse,
            "SELECT event_type, actor_text, recipient_text, event_date, place_text, modality, "
            "sentence_start, sentence_text FROM event_mentions ORDER BY ALL",
        )
        (text,) = ask(warehouse, "SELECT text FROM article_revisions")[0]
        assert "Load More" not in text
        assert "In Other News" not in text
    assert found["txt"] == found["html"]
    assert any(event[0] == "ASSAULT" and str(event[3]) == "2026-03-07" for event in found["txt"])
