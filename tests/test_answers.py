"""What status and headers of an answer ask of us."""

import pytest

from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer, check_status, fresh_s, retry_after_s

NOON = 1_783_339_200.0  # 6 July 2026, 12:00 UTC
DAY_S = 86_400.0


def answer(status: int = 200, **headers: str) -> Answer:
    return Answer(
        asked="http://a.example/",
        url="http://a.example/",
        status=status,
        reason="",
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        body=b"",
        duration_ms=1,
    )


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, Reason.GONE), (410, Reason.GONE), (401, Reason.FORBIDDEN), (402, Reason.FORBIDDEN),
        (403, Reason.FORBIDDEN), (451, Reason.FORBIDDEN), (429, Reason.RATE_LIMITED),
        (500, Reason.SERVER_ERROR), (503, Reason.SERVER_ERROR), (204, Reason.BAD_RESPONSE),
        (206, Reason.BAD_RESPONSE), (304, Reason.BAD_RESPONSE), (999, Reason.BAD_RESPONSE),
    ],
)  # fmt: skip
def test_each_status_that_brings_nothing_has_its_reason(status: int, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        check_status(answer(status))
    assert caught.value.reason is reason


def test_a_check_for_robots_is_told_apart() -> None:
    with pytest.raises(Rejected, match="check for robots"):
        check_status(answer(403, cf_mitigated="challenge"))


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("120", 120.0),
        ("Mon, 06 Jul 2026 12:01:00 GMT", 60.0),
        ("Mon, 06 Jul 2026 11:00:00 GMT", 0.0),
        ("31536000", DAY_S),
        ("9" * 400, DAY_S),
        ("-5", 0.0),
        ("soon", 0.0),
        ("", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_date_and_capped(value: str, wait_s: float) -> None:
    assert retry_after_s(answer(429, Retry_After=value), NOON) == wait_s
    assert retry_after_s(answer(503, retry_after=value), NOON) == wait_s
    assert retry_after_s(answer(200, Retry_After=value), NOON) == 0


@pytest.mark.parametrize(
    ("headers", "fresh"),
    [
        ({"Cache_Control": "public, max-age=3600"}, 3600.0),
        ({"Cache_Control": "max-age=31536000"}, DAY_S),
        ({"Cache_Control": "no-cache, max-age=3600"}, 0.0),
        ({"Cache_Control": "no-store"}, 0.0),
        (
            {
                "Date": "Mon, 06 Jul 2026 12:00:00 GMT",
                "Expires": "Mon, 06 Jul 2026 12:30:00 GMT",
            },
            1800.0,
        ),
        ({"Date": "Mon, 06 Jul 2026 12:00:00 GMT", "Expires": "0"}, 0.0),
        ({}, 0.0),
    ],
)
def test_an_answer_is_fresh_for_as_long_as_it_says(headers: dict[str, str], fresh: float) -> None:
    assert fresh_s(answer(200, **headers)) == fresh
