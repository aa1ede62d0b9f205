"""A schema that old rows do not fit is told before it is released."""

from typing import Any

import pytest

from pipelines.__main__ import main
from schemas.compatibility import compare, defined, released, releases


def table(version: int = 1, **columns: str) -> dict[str, Any]:
    return {"articles": {"version": version, "columns": columns}}


BEFORE = table(id="STRING REQUIRED", title="STRING NULLABLE")


@pytest.mark.parametrize(
    "after",
    [
        table(id="STRING REQUIRED", title="STRING NULLABLE", section="STRING NULLABLE"),
        table(id="STRING REQUIRED", title="STRING NULLABLE", authors="STRING REPEATED"),
        table(id="STRING NULLABLE", title="STRING NULLABLE"),
        table(2, id="INTEGER REQUIRED"),
        {**BEFORE, "stories": {"version": 1, "columns": {}}},
    ],
)
def test_what_old_rows_fit_is_an_addition(after: dict[str, Any]) -> None:
    changes = compare(BEFORE, after)
    assert len(changes.additions) == 1
    assert changes.breaks == ()


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (table(id="STRING REQUIRED"), "articles.title: removed"),
        ({}, "articles: removed"),
        (table(id="INTEGER REQUIRED", title="STRING NULLABLE"), "articles.id: STRING REQUIRED"),
        (table(id="STRING REQUIRED", title="STRING REQUIRED"), "articles.title: STRING NULLABLE"),
        (table(id="STRING REQUIRED", title="STRING REPEATED"), "articles.title: STRING NULLABLE"),
        (table(**BEFORE["articles"]["columns"], url="STRING REQUIRED"), "articles.url: added"),
    ],
)
def test_what_old_rows_do_not_fit_breaks(after: dict[str, Any], told: str) -> None:
    (line,) = compare(BEFORE, after).breaks
    assert line.startswith(told)


def test_the_schema_fits_every_release(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "check"]) == 0
    assert f"rows of {releases()[-1]} fit" in capsys.readouterr().out
    for release in releases():
        assert compare(released(release), defined()).breaks == ()


def test_releases_are_in_order() -> None:
    assert releases()[0] == "0.1.0"
