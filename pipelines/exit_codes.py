"""What the program's exit code tells whoever started it: cron, systemd, Kubernetes, a script."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Why the program ended."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> "ExitCode":
        """Give a code its meaning."""
        made = int.__new__(cls, code)
        made._value_ = code
        made.meaning = meaning
        return made

    DONE = 0, "done"
    FAILED = 1, "failed, or someone should look; the next run goes on from what is written"
    SETTING = 2, "a setting or the warehouse cannot be used; trying again will not help"
    BUSY = 75, "another run or query has the warehouse; try again later"
    STOPPED = 130, "stopped by Ctrl-C or SIGTERM; what was read so far is written"
