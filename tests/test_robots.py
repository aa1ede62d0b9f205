"""robots.txt as RFC 9309 has it."""

import time

import pytest

from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer
from transforms.robots import RobotsRules, as_groups, read_robots, robots_after

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


def test_a_delay_among_the_agents_of_a_group_does_not_end_it() -> None:
    found = rules(b"User-agent: Dateline\nCrawl-delay: 7\n\nUser-agent: other\nDisallow: /x\n")
    assert not allows(found, "/x")
    assert found.delay_s(PRODUCT) == 7
    assert found.delay_s("other") == 0
    assert not found.rules.can_fetch("http://a.example/x", "other")


@pytest.mark.parametrize(
    "line", ["Desallow: /x", "disallow:/x", "Disallow /x", "DISALLOW : /x  # why", "dissalow: /x"]
)
def test_slips_of_the_pen_are_borne(line: str) -> None:
    assert not allows(rules(f"User agent: *\n{line}\n".encode()), "/x")


def test_many_agents_with_many_records_take_no_longer_than_they_are_long() -> None:
    began = time.process_time()
    as_groups("User-agent: a\n" * 17_000 + "Crawl-delay: 3\n" * 10_000)
    assert time.process_time() - began < 1


def test_rules_in_utf_16_are_read() -> None:
    assert not allows(rules("User-agent: *\nDisallow: /x\n".encode("utf-16")), "/x")


def test_sitemaps_among_the_agents_are_still_named() -> None:
    text = b"User-agent: a\nSitemap: http://a.example/s?x=1#y\nSitemap http://a.example/t\n"
    assert list(rules(text).rules.sitemaps) == ["http://a.example/s?x=1", "http://a.example/t"]


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
