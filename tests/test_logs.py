"""What is printed is one object a line where that is asked for, and no secret either way."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.logs import as_json, redact

ROOT = Path(__file__).parent.parent
SECRET = "hunter2-s3cr3t"
SPEAKER = """
import logging, sys, threading, warnings
from pipelines.logs import set_up_logging
set_up_logging(sys.argv[1])
logging.getLogger("apache_beam").warning("bundle %s\\nfailed", 7)
logging.getLogger("apache_beam").info("not told")
warnings.warn("old", stacklevel=1)
thread = threading.Thread(target=lambda: 1 // 0)
thread.start()
thread.join()
raise ValueError("https://ann:hunter2-s3cr3t@paper.example/feed\\nfailed")
"""


def speak(log_format: str) -> str:
    command = [sys.executable, "-c", SPEAKER, log_format]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr


def test_records_warnings_and_errors_become_an_object_a_line() -> None:
    told: list[dict[str, Any]] = [json.loads(line) for line in speak("json").splitlines()]
    record, warning, of_thread, last = told
    assert (record["event"], record["level"]) == ("apache_beam", "warning")
    assert record["message"] == "bundle 7\nfailed"
    assert "old" in warning["message"]
    assert of_thread["message"].startswith("ZeroDivisionError")
    assert last["message"] == "ValueError: https://***@paper.example/feed\nfailed"
    assert (last["exit_code"], "Traceback" in last["traceback"]) == (1, True)
    assert SECRET not in json.dumps(told)


def test_people_are_told_the_same_without_the_secret() -> None:
    told = speak("text")
    assert "bundle 7\nfailed\n" in told
    assert "ValueError: https://***@paper.example/feed" in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://ann:pw@paper.example/feed", "https://***@paper.example/feed"),
        ("http://paper.example/?a=1&token=abc&b=2", "http://paper.example/?a=1&token=***&b=2"),
        ("see https://paper.example/?API_KEY=abc.", "see https://paper.example/?API_KEY=***"),
        ("https://paper.example/@ann", "https://paper.example/@ann"),
        (
            "https://paper.example/?author=ann&keyword=x",
            "https://paper.example/?author=ann&keyword=x",
        ),
        ("https://paper.example/?token=${PAPER}", "https://paper.example/?token=${PAPER}"),
        ("mail ann@paper.example, token=abc", "mail ann@paper.example, token=abc"),
    ],
)
def test_only_what_looks_like_a_secret_within_an_address_is_left_out(text: str, said: str) -> None:
    assert redact(text) == said
    assert json.loads(as_json("note", message=text))["message"] == said
