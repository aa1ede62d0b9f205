"""`dateline schema`: print tables and views, for DuckDB, BigQuery or people.

In: nothing but the shipped definitions. Out: DDL, BigQuery field lists or the data dictionary, on
stdout or, with --out, as one file a table.
"""

import argparse
import json
from pathlib import Path

from schemas.sql import views
from schemas.tables import TABLES, bigquery_schema, dictionary, duckdb_ddl

KINDS = ("duckdb", "bigquery", "markdown")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `dateline schema`."""
    parser.add_argument("--for", dest="kind", choices=KINDS, default="duckdb")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write files instead of printing")


def run(args: argparse.Namespace) -> int:
    """Print or write the schema."""
    files = render(args.kind)
    if args.out is None:
        print("\n\n".join(files.values()))
        return 0
    args.out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (args.out / name).write_text(text + "\n", encoding="utf-8")
    print(f"{len(files)} files written to {args.out}")
    return 0


def render(kind: str) -> dict[str, str]:
    """Give the files of a kind of schema: name → text."""
    if kind == "markdown":
        return {"tables.md": dictionary().rstrip()}
    if kind == "bigquery":
        return {
            f"{table}.json": json.dumps(bigquery_schema(row), indent=2)
            for table, row in TABLES.items()
        }
    tables = {f"{table}.sql": f"{duckdb_ddl(table)};" for table in TABLES}
    made = {
        f"{v.name}.sql": f"CREATE OR REPLACE VIEW {v.name} AS\n{v.sql.rstrip()};" for v in views()
    }
    return tables | made
