"""`dateline schema`: print tables and views, for DuckDB, BigQuery, Arrow or people.

In: nothing but the shipped definitions. Out: DDL, BigQuery field lists, Arrow schemas or the data
dictionary: on stdout whole (the field lists as one JSON object), or with --out one file a table.
"""

import argparse
import json
from pathlib import Path

from pipelines.options import UsageError
from schemas.sql import views
from schemas.tables import TABLES, arrow_schema, bigquery_schema, dictionary, duckdb_ddl

KINDS = ("duckdb", "bigquery", "arrow", "markdown")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `dateline schema`."""
    parser.add_argument("--for", dest="kind", choices=KINDS, default="duckdb")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write files instead of printing")


def run(args: argparse.Namespace) -> int:
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


def whole(kind: str) -> str:
    """Give a kind of schema as one text, for a program to read."""
    if kind == "bigquery":
        return json.dumps({t: bigquery_schema(row) for t, row in TABLES.items()}, indent=2)
    return "\n\n".join(render(kind).values())


def render(kind: str) -> dict[str, str]:
    """Give the files of a kind of schema: name → text."""
    if kind == "markdown":
        return {"tables.md": dictionary().rstrip()}
    if kind == "bigquery":
        return {
            f"{table}.json": json.dumps(bigquery_schema(row), indent=2)
            for table, row in TABLES.items()
        }
    if kind == "arrow":
        return {f"{table}.txt": f"{table}\n{arrow_schema(row)}" for table, row in TABLES.items()}
    tables = {f"{table}.sql": f"{duckdb_ddl(table)};" for table in TABLES}
    made = {
        f"{v.name}.sql": f"CREATE OR REPLACE VIEW {v.name} AS\n{v.sql.rstrip()};" for v in views()
    }
    return tables | made
