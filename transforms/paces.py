"""The paces of all domains in one file that several processes share; a helper of `lanes`.

In: a domain. Out: its lock, and what the last turn noted of it. The file holds a record of fixed
length a domain, appended when the domain is first met; each is changed by whoever holds the
domain's lock. Locks are of ranges of bytes (one byte far out for each domain), which cost neither
a file nor a descriptor, and which the system lets go of however a process ends. Making a file a
domain took the disk 3 ms each, in which no other request could go on.
"""

import dataclasses
import fcntl
import json
import os
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from schemas.columns import ID_LENGTH, content_id
from schemas.vocabulary import Reason

RECORD_BYTES = 512
MAX_DETAIL = 60  # characters, so that a record holds it in any script
_APPENDING = 0  # the byte that is locked while a domain is added


@dataclass(kw_only=True)
class Pace:
    """What is remembered of a domain."""

    next_at: float = 0.0
    closed_until: float = 0.0
    closed_for: str = Reason.RATE_LIMITED
    detail: str = ""
    failures: int = 0  # in a row


class Paces:
    """A file of paces, open in this process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._records: dict[str, int] = {}  # where each domain's record begins
        self._read_bytes = 0

    def try_lock(self, domain: str) -> bool:
        """Take a domain for this process, if no other has it."""
        return self._lock(_byte_of(domain), fcntl.F_WRLCK, waits=False)

    def unlock(self, domain: str) -> None:
        """Let go of a domain."""
        self._lock(_byte_of(domain), fcntl.F_UNLCK, waits=False)

    def read(self, domain: str) -> Pace:
        """Read a domain's pace; a new one where there is none, or its writing was broken off."""
        record = os.pread(self._file, RECORD_BYTES, self._record_of(domain))[ID_LENGTH:]
        try:
            return Pace(**json.loads(record))
        except (ValueError, TypeError):
            return Pace()

    def write(self, domain: str, pace: Pace) -> None:
        """Note a domain's pace, whose lock is held."""
        told = dataclasses.asdict(dataclasses.replace(pace, detail=pace.detail[:MAX_DETAIL]))
        record = (content_id("lane", domain) + json.dumps(told)).encode().ljust(RECORD_BYTES)
        os.pwrite(self._file, record, self._record_of(domain))

    def close(self) -> None:
        """Close the file, and with it let go of everything."""
        os.close(self._file)

    def _record_of(self, domain: str) -> int:
        """Find where a domain's record begins; add one where there is none."""
        key = content_id("lane", domain)
        if key not in self._records:
            self._lock(_APPENDING, fcntl.F_WRLCK, waits=True)
            try:
                self._read_added()
                if key not in self._records:
                    os.pwrite(self._file, key.encode().ljust(RECORD_BYTES), self._read_bytes)
                    self._read_added()
            finally:
                self._lock(_APPENDING, fcntl.F_UNLCK, waits=False)
        return self._records[key]

    def _read_added(self) -> None:
        """Read which domains other processes have added."""
        size = os.fstat(self._file).st_size
        added = os.pread(self._file, size - self._read_bytes, self._read_bytes)
        for start in range(0, len(added) - RECORD_BYTES + 1, RECORD_BYTES):
            key = added[start : start + ID_LENGTH].decode("latin-1")
            self._records[key] = self._read_bytes
            self._read_bytes += RECORD_BYTES

    def _lock(self, byte: int, kind: int, *, waits: bool) -> bool:
        try:
            if sys.platform == "linux":  # a lock of this open file, not of the whole process
                asked = struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0)
                fcntl.fcntl(self._file, fcntl.F_OFD_SETLKW if waits else fcntl.F_OFD_SETLK, asked)
            else:
                how = fcntl.LOCK_UN if kind == fcntl.F_UNLCK else fcntl.LOCK_EX
                fcntl.lockf(self._file, how if waits else how | fcntl.LOCK_NB, 1, byte)
        except (BlockingIOError, PermissionError):
            return False
        return True


def _byte_of(domain: str) -> int:
    return 1 + int(content_id("lane", domain)[:15], 16)
