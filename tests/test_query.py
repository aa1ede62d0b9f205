"""`dateline query` answers, lists, and says in one line what is wrong."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.__main__ import main
from pipelines.options import UsageError
from pipelines.query import harmless, read_parameters, resolve
from schemas.sql import queries
from transforms.warehouse import open_warehouse

ROOT = Path(__file__).parent.parent


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
    assert "1 row\n" in shown


def test_json_gives_an_object_a_line(warehouse: str, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT range AS n, NULL AS nothing FROM range(2)"
    assert main(["query", sql, "--warehouse", warehouse, "--format", "json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"n": 0, "nothing": None},
        {"n": 1, "nothing": None},
    ]


def test_parquet_keeps_the_types(warehouse: str, capsysbinary: Any) -> None:
    sql = (
        "SELECT 1 AS n, DATE '2026-03-09' AS day, ['a'] AS list, NULL AS nothing, 2 AS n, "
        "TIMESTAMPTZ '2026-03-09 18:00:07+00' AS at, "
        "1267650600228229401496703205376::HUGEINT AS u"
    )
    assert main(["query", sql, "--warehouse", warehouse, "--format", "parquet"]) == 0
    table = pq.read_table(pa.BufferReader(capsysbinary.readouterr().out))
    assert table.to_pylist() == [
        {
            "n": 1,
            "day": date(2026, 3, 9),
            "list": ["a"],
            "nothing": None,
            "n_1": 2,
            "at": datetime(2026, 3, 9, 18, 0, 7, tzinfo=UTC),
            "u": "1267650600228229401496703205376",  # wider than any number of Arrow's,
        }
    ]


def test_an_answer_without_rows_is_a_parquet_file(warehouse: str, capsysbinary: Any) -> None:
    argv = ["query", "SELECT url FROM feeds", "--warehouse", warehouse, "--format", "parquet"]
    assert main(argv) == 0
    table = pq.read_table(pa.BufferReader(capsysbinary.readouterr().out))
    assert (table.num_rows, table.column_names) == (0, ["url"])


def test_a_csv_cell_is_never_a_formula(warehouse: str, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT '=1+1' AS a, '@x' AS b, -5 AS c, 'plain' AS d"
    assert main(["query", sql, "--warehouse", warehouse, "--format", "csv"]) == 0
    assert capsys.readouterr().out == "a,b,c,d\n'=1+1,'@x,-5,plain\n"


def test_terminal_escapes_are_dropped() -> None:
    assert harmless("a\x1b[31mred\nb\u202e") == "a[31mred b"


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_no_form_lets_a_terminal_escape_through(
    form: str, warehouse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sql = "SELECT 'a' || CHR(27) || '[31mred' || CHR(7) AS \"n\x1b[1mame\""
    assert main(["query", sql, "--warehouse", warehouse, "--format", form]) == 0
    shown = capsys.readouterr().out
    assert "red" in shown
    assert not set(shown) & {"\x1b", "\x07"}


def test_no_list_in_a_csv_cell_lets_a_terminal_escape_through(
    warehouse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sql = "SELECT ['a' || CHR(155) || '1mb'] AS list"  # the C1 form, which JSON leaves as it is
    assert main(["query", sql, "--warehouse", warehouse, "--format", "csv"]) == 0
    assert capsys.readouterr().out == 'list\n"[""a1mb""]"\n'


def test_names_and_values_are_text_and_never_markup(
    warehouse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["query", "SELECT '[/red]' AS \"[/b]\"", "--warehouse", warehouse]) == 0
    shown = capsys.readouterr().out
    assert "[/red]" in shown
    assert "[/b]" in shown


def test_what_a_program_reads_is_whole(warehouse: str, capsys: pytest.CaptureFixture[str]) -> None:
    sql = (
        "SELECT TIMESTAMPTZ '2026-03-09 18:00:07+00' AS at, DATE '2026-03-09' AS day, "
        "'nan'::DOUBLE AS n, ['a', NULL] AS list, 1.5::DECIMAL(3, 1) AS price, 2 AS n"
    )
    assert main(["query", sql, "--warehouse", warehouse, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "at": "2026-03-09T18:00:07+00:00",
        "day": "2026-03-09",
        "n": None,
        "list": ["a", None],
        "price": 1.5,
        "n_1": 2,
    }
    assert main(["query", sql, "--warehouse", warehouse, "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "at,day,n,list,price,n",
        '2026-03-09T18:00:07+00:00,2026-03-09,,"[""a"", null]",1.5,2',
    ]


def test_a_reader_that_has_seen_enough_is_no_error(warehouse: str) -> None:
    sql = "SELECT range FROM range(100000)"
    command = f"{sys.executable} -m pipelines query '{sql}' --warehouse {warehouse} --format csv"
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} | head -1"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert (done.stdout, done.stderr) == ("range\n", "")


@pytest.mark.parametrize("flag", ["--limit=-1", "--limit=0", "--timeout=x"])
def test_a_limit_is_a_number_above_zero(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["query", "SELECT 1", flag])
    assert stopped.value.code == 2
    assert "no number above zero" in capsys.readouterr().err


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
        (["reported"], "did you mean who_reported_first"),
        ([""], "no query '' (`dateline query` lists them)"),
        (["SELECT 1; SELECT 2"], "give one statement"),
        (["SELECT $who"], "parameters: who"),
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


@pytest.mark.parametrize("command", ["query", "demo"])
def test_a_file_that_is_no_warehouse_is_one_line_and_exit_2(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.duckdb"
    text.write_text("not a database " * 1000)
    argv = ["query", "SELECT 1"] if command == "query" else ["demo"]
    assert main([*argv, "--warehouse", str(text)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "not a DuckDB file" in error


def test_asking_needs_neither_beam_nor_the_language_model(warehouse: str) -> None:
    code = (
        "import sys; from pipelines.__main__ import main; "
        f"main(['query', 'SELECT 1', '--warehouse', {warehouse!r}]); "
        "print(sorted({'apache_beam', 'spacy', 'google.cloud.bigquery'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_cost_of_a_query_is_asked_of_bigquery_only(
    warehouse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["query", "latest_events", "--cost", "--warehouse", warehouse]) == 2
    assert "--cost is for bigquery:PROJECT.DATASET" in capsys.readouterr().err
