"""robots.txt as RFC 9309 has it."""

import pytest

from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer
from transforms.robots import RobotsRules, read_robots, robots_after

PRODUCT = "Dateline/0.1"


def rules(body: bytes = b"", status: int = 200) -> RobotsRules:
    url = "http://a.example/robots.txt"
    return read_robots(
        Answer(
            asked=url, url=url, status=status, reason="", headers=(), body=body, duration_ms=1
        )
    )  # fmt: skip


def allows(found: RobotsRules, path: str) -> bool:
    try:
        found.check(f"http://a.example{path}", PRODUCT)
    except Rejected as rejected:
        return rejected.reason is not Reason.ROBOTS_DISALLOWED
    return True


def test_the_longest_rule_of_the_group_decides() -> None:
    found = rules(b"User-agent: *\nDisallow: /private\nAllow: /private/news\nDisallow: /*.pdf$\n")
    assert allows(found, "/a")
    assert not allows(found, "/private/x")
    assert allows(found, "/private/news/1")
    assert not allows(found, "/report.pdf")


def test_a_group_that_names_us_is_ours_alone() -> None:
    found = rules(b"User-agent: *\nDisallow: /\n\nUser-agent: Dateline\nDisallow: /x\n")
    assert allows(found, "/y")
    assert not allows(found, "/x")


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbfUser-agent: *\nDisallow: /x",
        b"User-agent: *\rDisallow: /x\r",
        b"\x00\x00\nUser-agent: *\nDisallow: /x\n",
    ],
)
def test_byte_order_marks_odd_line_ends_and_noise_are_borne(body: bytes) -> None:
    assert not allows(rules(body), "/x")


def test_a_page_in_place_of_rules_forbids_nothing() -> None:
    assert allows(rules(b"<!doctype html><title>Not found</title>"), "/x")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_rules_that_are_not_there_forbid_nothing(status: int) -> None:
    assert allows(rules(b"User-agent: *\nDisallow: /", status), "/x")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_server_in_trouble_allows_nothing_for_now(status: int) -> None:
    with pytest.raises(Rejected) as caught:
        rules(b"", status).check("http://a.example/x", PRODUCT)
    assert caught.value.reason.is_retryable


def test_a_server_that_cannot_be_reached_allows_nothing_for_now() -> None:
    with pytest.raises(Rejected) as caught:
        robots_after(Rejected(Reason.TIMEOUT, "late")).check("http://a.example/x", PRODUCT)
    assert caught.value.reason is Reason.TIMEOUT
    assert allows(robots_after(Rejected(Reason.TOO_MANY_REDIRECTS, "more than 5")), "/x")


@pytest.mark.parametrize(
    ("asked", "delay_s"), [("3", 3.0), ("86400", 120.0), ("nan", 0.0), ("soon", 0.0), ("-1", 0.0)]
)
def test_the_crawl_delay_is_kept_within_bounds(asked: str, delay_s: float) -> None:
    found = rules(f"User-agent: *\nCrawl-delay: {asked}\n".encode())
    assert found.delay_s(PRODUCT) == delay_s
