import json
from datetime import UTC, datetime

import pytest

from schemas.vocabulary import Precision
from transforms.bylines import clean_authors
from transforms.markup import parse_page
from transforms.metadata import Metadata, read_metadata
from transforms.timestamps import parse_timestamp

NOW = datetime(2026, 3, 20, tzinfo=UTC)
URL = "https://news.selvara.example/world/ferry"


def read(head: str, body: str = "<p>Text.</p>") -> Metadata:
    page = f"<html lang='en-GB'><head>{head}</head><body>{body}</body></html>"
    return read_metadata(parse_page(page), URL, latest=NOW)


def json_ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


ARTICLE = {
    "@type": "NewsArticle",
    "headline": "Ferry talks collapse",
    "datePublished": "2026-03-10T08:30:00+02:00",
    "dateModified": "2026-03-10T09:00:00+02:00",
    "author": [{"@type": "Person", "name": "Ada Vell"}, {"@type": "Person", "name": "Oren Tamm"}],
    "publisher": {"@type": "Organization", "name": "Selvara Times"},
    "articleSection": "World",
    "keywords": ["ferry", "Velmark"],
    "isAccessibleForFree": "False",
    "image": {"@type": "ImageObject", "url": "/img/ferry.jpg"},
}


def test_json_ld_gives_every_field() -> None:
    found = read(json_ld(ARTICLE))
    assert found.headline == "Ferry talks collapse"
    assert found.authors == ("Ada Vell", "Oren Tamm")
    assert found.publisher == "Selvara Times"
    assert found.published is not None
    assert found.published.at == datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
    assert found.published.precision is Precision.SECOND
    assert found.modified is not None
    assert (found.section, found.keywords) == ("World", ("ferry", "Velmark"))
    assert found.is_accessible_for_free is False
    assert found.image_url == "https://news.selvara.example/img/ferry.jpg"
    assert found.language == "en"
    assert found.is_article


@pytest.mark.parametrize(
    "script",
    [
        json.dumps({"@graph": [{"@type": "WebSite", "name": "Selvara Times"}, ARTICLE]}),
        json.dumps([{"@type": "BreadcrumbList"}, ARTICLE]),
        json.dumps(ARTICLE)[:-1] + ",}",
        "<!--\n" + json.dumps(ARTICLE) + "\n-->",
        "//<![CDATA[\n" + json.dumps(ARTICLE) + "\n//]]>",
        json.dumps({"@type": "WebPage"}) + "\n" + json.dumps(ARTICLE),
        json.dumps(ARTICLE).replace("Ferry talks", "Ferry\ntalks"),
        json.dumps(ARTICLE).replace('"articleSection"', '"broken" "articleSection"'),
    ],
)
def test_json_ld_is_found_in_graphs_arrays_and_broken_scripts(script: str) -> None:
    found = read(f'<script type="application/ld+json">{script}</script>')
    assert found.headline == "Ferry talks collapse"
    assert found.published is not None


def test_authors_by_reference_are_followed() -> None:
    graph = [{**ARTICLE, "author": {"@id": "#ada"}}, {"@id": "#ada", "name": "Ada Vell"}]
    assert read(json_ld({"@graph": graph})).authors == ("Ada Vell",)


def test_meta_tags_stand_in_for_json_ld() -> None:
    found = read(
        '<title>Ferry talks collapse | Selvara Times</title><meta property="og:site_name" '
        'content="Selvara Times"><meta property="article:published_time" content="2026-03-10">'
        '<meta name="author" content="By ADA VELL and Oren Tamm">'
    )
    assert found.headline == "Ferry talks collapse"
    assert found.authors == ("Ada Vell", "Oren Tamm")
    assert found.published is not None
    assert found.published.precision is Precision.DAY


def test_the_finer_of_two_times_of_one_day_is_taken() -> None:
    found = read(
        json_ld({**ARTICLE, "datePublished": "2026-03-10"})
        + '<meta property="article:published_time" content="2026-03-10T06:30Z">'
    )
    assert found.published is not None
    assert found.published.at == datetime(2026, 3, 10, 6, 30, tzinfo=UTC)


def test_a_time_element_gives_the_time_of_a_page_without_metadata() -> None:
    time = "<time datetime='2026-03-10T06:30:00Z'>10 March 2026</time>"
    body = f"<article><h1>Ferry talks collapse</h1>{time}</article>"
    found = read("", body)
    assert found.published is None
    assert found.guessed is not None
    assert found.guessed.at == datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
    assert found.headline == "Ferry talks collapse"


def test_a_time_in_the_future_is_not_believed() -> None:
    article = {"@type": "NewsArticle", "datePublished": "2031-01-01T00:00:00Z"}
    found = read(json_ld(article))
    assert found.published is None
    assert found.guessed is None


def test_a_bare_year_on_the_page_is_no_date() -> None:
    assert read("", "<p>The ferry was built in 2019.</p><footer>© 2026</footer>").guessed is None


def test_the_heading_is_taken_where_the_metadata_bear_it_out() -> None:
    head = '<meta property="og:title" content="Ferry talks collapse in Velmark - Selvara Times">'
    body = "<h1>Selvara Times</h1><h1>Ferry talks collapse in Velmark</h1><p>Text.</p>"
    assert read(head, body).headline == "Ferry talks collapse in Velmark"


