"""Settings are checked before any work, and what is wrong is said in one line."""

import argparse
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.__main__ import COMMANDS, Parser, main
from pipelines.options import IngestSettings, UsageError, add_arguments, settings_from


def parse(*argv: str) -> IngestSettings:
    parser = Parser(prog="dateline ingest", allow_abbrev=False)
    add_arguments(parser)
    return settings_from(parser.parse_args(argv))


@pytest.fixture
def feeds(tmp_path: Path) -> str:
    path = tmp_path / "feeds.txt"
    path.write_text("http://a.example/rss\n")
    return str(path)


def test_defaults_keep_an_archive_beside_the_warehouse(feeds: str) -> None:
    settings = parse("--feeds", feeds, "--warehouse", "w.duckdb")
    assert settings.archive == "w.duckdb.archive"
    assert settings.source == "feeds"


def test_every_is_a_duration(feeds: str) -> None:
    assert parse("--feeds", feeds, "--every", "15m").every == timedelta(minutes=15)


def test_a_time_without_zone_is_utc(feeds: str) -> None:
    now = parse("--feeds", feeds, "--now", "2026-03-09T18:00").now
    assert now == datetime(2026, 3, 9, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--feeds", "missing.opml"], "missing.opml: no such file"),
        (["--from-files", "missing-*.html"], "no file matches"),
        (["--beam-option", "parallelism=2"], "name one with --runner"),
        (["--connect-to", "nowhere"], "give HOST:PORT"),
        (["--languages", "English"], "give ISO codes"),
        (["--published", "2026-03-09"], "--published is for --from-files"),
        (["--places", "missing.csv"], "missing.csv: no such file"),
        (["--every", "5m", "--now", "2026-03-09"], "leave it out with --every"),
    ],
)
def test_a_setting_that_cannot_be_used_says_what_to_change(
    argv: list[str], said: str, feeds: str
) -> None:
    source = [] if argv[0] in ("--feeds", "--from-files") else ["--feeds", feeds]
    with pytest.raises(UsageError, match=said):
        parse(*source, *argv)


@pytest.mark.parametrize(
    "argv",
    [
        ["ingest", "--feeds", "x", "--evry", "15m"],
        ["ingest", "--feeds", "x", "--every", "15x"],
        ["ingest", "--feeds", "x", "--from-files", "y"],
        ["ingest"],
    ],
)
def test_a_flag_that_cannot_be_parsed_is_one_line_and_exit_2(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(argv)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["ingest", "--fedes", "x"], "there is no --fedes; is --feeds meant?"),
        (["ingest", "--feeds", "x", "--evry=15m"], "there is no --evry; is --every meant?"),
        (["status", "--xyzzy"], "there is no --xyzzy ("),
    ],
)
def test_a_mistyped_flag_is_named_before_what_is_missing_for_want_of_it(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(argv)
    assert said in capsys.readouterr().err


def test_an_unknown_command_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["injest"]) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in COMMANDS)


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in COMMANDS)


def test_help_imports_neither_beam_nor_the_model_nor_the_database() -> None:
    heavy = "{'apache_beam', 'spacy', 'duckdb', 'trafilatura', 'pyarrow'}"
    code = (
        "import sys, contextlib\n"
        "from pipelines.__main__ import main\n"
        "for argv in (['--help'], ['ingest', '--help'], ['query', '--help']):\n"
        "    with contextlib.suppress(SystemExit): main(argv)\n"
        f"sys.exit(', '.join(sorted(set(sys.modules) & {heavy})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_flags_are_declared_once() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    flags = [flag for action in parser._actions for flag in action.option_strings]
    assert len(flags) == len(set(flags))
