"""Keep raw answers as WARC/1.1; `replay` reads them back. No Beam.

In: answers, each with the rows that tell what it was asked for: a page's entry, or a feed's state
and poll; and the rows of what brought no answer that is kept. Out: the file and offset of each
answer's record. The rows stand in a `metadata` record before it or by itself, as JSON, so that an
archive alone gives back what its run wrote.

File names follow CC-NEWS (PREFIX-time-serial). A file is `.open` until it is closed, then synced
and renamed, so that a file without the ending is whole. It is closed when it is full, a day old,
or its bundle ends. Each record is flushed before its offset
is given out: an offset in a row always points at bytes on disk.
"""

import atexit
import base64
import functools
import gzip
import hashlib
import json
import logging
import os
import platform
import threading
import uuid
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from schemas.rows import Entry, Feed, FeedFetch, Rejection
from schemas.tables import TABLE_OF, to_record
from transforms.answers import Answer

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 1_072_700_000  # CC-NEWS rotates there too,
MAX_FILE_AGE = timedelta(hours=24)  # and then
OPEN = ".open"
REDACTED = frozenset({"set-cookie", "set-cookie2"})
CHUNK = 1 << 20
ASKED = "Dateline-Asked-URI"  # WARC header: the address before redirects, where it is another
ROWS = "application/vnd.dateline.rows+json"  # of a record that tells of the answer after it
ROWS_ALONE = "application/vnd.dateline.rows-alone+json"
OF_TRANSFER = frozenset({"content-encoding", "content-length", "transfer-encoding"})
SOFTWARE = "dateline"
GZIP_LEVEL = 6  # a hundredth larger than 9, and twice as fast


ToldRow = Entry | Feed | FeedFetch | Rejection


class ArchiveWriter:
    """Writes answers to WARC files of one folder, each rotated by size and age; safe for threads.

    One that `outlives_bundles` goes on with its file in the next bundle.
    """

    def __init__(self, folder: Path, *, outlives_bundles: bool = False) -> None:
        self._folder = folder
        self._outlives_bundles = outlives_bundles
        self._begun_at: datetime | None = None
        self._serial = 0
        self._file: BinaryIO | None = None
        self._name = ""
        self._lock = threading.Lock()

    def write(self, answer: Answer, at: datetime, *rows: ToldRow) -> tuple[str, int]:
        """Keep an answer of that time with its rows; give its file's name, its record's offset."""
        with self._lock:
            file = self._current_file(at)
            if rows:
                file.write(rows_record(rows, answer.url, at, ROWS))
            offset = file.tell()
            file.write(response_record(answer, at))
            self._end_record(file)
            return self._name, offset

    def write_alone(self, url: str, at: datetime, *rows: ToldRow) -> None:
        """Keep the rows of an address that brought nothing else to keep."""
        with self._lock:
            file = self._current_file(at)
            file.write(rows_record(rows, url, at, ROWS_ALONE))
            self._end_record(file)

    def end_bundle(self) -> None:
        """Close the file that is open, unless the next bundle goes on with it."""
        if not self._outlives_bundles:
            self.close()

    def close(self) -> None:
        """Close the file that is open."""
        with self._lock:
            self._close_file()

    def _current_file(self, at: datetime) -> BinaryIO:
        if self._begun_at is None or at - self._begun_at >= MAX_FILE_AGE:
            self._close_file()
            self._begun_at = at
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._serial += 1
            unique = f"{platform.node()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
            self._name = f"DATELINE-{at:%Y%m%d%H%M%S}-{self._serial:05}-{unique}.warc.gz"
            self._file = (self._folder / (self._name + OPEN)).open("wb")
            about = f"software: {SOFTWARE}\r\nformat: WARC File Format 1.1\r\n"
            self._file.write(
                warc_record(
                    "warcinfo",
                    about.encode(),
                    {"WARC-Filename": self._name},
                    content_type="application/warc-fields",
                    at=at,
                )
            )
        return self._file

    def _end_record(self, file: BinaryIO) -> None:
        file.flush()
        if file.tell() > MAX_FILE_BYTES:
            self._close_file()

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            path = self._folder / self._name
            Path(f"{path}{OPEN}").rename(path)
            self._file = None


