"""What the documents say is so: commands are run, flags exist, lists are complete."""

import re
import shlex
from pathlib import Path

import pytest

from pipelines.__main__ import COMMANDS, Parser
from pipelines.options import add_arguments
from schemas.sql import queries, views
from schemas.tables import TABLES
from schemas.vocabulary import Reason

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SHOWN = [line[2:] for block in BLOCKS for line in block.splitlines() if line.startswith("$ ")]
INGESTS = [
    line.split("#")[0].strip()
    for block in BLOCKS
    for line in block.splitlines()
    if line.startswith("dateline ingest")
]
FORBIDDEN = re.compile(r"/work\b|\.\./shared|\.library|pypi\.org|pythonhosted|farm-")


def test_the_first_command_stands_in_the_first_screen() -> None:
    assert "make run" in "\n".join(README.splitlines()[:12])


def test_every_table_and_the_main_views_are_named() -> None:
    assert all(f"`{table}`" in README for table in TABLES)
    assert all(f"`{view.name}`" in README for view in views() if view.name != "entity_aliases")


@pytest.mark.parametrize("command", INGESTS)
def test_every_ingest_command_parses(command: str) -> None:
    parser = Parser(prog="dateline ingest", allow_abbrev=False)
    add_arguments(parser)
    parser.parse_args(shlex.split(command)[2:])


@pytest.mark.parametrize("command", [c for c in SHOWN if "dateline" in c])
def test_every_command_shown_is_one_that_there_is(command: str) -> None:
    words = shlex.split(command.split("#")[0])
    assert words[0] == ".venv/bin/dateline"
    assert words[1] in COMMANDS
    if words[1] == "query" and len(words) > 2 and " " not in words[2]:
        assert words[2] in queries()


def test_every_make_target_named_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make (\w+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_reason_for_a_rejection_is_explained() -> None:
    source = (ROOT / "schemas" / "vocabulary.py").read_text()
    assert all(f'"{reason}"' in source for reason in Reason)


def test_no_file_names_the_place_it_was_made_in() -> None:
    folders = ("schemas", "transforms", "pipelines", "seeds", "tests")
    texts = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".sql", ".csv", ".cfg", ".toml", ".json"}
    ]
    texts += [ROOT / name for name in ("README.md", "CHANGELOG.md", "Makefile", "setup.py")]
    here = Path(__file__)
    found = [p for p in texts if p != here and FORBIDDEN.search(p.read_text(encoding="utf-8"))]
    assert found == []
