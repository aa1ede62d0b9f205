"""Read the times of feeds, which are written in every way there is.

In: a time as printed. Out: the instant in UTC and how
finely it is known; None where it cannot be read, or where day and month could be either way round
("07/06/2026"). Nothing is rejected. Pure.

Read are also times with foreign names of days and months, "24:00" and leap seconds, and times
without a zone, which are taken as UTC. Years before 1990 and after 2100 are no publication times.
"""

import re
from datetime import timedelta
from typing import Any

from schemas.vocabulary import Precision, PublishedSource
from transforms.timestamps import Timestamp, parse_timestamp

FIRST_YEAR, LAST_YEAR = 1990, 2100
MAX_LENGTH = 80
_MONTHS = {  # German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish, Norwegian
    "jan": "januar januari janvier enero gennaio janeiro ene gen jän januari",
    "feb": "februar februari février fevrier febrero febbraio fevereiro févr fév fevr fev",
    "mar": "märz marz mars marzo março marco maart mrt mär maa",
    "apr": "avril abril aprile avr abr",
    "may": "mai mayo maggio maio mei maj mag",
    "jun": "juni juin junio giugno junho giu",
    "jul": "juli juillet julio luglio julho juil lug",
    "aug": "août aout agosto augustus augusti ago",
    "sep": "septembre septiembre settembre setembro sept set",
    "oct": "oktober octobre octubre ottobre outubro okt ott out",
    "nov": "novembre noviembre novembro",
    "dec": "dezember décembre decembre diciembre dicembre dezembro dez déc dic des desember",
}
_ENGLISH = {foreign: month for month, names in _MONTHS.items() for foreign in names.split()}
_UNSET = re.compile(r"(?<![+-])\b000\d\b")  # year 1, for no date; read by some as 2001
_DAY_NAME = re.compile(r"^[^\W\d_]{2,14}\.?\s*,?\s+(?=\d)")
_WORD = re.compile(r"[^\W\d_]+\.?")
_MIDNIGHT = re.compile(r"(?<!\d)24:00(:00)?\b")
_LEAP_SECOND = re.compile(r"(?<=:\d\d):6\d\b")
# The zones that mail knows by name; "-0000" says that the zone is not known.
_ZONE = re.compile(
    r"(?:(?<=[\d ])(?:Z|UTC?|GMT|[ECMP][SD]T)|(?!-00:?00)[+-]\d\d:?(?:\d\d)?)"
    r"(?: \(\w+\)| \d{4})?$",
    re.IGNORECASE,
)
_TIME_OF_DAY = re.compile(r"\d:\d\d(?P<seconds>:\d\d)?")
_PARTS_OF_DATE = {
    re.compile(r"\d{4}"): Precision.YEAR,
    re.compile(r"\d{4}-\d\d"): Precision.MONTH,
}


def read_time(printed: str | None) -> Timestamp | None:
    """Read a time."""
    text = (printed or "").strip()
    if not text or len(text) > MAX_LENGTH or _UNSET.search(text):
        return None
    is_midnight = _MIDNIGHT.search(text) is not None
    found = parse_timestamp(_in_english(_MIDNIGHT.sub("00:00:00", text)))
    if found is None or not FIRST_YEAR <= found.at.year <= LAST_YEAR:
        return None
    at = found.at + timedelta(days=1) if is_midnight else found.at
    return Timestamp(at=at, precision=_precision(text))


def publication(published: str | None, updated: str | None) -> dict[str, Any]:
    """Give what is known of the time of publication; that of an update stands in for it."""
    for printed, source in (
        (published, PublishedSource.PUBLISHED),
        (updated, PublishedSource.UPDATED),
    ):
        found = read_time(printed)
        if found is not None:
            return {
                "published_at": found.at,
                "published_precision": found.precision,
                "published_source": source,
                "is_zone_assumed": _is_zone_assumed(printed or "", found),
            }
    return {}


def _is_zone_assumed(printed: str, found: Timestamp) -> bool:
    """Tell whether a time names no zone, or one that means several ("IST")."""
    has_clock = found.precision in (Precision.SECOND, Precision.MINUTE)
    is_epoch = printed.strip().isdecimal()
    return has_clock and not is_epoch and _ZONE.search(printed.strip()) is None


def _in_english(text: str) -> str:
    """Translate the month and drop the day's name."""
    text = _LEAP_SECOND.sub(":59", _DAY_NAME.sub("", text))
    return _WORD.sub(lambda word: _ENGLISH.get(word[0].lower().rstrip("."), word[0]), text)


def _precision(text: str) -> Precision:
    """Say how finely a time is known, by how it was printed."""
    for pattern, precision in _PARTS_OF_DATE.items():
        if pattern.fullmatch(text):
            return precision
    clock = _TIME_OF_DAY.search(text)
    if clock is None:
        return Precision.DAY
    return Precision.SECOND if clock["seconds"] else Precision.MINUTE
