"""A launcher and its stream tell each other things by files, each once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.flow import Retry
from tests.test_known import entry
from transforms import control

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "LOOK_EVERY_S", 0.0)


def test_a_stream_goes_on_until_it_is_told_to_stop(tmp_path: Path) -> None:
    control.begin(tmp_path, "r1")
    assert not control.is_stopping(str(tmp_path), "r1")
    control.stop(tmp_path)
    assert control.is_stopping(str(tmp_path), "r1")


def test_a_stream_that_another_one_follows_begins_nothing_more(tmp_path: Path) -> None:
    control.begin(tmp_path, "r1")
    control.stop(tmp_path)
    control.begin(tmp_path, "r2")
    assert control.is_stopping(str(tmp_path), "r1")
    assert not control.is_stopping(str(tmp_path), "r2")


def test_the_last_stream_is_known_by_its_run(tmp_path: Path) -> None:
    assert control.owner(tmp_path) is None
    control.begin(tmp_path, "r1")
    assert control.owner(tmp_path) == "r1"


def test_workers_that_do_not_share_the_folder_fail(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        control.is_stopping(str(tmp_path / "elsewhere"), "r1")


def test_progress_is_known_once_it_is_noted(tmp_path: Path) -> None:
    assert control.progress(tmp_path) is None
    control.note_progress(tmp_path, NOW)
    assert control.progress(tmp_path) == NOW


def test_requests_are_taken_once(tmp_path: Path) -> None:
    control.ask_again(tmp_path, ["k1", "k2"], [entry()])
    taken = list(control.take_requests(None, str(tmp_path)))
    assert sorted(each.url_key for each in taken if isinstance(each, Retry)) == ["k1", "k2"]
    assert [each for each in taken if not isinstance(each, Retry)] == [entry()]
    assert list(control.take_requests(None, str(tmp_path))) == []


def test_nothing_to_ask_for_leaves_no_request(tmp_path: Path) -> None:
    control.ask_again(tmp_path, [], [])
    assert control.requests(tmp_path) == []
