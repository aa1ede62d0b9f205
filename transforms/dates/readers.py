"""Read an expression found in a text: which days it means, as seen from the publication date."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from schemas.vocabulary import Precision
from transforms.dates.days import (
    Span,
    exact_day,
    one_day,
    some_days,
    whole_month,
    whole_months,
    whole_week,
    whole_year,
)
from transforms.dates.expressions import NUMBERS


@dataclass(frozen=True)
class Reference:
    """What an expression is read against: the publication date, and the side it points to."""

    published: date | None
    toward_future: bool


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_AMOUNTS = {word: number for number, word in enumerate(NUMBERS)} | {
    "a": 1, "an": 1, "a couple of": 2, "thirty": 30, "forty": 40, "fifty": 50, "a hundred": 100,
}  # fmt: skip
UNIT_DAYS = {"week": 7, "month": 30, "year": 365, "decade": 3652}
UNIT_PRECISION = {
    "week": Precision.WEEK,
    "month": Precision.MONTH,
    "year": Precision.YEAR,
    "decade": Precision.DECADE,
}
FORGOTTEN_MONTHS = 11  # a day that long ago is printed with its year; without, it is the next
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}  # first month, north


def _month_number(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1


def _weekday_number(name: str) -> int:
    return _WEEKDAYS.index(name[:3].lower())


def _day_number(printed: str) -> int:
    return int(re.sub(r"\D", "", printed))


def _side(match: re.Match[str]) -> int:
    """Give -1 for last and past, 1 for next and coming, 0 for this or nothing."""
    words = (match["side"] or "").lower()
    if any(word in words for word in ("last", "past", "previous")):
        return -1
    return 1 if any(word in words for word in ("next", "coming", "following")) else 0


def _read_iso(match: re.Match[str], _: Reference) -> Span | None:
    day = exact_day(int(match["y"]), int(match["m"]), int(match["d"]))
    return one_day(day) if day else None


def _year_near(month: int, day: int, reference: Reference) -> int | None:
    """Give the year in which a day without one fell last, or will fall next."""
    today = reference.published
    if today is None:
        return None
    is_later = (month, day) > (today.month, today.day)
    months_ago = (today.month - month) % 12
    if reference.toward_future or (is_later and months_ago >= FORGOTTEN_MONTHS):
        return today.year + ((month, day) < (today.month, today.day))
    return today.year - is_later


def _read_day(match: re.Match[str], reference: Reference) -> Span | None:
    month, number = _month_number(match["m"]), _day_number(match["d"])
    year = int(match["y"]) if match["y"] else _year_near(month, number, reference)
    day = exact_day(year, month, number) if year else None
    return one_day(day) if day else None


def _read_day_range(match: re.Match[str], reference: Reference) -> Span | None:
    month, number = _month_number(match["m"]), _day_number(match["d"])
    year = int(match["y"]) if match["y"] else _year_near(month, number, reference)
    if not year:
        return None
    first, last = exact_day(year, month, number), exact_day(year, month, _day_number(match["e"]))
    return some_days(first, last) if first and last and first <= last else None


def _read_month_year(match: re.Match[str], _: Reference) -> Span | None:
    return whole_month(int(match["y"]), _month_number(match["m"]))


def _read_month(match: re.Match[str], reference: Reference) -> Span | None:
    today, month = reference.published, _month_number(match["m"])
    if today is None:
        return None
    side, words = _side(match), (match["side"] or "").lower()
    if side > 0:
        return whole_month(today.year + (month <= today.month), month)
    if side < 0:
        return whole_month(today.year - (month >= today.month), month)
    if words:  # this March, earlier this March
        return whole_month(today.year, month)
    is_ahead = reference.toward_future or (today.month - month) % 12 >= FORGOTTEN_MONTHS
    if is_ahead:
        return whole_month(today.year + (month < today.month), month)
    return whole_month(today.year - (month > today.month), month)


def _weekday_near(weekday: int, today: date, toward_future: bool) -> date:
    """Give the nearest such weekday on one side, the day itself included."""
    back = (today.weekday() - weekday) % 7
    return today + timedelta(days=(7 - back) % 7 if toward_future else -back)


def _read_weekday(match: re.Match[str], reference: Reference) -> Span | None:
    today, weekday = reference.published, _weekday_number(match["w"])
    if today is None:
        return None
    if match["week"]:
        shift = {"last": -7, "this": 0, "next": 7}[match["week"]]
        return one_day(whole_week(today + timedelta(days=shift)).first + timedelta(days=weekday))
    side = _side(match)
    if side:  # never the day itself
        return one_day(_weekday_near(weekday, today + timedelta(days=side), side > 0))
    is_ahead = reference.toward_future or (match["side"] or "").lower() in {"this", "later this"}
    return one_day(_weekday_near(weekday, today, is_ahead))


def _read_weekday_range(match: re.Match[str], reference: Reference) -> Span | None:
    today = reference.published
    if today is None:
        return None
    start, end = _weekday_number(match["w"]), _weekday_number(match["v"])
    length = timedelta(days=(end - start) % 7)
    if reference.toward_future:
        first = _weekday_near(start, today, True)
        return some_days(first, first + length)
    last = _weekday_near(end, today, False)
    return some_days(last - length, last)


def _read_near_day(match: re.Match[str], reference: Reference) -> Span | None:
    if reference.published is None:
        return None
    words = (match["near"] or match["near2"]).lower()
    shift = {"yesterday": -1, "last night": -1, "tomorrow": 1}.get(words, 0)
    shift = -2 if "before yesterday" in words else 2 if "after tomorrow" in words else shift
    return one_day(reference.published + timedelta(days=shift))


def _read_decade(match: re.Match[str], _: Reference) -> Span:
    year, part = int(match["y"]), (match["part"] or "").lower()
    offset, length = {"early": (0, 4), "mid": (3, 4), "late": (6, 4)}.get(part, (0, 10))
    return whole_months(year + offset, 1, 12 * length, Precision.DECADE)


def _shifted(amount: int, unit: str, today: date) -> Span | None:
    """Move today by an amount of a unit; the answer is as fine as the unit."""
    if unit in {"day", "night"}:
        return one_day(today + timedelta(days=amount))
    if unit == "week":
        return whole_week(today + timedelta(weeks=amount))
    if unit == "month":
        return whole_months(today.year, today.month + amount, 1, Precision.MONTH)
    years = amount * (10 if unit == "decade" else 1)
    if not 1 <= today.year + years <= 9999:
        return None
    if unit == "year":
        return whole_year(today.year + years)
    return whole_months((today.year + years) // 10 * 10, 1, 120, Precision.DECADE)


def _amount(printed: str) -> int:
    return int(printed) if printed.isdigit() else _AMOUNTS[printed.lower()]


def _read_ago(match: re.Match[str], reference: Reference) -> Span | None:
    if reference.published is None or not match[0].endswith("ago"):
        return None  # "two weeks earlier" counts from another time than publication
    return _shifted(-_amount(match["n"]), match["u"], reference.published)


def _read_ahead(match: re.Match[str], reference: Reference) -> Span | None:
    if reference.published is None or match[0].endswith("later"):
        return None
    amount, unit = match["n"] or match["n2"], match["u"] or match["u2"]
    return _shifted(_amount(amount), unit, reference.published)


def _read_weekend(match: re.Match[str], reference: Reference) -> Span | None:
    if reference.published is None:
        return None
    side = _side(match) or (1 if reference.toward_future else 0)
    saturday = _weekday_near(5, reference.published + timedelta(days=max(side, 0)), side > 0)
    if side < 0 and reference.published - saturday < timedelta(days=2):
        saturday -= timedelta(days=7)
    return Span(saturday, saturday + timedelta(days=1), Precision.WEEK)


def _read_period(match: re.Match[str], reference: Reference) -> Span | None:
    today, unit = reference.published, match["u"]
    if today is None:
        return None
    if match["side"].lower() == "past":  # the past month runs up to now; the last one is over
        return Span(today - timedelta(days=UNIT_DAYS[unit]), today, UNIT_PRECISION[unit])
    return _shifted(_side(match), unit, today)


def _read_month_range(match: re.Match[str], reference: Reference) -> Span | None:
    first, last = _month_number(match["m"]), _month_number(match["n"])
    year = int(match["y"]) if match["y"] else _year_near(last, 1, reference)
    if year is None:
        return None
    count = (last - first) % 12 + 1
    return whole_months(year - (first > last), first, count, Precision.MONTH)


def _read_season(match: re.Match[str], reference: Reference) -> Span | None:
    today = reference.published
    if today is None:
        return None
    start, side = _SEASONS[match["s"].lower()], _side(match)
    started = today.year - (today.month < start)
    if side < 0 and (today.year - started) * 12 + today.month - start < 3:
        started -= 1
    return whole_months(
        today.year if side == 0 else started + (side > 0), start, 3, Precision.MONTH
    )


def _read_season_year(match: re.Match[str], _: Reference) -> Span:
    return whole_months(int(match["y"]), _SEASONS[match["s"].lower()], 3, Precision.MONTH)


def _read_year(match: re.Match[str], _: Reference) -> Span:
    return whole_year(int(match["y"]))


def _read_year_pair(match: re.Match[str], _: Reference) -> Span | None:
    year = int(match["y"])
    is_next = int(match["z"]) == (year + 1) % 100
    return whole_months(year, 1, 24, Precision.YEAR) if is_next else None


def _read_year_range(match: re.Match[str], _: Reference) -> Span | None:
    first, last = int(match["y"]), int(match["z"])
    return replace(whole_year(first), last=whole_year(last).last) if first <= last else None


READERS: dict[str, Callable[[re.Match[str], Reference], Span | None]] = {
    "iso": _read_iso,
    "day_range": _read_day_range,
    "range_day": _read_day_range,
    "month_day": _read_day,
    "day_month": _read_day,
    "month_year": _read_month_year,
    "month": _read_month,
    "weekday_range": _read_weekday_range,
    "weekday": _read_weekday,
    "near_day": _read_near_day,
    "decade": _read_decade,
    "ago": _read_ago,
    "ahead": _read_ahead,
    "weekend": _read_weekend,
    "period": _read_period,
    "season": _read_season,
    "season_year": _read_season_year,
    "month_range": _read_month_range,
    "year_pair": _read_year_pair,
    "year_range": _read_year_range,
    "year": _read_year,
}
