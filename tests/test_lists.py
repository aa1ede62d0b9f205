"""A list that a user brings along is checked, and what is wrong is said with its line."""

from pathlib import Path

import pytest

from transforms.lists import ACTORS, PLACES, check_list

HEADER = ",".join(PLACES)


def written(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "list.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_a_list_in_order_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, "Orzhan,city,XZE,,-40.5,-12.25,,,Orshan")
    assert len(check_list(path, PLACES)) == 2


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["town;somewhere"], "no column 'name'"),
        ([HEADER, "Orzhan,city,XZE,,north,-12.25,,,"], "line 2: latitude is no number: 'north'"),
        ([HEADER, "Orzhan,city"], "line 2: no country"),
    ],
)
def test_a_list_that_is_wrong_is_refused_in_one_line(
    lines: list[str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=said):
        check_list(written(tmp_path, *lines), PLACES)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        check_list(str(tmp_path / "none.csv"), ACTORS)
