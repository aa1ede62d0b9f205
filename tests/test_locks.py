"""Runs keep each other off one warehouse, and say who is in the way."""

from pathlib import Path

import pytest

from transforms.locks import WarehouseError, WarehouseLocked, exclusive, when_free


def test_two_runs_on_one_warehouse_exclude_each_other(tmp_path: Path) -> None:
    address = str(tmp_path / "news.duckdb")
    said: list[str] = []
    with (
        exclusive(address),
        pytest.raises(WarehouseError, match="another run"),
        exclusive(address, wait_s=0.3, on_wait=said.append),
    ):
        raise AssertionError("both had it")
    assert len(said) == 1
    with exclusive(address):
        assert len(said) == 1


def test_a_link_to_a_warehouse_has_its_lock(tmp_path: Path) -> None:
    (tmp_path / "link.duckdb").symlink_to(tmp_path / "news.duckdb")
    with (
        exclusive(str(tmp_path / "news.duckdb")),
        pytest.raises(WarehouseLocked),
        exclusive(str(tmp_path / "link.duckdb"), wait_s=0.0),
    ):
        raise AssertionError("both had it")


def test_a_lock_in_a_place_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(WarehouseError, match="cannot be written"),
        exclusive(str(tmp_path / "none" / "news.duckdb")),
    ):
        raise AssertionError("nothing can be held there")


def test_what_is_taken_is_tried_again_until_it_is_free() -> None:
    answers = iter([False, True])
    said: list[str] = []

    def attempt() -> str:
        if next(answers):
            return "mine"
        raise WarehouseLocked("it is locked by process 7")

    assert when_free(attempt, wait_s=10, on_wait=said.append) == "mine"
    assert said == ["waiting: it is locked by process 7"]


def test_another_error_is_not_waited_for() -> None:
    def attempt() -> None:
        raise WarehouseError("no such thing")

    with pytest.raises(WarehouseError, match="no such thing"):
        when_free(attempt, wait_s=10, on_wait=pytest.fail)
