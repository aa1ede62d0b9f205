"""What the report shows, read from the warehouse.

In: a warehouse; the SQL lies in `schemas/report/`. Out: one `Report` of plain values. Each list is
cut to what a page can hold, and the counts that say what was cut stand beside it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any

from pipelines.query import ask
from pipelines.report.charts import (
    DayCount,
    Map,
    Place,
    Timeline,
    draw_map,
    draw_timeline,
)
from pipelines.report.evidence import Part, mark_sentence
from schemas.sql import queries, report_queries

MAX_PLACES = 400
MAX_DAYS = 200_000
MAX_PARTIES = 15
MAX_DYADS = 20
MAX_STORY_ROWS = 400
MAX_EVENTS = 200
MAX_FEEDS = 300
MAX_CHANGES = 30
MAX_RUNS = 12
MAX_REASONS = 40
BEFORE = timedelta(days=14)  # events are mostly told of within days; older ones are counted apart
LONGEST = timedelta(days=5 * 366)
FIGURES = re.compile(r"<!-- figures -->(.*)<!-- end of figures -->", re.DOTALL)

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Totals:
    """What the warehouse holds."""

    num_articles: int
    num_publishers: int
    first_article_at: datetime | None
    last_article_at: datetime | None
    num_stories: int
    num_mentions: int
    num_events: int
    num_typed_events: int
    num_placed_events: int


@dataclass(frozen=True)
class Cut:
    """A list, and whether there was more."""

    rows: tuple[Record, ...]
    is_cut: bool = False


@dataclass(frozen=True)
class Evidence:
    """An event and its sentence in parts."""

    event: Record
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Story:
    """A story and the first of its articles."""

    story: Record
    articles: tuple[Record, ...]


@dataclass(frozen=True)
class Figures:
    """A table of measured figures."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that the page shows."""

    title: str
    made_at: datetime
    totals: Totals
    map: Map
    places: Cut
    timeline: Timeline
    actors: Cut
    recipients: Cut
    dyads: Cut
    stories: tuple[Story, ...]
    evidence: tuple[Evidence, ...]
    changes: Cut
    feeds: Cut
    runs: Cut
    reasons: Cut
    quality: tuple[Figures, ...]


def read_report(warehouse: str, *, title: str, now: datetime) -> Report:
    """Ask the warehouse all that the page shows."""

    def read(name: str, limit: int) -> Cut:
        statement = report_queries().get(name) or queries()[name]
        answer = ask(warehouse, statement.sql, limit=limit)
        records = (dict(zip(answer.columns, row, strict=True)) for row in answer.rows)
        return Cut(tuple(records), answer.is_cut)

    totals = Totals(**read("totals", 1).rows[0])
    places = read("places", MAX_PLACES)
    runs = read("latest_runs", MAX_RUNS)
    return Report(
        title=title,
        made_at=now,
        totals=totals,
        map=draw_map([_place(row) for row in places.rows]),
        places=places,
        timeline=_timeline(read("days", MAX_DAYS), totals, now),
        actors=read("actors", MAX_PARTIES),
        recipients=read("recipients", MAX_PARTIES),
        dyads=read("dyads", MAX_DYADS),
        stories=_stories(read("stories", MAX_STORY_ROWS)),
        evidence=tuple(
            Evidence(row, mark_sentence(row)) for row in read("evidence", MAX_EVENTS).rows
        ),
        changes=read("corrected_or_withdrawn", MAX_CHANGES),
        feeds=read("feeds", MAX_FEEDS),
        runs=runs,
        reasons=read("rejections_by_reason", MAX_REASONS),
        quality=read_quality(),
    )


def _place(row: Record) -> Place:
    return Place(
        row["place_name"],
        row["country"],
        row["latitude"],
        row["longitude"],
        row["num_events"],
        quads_of(row),
    )


def quads_of(row: Record) -> tuple[int, int, int, int]:
    """Give the counts by quad class of a row that has them."""
    return (
        row["num_verbal_cooperation"],
        row["num_material_cooperation"],
        row["num_verbal_conflict"],
        row["num_material_conflict"],
    )


def _timeline(days: Cut, totals: Totals, now: datetime) -> Timeline:
    """Show the time that the articles tell of; what lies long before or ahead is counted apart."""
    last = (totals.last_article_at or now).date()
    first = (totals.first_article_at or now).date() - BEFORE
    counts = [
        DayCount(row["event_date"], row["event_type"], row["quad_class"] or 0, row["num_events"])
        for row in days.rows
    ]
    told = [count.day for count in counts if max(first, last - LONGEST) <= count.day <= last]
    return draw_timeline(counts, first=min(told, default=last), last=max(told, default=last))


def _stories(rows: Cut) -> tuple[Story, ...]:
    by_place: dict[int, list[Record]] = {}
    for row in rows.rows:
        by_place.setdefault(row["place"], []).append(row)
    return tuple(Story(articles[0], tuple(articles)) for articles in by_place.values())


def read_quality() -> tuple[Figures, ...]:
    """Read the tables of figures in the card of the model that ships."""
    card = (files("transforms") / "model" / "README.md").read_text(encoding="utf-8")
    found = FIGURES.search(card)
    tables = found[1].strip().split("\n\n") if found else []
    return tuple(_figures(table.splitlines()) for table in tables)


def _figures(lines: list[str]) -> Figures:
    cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    return Figures(cells[0], tuple(cells[2:]))


def day_of(value: date | datetime | None) -> str:
    """Give a day, or that it is not known."""
    return value.strftime("%Y-%m-%d") if value else "–"
