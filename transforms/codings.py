"""Undo the content coding of a body, never giving more than a cap allows.

In: the chunks of a body as sent. Out: the decoded body. Rejected: a body that is larger than the
cap when decoded (a few kilobytes can stand for gigabytes), a coding that breaks off, several
codings on top of each other, and codings that were not asked for.

A gzip file sent without a word about it (`sitemap.xml.gz`) is known by its first bytes.
"""

import zlib

from schemas.vocabulary import Reason, Rejected

ACCEPTED = "gzip, deflate"
GZIP_MAGIC = b"\x1f\x8b\x08"
_GZIP = zlib.MAX_WBITS | 16
_PLAIN = ("", "identity")


class Decoder:
    """Undoes one content coding; where `cuts`, it stops at the cap in place of an error."""

    def __init__(self, coding: str, max_bytes: int, *, cuts: bool = False) -> None:
        self._coding = coding.strip().lower().replace("x-gzip", "gzip")
        if self._coding not in ("gzip", "deflate", *_PLAIN):
            raise Rejected(Reason.BAD_RESPONSE, f"content coding {coding[:80]!r} was not asked for")
        self._max_bytes = max_bytes
        self._cuts = cuts
        self._parts: list[bytes] = []
        self._size = 0
        self._has_begun = False
        self._inflate: zlib._Decompress | None = None
        self.is_full = False

    def feed(self, chunk: bytes) -> None:
        """Take a chunk of the body as sent."""
        if not self._has_begun and chunk:
            self._has_begun = True
            self._inflate = self._begin(chunk)
        try:
            self._add_decoded(chunk)
        except zlib.error as error:
            raise Rejected(Reason.BAD_RESPONSE, f"{self._coding}: {error}") from error

    def finish(self) -> bytes:
        """Give the whole body; a coding that breaks off is an error."""
        if self._inflate is not None and not self._inflate.eof and not self.is_full:
            raise Rejected(Reason.BAD_RESPONSE, f"{self._coding or 'gzip'} breaks off")
        return b"".join(self._parts)

    def _begin(self, chunk: bytes) -> "zlib._Decompress | None":
        """Choose by the first bytes: servers mislabel gzip, and send deflate without its frame."""
        if chunk.startswith(GZIP_MAGIC):
            return zlib.decompressobj(_GZIP)
        if self._coding == "deflate":
            return zlib.decompressobj(zlib.MAX_WBITS if chunk[0] & 15 == 8 else -zlib.MAX_WBITS)
        return None

    def _add_decoded(self, chunk: bytes) -> None:
        while chunk and not self.is_full:
            if self._inflate is None:
                self._add(chunk)
                return
            if self._inflate.eof:
                if not chunk.startswith(GZIP_MAGIC):
                    return  # bytes after the end mean nothing
                self._inflate = zlib.decompressobj(_GZIP)  # gzip allows several members
            self._add(self._inflate.decompress(chunk, self._max_bytes - self._size + 1))
            chunk = self._inflate.unconsumed_tail or self._inflate.unused_data

    def _add(self, part: bytes) -> None:
        if self._size + len(part) > self._max_bytes:
            if not self._cuts:
                detail = f"more than {self._max_bytes} bytes when decoded"
                raise Rejected(Reason.TOO_LARGE, detail)
            part = part[: self._max_bytes - self._size]
            self.is_full = True
        self._size += len(part)
        self._parts.append(part)
