"""Dates as news writes them, read against a story published on Sunday 14 June 2026."""

import time
from datetime import date

import pytest

from schemas.vocabulary import Precision
from transforms.dates import DateMention, find_dates, read_date

SUNDAY = date(2026, 6, 14)


def only(text: str, published: date | None = SUNDAY, *, toward_future: bool = False) -> DateMention:
    found = find_dates(text, published=published, toward_future=toward_future)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "printed", "day"),
    [
        ("The truce took effect Sunday in the hills.", "Sunday", date(2026, 6, 14)),
        ("Rail crews walked out on Tuesday.", "Tuesday", date(2026, 6, 9)),
        ("Late on Saturday, gunmen struck.", "Late on Saturday", date(2026, 6, 13)),
        ("into the early hours of Sunday", "the early hours of Sunday", date(2026, 6, 14)),
        ("a blast late Friday night", "late Friday night", date(2026, 6, 12)),
        ("He resigned last Sunday.", "last Sunday", date(2026, 6, 7)),
        ("He resigned last Friday.", "last Friday", date(2026, 6, 12)),
        ("Talks resume next Monday.", "next Monday", date(2026, 6, 15)),
        ("It opened on Monday last week.", "Monday last week", date(2026, 6, 1)),
        ("It closed yesterday.", "yesterday", date(2026, 6, 13)),
        ("It closes tomorrow morning.", "tomorrow morning", date(2026, 6, 15)),
        ("It shook last night.", "last night", date(2026, 6, 13)),
        ("three days ago, she said", "three days ago", date(2026, 6, 11)),
        ("on March 3 the bridge fell", "March 3", date(2026, 3, 3)),
        ("on 12 December the bridge fell", "12 December", date(2025, 12, 12)),
        ("on Friday, 3 March 2017, the", "Friday, 3 March 2017", date(2017, 3, 3)),
        ("dated 2026-03-04 and", "2026-03-04", date(2026, 3, 4)),
        ("on Feb. 9, 2024, he", "Feb. 9, 2024", date(2024, 2, 9)),
        ("the 4th of May vote", "the 4th of May", date(2026, 5, 4)),
    ],
)
def test_a_day_is_read_against_the_publication_date(text: str, printed: str, day: date) -> None:
    found = only(text)
    assert (found.text, found.first, found.last) == (printed, day, day)
    assert found.precision is Precision.DAY
    assert text[found.start : found.end] == found.text


@pytest.mark.parametrize(
    ("text", "first", "last", "precision"),
    [
        ("three years ago", date(2023, 1, 1), date(2023, 12, 31), Precision.YEAR),
        ("two weeks ago", date(2026, 5, 25), date(2026, 5, 31), Precision.WEEK),
        ("a month ago", date(2026, 5, 1), date(2026, 5, 31), Precision.MONTH),
        ("last month", date(2026, 5, 1), date(2026, 5, 31), Precision.MONTH),
        ("this year", date(2026, 1, 1), date(2026, 12, 31), Precision.YEAR),
        ("next week", date(2026, 6, 15), date(2026, 6, 21), Precision.WEEK),
        ("in 2014", date(2014, 1, 1), date(2014, 12, 31), Precision.YEAR),
        ("in March", date(2026, 3, 1), date(2026, 3, 31), Precision.MONTH),
        ("in October", date(2025, 10, 1), date(2025, 10, 31), Precision.MONTH),
        ("last June", date(2025, 6, 1), date(2025, 6, 30), Precision.MONTH),
        ("in early May 2020", date(2020, 5, 1), date(2020, 5, 31), Precision.MONTH),
        ("from 3 to 5 March", date(2026, 3, 3), date(2026, 3, 5), Precision.WEEK),
        ("on Aug. 3-5", date(2025, 8, 3), date(2025, 8, 5), Precision.WEEK),
        ("between Monday and Wednesday", date(2026, 6, 8), date(2026, 6, 10), Precision.WEEK),
        ("over the weekend", date(2026, 6, 13), date(2026, 6, 14), Precision.WEEK),
        ("last weekend", date(2026, 6, 6), date(2026, 6, 7), Precision.WEEK),
        ("the late 1990s", date(1996, 1, 1), date(1999, 12, 31), Precision.DECADE),
        ("the 1960s", date(1960, 1, 1), date(1969, 12, 31), Precision.DECADE),
        ("last summer", date(2025, 6, 1), date(2025, 8, 31), Precision.MONTH),
        ("the 2011 uprising", date(2011, 1, 1), date(2011, 12, 31), Precision.YEAR),
        ("in 2013-14", date(2013, 1, 1), date(2014, 12, 31), Precision.YEAR),
        ("January to March 2020", date(2020, 1, 1), date(2020, 3, 31), Precision.MONTH),
        ("between November and January", date(2025, 11, 1), date(2026, 1, 31), Precision.MONTH),
        ("in the past week", date(2026, 6, 7), date(2026, 6, 14), Precision.WEEK),
        ("between 2011 and 2013", date(2011, 1, 1), date(2013, 12, 31), Precision.YEAR),
    ],
)
def test_a_vaguer_time_is_a_span_with_its_precision_and_no_made_up_day(
    text: str, first: date, last: date, precision: Precision
) -> None:
    found = only(text)
    assert (found.first, found.last, found.precision) == (first, last, precision)


