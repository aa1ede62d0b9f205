"""The geometry of the report's charts: plain numbers, drawn by the page.

In: counts by place and by day. Out: circles on a map, bars on a timeline. A page of SVG needs no
script and no tile server; the outline of the land is Natural Earth's.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files

QUADS = ("verbal cooperation", "material cooperation", "verbal conflict", "material conflict")
NO_QUAD = "no type"
# Map units are tenths of a degree, as the outline has them.
WORLD = (-1800.0, -840.0, 3600.0, 1420.0)
MIN_WIDTH = 500.0
MARGIN = 0.12
LEAST_RADIUS, GREATEST_RADIUS = 0.005, 0.026  # of the map's width; seen on a phone, apart on a desk
MAX_BARS = 62  # what a phone still shows apart


@dataclass(frozen=True)
class Place:
    """Events at one place, by quad class."""

    name: str | None
    country: str | None
    latitude: float
    longitude: float
    num_events: int
    quads: tuple[int, int, int, int]


@dataclass(frozen=True)
class Circle:
    """A place as drawn."""

    x: float
    y: float
    radius: float
    quad: int  # 1 to 4: the class most events there have; 0 where they have none
    title: str


@dataclass(frozen=True)
class Map:
    """Circles and the part of the world that holds them."""

    view_box: str
    outline: str
    circles: tuple[Circle, ...]


@dataclass(frozen=True)
class DayCount:
    """Events of one type on one day."""

    day: date
    event_type: str | None
    quad: int
    num_events: int


@dataclass(frozen=True)
class Bar:
    """A bucket of the timeline: its label, and events by quad class (0: none)."""

    label: str
    quads: tuple[int, ...]

    @property
    def total(self) -> int:
        """Count all events of the bucket."""
        return sum(self.quads)


@dataclass(frozen=True)
class TypeRow:
    """One type along the timeline."""

    name: str
    quad: int
    total: int
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Timeline:
    """Events by time, in all and by type."""

    unit: str
    bars: tuple[Bar, ...]
    types: tuple[TypeRow, ...]
    num_outside: int

    @property
    def highest(self) -> int:
        """Count the events of the fullest bucket."""
        return max((bar.total for bar in self.bars), default=0)


def draw_map(places: Sequence[Place]) -> Map:
    """Place circles, the smallest on top, in a window that holds them all."""
    x, y, width, height = _window(places)
    most = max((place.num_events for place in places), default=1)
    circles = tuple(
        Circle(
            x=round(place.longitude * 10, 1),
            y=round(-place.latitude * 10, 1),
            radius=round(width * _radius(place.num_events / most), 1),
            quad=leading_quad(place.quads),
            title=f"{place.name or 'unnamed'}, {place.country or 'country unknown'}: "
            f"{place.num_events} event{'' if place.num_events == 1 else 's'}",
        )
        for place in sorted(places, key=lambda place: -place.num_events)
    )
    outline = (files("seeds") / "land.svgpath").read_text(encoding="ascii")
    return Map(f"{x:.0f} {y:.0f} {width:.0f} {height:.0f}", outline, circles)


def leading_quad(quads: Sequence[int]) -> int:
    """Name the class that most events have, 0 when none has any."""
    return max(range(len(quads)), key=lambda n: quads[n]) + 1 if any(quads) else 0


def _radius(share: float) -> float:
    return LEAST_RADIUS + (GREATEST_RADIUS - LEAST_RADIUS) * math.sqrt(share)


def _window(places: Sequence[Place]) -> tuple[float, float, float, float]:
    """Find the part of the world to show: all places with a margin, never wider than the world."""
    if not places:
        return WORLD
    xs = [place.longitude * 10 for place in places]
    ys = [-place.latitude * 10 for place in places]
    width = max((max(xs) - min(xs)) * (1 + 2 * MARGIN), MIN_WIDTH)
    height = max((max(ys) - min(ys)) * (1 + 2 * MARGIN), width * 0.4)
    width = max(width, height * 1.8)
    if width >= WORLD[2]:
        return WORLD
    x = (max(xs) + min(xs) - width) / 2
    y = (max(ys) + min(ys) - height) / 2
    return x, y, width, height


def draw_timeline(counts: Sequence[DayCount], *, first: date, last: date) -> Timeline:
    """Sum up by day, week or month, whichever keeps the bars apart."""
    inside = [count for count in counts if first <= count.day <= last]
    unit, starts = _buckets(first, last)
    place_of = {start: place for place, start in enumerate(starts)}
    quads = [[0] * 5 for _ in starts]
    by_type: dict[str, Counter[int]] = {}
    quad_of: dict[str, int] = {}
    for count in inside:
        place = place_of[_start(count.day, unit)]
        quads[place][count.quad] += count.num_events
        if count.event_type:
            by_type.setdefault(count.event_type, Counter())[place] += count.num_events
            quad_of[count.event_type] = count.quad
    rows = [
        TypeRow(name, quad_of[name], of.total(), tuple(of[n] for n in range(len(starts))))
        for name, of in by_type.items()
    ]
    bars = [
        Bar(start.strftime("%Y-%m" if unit == "month" else "%Y-%m-%d"), tuple(q))
        for start, q in zip(starts, quads, strict=True)
    ]
    outside = sum(c.num_events for c in counts) - sum(c.num_events for c in inside)
    return Timeline(
        unit, tuple(bars), tuple(sorted(rows, key=lambda row: (-row.total, row.name))), outside
    )


def _buckets(first: date, last: date) -> tuple[str, list[date]]:
    days = (last - first).days + 1
    unit = "day" if days <= MAX_BARS else "week" if days <= MAX_BARS * 7 else "month"
    starts = sorted({_start(first + timedelta(n), unit) for n in range(days)})
    return unit, starts


def _start(day: date, unit: str) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day
