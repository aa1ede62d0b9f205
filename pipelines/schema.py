"""`dateline schema`: print, check, apply and migrate tables and views.

In: the shipped definitions, and a warehouse where one is named. Out: DDL, BigQuery tables, Arrow
schemas or the data dictionary, on stdout whole or with --out one file a table (print); what old
rows do not fit, with exit code 1 (check); tables and views in BigQuery (apply) or in an older
DuckDB file (migrate).
"""

import argparse
import json
from pathlib import Path

from pipelines.options import DEFAULT_WAREHOUSE, UsageError
from schemas.compatibility import compare, defined, released, releases
from schemas.sql import views
from schemas.tables import TABLES, arrow_schema, bigquery_table, dictionary, duckdb_ddl
from transforms.locks import WarehouseError

KINDS = ("duckdb", "bigquery", "arrow", "markdown", "release")
EPILOG = """\
what to do:
  print     tables and views, for an engine, for people, or to record a release
  check     compare with the last release; exit code 1 when its rows no longer fit
  apply     create tables, partitions and views in BigQuery; add what is new
  migrate   bring an older DuckDB file up, without losing a row
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `dateline schema`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("action", nargs="?", choices=tuple(ACTIONS), default="print")
    parser.add_argument("--for", dest="kind", choices=KINDS, default="duckdb")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write files instead of printing")
    parser.add_argument(
        "--warehouse", default=DEFAULT_WAREHOUSE, metavar="PATH", help="default: %(default)s"
    )


def run(args: argparse.Namespace) -> int:
    """Do what is asked with the schema."""
    try:
        return ACTIONS[args.action](args)
    except WarehouseError as error:
        raise UsageError(str(error)) from error


def print_schema(args: argparse.Namespace) -> int:
    """Print or write the schema."""
    if args.out is None:
        print(whole(args.kind))
        return 0
    files = render(args.kind)
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (args.out / name).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {args.out}: cannot be written ({error.strerror})") from error
    print(f"{len(files)} files written to {args.out}")
    return 0


def check(_args: argparse.Namespace) -> int:
    """Compare the definition with the last release."""
    last = releases()[-1]
    changes = compare(released(last), defined())
    for line in changes.additions:
        print(f"fits: {line}")
    for line in changes.breaks:
        print(f"breaks: {line}; give the row a new TABLE_VERSION")
    print(f"rows of {last} {'do not fit' if changes.breaks else 'fit'} this schema")
    return 1 if changes.breaks else 0


def migrate(args: argparse.Namespace) -> int:
    """Bring an older DuckDB file up."""
    from transforms.warehouse import open_warehouse

    steps = open_warehouse(args.warehouse).migrate()
    for step in steps:
        print(step)
    print(f"{args.warehouse} is up to date")
    return 0


def apply(args: argparse.Namespace) -> int:
    """Create tables and views where the warehouse lacks them."""
    from transforms.warehouse import open_warehouse

    for step in open_warehouse(args.warehouse).apply():
        print(step)
    print(f"{args.warehouse} is up to date")
    return 0


ACTIONS = {"print": print_schema, "check": check, "apply": apply, "migrate": migrate}


def whole(kind: str) -> str:
    """Give a kind of schema as one text, for a program to read."""
    if kind == "bigquery":
        return json.dumps({t: bigquery_table(row) for t, row in TABLES.items()}, indent=2)
    return "\n\n".join(render(kind).values())


def render(kind: str) -> dict[str, str]:
    """Give the files of a kind of schema: name → text."""
    if kind == "markdown":
        return {"tables.md": dictionary().rstrip()}
    if kind == "release":
        return {"release.json": json.dumps(defined(), indent=2)}
    if kind == "bigquery":
        return {
            f"{table}.json": json.dumps(bigquery_table(row), indent=2)
            for table, row in TABLES.items()
        }
    if kind == "arrow":
        return {f"{table}.txt": f"{table}\n{arrow_schema(row)}" for table, row in TABLES.items()}
    tables = {f"{table}.sql": f"{duckdb_ddl(table)};" for table in TABLES}
    made = {
        f"{v.name}.sql": f"CREATE OR REPLACE VIEW {v.name} AS\n{v.sql.rstrip()};" for v in views()
    }
    return tables | made
