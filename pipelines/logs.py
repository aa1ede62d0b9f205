"""What the program prints beside its results: for people, or as an object a line. Light to import.

In: lines, log records, warnings, and errors that nobody caught. Out: the same on stderr; with
`--log-format json` each is one JSON object on one line, for a log collector. What looks like a
secret within an address (credentials, a token) is left out either way.
"""

import json
import logging
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

CREDENTIALS = re.compile(r"(?<=://)[^\s/?#\"'<>@]+(?=@)")
PARAMETER = re.compile(
    r"(?<=[?&;])((?:access[_-]?|auth[_-]?)?token|api[_-]?key|auth|password|passwd|secret|sig(?:nature)?)"
    r"=(?!\$\{)[^\s&;#\"'<>]+",
    re.IGNORECASE,
)
LEFT_OUT = "***"


def redact(text: str) -> str:
    """Leave out what looks like a secret: credentials in an address, and parameters named so."""
    if "://" not in text:
        return text
    return PARAMETER.sub(rf"\1={LEFT_OUT}", CREDENTIALS.sub(LEFT_OUT, text))


def as_json(event: str, **fields: Any) -> str:
    """Write an event as one JSON object on one line."""
    time_told = datetime.now(UTC).isoformat(timespec="milliseconds")
    return redact(json.dumps({"time": time_told, "event": event, **fields}, default=str))


def log(event: str, **fields: Any) -> None:
    """Write an event to stderr."""
    print(as_json(event, **fields), file=sys.stderr, flush=True)


def complain(command: str, error: object, code: int, *, log_format: str) -> None:
    """Say in one line why the program stops."""
    if log_format == "json":
        log("error", command=command, message=str(error), exit_code=code)
    else:
        print(redact(f"dateline {command}: {error}"), file=sys.stderr)


class TextFormatter(logging.Formatter):
    """Writes a log record for people."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """Writes a log record as one JSON object: no text in it can start a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        told = {"level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return as_json(record.name, **told)


def set_up_logging(log_format: str) -> None:
    """Have log records and errors that nobody caught told in one form; JSON has warnings too."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler], force=True)
    if log_format == "json":
        logging.captureWarnings(True)
    sys.excepthook = _tell_in_json if log_format == "json" else _tell
    threading.excepthook = lambda args: sys.excepthook(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    told = "".join(traceback.format_exception(kind, error, trace))
    print(redact(told), end="", file=sys.stderr, flush=True)


def _tell_in_json(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    told = "".join(traceback.format_exception(kind, error, trace))
    log("error", message=f"{kind.__name__}: {error}", exit_code=1, traceback=told)
