"""Times in feeds are read however they are printed, and what is not certain is unknown."""

import time
from datetime import UTC, datetime

import pytest

from schemas.vocabulary import Precision, PublishedSource
from tests.test_feed_formats import NOON, entry_of
from transforms.feed_formats.times import read_time


@pytest.mark.parametrize(
    ("printed", "at", "precision"),
    [
        ("Mon, 06 Jul 2026 12:00:00 GMT", NOON, Precision.SECOND),
        ("Mon, 06 Jul 2026 12:00 GMT", NOON, Precision.MINUTE),
        ("Mon, 06 Jul 2026 12:00:00", NOON, Precision.SECOND),
        ("Tue, 06 Jul 2026 12:00:00 GMT", NOON, Precision.SECOND),
        ("Mo, 06 Juli 2026 14:00:00 +0200", NOON, Precision.SECOND),
        ("lun., 06 juil. 2026 14:00:00 +0200", NOON, Precision.SECOND),
        ("Mon, 06 Jul 2026 08:00:00 EDT", NOON, Precision.SECOND),
        ("2026-07-06T14:00:00+02:00", NOON, Precision.SECOND),
        ("2026-07-06", datetime(2026, 7, 6, tzinfo=UTC), Precision.DAY),
        ("2026-07", datetime(2026, 7, 1, tzinfo=UTC), Precision.MONTH),
        ("Sun, 05 Jul 2026 24:00:00 GMT", datetime(2026, 7, 6, tzinfo=UTC), Precision.SECOND),
    ],
)
def test_times_are_read_however_they_are_printed(
    printed: str, at: datetime, precision: Precision
) -> None:
    entry = entry_of(f"<pubDate>{printed}</pubDate>")
    assert (entry.published_at, entry.published_precision) == (at, precision)


@pytest.mark.parametrize(
    ("printed", "is_assumed"),
    [
        ("Mon, 06 Jul 2026 12:00:00", True),
        ("Mon, 06 Jul 2026 12:00:00 -0000", True),
        ("Mon, 06 Jul 2026 12:00:00 IST", True),  # in India, Ireland and Israel
        ("2026-07-06T12:00:00", True),
        ("Mon, 06 Jul 2026 12:00:00 GMT", False),
        ("Mon, 06 Jul 2026 12:00:00 +0200 (CEST)", False),
        ("Mon, 06 Jul 2026 08:00 EDT", False),
        ("2026-07-06T12:00:00Z", False),
        ("2026-07-06T12:00:00+02:00", False),
        ("1783339200", False),
        ("2026-07-06", False),  # a day, whose zone nobody asks for
    ],
)
def test_a_zone_that_was_not_said_is_flagged(printed: str, is_assumed: bool) -> None:
    assert entry_of(f"<pubDate>{printed}</pubDate>").is_zone_assumed is is_assumed


def test_where_a_time_was_taken_from_is_told() -> None:
    updated = "<lastBuildDate>2026-07-06T12:00:00Z</lastBuildDate>"
    for given, source in (
        (f"<pubDate>Mon, 06 Jul 2026 11:00:00 GMT</pubDate>{updated}", PublishedSource.PUBLISHED),
        (updated, PublishedSource.UPDATED),
        ("", None),
    ):
        assert entry_of(given).published_source is source


@pytest.mark.parametrize(
    "printed",
    [
        "", "yesterday", "07/06/2026 12:00 PM", "Mon, 30 Feb 2026 12:00:00 GMT",
        "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -1200", "1" * 5000,
        "Thu, 01 Jan 1970 00:00:00 GMT",
    ],
)  # fmt: skip
def test_times_that_cannot_be_read_for_certain_are_unknown(printed: str) -> None:
    assert entry_of(f"<pubDate>{printed}</pubDate>").published_at is None


def test_a_hostile_time_is_given_up_at_once() -> None:
    started = time.process_time()
    assert read_time("Mon, " + "06 " * 100_000) is None
    assert read_time("Mon, " * 15) is None
    assert time.process_time() - started < 0.1
