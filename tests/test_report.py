"""`dateline report` shows what is there, says what it left out, and obeys nothing it was told."""

import csv
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from pipelines.__main__ import main
from pipelines.report.charts import DayCount, Place, draw_map, draw_timeline
from pipelines.report.evidence import Part, mark, mark_sentence
from pipelines.report.figures import read_quality, read_report
from pipelines.report.page import clean, render, web_address
from schemas.tables import TABLES
from transforms.warehouse import StagingFolder, open_warehouse
from transforms.warehouse.staging import stage

NOW = datetime(2026, 3, 9, 18, tzinfo=UTC)
SENTENCE = "On Monday Kesterland shelled Aldbrook & the <docks>."
ATTACKS = (
    '=HYPERLINK("http://evil.example","x")',
    "<script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "\"><svg onload=alert(1)><a href='javascript:alert(1)'>x</a>",
    "</style></title></textarea><iframe src=//evil.example></iframe>",
    "{{ 7 * 7 }} {% raw %} ${7*7} <%= 7*7 %>",
    "../../../etc/passwd",
    "a\x1b[31mred\x07\u202egnp.exe\u200b\u2066",
    "Z" + "\u0301" * 500 + "algo",
    "--><!--",
    "&lt;b&gt; &amp; &#60;",
    "'; DROP TABLE events; --",
)
ADDRESSES = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "//evil.example/x",
    "http://good.example@evil.example/",
    'http://a.example/" onclick="alert(1)',
    "java\tscript:alert(1)",
    "http://a.example/\u202etxt.exe",
    "http://[::1",
    "http://a.example:99999/",
    "",
)


def make_warehouse(folder: Path, make_row: Any, **given: Any) -> str:
    """Make a warehouse of one story, two articles and one event."""
    return make_warehouse_of(folder, make_row, given)


def make_warehouse_of(folder: Path, make_row: Any, *stories: dict[str, Any]) -> str:
    """Make a warehouse of stories, each with two articles and one event, that say what is given."""
    rows: dict[str, list[Any]] = {}
    for number, given in enumerate(stories):
        for table, records in records_of(number, given).items():
            made = [make_row(TABLES[table], **record) for record in records]
            rows[table] = [*rows.get(table, ()), *made]
    warehouse = open_warehouse(str(folder / "w.duckdb"))
    warehouse.prepare()
    for table, made in rows.items():
        stage(folder / "stage", table, made)
    warehouse.merge(StagingFolder(folder / "stage").ready(complete=True))
    return warehouse.path


