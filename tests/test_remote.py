"""Workers that share no folder with who starts them write rows themselves, in due order."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

import transforms.load
from pipelines.ingest import stream_rows
from pipelines.options import UsageError
from schemas.rows import Article, ArticleRevision, Feed, FeedFetch
from tests.test_options import parse


@dataclass
class Appender:
    """Takes rows in BigQuery's stead, and remembers their order."""

    rows: list[Any]

    def appender(self) -> "Appender":
        return self

    def append(self, _table: str, rows: list[Any]) -> None:
        self.rows.extend(rows)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Give the rows that workers append."""
    rows: list[Any] = []
    monkeypatch.setattr(transforms.load, "read_address", lambda _: Appender(rows))
    return rows


def test_rows_that_vouch_for_a_pass_are_written_after_all_others(
    make_row: Callable[..., Any], taken: list[Any]
) -> None:
    polls = [make_row(Feed, feed_id="f"), make_row(FeedFetch, fetch_id="1")]
    articles = [make_row(Article, article_id="a"), make_row(ArticleRevision, revision_id="r")]
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        rows = {
            "polls": pipeline | "polls" >> beam.Create(polls),
            "articles": pipeline | "articles" >> beam.Create(articles),
        }
        stream_rows(rows, "bigquery:p.d")
    assert sorted(map(str, taken[:2])) == sorted(map(str, articles))
    assert sorted(map(str, taken[2:])) == sorted(map(str, polls))


REMOTE = ("--runner", "DataflowRunner", "--feeds", __file__)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((*REMOTE,), "needs --feeds and --warehouse bigquery:"),
        ((*REMOTE[:2], "--from-files", __file__, "--warehouse", "bigquery:p.d"), "needs --feeds"),
        ((*REMOTE, "--warehouse", "bigquery:p.d", "--archive", "a"), "workers of DataflowRunner"),
    ],
)
def test_what_a_remote_worker_does_not_see_is_refused(flags: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(*flags)


def test_a_remote_run_keeps_no_archive(tmp_path: Path) -> None:
    settings = parse(*REMOTE, "--warehouse", "bigquery:p.d")
    assert settings.is_remote
    assert settings.archive is None
