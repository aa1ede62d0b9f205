"""Read the time that a machine wrote: ISO 8601 and its relaxed forms, mail dates, epoch seconds.

Comes in: the text of an attribute or field. Goes out: the instant in UTC with its precision, or
None when it cannot be read. Nothing is rejected. Pure; every pattern is bounded.

A time without a zone is taken as UTC: that errs by hours at most, guessing by site would err by
days of work. The first instant of 1970 is an unset field, not a date.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from schemas.vocabulary import Precision

MAX_LENGTH = 80
_ISO = re.compile(
    r"(?P<year>[12]\d{3})(?:[-/](?P<month>\d{1,2})(?:[-/](?P<day>\d{1,2})"
    r"(?:(?:[T ]| at ) ?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
    r" ?(?P<zone>Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?)?)?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(?P<year>[12]\d{3})(?P<month>\d\d)(?P<day>\d\d)(?:T?(?P<rest>\d{4,6})Z?)?")
_EPOCH = re.compile(r"(\d{10})(?:\d{3})?")
_WRITTEN = (
    "%B %d, %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%B %d, %Y %I:%M %p",
    "%a %b %d %H:%M:%S UTC %Y",
)
_MAIL = re.compile(  # the usual form; others are read by the library, many times slower
    r"(?:[a-z]{3}, )?(?P<day>\d{1,2}) (?P<month>[a-z]{3}) (?P<year>[12]\d{3})"
    r" (?P<time>\d\d:\d\d(?::\d\d)?) (?P<zone>GMT|UTC|Z|[+-]\d{4})",
    re.IGNORECASE,
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_FINENESS = list(Precision)


@dataclass(frozen=True, kw_only=True)
class Timestamp:
    """An instant in UTC and how finely it is known."""

    at: datetime
    precision: Precision
    utc_offset: int | None = None  # minutes, where the zone is given


def parse_timestamp(text: str) -> Timestamp | None:
    """Read one time."""
    stripped = text.strip()
    if not 4 <= len(stripped) <= MAX_LENGTH:
        return None
    try:
        found = _parse_iso(stripped) or _parse_mail(stripped) or _parse_other(stripped)
    except (ValueError, OverflowError, TypeError):
        return None
    if found is None or found.at.timestamp() == 0:
        return None
    return found


def finest(candidates: list[Timestamp]) -> Timestamp | None:
    """Give the first candidate, or the finest that means the same day."""
    if not candidates:
        return None
    first = candidates[0]
    alike = [other for other in candidates if abs(other.at - first.at) < timedelta(days=1)]
    return min(alike, key=lambda candidate: _FINENESS.index(candidate.precision))


def _parse_iso(text: str) -> Timestamp | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    at = datetime(
        int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0),
        int(second or 0), tzinfo=_zone(zone),
    )  # fmt: skip
    if second is not None:
        precision = Precision.SECOND
    elif hour is not None:
        precision = Precision.MINUTE
    else:
        precision = Precision.DAY if day else Precision.MONTH if month else Precision.YEAR
    return _in_utc(at, precision, has_zone=zone is not None)


def _parse_mail(text: str) -> Timestamp | None:
    match = _MAIL.fullmatch(text)
    if match is None or match["month"].lower() not in _MONTHS:
        return None
    hour, minute, second = map(int, f"{match['time']}:00".split(":")[:3])
    month = _MONTHS.index(match["month"].lower()) + 1
    zone = _zone(match["zone"])
    at = datetime(int(match["year"]), month, int(match["day"]), hour, minute, second, tzinfo=zone)
    return _in_utc(at, Precision.SECOND, has_zone=True)


def _in_utc(at: datetime, precision: Precision, *, has_zone: bool) -> Timestamp:
    offset = at.utcoffset() if has_zone else None
    minutes = None if offset is None else offset // timedelta(minutes=1)
    return Timestamp(at=at.astimezone(UTC), precision=precision, utc_offset=minutes)


def _zone(text: str | None) -> timezone:
    if text is None or text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-offset if text[0] == "-" else offset)


def _parse_other(text: str) -> Timestamp | None:
    """Read the forms that are not ISO 8601."""
    if (match := _EPOCH.fullmatch(text)) is not None:
        at = datetime.fromtimestamp(int(match[1]), UTC)
        return Timestamp(at=at, precision=Precision.SECOND)
    if (match := _COMPACT.fullmatch(text)) is not None:
        at = datetime(int(match["year"]), int(match["month"]), int(match["day"]), tzinfo=UTC)
        return Timestamp(at=at, precision=Precision.DAY)
    for form in _WRITTEN:
        if (written := _strptime(text, form)) is not None:
            precision = Precision.MINUTE if "%M" in form else Precision.DAY
            return Timestamp(at=written, precision=precision)
    mailed = parsedate_to_datetime(text)
    aware = mailed if mailed.tzinfo else mailed.replace(tzinfo=UTC)
    return Timestamp(at=aware.astimezone(UTC), precision=Precision.SECOND)


def _strptime(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