def records_of(number: int, given: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Give what the tables hold of one story."""
    said = {
        "headline": "Shells fall on Aldbrook",
        "name": "Kesterland",
        "url": "http://a.example/1",
    }
    said |= given
    first, second, story = f"a{number}", f"b{number}", f"s{number}"
    at = {"date_published": NOW, "fetched_at": NOW}
    mention = {
        "mention_id": f"m{number}", "event_id": f"e{number}", "article_id": first,
        "revision_id": first, "published_at": NOW, "sentence_text": given.get("sentence", SENTENCE),
        "sentence_start": 100, "sentence_end": 150, "trigger_start": 121, "trigger_end": 128,
        "actor_start": 110, "actor_end": 120, "recipient_start": 2, "recipient_end": 9,
        "place_start": 129, "place_end": 137, "date_start": 100, "date_end": 109,
        "event_type": "ASSAULT", "quad_class": 4, "polarity": "positive", "modality": "asserted",
        "predicate": "shell", "event_date": NOW.date(), "event_date_precision": "day",
        "actor_name": said["name"], "recipient_name": said["name"], "place_name": said["name"],
        "latitude": 10.0, "longitude": 20.0, "country": "XKE", "trigger_text": "shelled",
    }  # fmt: skip
    rows: dict[str, list[dict[str, Any]]] = {
        "articles": [
            {"article_id": first, "canonical_url": said["url"], "publisher_domain": "a.example"},
            {"article_id": second, "canonical_url": said["url"], "publisher_domain": "b.example"},
        ],
        "article_revisions": [
            {"revision_id": first, "article_id": first, "change_type": "initial", **at},
            {"revision_id": second, "article_id": second, "change_type": "correction", **at},
        ],
        "event_mentions": [mention],
        "stories": [{"story_id": story, "headline": said["headline"]}],
        "story_articles": [
            {"article_id": first, "story_id": story},
            {"article_id": second, "story_id": story},
        ],
        "feeds": [{"feed_id": f"f{number}", "url": said["url"], "title": said["headline"]}],
        "runs": [
            {"run_id": f"r{number}", "status": "complete", "source": "feeds", "started_at": NOW}
        ],
        "rejections": [
            {
                "rejection_id": f"x{number}",
                "reason": "gone",
                "address": said["url"],
                "detail": said["name"],
            }
        ],
    }
    for revision in rows["article_revisions"]:
        revision |= {"headline": said["headline"], "correction_text": said["headline"]}
    return rows


def page_of(warehouse: str) -> str:
    return render(read_report(warehouse, title="News events", now=NOW))


def check_harmless(page: str) -> None:
    """Check that a page has no element, attribute or address that does or loads anything."""
    tree = html.fromstring(page)
    assert {e.tag for e in tree.iter() if isinstance(e.tag, str)} <= ALLOWED
    for element in tree.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on"), name
            assert name not in ("src", "srcset", "action", "formaction", "xlink:href", "srcdoc")
            if name == "href":
                assert re.match(r"https?://[^@]+$|#\w+$", value), value
            if name == "style":
                assert re.fullmatch(r"width:[\d.]+%", value)
    for link in tree.iterfind(".//a[@target]"):
        assert {"noopener", "noreferrer"} <= set(link.get("rel").split())
    assert "url(" not in page.split("</style>")[0]
    assert not {c for c in page if not c.isprintable()} - {"\n"}
    [policy] = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")


ALLOWED = set(
    "html head meta title style body header fieldset label input h1 h2 h3 p ul ol li b i span nav "
    "a main section svg path circle rect g details summary div table thead tbody tr th td article "
    "mark bdi footer".split()
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, make_row: Any) -> str:
    return make_warehouse(tmp_path_factory.mktemp("report"), make_row)


@pytest.fixture(scope="module")
def page(warehouse: str) -> str:
    return page_of(warehouse)


def test_the_page_shows_a_story_its_articles_and_the_event(page: str) -> None:
    text = html.fromstring(page).text_content()
    assert "Shells fall on Aldbrook" in text
    assert "2 articles, 2 publishers" in text
    assert "Kesterland → Kesterland" in text
    assert "1 of 1 events have a place" in text
    assert "never polled" in text


def test_the_sentence_is_marked_and_whole(page: str) -> None:
    [article] = html.fromstring(page).find_class("event")
    marked = {e.get("class"): e.text for e in article.iter("mark")}
    assert marked == {
        "date": "On Monday",
        "actor": "Kesterland",
        "trigger": "shelled",
        "place": "Aldbrook",
    }
    assert SENTENCE in article.text_content()


def test_the_page_loads_nothing_and_runs_nothing(page: str) -> None:
    check_harmless(page)


def test_every_chart_is_a_table_too(page: str) -> None:
    tree = html.fromstring(page)
    for section in ("map", "time", "who", "dyads"):
        assert tree.get_element_by_id(section).findall(".//table"), section


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory, make_row: Any) -> str:
    """Make a warehouse in which every text holds all attacks."""
    said = {"headline": " ".join(ATTACKS), "name": "@" + " ".join(reversed(ATTACKS))}
    said["sentence"] = SENTENCE + said["headline"]
    return make_warehouse(tmp_path_factory.mktemp("attack"), make_row, **said)


def test_hostile_text_is_text(attacked: str) -> None:
    page = page_of(attacked)
    check_harmless(page)
    shown = html.fromstring(page).text_content()
    for attack in ATTACKS:
        assert clean(attack) in shown  # as it was written, and not what it would come to


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_hostile_text_does_nothing_in_answers(
    form: str, attacked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sql = "SELECT headline, actor_name FROM events"
    assert main(["query", sql, "--warehouse", attacked, "--format", form]) == 0
    shown = capsys.readouterr().out
    assert not {c for c in shown if not c.isprintable()} - {"\n"}
    if form == "csv":
        [_, row] = csv.reader(shown.splitlines())
        assert [cell[:2] for cell in row] == ["'=", "'@"]
    if form == "json":
        assert json.loads(shown)["headline"] == " ".join(ATTACKS)


@pytest.mark.parametrize("address", ADDRESSES, ids=ascii)
def test_what_is_no_address_of_the_web_is_no_link(address: str) -> None:
    assert web_address(address) is None


def test_a_hostile_address_is_shown_and_leads_nowhere(tmp_path: Path, make_row: Any) -> None:
    page = page_of(make_warehouse(tmp_path, make_row, url="javascript:alert(1)"))
    check_harmless(page)
    assert html.fromstring(page).xpath("//a[@target]") == []


@pytest.mark.parametrize(
    "address", ["http://a.example/1?b=c&d=(e)#f", "https://xn--d1acpjx3f.example:8443/я"]
)
def test_an_address_of_the_web_is_a_link(address: str) -> None:
    assert web_address(address) == address


def test_an_empty_warehouse_makes_a_page(tmp_path: Path) -> None:
    warehouse = open_warehouse(str(tmp_path / "w.duckdb"))
    warehouse.prepare()
    check_harmless(page_of(warehouse.path))


def test_the_command_writes_the_page_whole(tmp_path: Path, warehouse: str) -> None:
    out = tmp_path / "report.html"
    assert main(["report", "--warehouse", warehouse, "--out", str(out), "--title", "<b>"]) == 0
    assert "<title>&lt;b&gt;</title>" in out.read_text()
    assert list(tmp_path.glob("*.tmp")) == []


@pytest.mark.parametrize(("out", "said"), [("none/r.html", "no such folder"), (".", "is a folder")])
def test_a_page_that_cannot_be_written_is_one_line(
    out: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--out", out]) == 2
    assert said in capsys.readouterr().err


def test_of_spans_that_overlap_the_first_has_the_words() -> None:
    assert mark("abcdef", [("trigger", 2, 4), ("actor", 0, 3)]) == (
        Part("ab", "actor"),
        Part("cd", "trigger"),
        Part("ef", None),
    )


def test_a_span_outside_its_sentence_is_not_marked() -> None:
    row = {f"{role}_{end}": None for role in ("actor", "date") for end in ("start", "end")}
    row |= {"sentence_text": "He left.", "sentence_start": 50, "trigger_start": 53}
    row |= {"trigger_end": 57, "place_start": 10, "place_end": 14}
    row |= {"recipient_start": 56, "recipient_end": 90}
    assert mark_sentence(row) == (Part("He ", None), Part("left", "trigger"), Part(".", None))


def test_the_map_shows_the_part_of_the_world_where_things_happened() -> None:
    places = [Place("A", "XKE", 10, 20, 4, (0, 0, 0, 4)), Place("B", None, 12, 24, 1, (0,) * 4)]
    drawn = draw_map(places)
    x, y, width, height = map(float, drawn.view_box.split())
    assert width < 1000
    for circle in drawn.circles:
        assert x < circle.x - circle.radius < circle.x + circle.radius < x + width
        assert y < circle.y - circle.radius < circle.y + circle.radius < y + height
    big, small = drawn.circles
    assert (big.quad, small.quad) == (4, 0)
    assert big.radius > small.radius
    assert small.title == "B, country unknown: 1 event"


def test_places_around_the_world_show_the_world() -> None:
    ends = [Place("A", None, 60, -170, 1, (1, 0, 0, 0)), Place("B", None, -40, 175, 1, (0,) * 4)]
    assert draw_map(ends).view_box == draw_map([]).view_box == "-1800 -840 3600 1420"


@pytest.mark.parametrize(
    ("last", "unit", "bars"),
    [
        (date(2026, 3, 31), "day", 31),
        (date(2026, 12, 31), "week", 45),
        (date(2028, 2, 1), "month", 24),
    ],
)
def test_the_timeline_keeps_its_bars_apart(last: date, unit: str, bars: int) -> None:
    drawn = draw_timeline([], first=date(2026, 3, 1), last=last)
    assert (drawn.unit, len(drawn.bars)) == (unit, bars)


def test_the_timeline_counts_what_it_leaves_out() -> None:
    counts = [
        DayCount(date(2026, 3, 2), "AID", 2, 5),
        DayCount(date(2026, 3, 2), None, 0, 1),
        DayCount(date(1998, 1, 1), "AID", 2, 7),
    ]
    drawn = draw_timeline(counts, first=date(2026, 3, 1), last=date(2026, 3, 3))
    assert [bar.quads for bar in drawn.bars] == [(0,) * 5, (1, 0, 5, 0, 0), (0,) * 5]
    assert [(row.name, row.total, row.counts) for row in drawn.types] == [("AID", 5, (0, 5, 0))]
    assert drawn.num_outside == 7


def test_the_figures_of_quality_are_those_of_the_model_that_ships() -> None:
    syntax, names = read_quality()
    assert syntax.columns[0] == "treebank (dev)"
    assert all(len(row) == len(names.columns) for row in names.rows)


def test_no_coast_runs_across_the_map() -> None:
    outline = draw_map([]).outline
    steps = [
        (int(dx), int(dy))
        for ring in re.findall(r"l([^z]*)z", outline)
        for dx, dy in re.findall(r"(-?\d+)[ ]?(-?\d+)", ring)
    ]
    assert len(steps) > 5000
    assert max(abs(dy) for _, dy in steps) < 200
    # only the foot of the world, the edge that Antarctica is closed by, is that long
    assert sum(abs(dx) > 300 for dx, _ in steps) <= 1
