"""What a launcher and its stream tell each other while the stream is under way: files in a folder.

In: a folder that both see, as they see the one where rows are staged. Out: for the stream, whether
to begin anything new, and what is to be read again; for the launcher, up to which instant all is
staged. No Beam.

What the launcher asks for comes from the warehouse, so that a request which is lost is asked again.
"""

import json
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from schemas.flow import Retry
from schemas.rows import Entry
from schemas.tables import from_record
from transforms.warehouse.staging import stage

STOP = "stop"
OWNER = "owner"  # holds the run_id of the stream that is meant
PROGRESS = "progress"
RETRIES = "retry-*.json"
REFETCHES = "entries/*.parquet"
LOOK_EVERY_S = 0.2

# By folder and run: when it was asked last, and the answer.
_looked: dict[tuple[str, str], tuple[float, bool]] = {}


def begin(folder: Path, run_id: str) -> None:
    """Forget what an earlier stream was told; one that is still alive somewhere begins no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (folder / STOP, folder / PROGRESS, *requests(folder)):
        path.unlink(missing_ok=True)
    (folder / OWNER).write_text(run_id, encoding="utf-8")


def owner(folder: Path) -> str | None:
    """Name the last stream that was begun; None where there was none."""
    try:
        return (folder / OWNER).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def stop(folder: Path) -> None:
    """Have the stream begin nothing new."""
    (folder / STOP).touch()


def is_stopping(folder: str | None, run_id: str) -> bool:
    """Tell whether nothing new is to be begun; the disk is asked a few times a second at most."""
    if folder is None:
        return False
    now = time.monotonic()
    at, answer = _looked.get((folder, run_id), (-LOOK_EVERY_S, False))
    if now - at >= LOOK_EVERY_S:
        # a folder that workers do not share fails here, and not in silence
        is_ours = (Path(folder) / OWNER).read_text(encoding="utf-8") == run_id
        answer = (Path(folder) / STOP).exists() or not is_ours
        _looked[folder, run_id] = (now, answer)
    return answer


def note_progress(folder: Path, until: datetime) -> None:
    """Say that all which came with ticks before that instant is staged."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{PROGRESS}.tmp"
    part.write_text(until.isoformat(), encoding="utf-8")
    part.rename(folder / PROGRESS)


def progress(folder: Path) -> datetime | None:
    """Tell up to which instant all is staged; None where nothing is known yet."""
    try:
        return datetime.fromisoformat((folder / PROGRESS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def requests(folder: Path) -> list[Path]:
    """List the requests that no tick has taken yet."""
    return sorted([*folder.glob(RETRIES), *folder.glob(REFETCHES)])


def ask_again(folder: Path, retries: Sequence[str], refetches: Sequence[Entry]) -> None:
    """Ask for addresses that failed (by url_key) to be tried again, and for articles again."""
    folder.mkdir(parents=True, exist_ok=True)
    if refetches:
        stage(folder, "entries", refetches)
    if retries:
        part = folder / f"{uuid.uuid4().hex}.tmp"
        part.write_text(json.dumps(retries), encoding="utf-8")
        part.rename(folder / RETRIES.replace("*", part.stem))


def take_requests(_tick: object, folder: str | None) -> Iterator[Entry | Retry]:
    """Take what is asked for, each request once."""
    for path in requests(Path(folder)) if folder else ():
        yield from _read_request(path)
        path.unlink(missing_ok=True)


def _read_request(path: Path) -> Iterable[Entry | Retry]:
    import pyarrow.parquet as pq

    if path.suffix == ".parquet":
        return [from_record(Entry, record) for record in pq.read_table(path).to_pylist()]
    return [Retry(key) for key in json.loads(path.read_text(encoding="utf-8"))]
