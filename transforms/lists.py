"""Read the lists that users bring along, places and actors, and say where one is wrong.

Comes in: the path of a CSV file and the columns it must have. Goes out: its rows. Refused
(ValueError, one line): a file that cannot be read, without a column, or with a row that is short.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

PLACES = ("name", "kind", "country", "admin1", "latitude", "longitude", "population", "demonyms",
          "aliases")  # fmt: skip
ACTORS = ("name", "entity_type", "country", "sector", "aliases")
NUMBERS = frozenset({"latitude", "longitude", "population"})


def check_list(path: str, wanted: Sequence[str]) -> list[str]:
    """Give the lines of a list that has the columns wanted, and numbers where they must be."""
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    reader = csv.DictReader(lines)
    missing = [name for name in wanted if name not in (reader.fieldnames or ())]
    if missing:
        raise ValueError(
            f"{path} has no column {missing[0]!r}; its first line is {','.join(wanted)}"
        )
    for row in reader:
        for wrong in _wrong_fields(row, wanted):
            raise ValueError(f"{path}, line {reader.line_num}: {wrong}")
    return lines


def _wrong_fields(row: dict[str, str | None], wanted: Sequence[str]) -> Iterator[str]:
    for name in wanted:
        value = row[name]
        if value is None:
            yield f"no {name}"
        elif name in NUMBERS and not _is_number(value, may_be_empty=name == "population"):
            yield f"{name} is no number: {value!r}"


def _is_number(text: str, *, may_be_empty: bool) -> bool:
    try:
        float(text)
    except ValueError:
        return may_be_empty and not text
    return True
