"""Find dates in a text and resolve them against the day it was published.

Comes in: a text and its publication date, if known. Goes out: every expression that names a day
or a longer time, with its span and the first and last day it may mean. Not found: clock times,
durations ("for two weeks"), ages, and numbers that nothing marks as a year. Not resolved (`first`
is None): anything relative when the publication date is unknown, and days that do not exist.

A day is never made up: "last month" is a month from its first to its last day, and `precision`
says so. Expressions are found by regular expressions without nested repetition (time is linear
in the text) and read by our own rules, because general date parsers take the "Sunday" of a story
published on Sunday for the week before and cannot read "late on Saturday".
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from schemas.vocabulary import Precision


@dataclass(frozen=True, kw_only=True)
class DateMention:
    """A time as printed, and the days it may mean: both ends included, None when unknown."""

    text: str
    start: int
    end: int
    first: date | None = None
    last: date | None = None
    precision: Precision | None = None
    relation: str | None = None  # since, until, by, before, after: the word in front, if any


@dataclass(frozen=True)
class Span:
    """A resolved time: first and last day and how finely it was stated."""

    first: date
    last: date
    precision: Precision


@dataclass(frozen=True)
class Reference:
    """What an expression is read against: the publication date, and the side it points to."""

    published: date | None
    toward_future: bool


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_NUMBERS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
_AMOUNTS = {word: number for number, word in enumerate(_NUMBERS)} | {
    "a": 1, "an": 1, "a couple of": 2, "thirty": 30, "forty": 40, "fifty": 50, "a hundred": 100,
}  # fmt: skip
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}  # first month, north

_FULL_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_MONTH = rf"(?:{_FULL_MONTH}|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?)"
_WEEKDAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)"
_NUMBER = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_YEAR = r"(?:1[5-9]\d\d|20\d\d)"
_AMOUNT = r"(?:(?i:a couple of|a hundred)|\d{1,3}|(?i:an?|thirty|forty|fifty|" + (
    "|".join(_NUMBERS[1:]) + "))"
)
_UNIT = r"(?:day|night|week|month|year|decade)"
_PART = r"(?:morning|afternoon|evening|night|noon|midnight|dawn|dusk)"
_EARLY = (
    r"(?:(?i:very )?(?i:late|later|early|earlier|mid)(?: on |[ -])"
    r"|(?i:the |in )?(?i:early|late|small|pre-dawn|predawn) hours (?:of|on) )"
)
_SIDE = r"(?i:this past|this coming|the previous|the following|last|next|this|past|coming|earlier this|later this)"
_TO = r"(?:\s?[-‐‑–—]\s?|\s+(?:to|and|until|till|through)\s+)"

_PATTERNS = {
    "iso": rf"(?P<y>{_YEAR})-(?P<m>0[1-9]|1[0-2])-(?P<d>0[1-9]|[12]\d|3[01])",
    "day_range": rf"(?P<d>{_NUMBER}){_TO}(?P<e>{_NUMBER})\s+(?:of\s+)?(?P<m>{_MONTH})(?:,?\s+(?P<y>{_YEAR}))?",
    "range_day": rf"(?P<m>{_MONTH})\s+(?P<d>{_NUMBER}){_TO}(?P<e>{_NUMBER})(?:,?\s+(?P<y>{_YEAR}))?",
    "month_day": (
        rf"{_EARLY}?(?:{_WEEKDAY},?\s+)?(?P<m>{_MONTH})\s+(?P<d>{_NUMBER})(?![\d:,]\d)"
        rf"(?:,?\s+(?P<y>{_YEAR}))?"
    ),
    "day_month": (
        rf"{_EARLY}?(?:{_WEEKDAY},?\s+)?(?:(?i:the)\s+)?(?P<d>{_NUMBER})\s+(?:of\s+)?(?P<m>{_MONTH})"
        rf"(?:,?\s+(?P<y>{_YEAR}))?"
    ),
    "month_year": rf"(?:(?i:early|late|mid)[ -])?(?P<m>{_MONTH}),?\s+(?:of\s+)?(?P<y>{_YEAR})",
    "month": rf"(?:(?i:early|late|mid)[ -])?(?:(?P<side>{_SIDE})\s+)?(?P<m>{_FULL_MONTH})",
    "weekday_range": rf"(?P<w>{_WEEKDAY}){_TO}(?P<v>{_WEEKDAY})",
    "weekday": (
        rf"{_EARLY}?(?:(?P<side>{_SIDE})\s+)?{_EARLY}?(?P<w>{_WEEKDAY})(?:\s+{_PART})?"
        r"(?:\s+(?P<week>last|this|next)\s+week)?"
    ),
    "near_day": (
        rf"(?:(?i:late|later|early|earlier) )?(?P<near>(?i:today|tonight|yesterday|tomorrow))(?: {_PART})?"
        r"|(?P<near2>(?i:this (?:morning|afternoon|evening)|last night|(?:the )?day before yesterday"
        r"|(?:the )?day after tomorrow))"
    ),
    "decade": r"(?:(?i:the) )?(?:(?P<part>(?i:early|late|mid))[ -])?(?:the )?(?P<y>(?:1[5-9]|20)\d0)['’]?s",
    "ago": (
        rf"(?:(?i:about|around|nearly|almost|just|some|exactly) )?(?P<n>{_AMOUNT}) (?P<u>{_UNIT})s? "
        r"(?:ago|earlier|before|previously)"
    ),
    "ahead": (
        rf"(?i:in )(?P<n>{_AMOUNT}) (?P<u>{_UNIT})s?['’] time"
        rf"|(?P<n2>{_AMOUNT}) (?P<u2>{_UNIT})s? (?:later|from now)"
    ),
    "weekend": rf"(?i:(?:over |at |on |during )?(?P<side>{_SIDE}|the) weekend)",
    "period": rf"(?:(?i:early|late|earlier|later) )?(?P<side>{_SIDE}) (?P<u>week|month|year|decade)",
    "season": rf"(?P<side>{_SIDE}) (?P<s>spring|summer|autumn|fall|winter)",
    "season_year": rf"(?:(?i:the) )?(?P<s>(?i:spring|summer|autumn|fall|winter)) (?:of )?(?P<y>{_YEAR})",
    "year_range": rf"(?P<y>{_YEAR}){_TO}(?P<z>{_YEAR})",
    "year": rf"(?:(?i:early|late|mid)[ -])?(?P<y>{_YEAR})",
}
_COMPILED = {kind: re.compile(rf"(?<![\w.$£€])(?:{p})(?![\w])") for kind, p in _PATTERNS.items()}

# What must stand in front of a bare year or month name, so that "2014 people" or "May said" is none
_TEMPORAL = re.compile(
    r"(?i:\b(?:in|since|by|until|till|before|after|during|from|through|of|for|and|to|between|year"
    r"|around|about|than)\s+(?:the\s+year\s+|the\s+)?$)"
)
_RELATION = re.compile(
    r"(?i:\b(since|until|till|by|before|after)\s+(?:around\s+|about\s+|the\s+)?$)"
)
_NAMED_DAY = re.compile(
    r"\b(?:Black|Good|Bloody|Palm|Easter|Ash|Super|Cyber|Holy|Maundy|Mardi)\s+$"
)
_COUNTED = re.compile(
    r"\s+(?:people|men|women|troops|soldiers|votes|seats|homes|cases|of\s+(?:the|them))\b"
)
_AHEAD = re.compile(
    r"(?i:\b(?:will|shall|won['’]t|is to|are to|was to|were to|due|scheduled|expected to|plan(?:s|ned)? to"
    r"|planned for|set (?:to|for)|slated|going to)\b)"
)
_SETTLED = re.compile(
    r"(?i:\b(?:said|told|announced|says|reported|added|was|were|had|has|have|who|which|agreed)\b"
    r"(?! (?:be )?(?:due|scheduled|expected|set|planned))|[.!?;]\s|\n)"
)
_LOOK_BACK = 100  # characters in front that may hold the verb; a clause is rarely longer


def find_dates(
    text: str, *, published: date | None, toward_future: bool = False
) -> tuple[DateMention, ...]:
    """Find the dates in a text, in order, none overlapping another.

    A weekday or a day without a year lies in the past, the day of publication included, unless
    the verb in front speaks of the future or `toward_future` says that all of them do.
    """
    found: list[DateMention] = []
    for kind, match in _matches(text):
        if found and match.start() < found[-1].end:
            continue
        ahead = toward_future or _speaks_of_future(text, match.start())
        found.append(_mention(kind, match, Reference(published, ahead)))
    return tuple(found)


def read_date(
    expression: str, *, published: date | None, toward_future: bool = False
) -> DateMention | None:
    """Read one expression, such as a date found before, with another side in mind."""
    padding = "in "  # a bare year or month needs a word in front to be taken for a date
    found = find_dates(padding + expression, published=published, toward_future=toward_future)
    if not found:
        return None
    shift = len(padding)
    return replace(found[0], start=max(found[0].start - shift, 0), end=found[0].end - shift)


def _matches(text: str) -> list[tuple[str, re.Match[str]]]:
    """Collect what the patterns find: by start, longest first, then by order of the patterns."""
    found = [
        (kind, match)
        for kind, pattern in _COMPILED.items()
        for match in pattern.finditer(text)
        if _is_date(kind, match)
    ]
    return sorted(found, key=lambda each: (each[1].start(), -each[1].end()))


def _is_date(kind: str, match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - 20) : match.start()]
    if kind == "year":
        after = match.string[match.end() : match.end() + 12]
        is_marked = bool(_TEMPORAL.search(before)) or not match[0][0].isdigit()
        return is_marked and not _COUNTED.match(after) and after[:2] not in {", 0", ",0"}
    if kind == "month":
        return bool(_TEMPORAL.search(before)) or match[0] != match["m"]
    if kind in {"weekday", "weekday_range"}:
        return not _NAMED_DAY.search(before)
    return True


def _speaks_of_future(text: str, start: int) -> bool:
    """Tell whether the verb in front of a date is in the future and nothing past lies between."""
    before = text[max(0, start - _LOOK_BACK) : start]
    ahead = None
    for ahead in _AHEAD.finditer(before):  # the last one is nearest
        continue
    return ahead is not None and not _SETTLED.search(before, ahead.end())


def _mention(kind: str, match: re.Match[str], reference: Reference) -> DateMention:
    span = _READERS[kind](match, reference)
    before = match.string[max(0, match.start() - 20) : match.start()]
    relation = _RELATION.search(before)
    return DateMention(
        text=match[0],
        start=match.start(),
        end=match.end(),
        first=span.first if span else None,
        last=span.last if span else None,
        precision=span.precision if span else None,
        relation=relation[1].lower() if relation else None,
    )


def _day(day: date) -> Span:
    return Span(day, day, Precision.DAY)


def _days(first: date, last: date) -> Span:
    """Make a span of several days; it is known to the week, however many these are."""
    return Span(first, last, Precision.DAY if first == last else Precision.WEEK)


def _month(year: int, month: int) -> Span:
    last = calendar.monthrange(year, month)[1]
    return Span(date(year, month, 1), date(year, month, last), Precision.MONTH)


def _months(year: int, month: int, count: int, precision: Precision) -> Span:
    """Make a span of `count` months; the month may lie outside 1 to 12."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    end = month + count - 1
    last_year, last_month = year + (end - 1) // 12, (end - 1) % 12 + 1
    return Span(_month(year, month).first, _month(last_year, last_month).last, precision)


