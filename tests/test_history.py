from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from schemas.columns import content_id
from schemas.flow import KnownKeys, RunContext, SiteLines
from schemas.rows import Article, ArticleRevision, Entry, RemovedBlock
from transforms.history import SITE_RULE, due_refetches, known_words, refetch_of, site_lines
from transforms.text import letters, text_sha256
from transforms.warehouse import DuckDbWarehouse, StagingFolder, open_warehouse
from transforms.warehouse.staging import stage

NOW = datetime(2026, 3, 9, 18, tzinfo=UTC)
DAY = timedelta(days=1)
AGES = (DAY, 7 * DAY)
CONTEXT = RunContext(run_id="run", now=NOW)
LETTER = "Get the harbour letter every morning"
MakeRow = Callable[..., Any]


def entry(seen: timedelta, *, feed_id: str = "f") -> Entry:
    return Entry(
        entry_id=content_id(feed_id, "k", "v"),
        feed_id=feed_id,
        url="http://a.example/1",
        url_key="k",
        version="v",
        first_seen_at=NOW - seen,
        run_id="earlier",
    )


def filled(folder: Path, *rows: Any) -> DuckDbWarehouse:
    warehouse = open_warehouse(str(folder / "w.duckdb"))
    warehouse.prepare()
    names = {Entry: "entries", Article: "articles", ArticleRevision: "article_revisions"}
    for row in rows:
        stage(folder / "stage", names.get(type(row), "removed_blocks"), [row])
    warehouse.merge(StagingFolder(folder / "stage").ready(complete=True))
    return warehouse


def test_an_article_is_read_again_at_each_age_and_not_before() -> None:
    ages = {
        hours: refetch_of(entry(timedelta(hours=hours)), AGES, CONTEXT) is not None
        for hours in (23, 24, 24 + 71, 24 + 73, 24 * 7, 24 * 11)
    }
    assert ages == {23: False, 24: True, 95: True, 97: False, 168: True, 264: False}


def test_each_age_is_a_version_of_its_own_and_only_the_latest_is_due() -> None:
    day, week = (refetch_of(entry(age), AGES, CONTEXT) for age in AGES)
    assert day is not None
    assert week is not None
    assert day.entry_id != week.entry_id
    assert week.first_seen_at == NOW


def test_an_article_read_again_is_not_due_any_more(tmp_path: Path, make_row: MakeRow) -> None:
    listed = entry(DAY)
    warehouse = filled(tmp_path, listed, make_row(Article, article_id="a", url_key="k"))
    (due,) = due_refetches(warehouse, AGES, KnownKeys(), CONTEXT)
    assert due.url == listed.url
    read = KnownKeys(entry_ids=frozenset({due.entry_id}))
    assert due_refetches(warehouse, AGES, read, CONTEXT) == []
    assert due_refetches(warehouse, (), KnownKeys(), CONTEXT) == []


def test_an_article_that_a_feed_listed_anew_since_is_not_due(
    tmp_path: Path, make_row: MakeRow
) -> None:
    listed, anew = entry(2 * DAY), replace(entry(DAY), entry_id="anew", version="w")
    article = make_row(Article, article_id="a", url_key="k")
    assert due_refetches(filled(tmp_path, listed, anew, article), (DAY,), KnownKeys(), CONTEXT) == [
        refetch_of(anew, (DAY,), CONTEXT)
    ]
    assert refetch_of(listed, (DAY,), CONTEXT, last_seen_at=NOW - DAY) is None


def test_what_became_no_article_and_what_was_read_again_is_not_due(
    tmp_path: Path, make_row: MakeRow
) -> None:
    warehouse = filled(tmp_path, entry(DAY))
    assert due_refetches(warehouse, AGES, KnownKeys(), CONTEXT) == []
    again = replace(entry(DAY, feed_id="g"), is_revisit=True)
    warehouse = filled(tmp_path, again, make_row(Article, article_id="a", url_key="k"))
    assert [due.feed_id for due in due_refetches(warehouse, AGES, KnownKeys(), CONTEXT)] == ["f"]


def pages(make_row: MakeRow, number: int, line: str, *, alike: bool = False) -> list[Any]:
    rows: list[Any] = []
    for n in range(number):
        opening = "One text, printed at several addresses." if alike else f"Story number {n}."
        rows += [
            make_row(Article, article_id=f"a{n}", publisher_domain="a.example"),
            make_row(
                ArticleRevision,
                revision_id=f"r{n}",
                article_id=f"a{n}",
                change_type="initial",
                fetched_at=NOW - (number - n) * DAY,
                text=f"{opening}\n\n{line}",
            ),
        ]
    return rows


def test_a_line_in_three_articles_counts_for_pages_read_later(
    tmp_path: Path, make_row: MakeRow
) -> None:
    learned = site_lines(filled(tmp_path, *pages(make_row, 4, LETTER)), CONTEXT)
    third = NOW - 2 * DAY
    assert learned == SiteLines(learned={("a.example", LETTER): third})
    assert learned.repeats("a.example", LETTER, NOW)
    assert not learned.repeats("a.example", LETTER, third)
    assert not learned.repeats("b.example", LETTER, NOW)


def test_two_articles_or_one_text_at_many_addresses_teach_nothing(
    tmp_path: Path, make_row: MakeRow
) -> None:
    (tmp_path / "two").mkdir()
    (tmp_path / "alike").mkdir()
    assert not site_lines(filled(tmp_path / "two", *pages(make_row, 2, LETTER)), CONTEXT).learned
    alike = filled(tmp_path / "alike", *pages(make_row, 5, LETTER, alike=True))
    assert not site_lines(alike, CONTEXT).learned


def test_a_line_once_learned_is_learned_from_what_was_removed_too(
    tmp_path: Path, make_row: MakeRow
) -> None:
    rows = pages(make_row, 3, "A last sentence of the story.")
    rows = [
        replace(row, text=row.text.split("\n")[0]) if isinstance(row, ArticleRevision) else row
        for row in rows
    ]
    removed = [
        make_row(
            RemovedBlock,
            block_id=str(n),
            revision_id=f"r{n}",
            article_id=f"a{n}",
            text=LETTER,
            rule=SITE_RULE,
        )
        for n in range(3)
    ]
    learned = site_lines(filled(tmp_path, *rows, *removed), CONTEXT)
    assert ("a.example", LETTER) in learned.learned


def test_an_article_is_read_again_at_the_address_where_it_was_named_last(
    tmp_path: Path, make_row: MakeRow
) -> None:
    first = entry(DAY)
    renamed = replace(
        first, entry_id="r", url_key="new", version="v2", is_revisit=True, article_id="a"
    )
    again = replace(renamed, entry_id="g", version="again after 86400 s")
    article = make_row(Article, article_id="a", url_key="k")
    warehouse = filled(tmp_path, first, renamed, again, article)
    (due,) = due_refetches(warehouse, AGES, KnownKeys(), CONTEXT)
    assert (due.url_key, due.article_id) == ("new", "a")


def test_a_text_is_known_by_its_words(tmp_path: Path, make_row: MakeRow) -> None:
    words = text_sha256(letters("The ferry burned."))
    revision = make_row(
        ArticleRevision,
        revision_id="r",
        article_id="a",
        change_type="initial",
        fetched_at=NOW,
        words_sha256=words,
    )
    warehouse = filled(tmp_path, revision)
    assert content_id("a", words) in known_words(warehouse, NOW - DAY)
