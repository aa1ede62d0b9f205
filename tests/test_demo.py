"""`make run`: the bundled site is read over HTTP, whole, in two editions, and only once."""

import itertools
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.__main__ import main
from pipelines.demo_server import read_world
from schemas.tables import TABLES

ROOT = Path(__file__).parent.parent


README = (ROOT / "README.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^\$ \.venv/bin/dateline (query .*)$", README, re.MULTILINE)


def dateline(*argv: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines", *map(str, argv)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=300
    )


def ask(warehouse: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def counts_of(warehouse: Path) -> dict[str, int]:
    return {
        table: ask(warehouse, f"SELECT COUNT(*) FROM {table}")[0][0]
        for table in TABLES
        if table not in {"runs", "feed_fetches"}
    }


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Ingest both editions of the whole world, as `make run` does."""
    warehouse = tmp_path_factory.mktemp("demo") / "news.duckdb"
    done = dateline("demo", "--warehouse", warehouse)
    assert done.returncode == 0, done.stderr
    return warehouse, done.stdout


def test_it_shows_events_and_sums(demo: tuple[Path, str]) -> None:
    _, shown = demo
    assert "What happened" in shown
    assert shown.count("in = out + duplicates + rejected") == 2
    assert "do not add up" not in shown


def test_every_article_of_the_world_is_read(demo: tuple[Path, str]) -> None:
    articles = {url for (url,) in ask(demo[0], "SELECT canonical_url FROM articles")}
    assert len(articles) >= 80
    domains = ask(demo[0], "SELECT COUNT(DISTINCT publisher_domain) FROM articles")
    assert domains[0][0] >= 6


def test_no_text_holds_boilerplate(demo: tuple[Path, str]) -> None:
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


def test_what_was_removed_is_on_record(demo: tuple[Path, str]) -> None:
    rows = ask(demo[0], "SELECT kind, rule, text FROM removed_blocks")
    assert len(rows) > 50
    assert all(kind and rule and text for kind, rule, text in rows)


def test_each_rejection_has_a_reason_and_an_address(demo: tuple[Path, str]) -> None:
    rows = ask(demo[0], "SELECT DISTINCT reason FROM rejections")
    assert {reason for (reason,) in rows} >= {
        *("paywall", "bot_check", "soft_404", "no_text", "wrong_language", "gone"),
        *("robots_disallowed", "not_a_feed"),
    }


def test_every_span_equals_the_stored_text(demo: tuple[Path, str]) -> None:
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


def test_a_correction_and_a_withdrawal_are_revisions(demo: tuple[Path, str]) -> None:
    rows = ask(demo[0], "SELECT change_type, COUNT(*) FROM article_revisions GROUP BY 1")
    kinds = dict(rows)
    assert kinds["correction"] >= 1
    assert kinds["withdrawn"] >= 1
    assert kinds["edit"] >= 1


def test_a_wire_copy_names_its_original(demo: tuple[Path, str]) -> None:
    copies = ask(demo[0], "SELECT * FROM story_articles WHERE syndicated_from IS NOT NULL")
    assert len(copies) >= 4


def test_a_wire_copy_tells_the_events_of_its_original_and_no_others(
    demo: tuple[Path, str],
) -> None:
    sql = """
        SELECT COUNT(DISTINCT m.event_id), COUNT(DISTINCT o.event_id)
        FROM story_articles AS s
        JOIN event_mentions AS m ON m.article_id = s.article_id
        LEFT JOIN event_mentions AS o
          ON o.article_id = s.syndicated_from AND o.event_id = m.event_id
        WHERE s.syndicated_from IS NOT NULL"""
    [(told, shared)] = ask(demo[0], sql)
    assert told == shared >= 20


def test_every_entity_that_is_referred_to_is_there(demo: tuple[Path, str]) -> None:
    for role in ("actor", "recipient", "attributed_to"):
        sql = (
            f"SELECT {role}_text FROM event_mentions WHERE {role}_entity_id IS NOT NULL "
            f"AND {role}_entity_id NOT IN (SELECT entity_id FROM entities)"
        )
        assert ask(demo[0], sql) == []


def test_stories_hold_together(demo: tuple[Path, str]) -> None:
    """Pairs of articles in one story, against the story each was written for."""
    written = {article.address: article.story for article in read_world().articles()}
    rows = ask(demo[0], "SELECT url, story_id FROM articles JOIN story_articles USING (article_id)")
    told = [(written[url], story) for url, story in rows if written.get(url)]
    pairs = list(itertools.combinations(told, 2))
    together = [one[0] == other[0] for one, other in pairs if one[1] == other[1]]
    same = [one[1] == other[1] for one, other in pairs if one[0] == other[0]]
    floors = json.loads((ROOT / "tests" / "gates.json").read_text())["stories"]
    assert sum(together) / len(together) >= floors["pair_precision"]
    assert sum(same) / len(same) >= floors["pair_recall"]


def test_a_second_run_fetches_and_writes_nothing(demo: tuple[Path, str]) -> None:
    warehouse, _ = demo
    before = counts_of(warehouse)
    again = dateline("demo", "--warehouse", warehouse)
    assert again.returncode == 0, again.stderr
    assert counts_of(warehouse) == before
    assert "nothing new" in again.stdout


@pytest.mark.parametrize("command", QUERIES)
def test_every_query_of_the_readme_is_answered(
    command: str, demo: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    argv = shlex.split(command, comments=True)
    assert main([*argv, "--warehouse", str(demo[0])]) == 0
    assert "0 rows" not in capsys.readouterr().out
