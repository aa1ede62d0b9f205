"""robots.txt as RFC 9309 has it: who may fetch what, and how fast. No network.

In: the answer to a request for robots.txt, or the failure of it. Out: `RobotsRules`. A file that
is not there (4xx) forbids nothing; a server in trouble (5xx, 429, no answer) allows nothing for
now, which `RobotsRules.failure` says.

Protego reads the rules, once they are written as it takes them (`as_groups`): it knows fewer slips
of the pen than crawlers bear, and ends a group where another record stands between its lines.

Rules are good for a day, and for ten minutes where they could not be had. Where a folder is named
they are kept there, so that neither another process nor the next run asks again.
"""

import codecs
import json
import re
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from protego import Protego

from schemas.columns import content_id
from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer

MAX_BYTES = 500 * 1024  # RFC 9309, 2.5: at least this much is read
MAX_CRAWL_DELAY_S = 120.0
AGE_S = 24 * 3600.0  # RFC 9309, 2.4: no copy is used for longer
RETRY_S = 600.0
PASSING = frozenset(
    {Reason.UNREACHABLE, Reason.TIMEOUT, Reason.RATE_LIMITED, Reason.SERVER_ERROR}
    | {Reason.BAD_RESPONSE}
)
NO_RULES = Protego.parse("")
_RECORD = re.compile(r"\s*([A-Za-z]+(?:[-_ ][A-Za-z]+)?)\s*:([^#]*)")
_AGENT, _RULES = "user-agent", ("allow", "disallow")
_SLIPS = {
    **dict.fromkeys(
        ("useg-agent", "user-agents", "usar-agent", "ser-agent", "user-agant", "user_agent"), _AGENT
    ),
    **dict.fromkeys(("useragent", "user agent", "usragent", "user-gent", "user-aget"), _AGENT),
    **dict.fromkeys(("desallow", "dissalow", "disalow", "diasllow", "disallaw"), "disallow"),
    **dict.fromkeys(("dissallow", "disallows", "disalllow", "disallw"), "disallow"),
}


@dataclass(frozen=True, kw_only=True)
class RobotsRules:
    """What a site's robots.txt asks of us."""

    rules: Protego
    failure: Rejected | None = None  # why nothing may be fetched for now
    text: str = ""

    @property
    def age_s(self) -> float:
        """Say for how long they are good."""
        return RETRY_S if self.failure else AGE_S

    def check(self, url: str, product: str) -> None:
        """Raise where the address may not be fetched."""
        if self.failure is not None:
            raise Rejected(self.failure.reason, self.failure.detail)
        if not self.rules.can_fetch(url, product):
            raise Rejected(Reason.ROBOTS_DISALLOWED, "robots.txt forbids the address")

    def delay_s(self, product: str) -> float:
        """Give the pause between requests that it asks for, capped; 0 where it asks for none."""
        asked = self.rules.crawl_delay(product) or 0.0
        return min(max(float(asked), 0.0), MAX_CRAWL_DELAY_S)


def read_robots(answer: Answer) -> RobotsRules:
    """Read the answer to a request for robots.txt."""
    if answer.status >= 500 or answer.status == 429:
        reason = Reason.RATE_LIMITED if answer.status == 429 else Reason.SERVER_ERROR
        return robots_after(Rejected(reason, f"status {answer.status}"))
    body = answer.body[:MAX_BYTES] if answer.status == 200 else b""
    is_wide = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return rules_of(body.decode("utf-16" if is_wide else "utf-8-sig", errors="replace"))


def rules_of(text: str) -> RobotsRules:
    """Read the text of a robots.txt."""
    rules = Protego.parse(as_groups(text)) if text.strip() else NO_RULES
    return RobotsRules(rules=rules, text=text)


def as_groups(text: str) -> str:
    """Write rules so that only a rule ends a group's list of agents (RFC 9309, 2.2.4).

    Another record that stands in the list, such as a delay, goes to a group of its own at the end,
    with the agents that were named right before it.
    """
    lines: list[str] = []
    asides: list[str] = []
    named: list[str] = []  # agents that wait for their first rule or record
    is_named_on = False  # another record came since
    for line in text.splitlines():
        record = _RECORD.match(line)
        name = record[1].lower() if record else ""
        name, value = _SLIPS.get(name, name), record[2].strip() if record else ""
        if name == _AGENT:
            named = [] if is_named_on else named
            named.append(value)
            is_named_on = False
        elif name in _RULES:
            named, is_named_on = [], False
        elif name and named:
            # named once for all records in a row, that many of both cost no more than they are
            asides += [line] if is_named_on else [*(f"{_AGENT}: {n}" for n in named), line]
            is_named_on = True
            continue
        lines.append(f"{name}: {value}" if name in (_AGENT, *_RULES) else line)
    return "\n".join([*lines, *asides])


def robots_after(failure: Rejected) -> RobotsRules:
    """Say what holds when robots.txt could not be had."""
    if failure.reason not in PASSING:
        return rules_of("")  # too many redirects and the like: as if not there
    reason = failure.reason if failure.reason.is_retryable else Reason.SERVER_ERROR
    return RobotsRules(rules=NO_RULES, failure=Rejected(reason, f"robots.txt: {failure.detail}"))


def keep_robots(folder: Path, origin: str, robots: RobotsRules, now: float) -> None:
    """Keep an origin's rules until they are too old."""
    failure = robots.failure
    told = {
        "origin": origin,
        "expires_at": now + robots.age_s,
        "failure": [failure.reason, failure.detail] if failure else None,
        "text": robots.text,
    }
    path = _path(folder, origin)
    begun = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
    begun.write_text(json.dumps(told), encoding="utf-8")
    begun.replace(path)  # whole or not at all


def kept_robots(folder: Path, origin: str, now: float) -> tuple[float, RobotsRules] | None:
    """Give an origin's rules with their expiry, where they are kept and not too old."""
    try:
        told = json.loads(_path(folder, origin).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    expires_at = float(told["expires_at"])
    if not now < expires_at <= now + AGE_S:
        return None
    if told["failure"] is None:
        return expires_at, replace(rules_of(told["text"]), text="")
    reason, detail = told["failure"]
    failure = Rejected(Reason(reason), detail)
    return expires_at, RobotsRules(rules=NO_RULES, failure=failure)


def _path(folder: Path, origin: str) -> Path:
    return folder / f"{content_id('robots', origin)}.robots"
