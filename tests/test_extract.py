import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing import test_pipeline
from apache_beam.testing.util import assert_that, equal_to

from schemas.flow import ExtractedArticle, Page, RunContext
from schemas.rows import Entry, Rejection
from schemas.vocabulary import ChangeType, Precision, Reason, Rejected
from transforms.clean import CleanArticles, clean_article
from transforms.extract import ExtractArticles, extract_article
from transforms.text import num_words

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
CONTEXT = RunContext(run_id="run", now=NOW)
PAGES = Path(__file__).parent / "golden" / "pages"
URL = "https://news.selvara.example/world/ferry?id=7"
BRIEF = (
    "A ferry caught fire off Pell Harbour on Tuesday and its 40 passengers were taken ashore by "
    "fishing boats. Nobody was hurt, the harbour police said."
)
LONG = (
    "The government of Velmark and the northern rebels signed a cease-fire in Selvara on Sunday. "
    "It is to come into force at midnight, the foreign ministry said in a statement. "
    "Two earlier agreements broke down within days, and neither side has withdrawn its guns. "
) * 3
OTHER = (
    "The ferry company said that it would pay for the damage, and that the line would open again "
    "in June, whatever the court decides in the spring."
)
GERMAN = "Die Regierung hat am Sonntag in Selvara einen Waffenstillstand unterzeichnet. " * 5


def page(
    body: str | bytes,
    *,
    content_type: str = "text/html; charset=utf-8",
    url: str = URL,
    is_revisit: bool = False,
) -> Page:
    entry = Entry(
        entry_id="e",
        feed_id="f",
        url=url,
        url_key="k",
        version="v",
        title="Title in the feed",
        published_at=datetime(2026, 3, 9, tzinfo=UTC),
        published_precision=Precision.MINUTE,
        is_revisit=is_revisit,
        first_seen_at=NOW,
        run_id="run",
    )
    return Page(
        entry=entry,
        url=url,
        http_status=200,
        content_type=content_type,
        body=body if isinstance(body, bytes) else body.encode(),
        fetched_at=NOW,
    )


def html(body: str, *, head: str = "", title: str = "Ferry burns", lang: str = "en") -> str:
    return (
        f"<!doctype html><html lang={lang}><head><title>{title}</title>{head}</head>"
        f"<body>{body}</body></html>"
    )


def extract(body: str | bytes, **settings: object) -> ExtractedArticle:
    return extract_article(page(body, **settings), CONTEXT)  # type: ignore[arg-type]


def reason_of(body: str | bytes, **settings: object) -> Reason:
    with pytest.raises(Rejected) as rejected:
        extract(body, **settings)
    return rejected.value.reason


def golden(case: str) -> str:
    return (PAGES / f"{case}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", sorted(path.stem for path in PAGES.glob("*.json")))
def test_golden_pages_give_their_text_and_metadata(case: str) -> None:
    expected = json.loads((PAGES / f"{case}.json").read_text(encoding="utf-8"))
    revision = clean_article(extract(golden(case))).revision
    assert revision.text.split("\n\n") == expected["paragraphs"]
    for column, value in expected["columns"].items():
        found = getattr(revision, column)
        assert (list(found) if isinstance(found, tuple) else str(found)) == value, column


def test_a_brief_of_two_sentences_survives_among_the_site_s_menus() -> None:
    clutter = "<ul>" + "<li><a href=/a>Section of the site</a></li>" * 30 + "</ul>"
    article = extract(
        html(f"<nav>{clutter}</nav><main><p>{BRIEF}</p></main><aside>{clutter}</aside>")
    )
    assert clean_article(article).revision.text == BRIEF


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.NO_TEXT),
        (b"%PDF-1.7\n" + b"\0\1\2" * 500, Reason.NOT_HTML),
        (b"<rss version='2.0'><channel></channel></rss>", Reason.NOT_HTML),
        (html("<script>" + "render();" * 900 + "</script><div id=app></div>"), Reason.NO_TEXT),
        (html("<p>Thirty characters, no article.</p>"), Reason.NO_TEXT),
        (html("<h1>Please verify you are a human</h1>"), Reason.BOT_CHECK),
        (html("<h1>Before you continue to</h1><p>We value your privacy.</p>"), Reason.BOT_CHECK),
        (html("<h1>404</h1><p>Sorry</p>", title="Page not found"), Reason.SOFT_404),
        (html("<h1>Oops! That page can't be found.</h1><p>Try a search.</p>"), Reason.SOFT_404),
        (html("<article><p>Subscribe to continue reading.</p></article>"), Reason.PAYWALL),
        (html(f"<p>{GERMAN}</p>"), Reason.WRONG_LANGUAGE),
        (html("<p>One two three.</p>" * 60_000), Reason.BROKEN_PAGE),
        (html(f"<p>{LONG * 1000}</p>"), Reason.BROKEN_PAGE),
        (html("<p>" + "word " * 500_000 + "</p>"), Reason.BROKEN_PAGE),
    ],
)  # fmt: skip
def test_what_is_no_article_is_rejected_with_its_reason(body: str | bytes, reason: Reason) -> None:
    assert reason_of(body) is reason


