"""Our SQL for BigQuery.

In: SQL as it ships, in DuckDB's dialect and within the subset that `check` states. Out: the same
for BigQuery, its tables named with their dataset. sqlglot translates; what it gets wrong without a
word is either put right here or refused by `check`, which a test runs over all SQL that ships.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

TRUNCATED_TO = {"DAY": "DAY", "WEEK": "ISOWEEK", "MONTH": "MONTH", "YEAR": "YEAR"}


def to_bigquery(sql: str, *, dataset: str | None = None) -> str:
    """Translate a statement; `dataset` (project.dataset) stands before the names of tables."""
    import sqlglot

    tree = sqlglot.parse_one(sql, read="duckdb").transform(_put_right)
    if dataset:
        _qualify(tree, dataset)
    level = sqlglot.ErrorLevel.RAISE
    return tree.sql("bigquery", pretty=True, comments=False, unsupported_level=level)


def check(sql: str) -> list[str]:
    """Name what in a statement means another thing, or nothing, on the other engine."""
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(sql, read="duckdb")
    found = [wrong for node in tree.walk() if (wrong := _wrong(node))]
    names = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = {table.name for table in tree.find_all(exp.Table)}
    return sorted({*found, *(f"unused CTE {name}" for name in names - tables)})


def _wrong(node: "exp.Expr") -> str | None:
    from sqlglot import exp

    banned: dict[type[exp.Expr], str] = {
        exp.Unnest: "UNNEST: forty times slower in FROM; offsets count from 0 there and 1 here",
        exp.ILike: "ILIKE: BigQuery has none",
        exp.Filter: "FILTER: BigQuery has none",
        exp.ArrayAgg: "ARRAY_AGG: its order and limit are lost",
        exp.ApproxDistinct: "APPROX_COUNT_DISTINCT: differs by engine",
        exp.IntDiv: "//: rounds otherwise below zero",
        exp.Pivot: "PIVOT: another grammar",
        exp.JSONExtract: "JSON: another type",
        exp.JSONExtractScalar: "JSON: another type",
    }
    if type(node) in banned and not _names_in_order(node.find_ancestor(exp.Anonymous)):
        return banned[type(node)]
    return next((wrong for ask in _CHECKS if (wrong := ask(node))), None)


def _wrong_unit(node: "exp.Expr") -> str | None:
    from sqlglot import exp

    if isinstance(node, exp.DateDiff) and _unit(node) != "DAY":
        return "DATE_DIFF in parts of a day: bounds passed here, whole units there; use EPOCH"
    return None


def _wrong_part(node: "exp.Expr") -> str | None:
    from sqlglot import exp

    parts = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
    if isinstance(node, exp.Extract) and node.name.upper() not in parts:
        return f"EXTRACT({node.name}): days of the week begin with 1 there and 0 here"
    if isinstance(node, exp.DayOfWeek | exp.DayOfWeekIso | exp.WeekOfYear):
        return "days and weeks of the year are counted otherwise"
    return None


def _wrong_truncation(node: "exp.Expr") -> str | None:
    from sqlglot import exp

    if not isinstance(node, exp.TimestampTrunc | exp.DateTrunc):
        return None
    is_date = isinstance(node.parent, exp.Cast) and node.parent.to.this == exp.DataType.Type.DATE
    return None if is_date and _unit(node) in TRUNCATED_TO else "DATE_TRUNC: write CAST(… AS DATE)"


def _wrong_interval(node: "exp.Expr") -> str | None:
    from sqlglot import exp

    comparisons = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ)
    if isinstance(node, exp.Interval) and isinstance(node.parent, comparisons):
        return "INTERVAL compared: there months and days are kept apart"
    return None


def _wrong_group(node: "exp.Expr") -> str | None:
    from sqlglot import exp

    if not isinstance(node, exp.Group) or not isinstance(node.parent, exp.Select):
        return None
    renamed = {alias.this for alias in node.parent.expressions if isinstance(alias, exp.Alias)}
    if any(isinstance(key, exp.Column) and key in renamed for key in node.expressions):
        return "GROUP BY a renamed column: its new name is put there, a source's too; use positions"
    return None


_CHECKS: tuple[Callable[["exp.Expr"], str | None], ...] = (
    _wrong_unit,
    _wrong_part,
    _wrong_truncation,
    _wrong_interval,
    _wrong_group,
)


def _put_right(node: "exp.Expr") -> "exp.Expr":
    """Replace what sqlglot would translate to another thing."""
    from sqlglot import exp

    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc):  # weeks begin on Monday, dates stay
        unit = exp.var(TRUNCATED_TO[_unit(node)])
        return exp.Anonymous(this="DATE_TRUNC", expressions=[node.this, unit])
    if isinstance(node, exp.TimeToUnix):
        return exp.Anonymous(this="UNIX_SECONDS", expressions=[node.this])
    if isinstance(node, exp.Unnest) and node.alias and not node.alias_column_names:
        # the name of a table of one column here is the name of the column there
        node.set("alias", exp.TableAlias(columns=[exp.to_identifier(node.alias)]))
    return _names_in_order(node) or node


def _names_in_order(node: "exp.Expr | None") -> "exp.Expr | None":
    """Translate LIST_AGGREGATE(LIST_SORT(LIST_DISTINCT(LIST(name))), 'string_agg', …).

    That is STRING_AGG(DISTINCT … ORDER BY …), which takes DuckDB three times as long.
    """
    from sqlglot import exp

    if not isinstance(node, exp.Anonymous) or node.name.upper() != "LIST_AGGREGATE":
        return None
    listed, kind, between = node.expressions
    names = listed.find(exp.ArrayAgg)
    if names is None or kind.name != "string_agg" or not isinstance(listed, exp.ArraySort):
        return None
    distinct = exp.Distinct(expressions=[names.this.copy()])
    ordered = exp.Ordered(this=names.this.copy(), nulls_first=True)
    return exp.GroupConcat(
        this=exp.Order(this=distinct, expressions=[ordered]), separator=between.copy()
    )


def _qualify(tree: "exp.Expr", dataset: str) -> None:
    """Put the dataset before each table that is none of the statement's own."""
    from sqlglot import exp

    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        if table.name in own or not table.name or table.args.get("db"):
            continue
        named = exp.to_table(f"{dataset}.{table.name}", dialect="bigquery")
        table.replace(exp.alias_(named, table.alias, table=True) if table.alias else named)


def _unit(node: "exp.Expr") -> str:
    unit = node.args.get("unit")
    return unit.name.upper() if unit else "DAY"
