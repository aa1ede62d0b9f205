"""Find the dates of a text; which words around them count as time, past or future."""

import re
from dataclasses import dataclass, replace
from datetime import date

from schemas.vocabulary import Precision
from transforms.dates.expressions import PATTERNS
from transforms.dates.readers import READERS, Reference

# What must stand in front of a bare year or month name, so that "2014 people" or "May said" is none
_TEMPORAL = re.compile(
    r"(?i:\b(?:in|since|by|until|till|before|after|during|from|through|of|between|year)"
    r"\s+(?:the\s+year\s+|the\s+)?$)"
)
_RELATION = re.compile(
    r"(?i:\b(since|until|till|by|before|after)\s+(?:around\s+|about\s+|the\s+)?$)"
)
_NAMED_DAY = re.compile(
    r"\b(?:Black|Good|Bloody|Palm|Easter|Ash|Super|Cyber|Holy|Maundy|Mardi)\s+$"
)
_COUNTED = re.compile(
    r"\s+(?:people|men|women|troops|soldiers|votes|seats|homes|cases|met(?:er|re)s?|miles?|tons?|tonnes?"
    r"|dollars|euros|pounds|of\s+(?:the|them))\b"
)
_NAMED_YEAR = re.compile(r"(?:\b(?:[Tt]he|[Ii]ts|[Hh]is|[Hh]er|[Tt]heir)|['’]s)\s$")  # the 2011 war
_NOUN = re.compile(r"\s[a-z]")
_ELSEWHEN = re.compile(r"(?i:the (?:previous|following))")  # counts from a time told before
_AHEAD = re.compile(
    r"\b(?:[Ww]ill|[Ss]hall|won['’]t|(?:is|are|was|were) (?:to|due)|scheduled|slated|expected to"
    r"|plan(?:s|ned)? (?:to|for)|set (?:to|for)|going to"
    r"|(?:would|must|should|may|might|could)(?:n['’]t)?(?! have))\b"
)
_SETTLED = re.compile(
    r"(?i:\b(?:said|told|announced|says|reported|added|was|were|had|has|have(?! to)|who|which"
    r"|agreed)\b(?! (?:be )?(?:due|scheduled|expected|set|planned))|[.!?;]\s|\n)"
)
_DEADLINE = re.compile(r"(?i:\b(?:by|until|till|for|as early as)\s+$)")
_LOOK_BACK = 80  # characters in front that may hold the verb; a clause is rarely longer


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
        ahead = toward_future or _points_ahead(text, match)
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
        for kind, pattern in PATTERNS.items()
        for match in pattern.finditer(text)
        if _is_date(kind, match)
    ]
    return sorted(found, key=lambda each: (each[1].start(), -each[1].end()))


def _is_date(kind: str, match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - 20) : match.start()]
    if kind == "year":
        return _is_year(match, before)
    if kind == "month_range":
        return bool(_TEMPORAL.search(before)) or match["y"] is not None
    if kind == "year_pair":
        return int(match["z"]) == (int(match["y"]) + 1) % 100
    if kind == "month":
        return bool(_TEMPORAL.search(before)) or match[0] != match["m"]
    if kind in {"weekday", "weekday_range"}:
        return not _NAMED_DAY.search(before)
    return True


def _is_year(match: re.Match[str], before: str) -> bool:
    """Tell whether a number is a year: a word in front, or the noun behind, says so."""
    text, end = match.string, match.end()
    if _COUNTED.match(text, end) or text[end : end + 2] in {",0", ", 0"}:
        return False
    is_named = _NAMED_YEAR.search(before) is not None and _NOUN.match(text, end) is not None
    return is_named or _TEMPORAL.search(before) is not None or not match[0][0].isdigit()


def _points_ahead(text: str, match: re.Match[str]) -> bool:
    """Tell whether words in front of a date point ahead and nothing past lies between."""
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    is_owner = text[match.end() : match.end() + 1] in {"'", "’"}  # for Friday's attack
    if _DEADLINE.search(before) and not is_owner:
        return True
    verbs = [*_AHEAD.finditer(before)]
    return bool(verbs) and not _SETTLED.search(before, verbs[-1].end())


def _mention(kind: str, match: re.Match[str], reference: Reference) -> DateMention:
    is_relative = _ELSEWHEN.search(match[0]) is not None
    span = None if is_relative else READERS[kind](match, reference)
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
