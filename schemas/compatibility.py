"""Does the schema still fit rows written by the last release?

In: the definition, and `released/VERSION.json`: the tables of each release with their columns.
Out: what is new, and what breaks. An added nullable or repeated column fits, and so does a
required one that became nullable. A column removed, retyped, tightened or added as required does
not: it needs a new table version (`TABLE_VERSION` of the row), beside which the old rows stay.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from schemas.tables import BIGQUERY, TABLES, columns, mode_of, table_version_of

Tables = Mapping[str, Mapping[str, Any]]  # name → {"version": 1, "columns": {name: "TYPE MODE"}}


@dataclass(frozen=True)
class Changes:
    """What became of a schema since a release, a line each."""

    additions: tuple[str, ...]
    breaks: tuple[str, ...]


def defined() -> dict[str, dict[str, Any]]:
    """Give the tables as a release records them."""
    return {
        table: {
            "version": table_version_of(row),
            "columns": {c.name: f"{BIGQUERY[c.kind]} {mode_of(c)}" for c in columns(row)},
        }
        for table, row in TABLES.items()
    }


def releases() -> tuple[str, ...]:
    """Name the releases on record, the last one last."""
    names = [path.name.removesuffix(".json") for path in (files("schemas") / "released").iterdir()]
    return tuple(sorted(names, key=lambda name: [int(part) for part in name.split(".")]))


def released(release: str) -> Tables:
    """Read the tables of a release."""
    path = files("schemas") / "released" / f"{release}.json"
    tables: Tables = json.loads(path.read_text(encoding="utf-8"))
    return tables


def compare(before: Tables, after: Tables) -> Changes:
    """Tell what is new, and what rows written before do not fit."""
    additions = [f"{table}: new table" for table in after if table not in before]
    breaks = [f"{table}: removed" for table in before if table not in after]
    for table in before.keys() & after.keys():
        if before[table]["version"] != after[table]["version"]:
            additions.append(f"{table}: new version {after[table]['version']}")
            continue
        old, new = before[table]["columns"], after[table]["columns"]
        for column in {**old, **new}:
            told, fits = _compare_column(old.get(column), new.get(column))
            if told:
                (additions if fits else breaks).append(f"{table}.{column}: {told}")
    return Changes(tuple(sorted(additions)), tuple(sorted(breaks)))


def _compare_column(old: str | None, new: str | None) -> tuple[str, bool]:
    """Say what became of a column ("" for nothing), and whether old rows fit."""
    if old == new:
        return "", True
    if new is None:
        return "removed", False
    if old is None:
        return f"added as {new}", not new.endswith("REQUIRED")
    is_relaxed = old.split()[0] == new.split()[0] and (old + new).endswith("NULLABLE")
    return f"{old} became {new}", is_relaxed and old.endswith("REQUIRED")
