"""What a server answered, and what its status and headers ask of us.

In: status, headers and body of an answer. Out: an `Answer`, and how long to wait. Rejected: a
status that brings nothing to read, with the reason that names it. Pure.
"""

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from schemas.vocabulary import Reason, Rejected

MAX_WAIT_S = 24 * 3600.0  # some servers ask for days, and some for a year
_MAX_AGE = re.compile(r"\bmax-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_NOT_TO_KEEP = re.compile(r"\bno-(?:cache|store)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server answered."""

    asked: str  # address asked for
    url: str  # address that answered, after redirects
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes  # decoded from its content coding
    duration_ms: int
    is_tls_verified: bool | None = None  # None without TLS
    is_moved_for_good: bool = False  # there were redirects, all of them permanent

    def header(self, name: str) -> str | None:
        """Give the first header of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def content_type(self) -> str:
        """Content-Type as sent, "" if none."""
        return self.header("Content-Type") or ""


def check_status(answer: Answer) -> None:
    """Raise `Rejected` for a status that brings nothing to read."""
    status, detail = answer.status, f"status {answer.status} {answer.reason}".strip()
    if answer.header("cf-mitigated"):
        raise Rejected(Reason.FORBIDDEN, f"{detail}: a check for robots stands before the site")
    if status in (404, 410):
        raise Rejected(Reason.GONE, detail)
    if status in (401, 402, 403, 407, 451):
        raise Rejected(Reason.FORBIDDEN, detail)
    if status == 429:
        raise Rejected(Reason.RATE_LIMITED, detail)
    if 500 <= status < 600:
        raise Rejected(Reason.SERVER_ERROR, detail)
    if status != 200:
        raise Rejected(Reason.BAD_RESPONSE, detail)


def retry_after_s(answer: Answer, now: float) -> float:
    """Read how long a 429 or 503 asks us to stay away, in seconds; 0 where it does not say."""
    if answer.status not in (429, 503):
        return 0.0
    value = (answer.header("Retry-After") or "").strip()
    wait = float(value[:12]) if value.isdecimal() else _seconds_between(now, value)
    return min(max(wait, 0.0), MAX_WAIT_S)


def fresh_s(answer: Answer) -> float:
    """Read for how long the server calls its answer fresh, in seconds; 0 where it does not say."""
    control = answer.header("Cache-Control") or ""
    if _NOT_TO_KEEP.search(control):
        return 0.0
    age = _MAX_AGE.search(control)
    if age is not None:
        return min(float(age[1]), MAX_WAIT_S)
    sent = _instant(answer.header("Date") or "")
    expires = answer.header("Expires") or ""
    return min(max(_seconds_between(sent, expires), 0.0), MAX_WAIT_S) if sent else 0.0


def _seconds_between(start: float, date: str) -> float:
    """Give the seconds from an instant to a date as HTTP writes it; 0 where it is none."""
    end = _instant(date)
    return end - start if end is not None else 0.0


def _instant(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
