"""The command line: `dateline COMMAND …`, the same as `python -m pipelines COMMAND …`.

Each command's flags and work are imported only when it is called, so that `--help` and `query`
start at once. Exit codes: 0 done, 1 the run failed, 2 a setting cannot be used, 130 stopped.
"""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from pipelines.options import UsageError
from transforms.locks import WarehouseError


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
    """A parser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is, and exit with 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def overview() -> str:
    """List the commands, for `dateline --help`."""
    lines = [f"  {name:<10}{command.help}" for name, command in COMMANDS.items()]
    return OVERVIEW.format(commands="\n".join(lines))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a letter shows a ?
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview())
        return 0
    name, rest = arguments[0], arguments[1:]
    command = COMMANDS.get(name)
    if command is None:
        print(f"dateline: no command {name!r}; there are {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    parser = Parser(prog=f"dateline {name}", description=command.help, allow_abbrev=False)
    importlib.import_module(command.flags).add_arguments(parser)
    args = parser.parse_args(rest)
    try:
        code = int(importlib.import_module(command.work).run(args))
        sys.stdout.flush()
    except (UsageError, WarehouseError) as error:
        print(f"dateline {name}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever reads has seen enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