def response_record(answer: Answer, at: datetime) -> bytes:
    """Make the record of an answer: the body decoded, the headers as sent but for cookies."""
    headers = [
        (f"X-Archive-Orig-{name}" if name.lower() in OF_TRANSFER else name, value)
        for name, value in answer.headers
        if name.lower() not in REDACTED
    ]
    status = f"HTTP/1.1 {answer.status} {answer.reason}".rstrip()
    lines = [status, *(f"{name}: {value}" for name, value in headers)]
    head = "\r\n".join([*lines, f"Content-Length: {len(answer.body)}", "", ""])
    asked = {ASKED: answer.asked} if answer.asked != answer.url else {}
    return warc_record(
        "response",
        head.encode("latin-1", errors="replace") + answer.body,
        {
            "WARC-Target-URI": answer.url,
            **asked,
            "WARC-Payload-Digest": _digest(answer.body),
        },
        content_type="application/http; msgtype=response",
        at=at,
    )


def rows_record(rows: tuple[ToldRow, ...], url: str, at: datetime, kind: str) -> bytes:
    """Make a record that tells rows, with the address they are about."""
    told = [
        {"table": TABLE_OF[type(row)]}
        | {name: value for name, value in to_record(row).items() if value not in (None, ())}
        for row in rows
    ]
    return warc_record(
        "metadata",
        json.dumps(told, default=datetime.isoformat).encode(),
        {"WARC-Target-URI": url},
        content_type=kind,
        at=at,
    )


def warc_record(
    kind: str, block: bytes, headers: Mapping[str, str], *, content_type: str, at: datetime
) -> bytes:
    """Make a record of WARC/1.1 as a gzip member of its own; the same content, the same bytes."""
    digest = _digest(block)
    about = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<{uuid.uuid5(uuid.NAMESPACE_URL, f'{headers} {at} {digest}').urn}>",
        "WARC-Date": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        **headers,
        "WARC-Block-Digest": digest,
        "Content-Type": content_type,
        "Content-Length": str(len(block)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in about.items())
    whole = b"WARC/1.1\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"
    return gzip.compress(whole, GZIP_LEVEL, mtime=0)


def _digest(content: bytes) -> str:
    """Hash as WARC files do."""
    return (
        "sha1:" + base64.b32encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()
    )


def open_archive(folder: str | None, *, is_streaming: bool = False) -> ArchiveWriter | None:
    """Begin to write to a folder; None keeps nothing.

    A stream's bundles are small and many: they share the process's one writer.
    """
    if folder is None:
        return None
    return _lasting_archive(folder) if is_streaming else ArchiveWriter(Path(folder))


@functools.cache
def _lasting_archive(folder: str) -> ArchiveWriter:
    archive = ArchiveWriter(Path(folder), outlives_bundles=True)
    atexit.register(archive.close)
    return archive


def recover(folder: Path) -> int:
    """Close the files that a killed run left open, cut after their last whole record."""
    left = sorted(folder.glob(f"*{OPEN}"))
    for path in left:
        with path.open("r+b") as file:
            whole = _whole_members(file)
            lost = file.seek(0, os.SEEK_END) - whole
            file.truncate(whole)
            os.fsync(file.fileno())
        path.rename(path.with_suffix(""))
        logger.info("closed %s: %s bytes after its last whole record dropped", path, lost)
    return len(left)


def _whole_members(file: BinaryIO) -> int:
    """Give the length of the whole gzip members that a file begins with."""
    whole = 0
    while True:
        file.seek(whole)
        length = member_length(file)
        if not length:
            return whole
        whole += length


def member_length(file: BinaryIO) -> int:
    """Measure the gzip member that begins here; 0 where there is none, or half of one."""
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    length = 0
    while chunk := file.read(CHUNK):
        length += len(chunk)
        try:
            member.decompress(chunk, CHUNK)
            while member.unconsumed_tail:
                member.decompress(member.unconsumed_tail, CHUNK)
        except zlib.error:
            return 0
        if member.eof:
            return length - len(member.unused_data)
    return 0