def _year(year: int) -> Span:
    return _months(year, 1, 12, Precision.YEAR)


def _week(day: date) -> Span:
    monday = day - timedelta(days=day.weekday())
    return Span(monday, monday + timedelta(days=6), Precision.WEEK)


def _exact(year: int, month: int, day: int) -> date | None:
    """Give the day, or None where the calendar has no such day."""
    is_there = 1 <= day <= calendar.monthrange(year, month)[1]
    return date(year, month, day) if is_there else None


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


def _read_iso(match: re.Match[str], reference: Reference) -> Span | None:
    day = _exact(int(match["y"]), int(match["m"]), int(match["d"]))
    return _day(day) if day else None


def _year_near(month: int, day: int, reference: Reference) -> int | None:
    """Give the year in which a day without one fell last, or will fall next."""
    if reference.published is None:
        return None
    today = reference.published
    if reference.toward_future:
        return today.year + ((month, day) < (today.month, today.day))
    return today.year - ((month, day) > (today.month, today.day))


def _read_day(match: re.Match[str], reference: Reference) -> Span | None:
    month, number = _month_number(match["m"]), _day_number(match["d"])
    year = int(match["y"]) if match["y"] else _year_near(month, number, reference)
    day = _exact(year, month, number) if year else None
    return _day(day) if day else None


