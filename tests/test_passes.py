"""Rows are merged while a run goes on, and a query that is in the way only puts that off."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.passes import Merger
from pipelines.progress import Progress
from transforms.locks import WarehouseError, WarehouseLocked
from transforms.warehouse import DuckDbWarehouse, Merged, StagedFile, StagingFolder


class Busy(DuckDbWarehouse):
    """A warehouse that a query holds."""

    flush_every_s = 0.001

    def merge(self, files: Sequence[StagedFile]) -> dict[str, Merged]:
        raise WarehouseLocked(f"{self.path} is locked by process 7")


class Broken(DuckDbWarehouse):
    """A warehouse whose disk is full."""

    flush_every_s = 0.001

    def merge(self, files: Sequence[StagedFile]) -> dict[str, Merged]:
        raise WarehouseError(f"{self.path}: no space left")


def test_a_warehouse_that_a_query_holds_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    progress = Progress()
    monkeypatch.setattr(progress, "say", said.append)
    with Merger(Busy("w"), StagingFolder(tmp_path), progress) as merger:
        while len(said) < 3:
            assert merger._thread.is_alive()
    assert said[0] == "w is locked by process 7; rows are merged when it is free"


def test_a_warehouse_that_is_broken_fails_the_run(tmp_path: Path) -> None:
    with (
        pytest.raises(WarehouseError, match="no space left"),
        Merger(Broken("w"), StagingFolder(tmp_path), Progress()) as merger,
    ):
        merger._thread.join()