@pytest.mark.parametrize(
    "title",
    [
        "Ferry talks collapse in Velmark | Selvara Times | by Ada Vell",
        "Ferry talks collapse in Velmark › selvara.example",
        "Ferry talks collapse in Velmark - Selvara Online",
    ],
)
def test_a_title_ends_before_the_site_s_name(title: str) -> None:
    assert read(f"<title>{title}</title>").headline == "Ferry talks collapse in Velmark"


def test_a_dash_within_a_title_stays() -> None:
    title = "Ferry talks collapse – mayor blames Selvara"
    head = f'<meta property="og:title" content="{title}">'
    assert read(head, "<h1>Ferry talks</h1>").headline == title


def test_a_byline_under_the_heading_gives_the_authors() -> None:
    body = "<h1>Ferry talks collapse</h1><font><i>By Ada Vell and Oren Tamm</i></font><p>Text.</p>"
    assert read("", body).authors == ("Ada Vell", "Oren Tamm")


@pytest.mark.parametrize(
    ("marked", "authors"),
    [
        ("<span>von</span> <b>Ada Vell</b>", ("Ada Vell",)),
        ("<b>Ada Vell</b><i>Staff Writer</i><i>5 min read</i>", ("Ada Vell",)),
        ("<b>Ada</b> <b>Vell</b>", ("Ada Vell",)),
        ("<a>Ada Vell</a><a>Oren Tamm</a>", ("Ada Vell", "Oren Tamm")),
        ("by <a>vell</a>", ("vell",)),
    ],
)
def test_names_marked_as_the_authors_are_kept_apart_from_what_stands_beside_them(
    marked: str, authors: tuple[str, ...]
) -> None:
    body = f"<h1>Ferry talks collapse</h1><div class='author-box'>{marked}</div><p>Text.</p>"
    assert read("", body).authors == authors


def test_who_wrote_a_comment_is_no_author() -> None:
    body = "<h1>Ferry talks collapse</h1><div id=comments><b class=author>Oren Tamm</b></div>"
    assert read("", body).authors == ()


def test_the_name_shown_where_a_page_is_shared_is_an_author() -> None:
    head = (
        '<meta name="twitter:label1" content="Written by">'
        '<meta name="twitter:data1" content="Ada Vell">'
        '<meta name="twitter:label2" content="Est. reading time">'
        '<meta name="twitter:data2" content="3 minutes">'
    )
    assert read(head).authors == ("Ada Vell",)


def test_the_canonical_address_is_joined_to_the_page() -> None:
    assert read('<link rel="canonical" href="/a/b">').canonical_url == (
        "https://news.selvara.example/a/b"
    )
    assert read('<link rel="canonical" href="javascript:alert(1)">').canonical_url is None


@pytest.mark.parametrize(
    ("printed", "authors"),
    [
        (["By Ada Vell, Oren Tamm"], ("Ada Vell", "Oren Tamm")),
        (["Ada Vell", "ADA VELL"], ("Ada Vell",)),
        (["Selvara Times", "ada@selvara.example", "https://x.example/ada", "Staff Reporter"], ()),
        (["NPA"], ("NPA",)),
        (["Von Ada Vell und Oren Tamm"], ("Ada Vell", "Oren Tamm")),
        (["Ada von Vell"], ("Ada von Vell",)),
        (["Ada Vell, Oren Tamm, and Ilse Quirn"], ("Ada Vell", "Oren Tamm", "Ilse Quirn")),
        (["Ada Vell in Meldt"], ("Ada Vell",)),
    ],
)
def test_authors_are_names_each_once(printed: list[str], authors: tuple[str, ...]) -> None:
    assert clean_authors(printed, without=["selvaratimes"]) == authors


@pytest.mark.parametrize(
    ("text", "expected", "precision"),
    [
        ("2026-03-10T08:30:00.123+0200", "2026-03-10T06:30:00+00:00", Precision.SECOND),
        ("2026-03-10 08:30", "2026-03-10T08:30:00+00:00", Precision.MINUTE),
        ("2026-03-10", "2026-03-10T00:00:00+00:00", Precision.DAY),
        ("2026-03", "2026-03-01T00:00:00+00:00", Precision.MONTH),
        ("Tue, 10 Mar 2026 08:30:00 -0500", "2026-03-10T13:30:00+00:00", Precision.SECOND),
        ("1773131400", "2026-03-10T08:30:00+00:00", Precision.SECOND),
        ("March 10, 2026", "2026-03-10T00:00:00+00:00", Precision.DAY),
    ],
)
def test_times_are_read_to_utc_with_their_precision(
    text: str, expected: str, precision: Precision
) -> None:
    found = parse_timestamp(text)
    assert found is not None
    assert (found.at.isoformat(), found.precision) == (expected, precision)


@pytest.mark.parametrize("text", ["", "soon", "1970-01-01T00:00:00Z", "2026-13-40", "1-" * 100_000])
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_timestamp(text) is None


def test_deep_and_long_json_ld_is_left_aside() -> None:
    deep = "[" * 50_000 + "]" * 50_000
    long = '{"@type":"NewsArticle","datePublished":"' + "2" * 1_000_000
    for script in (deep, long):
        assert read(f'<script type="application/ld+json">{script}</script>').published is None
