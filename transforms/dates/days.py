"""Arithmetic of days, weeks, months and years, as spans from a first to a last day."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from schemas.vocabulary import Precision


@dataclass(frozen=True)
class Span:
    """A resolved time: first and last day and how finely it was stated."""

    first: date
    last: date
    precision: Precision


def one_day(day: date) -> Span:
    return Span(day, day, Precision.DAY)


def some_days(first: date, last: date) -> Span:
    """Make a span of several days; it is known to the week, however many these are."""
    return Span(first, last, Precision.DAY if first == last else Precision.WEEK)


def whole_month(year: int, month: int) -> Span:
    last = calendar.monthrange(year, month)[1]
    return Span(date(year, month, 1), date(year, month, last), Precision.MONTH)


def whole_months(year: int, month: int, count: int, precision: Precision) -> Span:
    """Make a span of `count` months; the month may lie outside 1 to 12."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    end = month + count - 1
    last_year, last_month = year + (end - 1) // 12, (end - 1) % 12 + 1
    return Span(whole_month(year, month).first, whole_month(last_year, last_month).last, precision)


def whole_year(year: int) -> Span:
    return whole_months(year, 1, 12, Precision.YEAR)


def whole_week(day: date) -> Span:
    monday = day - timedelta(days=day.weekday())
    return Span(monday, monday + timedelta(days=6), Precision.WEEK)


def exact_day(year: int, month: int, day: int) -> date | None:
    """Give the day, or None where the calendar has no such day."""
    is_there = 1 <= day <= calendar.monthrange(year, month)[1]
    return date(year, month, day) if is_there else None