def _read_day_range(match: re.Match[str], reference: Reference) -> Span | None:
    month, number = _month_number(match["m"]), _day_number(match["d"])
    year = int(match["y"]) if match["y"] else _year_near(month, number, reference)
    if not year:
        return None
    first, last = _exact(year, month, number), _exact(year, month, _day_number(match["e"]))
    return _days(first, last) if first and last and first <= last else None


def _read_month_year(match: re.Match[str], reference: Reference) -> Span | None:
    return _month(int(match["y"]), _month_number(match["m"]))


def _read_month(match: re.Match[str], reference: Reference) -> Span | None:
    today, month = reference.published, _month_number(match["m"])
    if today is None:
        return None
    side, words = _side(match), (match["side"] or "").lower()
    if side > 0:
        return _month(today.year + (month <= today.month), month)
    if side < 0:
        return _month(today.year - (month >= today.month), month)
    if words:  # this March, earlier this March
        return _month(today.year, month)
    if reference.toward_future:
        return _month(today.year + (month < today.month), month)
    return _month(today.year - (month > today.month), month)


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
        return _day(_week(today + timedelta(days=shift)).first + timedelta(days=weekday))
    side = _side(match)
    if side:  # never the day itself
        return _day(_weekday_near(weekday, today + timedelta(days=side), side > 0))
    is_ahead = reference.toward_future or (match["side"] or "").lower() in {"this", "later this"}
    return _day(_weekday_near(weekday, today, is_ahead))


