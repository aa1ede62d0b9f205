"""What keeps two processes off one warehouse: waiting for a lock, and the lock of a run.

In: an attempt that may find the warehouse taken. Out: its result, after a wait if need be; who is
in the way is said once, and named in the error when the time is over. The lock of a run is held
on a file beside the warehouse, so that queries may read the warehouse itself between merges; the
system lets go of it however the run ends.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeVar

LOCK_WAIT_S = 30.0
RETRY_S = 0.1

Result = TypeVar("Result")


class WarehouseError(Exception):
    """The warehouse cannot be used as asked; the message is one line that says why."""


class WarehouseLocked(WarehouseError):
    """Another process has the warehouse; later it may be free."""


def when_free(
    attempt: Callable[[], Result], *, wait_s: float, on_wait: Callable[[str], None]
) -> Result:
    """Give what the attempt gives, as soon as it no longer raises `WarehouseLocked`."""
    deadline = time.monotonic() + wait_s
    said = False
    while True:
        try:
            return attempt()
        except WarehouseLocked as locked:
            if time.monotonic() >= deadline:
                raise
            if not said:
                on_wait(f"waiting: {locked}")
                said = True
        time.sleep(RETRY_S)


def beside(address: str) -> str:
    """Name what files beside a warehouse begin with: its path, or in this folder its dataset."""
    if address.startswith("parquet:"):
        return address.removeprefix("parquet:").rstrip("/")
    if address.startswith("bigquery:"):
        return address.removeprefix("bigquery:").removeprefix("//").partition("?")[0]
    return address


@contextlib.contextmanager
def exclusive(
    address: str, *, wait_s: float = LOCK_WAIT_S, on_wait: Callable[[str], None] = print
) -> Iterator[None]:
    """Keep other runs off a warehouse; its file stays readable for queries between merges."""
    path = Path(f"{Path(beside(address)).resolve()}.lock")  # resolved: a link is the same warehouse
    try:
        file = path.open("a+")
    except OSError as error:
        raise WarehouseError(f"{address}: cannot be written ({error.strerror})") from error
    with file:
        when_free(lambda: _take(file, address), wait_s=wait_s, on_wait=on_wait)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def running_process(address: str) -> int | None:
    """Tell which process's run holds a warehouse for itself, or None."""
    path = Path(f"{Path(beside(address)).resolve()}.lock")
    if not path.is_file():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read()
            return int(holder) if holder.isdecimal() else None
    return None


def _take(file: IO[str], address: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        holder = file.read() or "unknown"
        raise WarehouseLocked(
            f"{address}: another run (process {holder}) is writing to it"
        ) from error
