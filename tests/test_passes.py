"""Rows are merged while a run goes on, and a query that is in the way only puts that off."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipelines.options import IngestSettings
from pipelines.passes import Merger, take_over
from pipelines.progress import Progress
from schemas.rows import Feed
from transforms.locks import WarehouseError, WarehouseLocked
from transforms.warehouse import DuckDbWarehouse, Merged, StagedFile, StagingFolder
from transforms.warehouse.staging import stage


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


@pytest.mark.parametrize("is_complete", [True, False])
def test_what_vouches_for_a_pass_is_taken_over_where_it_was_complete(
    is_complete: bool, tmp_path: Path, make_row: Callable[..., Any]
) -> None:
    warehouse, staging = DuckDbWarehouse(str(tmp_path / "w.duckdb")), StagingFolder(tmp_path)
    warehouse.prepare()
    stage(tmp_path, "feeds", [make_row(Feed, feed_id="f")])
    if is_complete:
        staging.mark_complete()
    for _ in range(2):
        take_over(warehouse, staging, IngestSettings(warehouse=warehouse.path, feeds="feeds.opml"))
        assert len(warehouse.feeds()) == is_complete
    assert not staging.is_complete()
    assert staging.ready(complete=True) == []


def test_what_is_still_broken_at_the_end_of_a_pass_fails_it(tmp_path: Path) -> None:
    merger = Merger(Busy("w"), StagingFolder(tmp_path), Progress())
    with pytest.raises(WarehouseError, match="w"):
        merger.merge([])