def _read_weekday_range(match: re.Match[str], reference: Reference) -> Span | None:
    today = reference.published
    if today is None:
        return None
    start, end = _weekday_number(match["w"]), _weekday_number(match["v"])
    length = timedelta(days=(end - start) % 7)
    if reference.toward_future:
        first = _weekday_near(start, today, True)
        return _days(first, first + length)
    last = _weekday_near(end, today, False)
    return _days(last - length, last)


def _read_near_day(match: re.Match[str], reference: Reference) -> Span | None:
    if reference.published is None:
        return None
    words = (match["near"] or match["near2"]).lower()
    shift = {"yesterday": -1, "last night": -1, "tomorrow": 1}.get(words, 0)
    shift = -2 if "before yesterday" in words else 2 if "after tomorrow" in words else shift
    return _day(reference.published + timedelta(days=shift))


def _read_decade(match: re.Match[str], reference: Reference) -> Span:
    year, part = int(match["y"]), (match["part"] or "").lower()
    offset, length = {"early": (0, 4), "mid": (3, 4), "late": (6, 4)}.get(part, (0, 10))
    return _months(year + offset, 1, 12 * length, Precision.DECADE)


def _shifted(amount: int, unit: str, today: date) -> Span | None:
    """Move today by an amount of a unit; the answer is as fine as the unit."""
    if unit in {"day", "night"}:
        return _day(today + timedelta(days=amount))
    if unit == "week":
        return _week(today + timedelta(weeks=amount))
    if unit == "month":
        return _months(today.year, today.month + amount, 1, Precision.MONTH)
    years = amount * (10 if unit == "decade" else 1)
    if not 1 <= today.year + years <= 9999:
        return None
    if unit == "year":
        return _year(today.year + years)
    return _months((today.year + years) // 10 * 10, 1, 120, Precision.DECADE)


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
    today = reference.published
    return _shifted(_side(match), match["u"], today) if today else None


def _read_season(match: re.Match[str], reference: Reference) -> Span | None:
    today = reference.published
    if today is None:
        return None
    start, side = _SEASONS[match["s"].lower()], _side(match)
    started = today.year - (today.month < start)
    if side < 0 and (today.year - started) * 12 + today.month - start < 3:
        started -= 1
    return _months(today.year if side == 0 else started + (side > 0), start, 3, Precision.MONTH)


def _read_season_year(match: re.Match[str], reference: Reference) -> Span:
    return _months(int(match["y"]), _SEASONS[match["s"].lower()], 3, Precision.MONTH)


def _read_year(match: re.Match[str], reference: Reference) -> Span:
    return _year(int(match["y"]))


def _read_year_range(match: re.Match[str], reference: Reference) -> Span | None:
    first, last = int(match["y"]), int(match["z"])
    return replace(_year(first), last=_year(last).last) if first <= last else None


_READERS: dict[str, Callable[[re.Match[str], Reference], Span | None]] = {
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
    "year_range": _read_year_range,
    "year": _read_year,
}