def test_a_verb_of_the_future_turns_a_weekday_forward() -> None:
    assert only("The talks will resume Monday.").first == date(2026, 6, 15)
    assert only("The vote is scheduled for 3 March.").first == date(2027, 3, 3)


def test_a_past_verb_between_turns_it_back() -> None:
    assert only("They will fight the order that was signed on Monday.").first == date(2026, 6, 8)


def test_a_deadline_lies_ahead() -> None:
    found = only("Rebels must leave by Friday.")
    assert (found.first, found.relation) == (date(2026, 6, 19), "by")


def test_the_caller_may_point_all_dates_forward() -> None:
    assert only("the march on Thursday", toward_future=True).first == date(2026, 6, 18)


def test_one_expression_can_be_read_again_with_another_side_in_mind() -> None:
    found = read_date("Thursday", published=SUNDAY, toward_future=True)
    assert found is not None
    assert (found.start, found.end, found.first) == (0, 8, date(2026, 6, 18))


def test_the_word_in_front_is_kept_as_relation() -> None:
    found = only("They have fought since 2013.")
    assert (found.text, found.relation) == ("2013", "since")


def test_without_a_publication_date_only_absolute_dates_are_resolved() -> None:
    assert only("on Sunday", None).first is None
    assert only("on March 3", None).first is None
    assert only("on 3 March 2017", None).first == date(2017, 3, 3)
    assert only("in 2014", None).precision is Precision.YEAR


@pytest.mark.parametrize(
    "text", ["on February 30", "on Feb. 29, 2025", "two weeks earlier", "the previous Friday"]
)
def test_what_names_no_certain_day_is_found_but_not_resolved(text: str) -> None:
    found = only(text)
    assert (found.first, found.last, found.precision) == (None, None, None)


@pytest.mark.parametrize(
    "text",
    [
        "2014 people fled",
        "more than 2000 fighters",
        "Ms May said so",
        "They March on the capital",
        "sales on Black Friday",
        "for two weeks",
        "cost $2,014 in all",
        "Room 2014",
        "the 2000 metres race",
    ],
)
def test_what_is_no_date_is_not_found(text: str) -> None:
    assert find_dates(text, published=SUNDAY) == ()


def test_dates_come_in_order_and_do_not_overlap() -> None:
    text = "On Friday, 12 June, he said the March 2025 accord ends next month."
    found = find_dates(text, published=SUNDAY)
    assert [each.text for each in found] == ["Friday, 12 June", "March 2025", "next month"]


def test_a_date_does_not_run_over_a_paragraph() -> None:
    found = find_dates("It ended on Friday\n\nMarch 3 is a holiday", published=SUNDAY)
    assert [each.text for each in found] == ["Friday", "March 3"]


def test_a_hostile_text_takes_linear_time() -> None:
    text = "late on the early hours of 2 to 3 and the last " * 4_000
    started = time.perf_counter()
    find_dates(text, published=SUNDAY)
    assert time.perf_counter() - started < 3
