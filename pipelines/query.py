"""`dateline query`: ask the warehouse by SQL or by the name of a question.

In: SQL, or the name of a query that ships, with parameters. Out: a table, CSV or JSON lines.
Refused: whatever is not one statement that reads tables and views. Text from the web is made
harmless on the way out: control characters are dropped, CSV cells are no formulas.
"""

import argparse
import csv
import difflib
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.options import DEFAULT_WAREHOUSE, UsageError
from schemas.sql import queries

if TYPE_CHECKING:
    from transforms.warehouse import Answer

FORMATS = ("table", "csv", "json")
PIPE_WIDTH = 160  # columns of a table that goes to a file or a pipe
FORMULA = ("=", "+", "-", "@", "\t", "\r")
EXAMPLES = """\
examples:
  dateline query                                                   list the named queries
  dateline query who_did_what --param who=army --limit 5
  dateline query "SELECT event_type, COUNT(*) FROM events GROUP BY 1" --format csv
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `dateline query`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("query", nargs="?", help="SQL, or the name of a query")
    parser.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="set a parameter"
    )
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: %(default)s")
    parser.add_argument("--limit", type=int, metavar="N", help="rows at the most")
    parser.add_argument(
        "--timeout", type=float, default=60.0, metavar="S", help="seconds; default: %(default)s"
    )
    parser.add_argument(
        "--warehouse", default=DEFAULT_WAREHOUSE, metavar="PATH", help="default: %(default)s"
    )


def run(args: argparse.Namespace) -> int:
    """Answer one question, or list those there are."""
    if args.query is None:
        for query in queries().values():
            parameters = "".join(f" --param {n}={v}" for n, v in query.parameters.items())
            print(f"{query.name}{parameters}\n    {query.question}")
        return 0
    answer = ask(
        args.warehouse,
        args.query,
        parameters=read_parameters(args.param),
        limit=args.limit,
        timeout_s=args.timeout,
    )
    {"table": print_table, "csv": print_csv, "json": print_json}[args.format](answer)
    return 0


def show(warehouse: str, query: str, *, limit: int | None = None) -> None:
    """Print the answer to a named query as a table."""
    print_table(ask(warehouse, query, limit=limit))


def ask(
    warehouse: str,
    query: str,
    *,
    parameters: Mapping[str, str] | None = None,
    limit: int | None = None,
    timeout_s: float | None = None,
) -> "Answer":
    """Run SQL or a named query; whatever is wrong with it is a `UsageError`."""
    from transforms.locks import WarehouseError
    from transforms.warehouse import open_warehouse

    sql, values = resolve(query, parameters or {})
    try:
        return open_warehouse(warehouse, on_wait=say).query(
            sql, values, max_rows=limit, timeout_s=timeout_s
        )
    except WarehouseError as error:
        raise UsageError(str(error)) from error


def resolve(query: str, parameters: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Give the SQL behind a query and the values of its parameters."""
    if len(query.split()) > 1:
        return query, dict(parameters)
    named = queries().get(query)
    if named is None:
        near = difflib.get_close_matches(query, queries(), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(f"no query {query!r}{hint} (`dateline query` lists them)")
    unknown = sorted(set(parameters) - set(named.parameters))
    if unknown:
        has = ", ".join(named.parameters) or "none"
        raise UsageError(f"{query} has no parameter {unknown[0]!r}; it has: {has}")
    return named.sql, {**named.parameters, **parameters}


def read_parameters(listed: list[str]) -> dict[str, str]:
    """Read `--param NAME=VALUE`."""
    for pair in listed:
        if "=" not in pair:
            raise UsageError(f"--param {pair}: write NAME=VALUE")
    return dict(pair.split("=", 1) for pair in listed)


def say(line: str) -> None:
    """Say something that is no part of the answer."""
    print(line, file=sys.stderr)


def print_table(answer: "Answer") -> None:
    """Print a table for people."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    table = Table(show_lines=any(name in ("evidence", "sentence_text") for name in answer.columns))
    for name in answer.columns:
        table.add_column(name, overflow="fold")
    for row in answer.rows:
        table.add_row(*(Text(harmless(shown(value))) for value in row))
    console.print(table)
    more = ", and more: raise --limit" if answer.is_cut else ""
    console.print(f"{len(answer.rows)} rows{more}")


def print_csv(answer: "Answer") -> None:
    """Print CSV, in which no cell is a formula."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(answer.columns)
    for row in answer.rows:
        cells = (harmless(shown(value)) if value is not None else "" for value in row)
        writer.writerow(
            [f"'{c}" if _is_formula(c, v) else c for c, v in zip(cells, row, strict=True)]
        )


def print_json(answer: "Answer") -> None:
    """Print JSON, one object a line."""
    for row in answer.rows:
        print(json.dumps(dict(zip(answer.columns, row, strict=True)), default=shown))


def shown(value: Any) -> str:
    """Give a value as people read it."""
    if value is None:
        return "·"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def harmless(text: str) -> str:
    """Drop what a terminal would obey."""
    return "".join(_printable(text))


def _printable(text: str) -> Iterator[str]:
    for character in text:
        if character.isprintable():
            yield character
        elif character.isspace():
            yield " "


def _is_formula(cell: str, value: Any) -> bool:
    return isinstance(value, str) and cell.startswith(FORMULA)
