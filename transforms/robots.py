"""robots.txt as RFC 9309 has it: who may fetch what, and how fast. No network.

In: the answer to a request for robots.txt, or the failure of it. Out: `RobotsRules`. A file that
is not there (4xx) forbids nothing; a server in trouble (5xx, 429, no answer) allows nothing for
now, which `RobotsRules.failure` says.
"""

from dataclasses import dataclass

from protego import Protego

from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer

MAX_BYTES = 500 * 1024  # RFC 9309, 2.5: at least this much is read
MAX_CRAWL_DELAY_S = 120.0
PASSING = frozenset(
    {Reason.UNREACHABLE, Reason.TIMEOUT, Reason.RATE_LIMITED, Reason.SERVER_ERROR}
    | {Reason.BAD_RESPONSE}
)


@dataclass(frozen=True, kw_only=True)
class RobotsRules:
    """What a site's robots.txt asks of us."""

    rules: Protego
    failure: Rejected | None = None  # why nothing may be fetched for now

    def check(self, url: str, product: str) -> None:
        """Raise where the address may not be fetched."""
        if self.failure is not None:
            raise self.failure
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
    return RobotsRules(rules=Protego.parse(body.decode("utf-8-sig", errors="replace")))


def robots_after(failure: Rejected) -> RobotsRules:
    """Say what holds when robots.txt could not be had."""
    nothing = Protego.parse("")
    if failure.reason not in PASSING:
        return RobotsRules(rules=nothing)  # too many redirects and the like: as if not there
    reason = failure.reason if failure.reason.is_retryable else Reason.SERVER_ERROR
    return RobotsRules(rules=nothing, failure=Rejected(reason, f"robots.txt: {failure.detail}"))
