"""The SQL that ships: views, and named queries with the question each answers.

In: `views/*.sql`, `queries/*.sql`, `report/*.sql`. A query opens with comment lines: its question,
then a line `-- param: name = 'default'` for each parameter that it uses as `$name`.
"""

import functools
import re
from dataclasses import dataclass
from importlib.resources import files

PARAMETER = re.compile(r"^-- param: (\w+) = '(.*)'$", re.MULTILINE)


@dataclass(frozen=True)
class Statement:
    """A view or a named query."""

    name: str
    question: str  # first comment line
    sql: str
    parameters: dict[str, str]  # name → default


@functools.cache
def views() -> tuple[Statement, ...]:
    """Read the views, in an order in which each finds those it reads from."""
    waiting = list(_read("views"))
    names = {view.name for view in waiting}
    ready: list[Statement] = []
    while waiting:
        view = next(v for v in waiting if not _reads(v, names - {r.name for r in ready}))
        ready.append(view)
        waiting.remove(view)
    return tuple(ready)


@functools.cache
def queries() -> dict[str, Statement]:
    """Read the named queries."""
    return {query.name: query for query in _read("queries")}


@functools.cache
def report_queries() -> dict[str, Statement]:
    """Read what `dateline report` asks."""
    return {query.name: query for query in _read("report")}


def _read(folder: str) -> tuple[Statement, ...]:
    paths = sorted((files("schemas") / folder).iterdir(), key=lambda path: path.name)
    return tuple(
        _statement(path.name.removesuffix(".sql"), path.read_text(encoding="utf-8"))
        for path in paths
        if path.name.endswith(".sql")
    )


def _statement(name: str, sql: str) -> Statement:
    question = sql.splitlines()[0].removeprefix("--").strip()
    return Statement(name, question, sql, dict(PARAMETER.findall(sql)))


def _reads(view: Statement, names: set[str]) -> bool:
    return any(re.search(rf"\b(?:FROM|JOIN) {name}\b", view.sql) for name in names - {view.name})
