"""Every view gives the rows written by hand beside its input; so does every named query.

They do so on DuckDB and on Parquet files, and, where DATELINE_BIGQUERY names one, on BigQuery.
"""

import csv
import io
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.sql import queries, views
from schemas.tables import TABLES, arrow_schema, bigquery_name, to_record
from transforms.warehouse import StagingFolder, Warehouse, open_warehouse
from transforms.warehouse.staging import stage

ROOT = Path(__file__).parent.parent
CASES = Path(__file__).parent / "sql"
ENGINES = ["bigquery"] if os.environ.get("DATELINE_BIGQUERY") else ["duckdb", "parquet"]
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


@dataclass
class Cases:
    """Warehouses that hold the rows of a case of `sql/`: of one engine, one case at a time."""

    fill: Callable[[dict[str, list[Any]]], Warehouse]
    read_rows: Callable[[Path], dict[str, list[Any]]]
    filled: tuple[str, Warehouse] | None = None

    def hold(self, case: str) -> Warehouse:
        """Give a warehouse with the rows of a case, "" for none."""
        if self.filled is None or self.filled[0] != case:
            rows = self.read_rows(CASES / case) if case else {}
            self.filled = case, self.fill(rows)
        return self.filled[1]


@pytest.fixture(scope="module", params=ENGINES)
def cases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, read_rows: Any
) -> Cases:
    if request.param == "bigquery":
        made = open_warehouse(request.getfixturevalue("new_dataset")("sql"))
        made.apply()
        return Cases(Dataset(made).fill, read_rows)

    def fill(rows: dict[str, list[Any]]) -> Warehouse:
        folder = tmp_path_factory.mktemp("case")
        is_parquet = request.param == "parquet"
        warehouse = open_warehouse(f"parquet:{folder}/w" if is_parquet else f"{folder}/w.duckdb")
        warehouse.prepare()
        for table, of_table in rows.items():
            stage(folder / "stage", table, of_table)
        warehouse.merge(StagingFolder(folder / "stage").ready(complete=True))
        return warehouse

    return Cases(fill, read_rows)


@dataclass
class Dataset:
    """A dataset whose tables hold the rows of one case after another: making one takes long."""

    warehouse: Any
    filled: set[str] = field(default_factory=lambda: set(TABLES))

    def fill(self, rows: dict[str, list[Any]]) -> Warehouse:
        """Load tables anew; those that the last case filled too."""
        from google.cloud import bigquery

        anew = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        )
        anew.parquet_options = bigquery.ParquetOptions()
        anew.parquet_options.enable_list_inference = True
        for table in {*rows, *self.filled}:
            records = [to_record(row) for row in rows.get(table, ())]
            made = io.BytesIO()
            pq.write_table(pa.Table.from_pylist(records, arrow_schema(TABLES[table])), made)
            name = f"{self.warehouse.name}.{bigquery_name(table)}"
            anew.schema = self.warehouse._client.get_table(name).schema
            self.warehouse._client.load_table_from_file(
                made, name, rewind=True, job_config=anew
            ).result()
        self.filled = set(rows)
        warehouse: Warehouse = self.warehouse
        return warehouse


@pytest.mark.parametrize("view", [view.name for view in views() if view.name != "country_codes"])
def test_a_view_gives_the_rows_expected(view: str, cases: Cases) -> None:
    expected = json.loads((CASES / view / "expected.json").read_text())
    answer = cases.hold(view).query(f"SELECT * FROM {view} ORDER BY {expected['order']}")
    found = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    assert len(found) == len(expected["rows"]), found
    for row, wanted in zip(found, expected["rows"], strict=True):
        assert {name: _shown(row[name]) for name in wanted} == wanted


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, date) else value


@pytest.mark.parametrize("name", queries())
def test_a_named_query_answers_the_question_it_opens_with(name: str, cases: Cases) -> None:
    query = queries()[name]
    wanted = json.loads((CASES / "queries" / "expected.json").read_text())[name]
    assert "?" in query.question
    given = cases.hold("queries").query(
        query.sql, {**query.parameters, **wanted.get("parameters", {})}
    )
    places = [given.columns.index(column) for column in wanted["columns"]]
    found = [[_shown(row[place]) for place in places] for row in given.rows]
    assert found == wanted["rows"]


@pytest.mark.parametrize("name", queries())
def test_a_named_query_runs_with_its_own_parameters(name: str, cases: Cases) -> None:
    query = queries()[name]
    assert set(re.findall(r"\$(\w+)", query.sql)) == set(query.parameters)
    assert cases.hold("").query(query.sql, dict(query.parameters)).rows == []


def test_there_are_at_least_ten_named_queries() -> None:
    assert len(queries()) >= 10


def test_every_country_known_has_its_codes(cases: Cases) -> None:
    codes = cases.hold("").query("SELECT iso3, fips, cameo, name FROM country_codes").rows
    with (ROOT / "seeds" / "countries.csv").open(encoding="utf-8") as file:
        assert {(row[0], row[3]) for row in codes} == {
            (row["iso3"], row["name"]) for row in csv.DictReader(file)
        }
    assert len({fips for _, fips, _, _ in codes}) == len(codes)
    known = {iso3: (fips, cameo) for iso3, fips, cameo, _ in codes}
    assert known["CHN"] == ("CH", "CHN")  # FIPS has CH for China, ISO for Switzerland
    assert known["IRQ"] == ("IZ", "IRQ")
    assert known["ROU"] == ("RO", "ROM")


def test_gdelt_events_has_the_columns_of_gdelt_in_order(cases: Cases) -> None:
    columns = cases.hold("").query("SELECT * FROM gdelt_events").columns
    assert columns == GDELT


def test_a_query_written_for_gdelt_runs_unchanged(cases: Cases) -> None:
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
    assert cases.hold("gdelt_events").query(tutorial).rows == [(2015, "CH", "17", 1, 2, -7.0)]


def test_polecat_events_has_the_columns_of_polecat_in_order(cases: Cases) -> None:
    columns = cases.hold("").query("SELECT * FROM polecat_events").columns
    assert columns == tuple(POLECAT)
