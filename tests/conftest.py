"""Rows to test with: a whole row from the few columns that matter."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.tables import Row, columns

NOW = datetime(2026, 3, 9, 18, tzinfo=UTC)
FILLING: dict[type, Any] = {
    str: "x",
    int: 0,
    float: 0.0,
    bool: False,
    datetime: NOW,
    date: NOW.date(),
}


def _make_row(kind: type[Row], **given: Any) -> Row:
    values = {
        c.name: given.get(c.name, FILLING[c.kind])
        for c in columns(kind)
        if c.name in given or c.is_required
    }
    make: Any = kind
    row: Row = make(**values)
    return row


@pytest.fixture(scope="session")
def make_row() -> Callable[..., Any]:
    """Make a row of a class; required columns that are not given are filled."""
    return _make_row
