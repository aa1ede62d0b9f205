"""When a feed is asked, where, and with which validators."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from schemas.rows import Feed
from transforms.answers import Answer
from transforms.feed_formats import ParsedFeed
from transforms.polling import (
    MOVE_HOLDS_AFTER,
    Question,
    breaks_validators,
    forget_move,
    is_due,
    next_poll,
    note_move,
    question_to,
)

NOW = datetime(2026, 7, 6, 12, tzinfo=UTC)
OLD, NEW = "http://a.example/feed", "http://b.example/feed"
FEED = Feed(feed_id="f1", url=OLD, updated_at=NOW, run_id="r0")
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)


def answer(
    *headers: tuple[str, str], asked: str = OLD, url: str = OLD, for_good: bool = False
) -> Answer:
    return Answer(
        asked=asked,
        url=url,
        status=200,
        reason="OK",
        headers=headers,
        body=b"body",
        duration_ms=1,
        is_moved_for_good=for_good,
    )


def test_validators_are_sent_byte_for_byte() -> None:
    known = replace(FEED, etag=' W/"1', last_modified="then", last_full_at=NOW)
    assert question_to(known, NOW) == Question(url=OLD, etag=' W/"1', last_modified="then")


def test_once_a_day_validators_are_left_out() -> None:
    known = replace(FEED, etag='"1"', last_full_at=NOW - timedelta(hours=23))
    assert question_to(known, NOW).is_conditional
    assert not question_to(known, NOW + timedelta(hours=1)).is_conditional


def test_validators_that_hide_news_are_not_sent_any_more() -> None:
    known = replace(FEED, etag='"1"', last_modified=None, body_sha256="x", last_full_at=NOW)
    assert breaks_validators(known, answer(("ETag", '"1"')), "y")
    assert not question_to(replace(known, has_broken_validators=True), NOW).is_conditional


@pytest.mark.parametrize("headers", [(), (("ETag", '"2"'),)])
def test_a_new_body_under_new_validators_or_none_is_in_order(
    headers: tuple[tuple[str, str], ...],
) -> None:
    known = replace(FEED, etag='"1"' if headers else None, body_sha256="x")
    assert not breaks_validators(known, answer(*headers), "y")


def test_a_move_is_learned_only_after_it_has_held() -> None:
    moved = note_move(FEED, answer(url=NEW, for_good=True), NOW)
    assert (moved.moved_to, moved.moved_since) == (NEW, NOW)
    assert question_to(moved, NOW + MOVE_HOLDS_AFTER - timedelta(minutes=1)).url == OLD
    assert question_to(moved, NOW + MOVE_HOLDS_AFTER).url == NEW


def test_a_move_that_goes_on_keeps_its_beginning() -> None:
    moved = note_move(FEED, answer(url=NEW, for_good=True), NOW)
    later = note_move(moved, answer(url=NEW, for_good=True), NOW + timedelta(days=1))
    direct = note_move(later, answer(asked=NEW, url=NEW), NOW + timedelta(days=4))
    assert later.moved_since == direct.moved_since == NOW


@pytest.mark.parametrize("back", [answer(), answer(url=NEW, for_good=False)])
def test_a_move_that_ends_or_was_for_a_while_is_forgotten(back: Answer) -> None:
    moved = note_move(FEED, answer(url=NEW, for_good=True), NOW)
    assert note_move(moved, back, NOW + timedelta(days=1)).moved_to is None


def test_where_the_new_address_fails_the_old_one_is_asked_again() -> None:
    moved = replace(FEED, moved_to=NEW, moved_since=NOW - timedelta(days=9))
    assert question_to(forget_move(moved, answer(asked=NEW, url=NEW)), NOW).url == OLD
    assert question_to(forget_move(moved, None), NOW).url == OLD


@pytest.mark.parametrize(
    ("control", "asked_s", "minutes"),
    [
        ("", None, 15),
        ("max-age=3600", None, 60),
        ("max-age=3600", 7200, 120),
        ("max-age=31536000", None, 24 * 60),
        ("max-age=5", 60, 15),
        ("no-cache, max-age=3600", None, 15),
        ("", 1e300, 24 * 60),
    ],
)
def test_the_next_poll_waits_for_the_longest_wish_in_bounds(
    control: str, asked_s: float | None, minutes: int
) -> None:
    parsed = ParsedFeed(feed_format="rss20", entries=(), interval_s=asked_s)
    given = answer(("Cache-Control", control))
    assert next_poll(given, parsed, FEED, QUARTER, NOW) == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize("parsed", [None, ParsedFeed(feed_format="rss20", entries=())])
def test_what_a_feed_asked_for_holds_until_it_is_read_again(parsed: ParsedFeed | None) -> None:
    asked = replace(FEED, asked_interval_s=4 * 3600.0)
    hours = 1 if parsed else 4
    assert next_poll(answer(), parsed, asked, HOUR, NOW) == NOW + timedelta(hours=hours)


def test_our_interval_ends_on_the_minute_and_a_servers_wish_on_the_second() -> None:
    now = NOW + timedelta(seconds=40)
    assert next_poll(answer(), None, FEED, QUARTER, now) == NOW + QUARTER
    asked = answer(("Cache-Control", "max-age=900"))
    assert next_poll(asked, None, FEED, QUARTER, now) == now + QUARTER


def test_an_interval_that_a_user_sets_is_kept() -> None:
    for interval in (timedelta(seconds=9), 2 * DAY):
        assert next_poll(answer(), None, FEED, interval, NOW) == NOW + interval


def test_a_feed_is_due_at_its_instant_and_not_a_second_before() -> None:
    feed = replace(FEED, next_poll_at=NOW)
    assert is_due(FEED, NOW)
    assert is_due(feed, NOW)
    assert not is_due(feed, NOW - timedelta(seconds=1))