def test_other_media_types_are_not_pages() -> None:
    assert reason_of(html(f"<p>{LONG}</p>"), content_type="image/svg") is Reason.NOT_HTML


@pytest.mark.parametrize("case", ["captcha", "paywall", "soft_404", "front_page"])
def test_golden_walls_and_indexes_are_rejected(case: str) -> None:
    reasons = {
        "captcha": Reason.BOT_CHECK,
        "paywall": Reason.PAYWALL,
        "soft_404": Reason.SOFT_404,
        "front_page": Reason.NO_TEXT,
    }
    assert reason_of(golden(case)) is reasons[case]


def test_an_article_on_a_paid_site_that_shows_its_text_is_kept_and_flagged() -> None:
    value = '{"@type":"NewsArticle","isAccessibleForFree":false}'
    head = f'<script type="application/ld+json">{value}</script>'
    assert extract(html(f"<p>{LONG}</p>", head=head)).revision.is_accessible_for_free is False


LIVE = '<script type="application/ld+json">{"@type":"LiveBlogPosting","headline":"Vote"}</script>'
VIDEO = '<script type="application/ld+json">{"@type":"VideoObject","name":"Ferry"}</script>'


@pytest.mark.parametrize(
    ("head", "path", "text", "status"),
    [
        ("", "world/ferry", LONG, "usable"),
        (LIVE, "world/vote", LONG, "live"),
        ("", "world/vote/live-updates/7", LONG, "live"),
        ("", "photo-gallery/ferry", LONG, "gallery"),
        (VIDEO, "world/ferry", BRIEF, "video"),
        (VIDEO, "world/ferry", LONG * 2, "usable"),
    ],
)
def test_live_blogs_galleries_and_videos_are_flagged(
    head: str, path: str, text: str, status: str
) -> None:
    found = extract(html(f"<p>{text}</p>", head=head), url=f"https://news.selvara.example/{path}")
    assert found.revision.pub_status == status


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<h1>Ferry burns</h1><div class=player>Watch: the ferry burns</div>", Reason.NO_TEXT),
        ("<h1>Ferry burns</h1><figure>1 of 12</figure><figure>2 of 12</figure>", Reason.NO_TEXT),
        ("<div id=root>You need to enable JavaScript to run this app.</div>", Reason.NO_TEXT),
        ("<h1>Cookies</h1><p>Accept all cookies to continue to the site.</p>", Reason.BOT_CHECK),
        (f"<p>{BRIEF[:60]}…</p><p>To continue reading, log in.</p>", Reason.PAYWALL),
    ],
)
def test_videos_galleries_scripts_consent_and_stubs_without_text_are_rejected(
    body: str, reason: Reason
) -> None:
    assert reason_of(html(body)) is reason


def test_an_article_about_captchas_is_an_article() -> None:
    text = (
        LONG + "Visitors must verify you are human, the page said. Page not found, it said later."
    )
    assert extract(html(f"<p>{text}</p>")).revision.num_words > 100


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "iso-8859-1"),
        ("cp1252", ""),
        ("utf-16", "utf-8"),
        ("cp1252", "iso-8859-1"),
        ("utf-8", "none-such"),
    ],
)  # fmt: skip
def test_the_encoding_is_found_whatever_the_label_says(encoding: str, declared: str) -> None:
    body = html(f"<p>The café of “Ada” is closed. {LONG}</p>", head=f"<meta charset='{declared}'>")
    article = extract(body.encode(encoding), content_type="text/html")
    assert "café of “Ada”" in article.revision.text


def test_an_element_with_a_thousand_attributes_costs_nothing() -> None:
    attributes = " ".join(f"a{number}=1" for number in range(5_000))
    assert extract(html(f"<p {attributes}>Note.</p><p>{LONG}</p>")).revision.num_words > 100


def test_controls_are_not_in_the_text() -> None:
    text = extract(html(f"<p>Nul\0l and \u202ebidi\ufeff. {LONG}</p>")).revision.text
    assert text.startswith("Null and bidi.")


def test_a_revisit_at_a_new_address_is_a_version_of_the_article_that_is_known() -> None:
    entry = replace(page("").entry, is_revisit=True, article_id="known")
    found = extract_article(replace(page(html(f"<p>{LONG}</p>")), entry=entry), CONTEXT)
    assert found.article.article_id == found.revision.article_id == "known"
    assert found.revision.change_type is ChangeType.EDIT


def test_a_canonical_address_counts_on_its_own_site_only() -> None:
    own = extract(html(f"<link rel=canonical href='/world/ferry'><p>{LONG}</p>")).article
    assert own.canonical_url == "https://news.selvara.example/world/ferry"
    stolen = extract(
        html(f"<link rel=canonical href='https://other.example/x'><p>{LONG}</p>")
    ).article
    assert stolen.canonical_url == URL


