"""Sitemap indexes are followed, one step and on their own site; how often sitemaps are read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.passes import listed_by_indexes
from schemas.flow import RunContext
from schemas.rows import Feed
from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer
from transforms.feed_formats import ParsedFeed, parse_feed
from transforms.feeds import read_poll, sitemaps_of

URL = "https://www.meldtpost.example/sitemap.xml"
NOW = datetime(2026, 3, 9, 18, tzinfo=UTC)
CONTEXT = RunContext(run_id="r1", now=NOW)
INDEX = Feed(
    feed_id="f1", url=URL, publisher_domain="meldtpost.example", updated_at=NOW, run_id="r"
)


def index(*places: str) -> ParsedFeed:
    listed = "".join(f"<sitemap>{place}</sitemap>" for place in places)
    return parse_feed(f"<sitemapindex>{listed}</sitemapindex>".encode(), url=URL)


def answer(status: int = 200) -> Answer:
    return Answer(
        asked=URL, url=URL, status=status, reason="", headers=(), body=b"x", duration_ms=1
    )  # fmt: skip


def test_an_index_lists_the_sitemaps_of_its_site_the_latest_first() -> None:
    found = index(
        "<loc>/2025.xml</loc><lastmod>2025-12-31</lastmod>",
        "<loc>/undated.xml</loc>",
        "<loc>/2026.xml</loc><lastmod>2026-03-09T12:00:00Z</lastmod>",
        "<loc>/2026.xml</loc>",
        "<loc>https://elsewhere.example/sitemap.xml</loc>",
        f"<loc>{URL}</loc>",
        "<lastmod>2026-01-01</lastmod>",
    )
    names = [url.rpartition("/")[2] for url in found.sitemaps]
    assert names == ["2026.xml", "2025.xml", "undated.xml"]
    assert found.entries == ()


def test_an_index_of_many_is_followed_to_its_latest() -> None:
    found = index(*(f"<loc>/{n}.xml</loc><lastmod>{1990 + n % 40}</lastmod>" for n in range(200)))
    assert len(found.sitemaps) == 50
    assert found.damage == "only the latest 50 sitemaps are followed"


def test_the_sitemaps_of_an_index_become_feeds_that_overwrite_no_known_state() -> None:
    poll = read_poll(INDEX, answer(), index("<loc>/news.xml</loc>"), CONTEXT)
    (sitemap,) = poll.sitemaps
    assert sitemap.url == "https://www.meldtpost.example/news.xml"
    assert (sitemap.listed_by, sitemap.publisher_domain) == ("f1", "meldtpost.example")
    assert sitemap.updated_at < NOW
    assert sitemap.next_poll_at is None


def test_an_index_is_read_again_after_a_week_also_when_it_has_not_changed() -> None:
    poll = read_poll(INDEX, answer(), index("<loc>/news.xml</loc>"), CONTEXT)
    assert poll.feed.next_poll_at == NOW + timedelta(days=7)
    again = read_poll(poll.feed, answer(304), None, CONTEXT)
    assert again.feed.next_poll_at == NOW + timedelta(days=7)


def test_an_index_within_an_index_is_not_followed() -> None:
    with pytest.raises(Rejected, match="within a sitemap index") as caught:
        sitemaps_of(index("<loc>/a.xml</loc>"), replace(INDEX, listed_by="f0"), CONTEXT)
    assert caught.value.reason is Reason.NOT_A_FEED


def test_a_sitemap_of_pages_is_due_daily_and_one_of_news_like_any_feed() -> None:
    pages = "<urlset><url><loc>/about</loc></url></urlset>"
    assert parse_feed(pages.encode(), url=URL).interval_s == 86_400
    news = pages.replace("</loc>", "</loc><news><title>Bridge opens</title></news>")
    assert parse_feed(news.encode(), url=URL).interval_s is None


def test_sitemaps_are_polled_as_long_as_their_index_is_configured() -> None:
    sitemap = replace(INDEX, feed_id="f2", listed_by="f1")
    other = replace(INDEX, feed_id="f3", listed_by="f9")
    assert listed_by_indexes([INDEX], [INDEX, sitemap, other]) == [sitemap]
    assert listed_by_indexes([INDEX, sitemap], [INDEX, sitemap]) == []
