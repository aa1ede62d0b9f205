"""The SQL that ships keeps to what both engines understand alike; what they do not is put right."""

import re

import pytest

from schemas.dialects import check, to_bigquery
from schemas.sql import Statement, queries, report_queries, views
from schemas.tables import TABLES

SHIPPED = [*views(), *queries().values(), *report_queries().values()]
NAMED = {*TABLES, *(view.name for view in views())}


def name_of(statement: Statement) -> str:
    return statement.name


@pytest.mark.parametrize("statement", SHIPPED, ids=name_of)
def test_sql_that_ships_means_the_same_on_both_engines(statement: Statement) -> None:
    assert check(statement.sql) == []


@pytest.mark.parametrize("statement", SHIPPED, ids=name_of)
def test_sql_that_ships_is_translated_with_every_table_named(statement: Statement) -> None:
    made = to_bigquery(statement.sql, dataset="p.d")
    assert set(re.findall(r"\b(?:FROM|JOIN) ([a-z_]\w*)\b", made)) & NAMED == set()
    assert set(re.findall(r"@(\w+)", made)) == set(statement.parameters)
    assert "$" not in made


@pytest.mark.parametrize(
    ("sql", "wrong"),
    [
        ("SELECT x FROM t, UNNEST(t.a) AS u(x)", "UNNEST"),
        ("SELECT x.a AS b, COUNT(*) AS n FROM t AS x GROUP BY x.a", "GROUP BY"),
        ("SELECT a FROM t WHERE a ILIKE 'x'", "ILIKE"),
        ("SELECT COUNT(*) FILTER (WHERE a > 1) FROM t", "FILTER"),
        ("SELECT ARRAY_AGG(a ORDER BY b) FROM t", "ARRAY_AGG"),
        ("SELECT a // b FROM t", "//"),
        ("SELECT EXTRACT(DOW FROM a) FROM t", "EXTRACT"),
        ("SELECT DAYOFWEEK(a) FROM t", "days and weeks"),
        ("SELECT DATE_DIFF('hour', a, b) FROM t", "DATE_DIFF"),
        ("SELECT DATE_TRUNC('week', a) FROM t", "DATE_TRUNC"),
        ("SELECT CAST(DATE_TRUNC('quarter', a) AS DATE) FROM t", "DATE_TRUNC"),
        ("SELECT 1 FROM t WHERE a - b > INTERVAL 1 DAY", "INTERVAL"),
        ("WITH u AS (SELECT 1) SELECT a FROM t", "unused CTE u"),
    ],
)
def test_what_translates_to_another_thing_is_refused(sql: str, wrong: str) -> None:
    [found] = check(sql)
    assert found.startswith(wrong)


def test_a_week_begins_on_monday() -> None:
    made = to_bigquery("SELECT CAST(DATE_TRUNC('week', day) AS DATE) AS week FROM t")
    assert "DATE_TRUNC(day, ISOWEEK)" in made


def test_seconds_since_the_epoch_keep_their_meaning() -> None:
    assert "UNIX_SECONDS(a)" in to_bigquery("SELECT EPOCH(a) FROM t")


def test_only_tables_of_the_dataset_are_named_with_it() -> None:
    made = to_bigquery(
        "WITH x AS (SELECT a FROM t AS y) SELECT a FROM x JOIN u USING (a)", dataset="p.d"
    )
    assert re.sub(r"\s+", " ", made) == (
        "WITH x AS ( SELECT a FROM p.d.t AS y ) SELECT a FROM x JOIN p.d.u USING (a)"
    )


def test_what_cannot_be_translated_is_an_error() -> None:
    from sqlglot.errors import UnsupportedError

    with pytest.raises(UnsupportedError):
        to_bigquery("SELECT STRING_AGG(a, ',' ORDER BY b) FROM t")


def test_what_a_list_is_taken_apart_into_keeps_its_name() -> None:
    made = to_bigquery("SELECT line FROM a CROSS JOIN UNNEST(a.lines) AS line")
    assert "UNNEST(a.lines) AS line" in made


def test_a_list_of_names_in_order_is_a_string_there() -> None:
    sql = "SELECT LIST_AGGREGATE(LIST_SORT(LIST_DISTINCT(LIST(a))), 'string_agg', ';') AS b FROM t"
    assert check(sql) == []
    made = " ".join(to_bigquery(sql).split())
    assert made == "SELECT STRING_AGG(DISTINCT a, ';' ORDER BY a) AS b FROM t"
