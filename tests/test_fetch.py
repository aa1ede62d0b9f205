"""Pages are fetched, kept, and refused for a reason."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.window import GlobalWindow

from pipelines.sums import read_counters
from schemas.columns import content_id
from schemas.flow import Page, RunContext
from schemas.rows import Entry, Rejection
from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer
from transforms.fetch import FetchPages, FetchPagesFn, page_of
from transforms.replay import read_records
from transforms.web import WebSettings

NOW = datetime(2026, 7, 6, 12, tzinfo=UTC)
CONTEXT = RunContext(run_id="r1", now=NOW)


def entry(url: str) -> Entry:
    return Entry(
        entry_id=content_id(url),
        url=url,
        url_key=content_id(url),
        version="v",
        first_seen_at=NOW,
        run_id="r1",
    )


def answer(status: int = 200, kind: str = "text/html", body: bytes = b"<p>News</p>") -> Answer:
    return Answer(
        asked="http://a.example/1",
        url="http://a.example/one",
        status=status,
        reason="",
        headers=(("Content-Type", kind),) if kind else (),
        body=body,
        duration_ms=1,
    )


@pytest.mark.parametrize(
    "kind", ["text/html; charset=utf-8", "application/xhtml+xml", "TEXT/HTML", ""]
)
def test_an_answer_of_html_is_a_page(kind: str) -> None:
    asked = entry("http://a.example/1")
    assert page_of(asked, answer(kind=kind), CONTEXT) == Page(
        entry=asked,
        url="http://a.example/one",
        http_status=200,
        content_type=kind,
        body=b"<p>News</p>",
        fetched_at=NOW,
    )


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer(404), Reason.GONE),
        (answer(403), Reason.FORBIDDEN),
        (answer(429), Reason.RATE_LIMITED),
        (answer(502), Reason.SERVER_ERROR),
        (answer(206), Reason.BAD_RESPONSE),
        (answer(kind="application/pdf"), Reason.NOT_HTML),
        (answer(kind="video/mp4"), Reason.NOT_HTML),
        (answer(body=b"%PDF-1.7 ..."), Reason.NOT_HTML),
        (answer(body=b"\x89PNG\r\n\x1a\n..."), Reason.NOT_HTML),
    ],
)
def test_what_is_no_page_is_rejected_with_its_reason(given: Answer, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        page_of(entry("http://a.example/1"), given, CONTEXT)
    assert caught.value.reason is reason


def test_pages_are_fetched_and_kept_and_what_is_none_is_counted(site: Any, tmp_path: Path) -> None:
    site.put("a.example/robots.txt", b"User-agent: *\nDisallow: /private\n")
    for n in range(5):
        site.put(f"a.example/{n}", b"<p>%d</p>" % n, kind="text/html")
    paths = ["0", "1", "2", "3", "4", "private", "gone"]
    web = WebSettings(connect_to=site.address, host_delay_s=0)

    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        entries = pipeline | beam.Create([entry(f"http://a.example/{path}") for path in paths])
        fetched = entries | FetchPages(CONTEXT, web, str(tmp_path))
        bodies = fetched.elements | beam.Map(lambda page: page.body)
        assert_that(bodies, equal_to([b"<p>%d</p>" % n for n in range(5)]), label="pages")
        kinds = fetched.rows | beam.Map(lambda row: type(row).__name__)
        assert_that(kinds, equal_to(["Rejection", "Entry"] * 2), label="rows")
    counters = read_counters(pipeline.result)
    rejected = ("rejected:gone", "rejected:robots_disallowed")
    assert [counters["fetch", what] for what in ("in", "out", *rejected)] == [7, 5, 1, 1]
    (kept,) = tmp_path.iterdir()
    told = list(read_records(kept))
    answers = sorted(each.content for each in told if each.record is not None)
    assert answers == [b"<p>%d</p>" % n for n in range(5)]
    alone = [type(row) for each in told if each.record is None for row in each.rows]
    assert alone == [Rejection, Entry] * 2


def test_a_page_says_where_it_is_kept(site: Any, tmp_path: Path) -> None:
    site.put("a.example/1", b"<p>News</p>", kind="text/html")
    web = WebSettings(connect_to=site.address, host_delay_s=0)
    fn = FetchPagesFn(CONTEXT, web, str(tmp_path))
    fn.start_bundle()
    given = [*fn.process(entry("http://a.example/1"), 0, GlobalWindow()), *fn.finish_bundle()]
    (page,) = [out.value for out in given]
    kept = {t.offset: t.content for t in read_records(tmp_path / page.archive_file)}
    assert kept[page.archive_offset] == b"<p>News</p>"
