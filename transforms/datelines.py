"""Read the dateline that a wire or newspaper report opens with: BEIRUT (AP) — Troops moved …

Comes in: the first paragraph of a text. Goes out: the dateline as printed, its place, its agency
and where the sentence begins; None where the text opens without one. Nothing is rejected. Pure.

A place in capitals and a dash are enough. A place in small letters must bring a date or an agency
in brackets, because "Khartoum – the capital – is calm" is a sentence. Capitals that head a line
without naming a place ("WATCH", "OPINION") are known by a list.
"""

import re
from dataclasses import dataclass

MAX_DATELINE_LENGTH = 120  # the longest real one seen has some 70 characters

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    r"Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_DATE = rf"(?:{_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH})(?:,? (?:19|20)\d\d)?\.?"
_UPPER = r"[A-ZÀ-ÖØ-ÞĀ-Ž][A-ZÀ-ÖØ-ÞĀ-Ž.'’-]*"
_TITLE = r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w.'’-]*"
_NAME_LINK = (
    r"(?: (?:de|del|di|da|do|dos|du|la|le|el|al|on|of|upon|sur|am|an|der|the|and|es|in)\b)?"
)
_UPPER_PLACE = rf"{_UPPER}(?: {_UPPER}){{0,3}}"
_TITLE_PLACE = rf"{_TITLE}(?:{_NAME_LINK} {_TITLE}){{0,3}}"
_REGION = rf"(?:, ?{_TITLE_PLACE}){{0,2}}?"
_AGENCY = r"(?:\((?P<agency>[A-Z][\w&./ -]{0,39})\)|/(?P<slashed>[A-Z][\w.& -]{0,29})/\.?)"
_DASH = r"(?:[—–―]|--+|-(?= ))"

_UPPER_DATELINE = re.compile(
    rf"(?P<printed>(?P<place>{_UPPER_PLACE})(?:/{_UPPER_PLACE}){{0,3}}{_REGION}"
    rf"(?:[,.]? ?{_DATE})?,?(?: ?{_AGENCY})?) ?(?P<mark>{_DASH}|:(?= )|(?<=/)|(?<=/\.))\s*"
)
_TITLE_DATELINE = re.compile(
    rf"(?P<printed>(?P<place>{_TITLE_PLACE})(?:/{_TITLE_PLACE}){{0,3}}{_REGION}"
    rf"(?P<date>[,.] ?{_DATE})?,?(?: {_AGENCY})?) ?{_DASH}\s*"
)
_AGENCY_ALONE = re.compile(rf"(?P<printed>(?:{_DATE} )?{_AGENCY}) ?{_DASH}\s*")

# Heads of a line that are no place. (Own list, from looking at news pages.)
_NO_PLACES = frozenset((
    "ADMISSION", "ADVISORY", "ALSO", "ANALYSIS", "ANALYST", "AND", "ANSWER", "AUDIO",
    "BREAKING", "BUT", "BY", "CAPTION", "CLARIFICATION", "COLUMN", "COMMENT", "COMMENTARY",
    "CORRECTED", "CORRECTION", "CREDIT", "DATE", "DEAR", "DEVELOPING", "EDIT", "EDITOR",
    "EDITORIAL", "EDITORS", "EXCLUSIVE", "EXPLAINED", "EXPLAINER", "FACTBOX", "FEATURE",
    "FILE", "FOCUS", "FOR", "FRI", "FRIDAY", "FROM", "FYI", "GALLERY", "GRAPHIC",
    "HIGHLIGHTS", "HOST", "HOW", "HOWEVER", "IMPORTANT", "INSIGHT", "INTERVIEW", "JUST",
    "KEY", "LATEST", "LISTEN", "LIVE", "LOCATION", "MINISTER", "MODERATOR", "MON", "MONDAY",
    "MORE", "MUST", "NEW", "NEWS", "NOTE", "NOTICE", "OBITUARY", "OPINION", "PHOTO", "PHOTOS",
    "PICTURED", "PICTURES", "PODCAST", "POLL", "PRESIDENT", "PREVIEW", "PROFILE", "QUESTION",
    "QUOTES", "READ", "RECAP", "REFILE", "RELATED", "REPORT", "REVIEW", "SAT", "SATURDAY",
    "SEE", "SHARE", "SOURCE", "SPECIAL", "SPOILER", "SPONSORED", "STEP", "SUMMARY", "SUN",
    "SUNDAY", "THU", "THUR", "THURS", "THURSDAY", "TIME", "TIMELINE", "TOP", "TRANSCRIPT",
    "TRY", "TUE", "TUES", "TUESDAY", "UPDATE", "UPDATED", "UPDATES", "URGENT", "VIDEO",
    "VIEWPOINT", "WARNING", "WATCH", "WED", "WEDNESDAY", "WHAT", "WHEN", "WHERE", "WHO",
    "WHY", "WITHDRAWN", "WRAPUP", "YES",
))  # fmt: skip
_TWO_WORD_PLACES = frozenset({"NEW", "KEY", "TOP", "LIVE"})  # New Delhi, Key West, Top Springs


@dataclass(frozen=True, kw_only=True)
class Dateline:
    """A dateline and the length of the text that it takes up."""

    printed: str  # without the closing dash
    place: str | None  # the first place named, without its region
    agency: str | None
    end: int  # where the sentence begins
    is_certain: bool  # not when it ends in a colon, as a speaker's name in a transcript does


def parse_dateline(text: str) -> Dateline | None:
    """Read the dateline that the text opens with."""
    opening = text[:MAX_DATELINE_LENGTH]
    for pattern in (_UPPER_DATELINE, _TITLE_DATELINE, _AGENCY_ALONE):
        match = pattern.match(opening)
        if match is not None and (dateline := _dateline(match)) is not None:
            return dateline
    return None


def _dateline(match: re.Match[str]) -> Dateline | None:
    """Make a dateline of a match, unless what stands there is no place."""
    found = match.groupdict()
    place, agency = found.get("place"), found["agency"] or found["slashed"]
    if place is not None and not _is_place(place, followed_by_colon=found.get("mark") == ":"):
        return None
    if "date" in found and not (found["date"] or agency):
        return None
    return Dateline(
        printed=match["printed"].rstrip(" ,"),
        place=place.rstrip(".") if place and "." not in place[:-1] else place,
        agency=agency.strip() if agency else None,
        end=match.end(),
        is_certain=found.get("mark") != ":",
    )


def _is_place(place: str, *, followed_by_colon: bool) -> bool:
    """Tell a place from other words that open a line in capitals."""
    first, *others = re.split(r"[ '’]", place)
    if first.upper().rstrip(".") in _NO_PLACES and not (others and first in _TWO_WORD_PLACES):
        return False
    letters = sum(character.isalpha() for character in place)
    return letters >= (4 if followed_by_colon else 3)
