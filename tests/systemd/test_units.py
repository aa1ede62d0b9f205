"""systemd itself finds no fault with the unit files; where there is none, it is left out."""

import re
import subprocess
from pathlib import Path

from tests.test_deploy import DEPLOY, unit

TIMER = DEPLOY / "systemd" / "dateline.timer"


def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    program = unit()["ExecStart"].split()[0]
    files = sorted((DEPLOY / "systemd").iterdir())
    for path in files:
        (tmp_path / path.name).write_text(path.read_text().replace(program, "/bin/true"))
    command = ["systemd-analyze", "verify", *(str(tmp_path / path.name) for path in files)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_timer_comes_every_quarter_of_an_hour() -> None:
    [when] = re.findall(r"^OnCalendar=(.+)$", TIMER.read_text(), re.MULTILINE)
    command = ["systemd-analyze", "calendar", "--iterations=2", "--base-time=2026-03-09 18:01 UTC"]
    told = subprocess.run([*command, when], check=True, capture_output=True, text=True).stdout
    assert "18:15:00 UTC" in told
    assert "18:30:00 UTC" in told
