"""Read WARC files: our own archive, or Common Crawl's news crawl. No Beam.

In: files. Out: pages as if fetched and, from our own archive, the rows of their entries, feeds and
polls. Passed over: what is no page (other kinds of records, errors, PDF). Rejected, as
DAMAGED_ARCHIVE with the number of bytes: damaged parts; reading goes on at the next whole record.

Files that one run of ours wrote bear its instant in their names, and those of the news crawl when
they were begun. `archived_passes` gathers them by it: read in that order, each group as a pass that
takes its instant as now, an archive gives the rows that its runs gave.
"""

import glob
import gzip
import hashlib
import json
import logging
import mmap
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeadersParserException

from schemas.columns import ID_LENGTH, content_id
from schemas.flow import Page, RunContext
from schemas.rows import Entry, FeedFetch, Rejection
from schemas.tables import TABLES, columns, from_record
from schemas.vocabulary import Reason
from transforms.archive import ASKED, ROWS, ROWS_ALONE, ToldRow, member_length
from transforms.text import one_line
from transforms.urls import clean_url, url_key

logger = logging.getLogger(__name__)

MAX_PAGE_BYTES = 10_000_000
MAX_TOLD_BYTES = 1_000_000
GZIP_MAGIC = b"\x1f\x8b\x08"
DAMAGE = (
    ArchiveLoadFailed,
    StatusAndHeadersParserException,
    EOFError,
    AttributeError,  # warcio 1.8, over a response without an address
    ValueError,  # lengths that are no numbers, text that is none
    zlib.error,
    gzip.BadGzipFile,
)
_BEGUN = re.compile(r"-(\d{14})-")


@dataclass(frozen=True, kw_only=True)
class Told:
    """A response record with what stands around it, or rows that stand alone."""

    offset: int
    fetched_at: datetime
    record: Any = None  # warcio's; None where there are only rows
    content: bytes = b""  # at most MAX_PAGE_BYTES, without transfer and content coding
    rows: tuple[ToldRow, ...] = ()


def archived_passes(pattern: str) -> list[tuple[datetime | None, tuple[str, ...]]]:
    """Gather the files of a pattern by the instant in their names; those without one come last."""
    passes: dict[datetime | None, list[str]] = defaultdict(list)
    for path in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 (absolute patterns)
        passes[_begun(Path(path).name)].append(path)
    ordered = sorted(passes, key=lambda begun: begun or datetime.max.replace(tzinfo=UTC))
    return [(begun, tuple(passes[begun])) for begun in ordered]


