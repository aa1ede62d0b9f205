"""Build `seeds/first_names.csv`, first names that tell he from she, from the package `faker`.

Comes in: the lists of female and male first names that faker's person providers have by locale
(MIT licence). Goes out: a line for each name in Latin letters that is used for one of the two, or
in three times as many locales for one as for the other. Run: `python -m pipelines.first_names`;
needs the `train` extra.
"""

import csv
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import faker.providers.person

OUTPUT = Path(__file__).parent.parent / "seeds" / "first_names.csv"
CLEAR_LEAD = 3  # times as many locales
_LATIN = re.compile(r"[A-ZÀ-Þ][A-Za-zÀ-ɏ'’-]+")


def read_locales(attribute: str) -> Iterator[str]:
    """Yield the names that the locales list under an attribute."""
    package = faker.providers.person
    for module in pkgutil.iter_modules(package.__path__):
        provider = importlib.import_module(f"{package.__name__}.{module.name}").Provider
        yield from (name for name in getattr(provider, attribute, ()) if _LATIN.fullmatch(name))


def build() -> list[tuple[str, str]]:
    """Give the names that are clear, sorted, each with f or m."""
    female, male = (
        Counter(read_locales("first_names_female")),
        Counter(read_locales("first_names_male")),
    )
    rows = [(name, "f") for name in female if female[name] >= CLEAR_LEAD * male[name]]
    rows += [(name, "m") for name in male if male[name] >= CLEAR_LEAD * female[name]]
    return sorted(rows)


if __name__ == "__main__":
    with OUTPUT.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("name", "gender"), *build()])
