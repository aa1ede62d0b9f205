"""Each way the program ends has its exit code, and the codes are told where people look."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import transforms.locks
from pipelines.__main__ import main
from pipelines.exit_codes import ExitCode
from transforms.locks import exclusive, when_free

ROOT = Path(__file__).parent.parent


def test_the_codes_are_told_by_help(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    said = capsys.readouterr().out
    assert all(f"  {code.value:<10}{code.meaning}\n" in said for code in ExitCode)


def test_a_run_that_finds_another_one_at_work_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def at_once(attempt: Callable[[], None], *, on_wait: Callable[[str], None], **_: Any) -> None:
        when_free(attempt, wait_s=0.0, on_wait=on_wait)

    monkeypatch.setattr(transforms.locks, "when_free", at_once)
    monkeypatch.setattr("pipelines.passes.check_readers", lambda _: None)
    (tmp_path / "feeds.txt").write_text("http://a.example/rss\n")
    warehouse = str(tmp_path / "news.duckdb")
    flags = ["--feeds", str(tmp_path / "feeds.txt"), "--warehouse", warehouse]
    with exclusive(warehouse):
        code = main(["ingest", *flags])
    assert code == ExitCode.BUSY
    assert "another run (process" in capsys.readouterr().err


def test_a_setting_that_cannot_be_used_is_a_line_of_the_form_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for flags in (["--feeds", "no-such-file"], ["--feed", "x"]):
        try:
            code = main(["ingest", "--log-format", "json", *flags])
        except SystemExit as exited:
            code = int(str(exited.code))
        assert code == ExitCode.SETTING
        [line] = capsys.readouterr().err.splitlines()
        assert '"event": "error", "command": "ingest"' in line
        assert '"exit_code": 2}' in line


def test_a_command_that_is_stopped_says_so_by_its_code() -> None:
    stopped = (
        "import os, signal, sys\n"
        "from pipelines import __main__, query\n"
        # a job in the background ignores interrupts
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "query.run = lambda args: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.exit(__main__.main(['query', 'SELECT 1']))"
    )
    done = subprocess.run([sys.executable, "-c", stopped], check=False, cwd=ROOT)
    assert done.returncode == ExitCode.STOPPED == 128 + signal.SIGINT
