"""Rows are merged while a run goes on, and a query that is in the way only puts that off."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.passes import Merger
from pipelines.progress import Progress
from transforms.locks import WarehouseError, WarehouseLocked
from transforms.warehouse import DuckDbWarehouse, Merged, StagedFile, StagingFolder


class Busy(DuckDbWarehouse):
    """A warehouse that a query holds, and whose disk is full then."""

    flush_every_s = 0.001

    def merge(self, files: Sequence[StagedFile]) -> dict[str, Merged]:
        tries.append(len(tries))
        if len(tries) < 5:
            raise WarehouseLocked(f"{self.path} is locked by process 7")
        raise WarehouseError(f"{self.path}: no space left")


tries: list[int] = []


def test_a_warehouse_that_cannot_be_written_is_tried_again_and_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries.clear()
    said: list[str] = []
    progress = Progress()
    monkeypatch.setattr(progress, "warn", said.append)
    with Merger(Busy("w"), StagingFolder(tmp_path), progress) as merger:
        while len(tries) < 9:
            assert merger._thread.is_alive()
    assert said == [
        "w is locked by process 7; rows are merged when it can be written again",
        "w: no space left; rows are merged when it can be written again",
    ]


def test_what_is_still_broken_at_the_end_of_a_pass_fails_it(tmp_path: Path) -> None:
    merger = Merger(Busy("w"), StagingFolder(tmp_path), Progress())
    with pytest.raises(WarehouseError, match="w"):
        merger.merge([])
