"""Bring the tables of an older DuckDB file up to the definition, without losing a row.

In: a table as the file has it. Out: the table as `schemas/rows.py` defines it. A column that is
new is added, where it may be NULL; one that may be NULL now is relaxed. What old rows do not fit
as they are (retyped, tightened, removed) is a new table version: the table is kept under its old
version's name, and its rows are copied into the new one. Rows that lack a required column stop
the migration before anything is changed.
"""

from typing import TYPE_CHECKING

from schemas.tables import (
    TABLES,
    Column,
    columns,
    duckdb_ddl,
    duckdb_type,
    table_version_of,
)
from transforms.locks import WarehouseError

if TYPE_CHECKING:
    import duckdb

Described = dict[str, tuple[str, bool]]  # column → DuckDB type, is required


def check_columns(connection: "duckdb.DuckDBPyConnection", table: str, path: str) -> None:
    """Refuse a table that another version made."""
    differing = _differing(_describe(connection, table), table)
    if differing:
        raise WarehouseError(
            f"{path} was made by another version ({table}.{differing[0]} differs); "
            f"run: dateline schema migrate --warehouse {path}"
        )


def migrate_table(connection: "duckdb.DuckDBPyConnection", table: str) -> list[str]:
    """Bring a table up, and say what was done."""
    connection.execute(duckdb_ddl(table))
    present = _describe(connection, table)
    differing = set(_differing(present, table))
    steps = [c for c in columns(TABLES[table]) if c.name in differing]
    if len(steps) < len(differing) or not all(_fits(column, present) for column in steps):
        return [_rebuild(connection, table, present)]
    return [_alter(connection, table, column, present) for column in steps]


def _describe(connection: "duckdb.DuckDBPyConnection", table: str) -> Described:
    described = connection.execute(f"DESCRIBE {table}").fetchall()
    kinds = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}
    return {name: (kinds.get(kind, kind), null == "NO") for name, kind, null, *_ in described}


def _differing(present: Described, table: str) -> list[str]:
    """Name the columns that are not as defined: those defined first, then those removed."""
    wanted = {c.name: (duckdb_type(c), c.is_required) for c in columns(TABLES[table])}
    return [name for name in {**wanted, **present} if wanted.get(name) != present.get(name)]


def _fits(column: Column, present: Described) -> bool:
    """Tell whether rows as they are fit a column that differs."""
    if column.is_required:
        return False
    return column.name not in present or present[column.name][0] == duckdb_type(column)


def _alter(
    connection: "duckdb.DuckDBPyConnection", table: str, column: Column, present: Described
) -> str:
    if column.name in present:
        connection.execute(f"ALTER TABLE {table} ALTER COLUMN {column.name} DROP NOT NULL")
        return f"{table}.{column.name}: may be NULL now"
    connection.execute(f"ALTER TABLE {table} ADD COLUMN {column.name} {duckdb_type(column)}")
    return f"{table}.{column.name}: added"


def _rebuild(connection: "duckdb.DuckDBPyConnection", table: str, present: Described) -> str:
    """Copy rows into a table as defined, and keep the old one beside it."""
    import duckdb

    kept = f"{table}_v{table_version_of(TABLES[table]) - 1}"
    shared = ", ".join(c.name for c in columns(TABLES[table]) if c.name in present)
    try:
        connection.execute(f"ALTER TABLE {table} RENAME TO {kept}")
        connection.execute(duckdb_ddl(table))
        connection.execute(f"INSERT INTO {table} ({shared}) SELECT {shared} FROM {kept}")
    except (duckdb.ConstraintException, duckdb.ConversionException) as error:
        raise WarehouseError(
            f"{table}: its rows do not fit this version ({str(error).splitlines()[0]}); "
            "name a new warehouse, and replay the archive into it"
        ) from error
    return f"{table}: rows copied, the old table kept as {kept}"
