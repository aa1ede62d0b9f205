"""`dateline query`: ask the warehouse by SQL or by the name of a question.

In: SQL, or the name of a query that ships, with parameters. Out: a table, CSV, JSON lines or a
Parquet file. Refused: whatever is not one statement that reads tables and views. Text from the web
is made harmless on the way out: what a terminal would obey is dropped, CSV cells are no formulas.
Times are whole and with their zone in what programs read, and short in the table for people.
"""

import argparse
import csv
import difflib
import json
import math
import sys
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.options import DEFAULT_WAREHOUSE, UsageError
from schemas.sql import queries

if TYPE_CHECKING:
    from transforms.warehouse import Answer

FORMATS = ("table", "csv", "json", "parquet")
TIMEOUT_S = 20.0  # shorter than a run waits for the warehouse that a query holds
PIPE_WIDTH = 160  # columns of a table that goes to a file or a pipe
FORMULA = ("=", "+", "-", "@", "\t", "\r")
EXAMPLES = """\
examples:
  dateline query                                                   list the named queries
  dateline query who_did_what --param who=army --limit 5
  dateline query "SELECT event_type, COUNT(*) FROM events GROUP BY 1" --format csv
  dateline query latest_events --format parquet > events.parquet
  dateline query protest_share --warehouse bigquery:my-project.news --cost
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
    parser.add_argument("--limit", type=_count, metavar="N", help="rows at the most")
    parser.add_argument(
        "--timeout", type=_count, default=TIMEOUT_S, metavar="S", help="seconds; default: 20"
    )
    parser.add_argument(
        "--cost", action="store_true", help="say what BigQuery would read for it, and run nothing"
    )
    parser.add_argument(
        "--warehouse",
        default=DEFAULT_WAREHOUSE,
        metavar="PATH",
        help="file, parquet:DIR or bigquery:PROJECT.DATASET; default: %(default)s",
    )


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above zero")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Answer one question, or list those there are."""
    if args.query is None:
        for query in queries().values():
            parameters = "".join(f" --param {n}={v}" for n, v in query.parameters.items())
            print(f"{query.name}{parameters}\n    {query.question}")
        return 0
    if args.cost:
        print(cost_of(args.warehouse, args.query, read_parameters(args.param)))
        return 0
    if args.format == "parquet" and sys.stdout.isatty():
        raise UsageError(
            "--format parquet writes bytes: send them to a file, as in > answer.parquet"
        )
    answer = ask(
        args.warehouse,
        args.query,
        parameters=read_parameters(args.param),
        limit=args.limit,
        timeout_s=args.timeout,
    )
    writers = {
        "table": print_table,
        "csv": print_csv,
        "json": print_json,
        "parquet": write_parquet,
    }
    writers[args.format](answer)
    return 0


def show(warehouse: str, query: str, *, limit: int | None = None) -> None:
    """Print the answer to a named query as a table."""
    print_table(ask(warehouse, query, limit=limit))


def ask(
    warehouse: str,
    query: str,
    *,
    parameters: Mapping[str, Any] | None = None,
    limit: int | None = None,
    timeout_s: float | None = None,
) -> "Answer":
    """Run SQL or a named query; whatever is wrong with it is a `UsageError`."""
    from transforms.locks import WarehouseError
    from transforms.warehouse import open_warehouse

    sql, values = resolve(query, parameters or {})
    if query in queries() and limit is not None:  # else all rows are sorted for the first few
        sql = f"{sql}\nLIMIT {limit + 1}"
    try:
        return open_warehouse(warehouse, on_wait=say).query(
            sql, values, max_rows=limit, timeout_s=timeout_s
        )
    except WarehouseError as error:
        raise UsageError(str(error)) from error


def cost_of(warehouse: str, query: str, parameters: Mapping[str, Any]) -> str:
    """Say what a query would read; a limit on rows changes nothing of it."""
    from transforms.locks import WarehouseError
    from transforms.warehouse import open_warehouse

    sql, values = resolve(query, parameters)
    try:
        num_bytes = open_warehouse(warehouse, on_wait=say).bytes_scanned(sql, values)
    except WarehouseError as error:
        raise UsageError(str(error)) from error
    return f"{num_bytes:,} bytes ({num_bytes / 1e9:.3f} GB) would be read"


def resolve(query: str, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Give the SQL behind a query and the values of its parameters."""
    if len(query.split()) > 1:
        return query, dict(parameters)
    named = queries().get(query)
    if named is None:
        near = [name for name in queries() if query and query in name]
        near = near or difflib.get_close_matches(query, queries(), n=3)
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
    from rich.text import Text  # names and values are text, whatever they hold, never markup

    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    table = Table(show_lines=any(name in ("evidence", "sentence_text") for name in answer.columns))
    for name in answer.columns:
        table.add_column(Text(harmless(name)), overflow="fold")
    for row in answer.rows:
        table.add_row(*(Text(harmless(shown(value))) for value in row))
    console.print(table)
    more = ", and more: raise --limit" if answer.is_cut else ""
    console.print(f"{len(answer.rows)} row{'' if len(answer.rows) == 1 else 's'}{more}")


def print_csv(answer: "Answer") -> None:
    """Print CSV, in which no cell is a formula."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_cell(name) for name in answer.columns)
    for row in answer.rows:
        writer.writerow(_cell(value) for value in row)


def print_json(answer: "Answer") -> None:
    """Print JSON, one object a line."""
    names = distinct(answer.columns)
    for row in answer.rows:
        values = (plain(value) for value in row)
        print(json.dumps(dict(zip(names, values, strict=True)), allow_nan=False))


def write_parquet(answer: "Answer") -> None:
    """Write a Parquet file, with the types that the warehouse has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = pa.BufferOutputStream()
    values = zip(*answer.rows, strict=True) if answer.rows else ((),) * len(answer.columns)
    table = pa.table([_arrow(column) for column in values], names=distinct(answer.columns))
    pq.write_table(table, buffer)
    sys.stdout.flush()
    sys.stdout.buffer.write(buffer.getvalue())


def _arrow(values: tuple[Any, ...]) -> Any:
    """Make a column; what Arrow has no type for becomes text."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values])


def distinct(names: tuple[str, ...]) -> list[str]:
    """Number the names that come again, so that an object has room for all."""
    return [
        f"{name}_{n}" if (n := names[:place].count(name)) else name
        for place, name in enumerate(names)
    ]


def shown(value: Any) -> str:
    """Give a value as people read it."""
    if value is None:
        return "·"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    return str(value)


def plain(value: Any) -> Any:
    """Give a value as JSON has it: times as ISO 8601, what is no number as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    return str(value)


def _cell(value: Any) -> str:
    """Give a value as CSV has it; what a spreadsheet would run as a formula is quoted."""
    if isinstance(value, str):
        text = harmless(value, kept="\n\t")
        return f"'{text}" if text.startswith(FORMULA) else text
    made = plain(value)
    if made is None:
        return ""
    if isinstance(made, list | dict):
        return harmless(json.dumps(made, ensure_ascii=False))
    return str(made)


def harmless(text: str, *, kept: str = "") -> str:
    """Drop what a terminal would obey; space of any kind that is not kept becomes a blank."""
    return "".join(
        c if c.isprintable() or c in kept else " " for c in text if c.isprintable() or c.isspace()
    )
