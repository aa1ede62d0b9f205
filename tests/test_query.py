"""`dateline query` answers, lists, and says in one line what is wrong."""

import json
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.options import UsageError
from pipelines.query import harmless, read_parameters, resolve
from schemas.sql import queries
from transforms.warehouse import open_warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> str:
    path = str(tmp_path / "w.duckdb")
    open_warehouse(path).prepare()
    return path


def test_without_a_query_the_named_ones_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query"]) == 0
    shown = capsys.readouterr().out
    assert all(query.name in shown and query.question in shown for query in queries().values())


def test_sql_is_answered_as_a_table(warehouse: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", "SELECT 1 AS one, NULL AS nothing", "--warehouse", warehouse]) == 0
    shown = capsys.readouterr().out
    assert "one" in shown
    assert "1 rows" in shown


def test_json_gives_an_object_a_line(warehouse: str, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT range AS n, NULL AS nothing FROM range(2)"
    assert main(["query", sql, "--warehouse", warehouse, "--format", "json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"n": 0, "nothing": None},
        {"n": 1, "nothing": None},
    ]


def test_a_csv_cell_is_never_a_formula(warehouse: str, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT '=1+1' AS a, '@x' AS b, -5 AS c, 'plain' AS d"
    assert main(["query", sql, "--warehouse", warehouse, "--format", "csv"]) == 0
    assert capsys.readouterr().out == "a,b,c,d\n'=1+1,'@x,-5,plain\n"


def test_terminal_escapes_are_dropped() -> None:
    assert harmless("a\x1b[31mred\nb\u202e") == "a[31mred b"


def test_a_parameter_is_a_value_and_never_sql(
    warehouse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["query", "who_did_what", "--param", "who=x'; DROP TABLE feeds --"]
    assert main([*argv, "--warehouse", warehouse]) == 0
    assert main(["query", "SELECT COUNT(*) FROM feeds", "--warehouse", warehouse]) == 0


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["who_did_wat"], "did you mean who_did_what"),
        (["who_did_what", "--param", "whom=x"], "no parameter 'whom'"),
        (["who_did_what", "--param", "who"], "write NAME=VALUE"),
        (["DELETE FROM feeds"], "queries only read"),
        (["SELECT * FROM read_csv('/etc/hostname')"], "disabled by configuration"),
        (["SELECT nothing FROM feeds"], "nothing"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_2(
    argv: list[str], said: str, warehouse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["query", *argv, "--warehouse", warehouse]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error


def test_a_named_query_keeps_its_defaults() -> None:
    assert resolve("evidence_for_country", {})[1] == {"country": "XZE"}
    assert resolve("evidence_for_country", {"country": "SYR"})[1] == {"country": "SYR"}


def test_a_parameter_may_hold_an_equals_sign() -> None:
    assert read_parameters(["a=b=c"]) == {"a": "b=c"}
    with pytest.raises(UsageError):
        read_parameters(["a"])