def _begun(name: str) -> datetime | None:
    digits = _BEGUN.search(name)
    try:
        return datetime.strptime(digits[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if digits else None
    except ValueError:
        return None


def read_archive(path: Path, context: RunContext) -> Iterator[Page | ToldRow | Rejection]:
    """Read the pages of a file, and the rows that its records tell beside them."""
    lost: list[Rejection] = []

    def reject(offset: int, num_bytes: int, error: Exception) -> None:
        detail = one_line(f"{num_bytes} bytes at {offset}: {type(error).__name__}: {error}")[:200]
        logger.warning("%s: damaged: %s", path, detail)
        lost.append(_damaged(path.name, offset, detail, context))

    for told in read_records(path, reject):
        yield from lost
        lost.clear()
        rows = [replace(row, run_id=context.run_id) for row in told.rows]
        if told.record is None:
            yield from rows
            continue
        entry = next((row for row in rows if isinstance(row, Entry)), None)
        for row in rows:
            if isinstance(row, FeedFetch):
                yield replace(row, archive_file=path.name, archive_offset=told.offset)
            elif row is not entry:
                yield row
        page = _page(told, path.name, entry, context)
        if page is not None:
            yield page
    yield from lost


def read_records(
    path: Path, on_damage: Callable[[int, int, Exception], None] | None = None
) -> Iterator[Told]:
    """Read a file's responses and rows, going on after damage, of which it tells."""
    at: int | None = 0
    with path.open("rb") as file:
        while at is not None:
            file.seek(at)
            records = ArchiveIterator(file)
            rows: tuple[ToldRow, ...] = ()
            try:
                for record in records:
                    at = records.offset
                    if record.rec_type == "response" and record.http_headers is not None:
                        content = record.content_stream().read(MAX_PAGE_BYTES)
                        fetched_at = _date(record)
                        yield Told(
                            record=record,
                            offset=at,
                            fetched_at=fetched_at,
                            content=content,
                            rows=rows,
                        )
                    rows = _rows(record)
                    if rows and record.content_type == ROWS_ALONE:
                        yield Told(offset=at, fetched_at=_date(record), rows=rows)
                        rows = ()
                _check_end(file, at)
                return
            except DAMAGE as error:
                damaged = max(at, records.offset)
                at = _next_record(file, damaged + 1)
                if on_damage is not None:
                    on_damage(damaged, (at or file.seek(0, 2)) - damaged, error)


def _date(record: Any) -> datetime:
    at = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date") or "")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _check_end(file: BinaryIO, last: int) -> None:
    """Raise where bytes are left behind the last record: warcio takes half of one for the end."""
    file.seek(last)
    length = member_length(file)
    if file.seek(0, 2) > last + length and _is_packed(file):
        raise ArchiveLoadFailed("it breaks off")


def _is_packed(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def _rows(record: Any) -> tuple[ToldRow, ...]:
    """Read the rows that a record of ours tells."""
    if record.rec_type != "metadata" or record.content_type not in (ROWS, ROWS_ALONE):
        return ()
    try:
        told = json.loads(record.content_stream().read(MAX_TOLD_BYTES))
        return tuple(_row(each) for each in told)
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveLoadFailed(f"rows that cannot be read: {error}") from error


def _row(told: dict[str, Any]) -> Any:
    kind = TABLES[told["table"]]
    record = {
        c.name: datetime.fromisoformat(told[c.name])
        if c.kind is datetime and c.name in told
        else told.get(c.name)
        for c in columns(kind)
    }
    return from_record(kind, record)


def _next_record(file: BinaryIO, start: int) -> int | None:
    """Find the next record from a place on: a gzip member, or a line where nothing is packed."""
    is_packed = _is_packed(file)
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        at = start
        while (at := view.find(GZIP_MAGIC if is_packed else b"\nWARC/1.", at)) >= 0:
            if not is_packed:
                return at + 1
            try:
                opening = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(view[at : at + 4096])
            except zlib.error:
                opening = b""
            if opening.startswith(b"WARC/1."):
                return at
            at += 1
    return None


def _damaged(name: str, offset: int, detail: str, context: RunContext) -> Rejection:
    return Rejection(
        rejection_id=content_id("archive", name, offset),
        stage="archive",
        reason=Reason.DAMAGED_ARCHIVE,
        address=f"{name}:{offset}",
        detail=detail,
        is_retryable=Reason.DAMAGED_ARCHIVE.is_retryable,
        rejected_at=context.now,
        run_id=context.run_id,
    )


def _page(told: Told, name: str, entry: Entry | None, context: RunContext) -> Page | None:
    """Make a page of a response record: one that had an entry, else one that holds HTML."""
    headers, http = told.record.rec_headers, told.record.http_headers
    kind = http.get_header("Content-Type") or ""
    target = headers.get_header("WARC-Target-URI") or ""
    is_page = entry is not None or "html" in kind.lower()
    url = target if entry is not None else clean_url(target)
    if not url or not is_page or http.get_statuscode() != "200":
        return None
    if entry is None:
        asked = clean_url(headers.get_header(ASKED) or "") or url
        version = hashlib.sha256(told.content).hexdigest()[:ID_LENGTH]
        entry = Entry(
            entry_id=content_id(None, url_key(asked), version),
            url=asked,
            url_key=url_key(asked),
            version=version,
            first_seen_at=told.fetched_at,
            run_id=context.run_id,
        )
    return Page(
        entry=entry,
        url=url,
        http_status=200,
        content_type=kind,
        body=told.content,
        fetched_at=told.fetched_at,
        archive_file=name,
        archive_offset=told.offset,
    )
