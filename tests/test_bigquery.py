"""A batch is loaded by one job, whatever happens between; a wrong address is one line."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from schemas.rows import Entry
from transforms.locks import WarehouseError, beside
from transforms.warehouse import StagingFolder, open_warehouse
from transforms.warehouse.bigquery import BigQueryWarehouse, join
from transforms.warehouse.staging import stage


@pytest.fixture
def staged(tmp_path: Path, make_row: Any) -> StagingFolder:
    folder = StagingFolder(tmp_path / "stage")
    for key in "abc":
        stage(folder.path, "entries", [make_row(Entry, entry_id=key, authors=("Ann",))])
    return folder


def paths(folder: StagingFolder) -> list[Path]:
    return [Path(file.path) for file in folder.ready(complete=True)]


def test_staged_files_are_joined_to_one_batch(staged: StagingFolder) -> None:
    (batch,) = join("entries", paths(staged))
    assert paths(staged) == [batch]
    assert sorted(pq.read_table(batch)["entry_id"].to_pylist()) == ["a", "b", "c"]


def test_a_batch_left_by_a_killed_run_stays_the_same_and_its_parts_are_not_loaded_again(
    staged: StagingFolder, make_row: Any
) -> None:
    parts = {path: path.read_bytes() for path in paths(staged)}
    (batch,) = join("entries", paths(staged))
    before = batch.read_bytes()
    for path, body in list(parts.items())[:2]:  # as if it was killed before it deleted them
        path.write_bytes(body)
    stage(staged.path, "entries", [make_row(Entry, entry_id="later")])
    first, second = join("entries", paths(staged))
    assert (first, first.read_bytes()) == (batch, before)
    assert pq.read_table(second)["entry_id"].to_pylist() == ["later"]


def test_rows_staged_by_an_earlier_version_get_the_columns_they_lack(
    staged: StagingFolder,
) -> None:
    for path in paths(staged):
        pq.write_table(pq.read_table(path).drop_columns(["guid", "authors"]), path)
    (batch,) = join("entries", paths(staged))
    assert pq.read_table(batch)["guid"].to_pylist() == [None] * 3


@pytest.mark.parametrize("address", ["bigquery:my-project.news", "bigquery://my-project.news"])
def test_an_address_names_project_and_dataset(address: str) -> None:
    made = open_warehouse(address)
    assert isinstance(made, BigQueryWarehouse)
    assert (made.project, made.dataset, made.rest) == ("my-project", "news", None)
    assert beside(address) == "my-project.news"


@pytest.mark.parametrize(
    "address", ["bigquery:", "bigquery:news", "bigquery:p.d.t", "bigquery:../x"]
)
def test_an_address_that_names_none_is_refused(address: str) -> None:
    with pytest.raises(WarehouseError, match=r"give bigquery:PROJECT\.DATASET"):
        open_warehouse(address)


def test_a_machine_without_credentials_is_told_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(WarehouseError, match="no Google credentials; run: gcloud auth"):
        open_warehouse("bigquery:my-project.news").prepare()