def test_ids_are_the_same_for_one_address_in_two_forms() -> None:
    link = "<link rel=canonical href='https://news.selvara.example/world/ferry'>"
    first = extract(html(f"{link}<p>{LONG}</p>"))
    second = extract(html(f"{link}<p>{LONG}</p>"), url=URL + "&utm_source=feed")
    assert first.article.article_id == second.article.article_id
    assert first.revision.revision_id == second.revision.revision_id


def test_the_feed_s_time_stands_in_for_the_page_s() -> None:
    revision = extract(html(f"<p>{LONG}</p>")).revision
    assert (revision.date_published_source, revision.date_published_precision) == (
        "feed",
        Precision.MINUTE,
    )
    assert revision.headline == "Ferry burns"


def test_the_feed_s_time_goes_before_a_guess_from_the_visible_page() -> None:
    revision = extract(html(f"<p>Updated 5 March 2026</p><p>{LONG}</p>")).revision
    assert revision.date_published_source == "feed"


def test_a_first_reading_is_initial_and_a_later_one_an_edit() -> None:
    body = html(f"<p>{LONG}</p>")
    assert extract(body).revision.change_type is ChangeType.INITIAL
    assert extract(body, is_revisit=True).revision.change_type is ChangeType.EDIT


def test_a_correction_note_makes_a_correction() -> None:
    note = "Correction: An earlier version of this article said that two ships had burned."
    revision = extract(html(f"<p>{LONG}</p><p>{note}</p>"), is_revisit=True).revision
    assert revision.change_type is ChangeType.CORRECTION
    assert revision.correction_text == note


def test_a_withdrawal_notice_is_the_text_of_a_withdrawn_article() -> None:
    notice = "This article has been withdrawn. Its source could not be trusted."
    apology = "We apologise to our readers."
    body = html(f"<h1>Withdrawn: Ferry burns</h1><p>{notice}</p><p>{apology}</p>")
    article = extract(body, is_revisit=True)
    assert article.revision.change_type is ChangeType.WITHDRAWN
    assert article.revision.text == article.revision.correction_text == f"{notice}\n\n{apology}"
    assert clean_article(article) == article


def test_a_notice_of_one_line_is_found_among_the_site_s_furniture() -> None:
    menu = "".join(f"<li><a href=/{n}>Section {n} of the paper</a></li>" for n in range(12))
    body = html(f"<ul>{menu}</ul><h1>Ferry burns</h1><div>This article has been withdrawn.</div>")
    revision = extract(body, is_revisit=True).revision
    assert revision.change_type is ChangeType.WITHDRAWN
    assert revision.text == "This article has been withdrawn."
    assert reason_of(body) is Reason.NO_TEXT


def test_plain_text_needs_no_page() -> None:
    article = extract("SELVARA — " + BRIEF + "\n\nLoad More", content_type="text/plain")
    revision = clean_article(article).revision
    assert revision.text == BRIEF
    assert revision.dateline_place == "SELVARA"


def test_tables_lists_and_line_breaks_become_lines() -> None:
    body = (
        f"<article><h1>Ferry burns</h1><p>{LONG}</p><p>First line.<br>Second line.</p><ul>"
        "<li>One ship burned in May.</li>"
        f"<li>Another ship sank in June.</li></ul><table><tr><td>Ferry</td><td>12 dead</td></tr>"
        f"<tr><td>Tug</td><td>none dead</td></tr></table><p>{OTHER}</p><p>{BRIEF}</p></article>"
    )
    extracted = extract(html(body))
    lines = extracted.revision.text.split("\n\n")
    kinds = clean_article(extracted).revision.line_kinds
    assert kinds == ("body", "body", "body", "list", "list", "table", "table", "body", "body")
    assert lines[1:7] == [
        "First line.",
        "Second line.",
        "One ship burned in May.",
        "Another ship sank in June.",
        "Ferry | 12 dead",
        "Tug | none dead",
    ]


def test_the_stages_give_articles_and_rejections() -> None:
    pages = [page(html(f"<p>{LONG}</p>")), page(html("<h1>404</h1>", title="Page not found"))]
    with test_pipeline.TestPipeline() as pipeline:
        created = pipeline | "pages" >> beam.Create(pages)
        extracted = created | "extract" >> ExtractArticles(CONTEXT, workers=0)
        cleaned = extracted.elements | "clean" >> CleanArticles(CONTEXT)
        words = cleaned.elements | "count" >> beam.Map(words_of)
        reasons = extracted.rows | "reasons" >> beam.Map(row_name)
        assert_that(words, equal_to([num_words(LONG)]), label="articles")
        assert_that(reasons, equal_to(["soft_404", "Entry"]), label="rows")


def words_of(article: ExtractedArticle) -> int:
    return article.revision.num_words


def row_name(row: Rejection | Entry) -> str:
    return str(row.reason) if isinstance(row, Rejection) else "Entry"
