"""Find amounts of money and distances in a text.

Comes in: a text. Goes out: every amount with its span, value and unit. Currencies are ISO 4217's,
read by their English names and signs as CLDR lists them (Babel). "$" and "dollars" without a
country are the United States', "pounds" the United Kingdom's, as newspapers mean them; any other
unit that several countries have ("3 million francs") keeps its value, and its currency stays
unknown. Distances are in kilometres, whatever they are printed in. Not found: amounts without
digits or plain number words ("several miles"), areas, speeds.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

UNITS = {
    word: number
    for number, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen""".split()
    )
}
TENS = {
    word: 10 * number
    for number, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2
    )
}
SCALES = {
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
DEFAULTS = {"dollar": "USD", "pound": "GBP", "ruble": "RUB", "rouble": "RUB", "yuan": "CNY"}
WORDS_TOO = frozenset({"won", "real", "reals", "pound", "dram", "lei", "so'm", "som", "dong"})
SIGNS = {"$": "USD", "US$": "USD", "£": "GBP", "C$": "CAD", "¥": "JPY"}
SHORT_SCALES = {"k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9, "b": 1e9, "tn": 1e12}
LONG_SCALES = {word: float(number) for word, number in SCALES.items()}
KILOMETRES = {
    "km": 1.0,
    "kilometer": 1.0,
    "kilometre": 1.0,
    "meter": 0.001,
    "metre": 0.001,
    "mile": 1.609344,
    "nautical mile": 1.852,
    "yard": 0.0009144,
    "foot": 0.0003048,
    "feet": 0.0003048,
}
DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
WORDS = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    r"|sixteen|seventeen|eighteen|nineteen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty"
    r"(?:-(?:one|two|three|four|five|six|seven|eight|nine))?)"
)
SCALED = "|".join(LONG_SCALES)
NUMBER = rf"(?:(?:{DIGITS}|\b{WORDS}\b)(?:[ -](?:{SCALED}))*|\b(?:half )?an? (?:{SCALED}))"
DISTANCE = re.compile(
    rf"(?<![\w.,$£€])(?P<number>{NUMBER})[ \xa0-]?"
    r"(?P<unit>nautical miles?|kilomet(?:er|re)s?|kms?|miles?|met(?:er|re)s?|yards?|feet|foot)\b"
    r"(?! (?:an?|per) hour| per |/h|ph\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Quantity:
    """An amount as printed: `text[start:end]`, its value, and its unit where that is known."""

    kind: Literal["money", "distance"]
    start: int
    end: int
    text: str
    value: float  # in units of the currency; kilometres
    currency: str | None = None  # ISO 4217


def find_quantities(text: str) -> tuple[Quantity, ...]:
    """Find the amounts of money and the distances of a text, in order."""
    found = [*_money_with_sign(text), *_money_in_words(text), *_distances(text)]
    return tuple(sorted(found, key=lambda quantity: quantity.start))


def _money_with_sign(text: str) -> Iterator[Quantity]:
    for match in _by_sign().finditer(text):
        value = _value(match["number"])
        if value is None:
            continue
        if match["scale"]:
            value *= SHORT_SCALES[match["scale"].lower()]
        code = _signs()[match["sign"]]
        yield Quantity("money", *match.span(), match.group(), value, code)


def _money_in_words(text: str) -> Iterator[Quantity]:
    for match in _by_name().finditer(text):
        value = _value(match["number"])
        if value is not None:
            code = match["code"] or _names()[match["name"].lower()]
            yield Quantity("money", *match.span(), match.group(), value, code)


def _distances(text: str) -> Iterator[Quantity]:
    for match in DISTANCE.finditer(text):
        value, unit = _value(match["number"]), match["unit"].lower().removesuffix("s")
        if value is not None:
            kilometres = round(value * KILOMETRES[unit], 6)
            yield Quantity("distance", *match.span(), match.group(), kilometres)


def _value(printed: str) -> float | None:
    """Read a number with its scales: "3.5 billion", "twenty thousand"."""
    words = re.split(r"[ -]", printed.lower().replace(",", ""))
    scale = 1.0
    while words and words[-1] in LONG_SCALES:
        scale *= LONG_SCALES[words.pop()]
    if words in (["a"], ["an"], ["half", "a"]):
        return scale if len(words) == 1 else scale / 2
    if len(words) == 1 and re.fullmatch(r"\d+(?:\.\d+)?", words[0]):
        return float(words[0]) * scale
    number = read_number(" ".join(words))
    return number * scale if number is not None else None


def read_number(printed: str) -> int | None:
    """Read a whole number in digits or words; None for what is none ("several", "2.5")."""
    plain = printed.lower().replace(",", "").strip()
    if plain.isdecimal():
        return int(plain)
    total = current = 0
    for word in re.split(r"[\s-]+", plain):
        if word.isdecimal():
            current += int(word)
        elif word in UNITS or word in TENS:
            current += UNITS.get(word, TENS.get(word, 0))
        elif word in SCALES:
            current = max(current, 1) * SCALES[word]
            if SCALES[word] >= 1000:
                total, current = total + current, 0
        elif word != "and":
            return None
    return total + current or None


@functools.cache
def _codes() -> tuple[str, ...]:
    """Give the currencies that are tender somewhere today."""
    from babel.core import get_global

    used = (entry for entries in get_global("territory_currencies").values() for entry in entries)
    return tuple(sorted({code for code, _, ended, is_tender in used if not ended and is_tender}))


@functools.cache
def _names() -> dict[str, str | None]:
    """Map English names of currencies, long and short, to codes; None for one of several."""
    from babel.numbers import get_currency_name

    named: dict[str, set[str]] = {}
    for code in _codes():
        for count in (1, 2):
            words = get_currency_name(code, count, "en").lower().split()
            for first in range(len(words)):  # Swiss francs, francs
                named.setdefault(" ".join(words[first:]), set()).add(code)
    names = {
        name: next(iter(codes)) if len(codes) == 1 else None
        for name, codes in named.items()
        if name not in WORDS_TOO
    }
    return {**names, **DEFAULTS, **{f"{unit}s": code for unit, code in DEFAULTS.items()}}


@functools.cache
def _signs() -> dict[str, str | None]:
    from babel.numbers import get_currency_symbol

    listed = {get_currency_symbol(code, "en"): code for code in _codes()}
    return {**{code: code for code in _codes()}, **listed, **SIGNS}


@functools.cache
def _by_sign() -> re.Pattern[str]:
    signs = "|".join(map(re.escape, sorted(_signs(), key=len, reverse=True)))
    scales = "|".join(sorted(SHORT_SCALES, key=len, reverse=True))
    return re.compile(
        rf"(?<![\w$])(?P<sign>{signs})[ \xa0]?(?P<number>(?:{DIGITS})(?:[ -](?:{SCALED}))*)"
        rf"(?:[ \xa0]?(?P<scale>{scales})\b)?(?!\w)"
    )


@functools.cache
def _by_name() -> re.Pattern[str]:
    names = "|".join(map(re.escape, sorted(_names(), key=len, reverse=True)))
    codes = "|".join(_codes())
    return re.compile(
        rf"(?<![\w.,$£€])(?P<number>{NUMBER})[ \xa0-]"
        rf"(?:(?P<name>{names})|(?-i:(?P<code>{codes})))\b(?! of )",  # "500 pounds of explosives"
        re.IGNORECASE,
    )
