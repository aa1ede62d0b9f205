"""The command line: `dateline COMMAND …`, the same as `python -m pipelines COMMAND …`.

Each command's flags and work are imported only when it is called, so that `--help` and `query`
start at once. Why it ended, its exit code tells (`pipelines/exit_codes.py`).
"""

import argparse
import difflib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pipelines.exit_codes import ExitCode
from pipelines.logs import complain, set_up_logging
from pipelines.options import UsageError
from transforms.locks import WarehouseError, WarehouseLocked


@dataclass(frozen=True)
class Command:
    """One command: its line of help, and the modules with its flags and its work."""

    help: str
    flags: str
    work: str


OVERVIEW = """\
usage: dateline COMMAND [FLAGS]

Feeds go in, SQL comes out.

commands:
{commands}

exit codes:
{codes}

`dateline COMMAND --help` shows the flags of a command."""

COMMANDS = {
    "ingest": Command(
        "read feeds, files or archives into a warehouse", "pipelines.options", "pipelines.ingest"
    ),
    "demo": Command(
        "ingest the bundled news site and show its events", "pipelines.demo", "pipelines.demo"
    ),
    "feeds": Command(
        "keep the list of feeds; see which are alive, and why not",
        "pipelines.feeds",
        "pipelines.feeds",
    ),
    "query": Command(
        "ask the warehouse: SQL or a named query", "pipelines.query", "pipelines.query"
    ),
    "report": Command(
        "write one HTML page: map, timeline, actors, stories, evidence",
        "pipelines.report",
        "pipelines.report",
    ),
    "status": Command(
        "show the last runs, what waits, and silent feeds", "pipelines.status", "pipelines.status"
    ),
    "compact": Command(
        "join the small files of a Parquet warehouse", "pipelines.compact", "pipelines.compact"
    ),
    "schema": Command("print tables and views", "pipelines.schema", "pipelines.schema"),
    "train": Command("train the language model", "pipelines.train", "pipelines.train"),
    "evaluate": Command(
        "score text, model or events against gold", "pipelines.evaluate", "pipelines.evaluate"
    ),
}


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line, in the form that the flags it cannot read ask for."""

    log_format = "text"
    given: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the flags."""
        self.given = args or ()
        if "--log-format json" in " ".join(self.given).replace("=", " "):
            self.log_format = "json"
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is, and exit."""
        command = self.prog.removeprefix("dateline ")
        told = f"{self.unknown_flag() or message} (see {self.prog} --help)"
        complain(command, told, ExitCode.SETTING, log_format=self.log_format)
        self.exit(ExitCode.SETTING)

    def unknown_flag(self) -> str | None:
        """Complain of the first flag that there is not: else only what it left out is told."""
        if self._subparsers:  # the flags of its actions are theirs to tell
            return None
        known = self._option_string_actions.keys() | {"--"}
        given = (word.partition("=")[0] for word in self.given if word.startswith("--"))
        unknown = next((flag for flag in given if flag not in known), None)
        if unknown is None:
            return None
        near = difflib.get_close_matches(unknown, self._option_string_actions, n=1)
        return f"there is no {unknown}" + (f"; is {near[0]} meant?" if near else "")


def overview() -> str:
    """List the commands and exit codes, for `dateline --help`."""
    lines = [f"  {name:<10}{command.help}" for name, command in COMMANDS.items()]
    codes = [f"  {code.value:<10}{code.meaning}" for code in ExitCode]
    return OVERVIEW.format(commands="\n".join(lines), codes="\n".join(codes))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a letter shows a ?
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview())
        return ExitCode.DONE
    name, rest = arguments[0], arguments[1:]
    command = COMMANDS.get(name)
    if command is None:
        print(f"dateline: no command {name!r}; there are {', '.join(COMMANDS)}", file=sys.stderr)
        return ExitCode.SETTING
    parser = Parser(prog=f"dateline {name}", description=command.help, allow_abbrev=False)
    importlib.import_module(command.flags).add_arguments(parser)
    args = parser.parse_args(rest)
    log_format = getattr(args, "log_format", "text")
    if argv is None:  # the process is ours, and so are its logs
        set_up_logging(log_format)
    return run(name, command, args, log_format=log_format)


def run(name: str, command: Command, args: argparse.Namespace, *, log_format: str) -> int:
    """Do the command's work; say in one line why it cannot be done."""
    try:
        code = int(importlib.import_module(command.work).run(args))
        sys.stdout.flush()
    except (UsageError, WarehouseError) as error:
        is_busy = any(isinstance(each, WarehouseLocked) for each in (error, error.__cause__))
        code = ExitCode.BUSY if is_busy else ExitCode.SETTING
        complain(name, error, code, log_format=log_format)
    except BrokenPipeError:  # whoever reads has seen enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except KeyboardInterrupt:
        return ExitCode.STOPPED
    return code


if __name__ == "__main__":
    sys.exit(main())
