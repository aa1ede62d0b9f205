"""Money and distances are read as printed, with a unit only where the words tell it."""

import pytest

from transforms.events.quantities import find_quantities


@pytest.mark.parametrize(
    ("printed", "value", "currency"),
    [
        ("$3.5 billion", 3.5e9, "USD"),
        ("$20m", 20e6, "USD"),
        ("US$ 1,250", 1250.0, "USD"),
        ("A$40", 40.0, "AUD"),
        ("€300k", 300e3, "EUR"),
        ("EUR 5 million", 5e6, "EUR"),
        ("two million euros", 2e6, "EUR"),
        ("two-million-dollar", 2e6, "USD"),
        ("half a million pounds", 5e5, "GBP"),
        ("5 million Egyptian pounds", 5e6, "EGP"),
        ("300 million South Korean won", 3e8, "KRW"),
        ("580 million shillings", 5.8e8, None),  # of four countries
        ("100 CFA francs", 100.0, None),  # of two unions
    ],
)
def test_money_is_read_with_its_currency(printed: str, value: float, currency: str | None) -> None:
    [found] = find_quantities(f"They paid {printed} for it.")
    assert (found.kind, found.text, found.value) == ("money", printed, value)
    assert found.currency == currency


@pytest.mark.parametrize(
    ("printed", "kilometres"),
    [
        ("20 km", 20.0),
        ("15 miles", 24.14016),
        ("30-kilometre", 30.0),
        ("two nautical miles", 3.704),
        ("1,500 metres", 1.5),
        ("100 feet", 0.03048),
    ],
)
def test_distances_are_read_in_kilometres(printed: str, kilometres: float) -> None:
    [found] = find_quantities(f"They moved {printed} zone by zone.")
    assert (found.kind, found.text, found.value) == ("distance", printed, kilometres)


@pytest.mark.parametrize(
    "text",
    [
        "The party won 600 votes, and 600 won seats.",
        "They found 500 pounds of explosives.",
        "The wind blew at 60 miles an hour, or 97 km/h.",
        "It covers 10 square miles.",
        "All 10 all agreed, and 5 tops were sold.",
        "Several miles on, millions of dollars lay about.",
    ],
)
def test_what_is_no_amount_is_none(text: str) -> None:
    assert find_quantities(text) == ()


def test_spans_are_those_of_the_text() -> None:
    text = "Ünder ¥400 and 5 km, €2 bn: 30,000 Swiss francs."
    found = find_quantities(text)
    assert [text[q.start : q.end] for q in found] == [q.text for q in found]
    assert [q.value for q in found] == [400.0, 5.0, 2e9, 30000.0]
