"""One look tells how a feed is; a site's page tells where its feeds are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer
from transforms.feed_checks import (
    FeedState,
    broken,
    judge,
    offered_feeds,
    sitemaps_of,
    usual_addresses,
)
from transforms.feed_formats import parse_feed

NOW = datetime(2026, 7, 6, tzinfo=UTC)
URL = "https://a.example/rss"
ITEM = "<item><title>x</title><link>https://a.example/1</link><pubDate>{}</pubDate></item>"


def answer(body: str, url: str = URL, *headers: tuple[str, str], status: int = 200) -> Answer:
    return Answer(
        asked=URL,
        url=url,
        status=status,
        reason="",
        headers=headers,
        body=body.encode(),
        duration_ms=1,
    )


def rss(*dates: datetime) -> str:
    items = "".join(ITEM.format(date.strftime("%a, %d %b %Y %H:%M:%S +0000")) for date in dates)
    return f'<rss version="2.0"><channel><title>A</title>{items}</channel></rss>'


def state_of(body: str) -> tuple[FeedState, str | None]:
    answered = answer(body)
    check = judge(URL, answered, parse_feed(answered.body, url=URL), NOW)
    return check.state, check.why


def test_a_feed_with_news_is_alive() -> None:
    assert state_of(rss(NOW - timedelta(days=2)))[0] is FeedState.ALIVE


def test_a_feed_that_fell_silent_is_stale_and_says_since_when() -> None:
    assert state_of(rss(NOW - timedelta(days=90))) == (FeedState.STALE, "nothing new for 90 days")


def test_a_feed_without_entries_is_empty() -> None:
    assert state_of(rss()) == (FeedState.EMPTY, "it lists no entry")


def test_a_feed_that_moved_says_where() -> None:
    moved = answer(rss(NOW), "https://b.example/rss", ("ETag", '"1"'))
    check = judge(URL, moved, parse_feed(moved.body, url=URL), NOW)
    assert (check.moved_to, check.is_conditional) == ("https://b.example/rss", True)


def test_a_broken_feed_says_why() -> None:
    rejected = Rejected(Reason.NOT_A_FEED, "the answer is an HTML page")
    check = broken(URL, answer("<html>"), rejected)
    assert (check.state, check.http_status) == (FeedState.BROKEN, 200)
    assert check.why == f"{Reason.NOT_A_FEED}: the answer is an HTML page"


def test_a_page_offers_its_feeds_in_its_order_each_once() -> None:
    page = """<html><head><link rel=alternate type="application/rss+xml" href="/all.xml">
    <link rel="Alternate nofollow" type="application/atom+xml; charset=utf-8"
    href="//b.example/atom">
    <link rel=alternate type="application/rss+xml" href="/all.xml"><link rel=alternate hreflang=fr
    href="/fr"><link rel=stylesheet href=a.css><link rel=alternate type="application/rss+xml"
    href="javascript:alert(1)"></head></html>"""
    assert offered_feeds(answer(page)) == ["https://a.example/all.xml", "https://b.example/atom"]


def test_a_page_that_is_none_offers_nothing() -> None:
    assert offered_feeds(answer("")) == []


def test_usual_addresses_are_of_the_same_site() -> None:
    assert all(url.startswith("https://a.example/") for url in usual_addresses(URL))


def test_robots_txt_names_sitemaps_those_for_news_first() -> None:
    robots = answer(
        "User-agent: *\nSitemap: https://a.example/all.xml\nsitemap: /news.xml\nSitemap:\n",
        "https://a.example/robots.txt",
    )
    assert sitemaps_of(robots) == ["https://a.example/news.xml", "https://a.example/all.xml"]


def test_an_exempt_certificate_is_told() -> None:
    unverified = replace(answer(rss(NOW)), is_tls_verified=False)
    check = judge(URL, unverified, parse_feed(unverified.body, url=URL), NOW)
    assert check.is_tls_verified is False
