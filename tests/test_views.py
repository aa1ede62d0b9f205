"""Every view gives the rows written by hand beside its input; so does every named query."""

import csv
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.sql import queries, views
from transforms.warehouse import StagingFolder, Warehouse, open_warehouse
from transforms.warehouse.staging import stage

ROOT = Path(__file__).parent.parent
CASES = Path(__file__).parent / "sql"
ACTOR = (
    "Code Name CountryCode KnownGroupCode EthnicCode Religion1Code Religion2Code "
    "Type1Code Type2Code Type3Code"
).split()
GEO = "Type FullName CountryCode ADM1Code ADM2Code Lat Long FeatureID".split()
GDELT = (
    *"GLOBALEVENTID SQLDATE MonthYear Year FractionDate".split(),
    *(f"Actor{n}{name}" for n in (1, 2) for name in ACTOR),
    *"IsRootEvent EventCode EventBaseCode EventRootCode QuadClass GoldsteinScale".split(),
    *"NumMentions NumSources NumArticles AvgTone".split(),
    *(f"{whose}Geo_{name}" for whose in ("Actor1", "Actor2", "Action") for name in GEO),
    *"DATEADDED SOURCEURL".split(),
)
POLECAT = (
    "Event ID,Event Date,Event Type,Event Mode,Intensity,Quad Code,Contexts,"
    "Actor Name,Actor Country,Actor COW,Primary Actor Sector,Actor Sectors,Actor Title,"
    "Actor Name Raw,Wikipedia Actor ID,Recipient Name,Recipient Country,Recipient COW,"
    "Primary Recipient Sector,Recipient Sectors,Recipient Title,Recipient Name Raw,"
    "Wikipedia Recipient ID,Placename,City,District,Province,Country,Latitude,Longitude,"
    "GeoNames ID,Raw Placename,Feature Type,Source,Publication Date,Story People,"
    "Story Organizations,Story Locations,Language,Version"
).split(",")


def fill(folder: Path, rows: dict[str, list[Any]]) -> Warehouse:
    warehouse = open_warehouse(str(folder / "w.duckdb"))
    warehouse.prepare()
    for table, of_table in rows.items():
        stage(folder / "stage", table, of_table)
    warehouse.merge(StagingFolder(folder / "stage").ready(complete=True))
    return warehouse


@pytest.mark.parametrize("view", [view.name for view in views() if view.name != "country_codes"])
def test_a_view_gives_the_rows_expected(view: str, tmp_path: Path, read_rows: Any) -> None:
    case = CASES / view
    expected = json.loads((case / "expected.json").read_text())
    warehouse = fill(tmp_path, read_rows(case))
    answer = warehouse.query(f"SELECT * FROM {view} ORDER BY {expected['order']}")
    found = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    assert len(found) == len(expected["rows"]), found
    for row, wanted in zip(found, expected["rows"], strict=True):
        assert {name: _shown(row[name]) for name in wanted} == wanted


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, date) else value


@pytest.mark.parametrize("name", queries())
def test_a_named_query_answers_the_question_it_opens_with(name: str, answers: Any) -> None:
    assert "?" in queries()[name].question
    found, expected = answers(name)
    assert found == expected


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, read_rows: Any) -> Any:
    """Give what a query finds in the rows of `sql/queries`, and what was written by hand."""
    case = CASES / "queries"
    warehouse = fill(tmp_path_factory.mktemp("queries"), read_rows(case))
    expected = json.loads((case / "expected.json").read_text())

    def answer(name: str) -> tuple[list[Any], list[Any]]:
        query, wanted = queries()[name], expected[name]
        given = warehouse.query(query.sql, {**query.parameters, **wanted.get("parameters", {})})
        places = [given.columns.index(column) for column in wanted["columns"]]
        return [[_shown(row[place]) for place in places] for row in given.rows], wanted["rows"]

    return answer


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return fill(tmp_path_factory.mktemp("empty"), {})


@pytest.mark.parametrize("name", queries())
def test_a_named_query_runs_with_its_own_parameters(name: str, empty: Warehouse) -> None:
    query = queries()[name]
    assert set(re.findall(r"\$(\w+)", query.sql)) == set(query.parameters)
    assert empty.query(query.sql, dict(query.parameters)).rows == []


def test_there_are_at_least_ten_named_queries() -> None:
    assert len(queries()) >= 10


def test_every_country_known_has_its_codes(empty: Warehouse) -> None:
    codes = empty.query("SELECT iso3, fips, cameo, name FROM country_codes").rows
    with (ROOT / "seeds" / "countries.csv").open(encoding="utf-8") as file:
        assert {(row[0], row[3]) for row in codes} == {
            (row["iso3"], row["name"]) for row in csv.DictReader(file)
        }
    assert len({fips for _, fips, _, _ in codes}) == len(codes)
    known = {iso3: (fips, cameo) for iso3, fips, cameo, _ in codes}
    assert known["CHN"] == ("CH", "CHN")  # FIPS has CH for China, ISO for Switzerland
    assert known["IRQ"] == ("IZ", "IRQ")
    assert known["ROU"] == ("RO", "ROM")


def test_gdelt_events_has_the_columns_of_gdelt_in_order(empty: Warehouse) -> None:
    columns = empty.query("SELECT * FROM gdelt_events").columns
    assert columns == GDELT


def test_a_query_written_for_gdelt_runs_unchanged(tmp_path: Path, read_rows: Any) -> None:
    tutorial = """
        SELECT Year, ActionGeo_CountryCode, EventRootCode, COUNT(*) AS events,
               SUM(NumMentions) AS mentions, ROUND(AVG(GoldsteinScale), 2) AS goldstein
        FROM gdelt_events
        WHERE SQLDATE BETWEEN 20150101 AND 20161231
          AND QuadClass IN (3, 4)
          AND EventRootCode IN ('14', '15', '16', '17', '18', '19')
          AND (Actor1CountryCode = 'CHN' OR Actor2CountryCode = 'CHN' OR Actor1Name LIKE '%CHINA%')
          AND ActionGeo_Lat IS NOT NULL AND DATEADDED > 20260101000000 AND AvgTone IS NULL
        GROUP BY Year, ActionGeo_CountryCode, EventRootCode
        ORDER BY events DESC
    """
    warehouse = fill(tmp_path, read_rows(CASES / "gdelt_events"))
    assert warehouse.query(tutorial).rows == [(2015, "CH", "17", 1, 2, -7.0)]


def test_polecat_events_has_the_columns_of_polecat_in_order(empty: Warehouse) -> None:
    columns = empty.query("SELECT * FROM polecat_events").columns
    assert columns == tuple(POLECAT)
