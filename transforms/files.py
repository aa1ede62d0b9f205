"""Read articles from files: saved pages (.html, .htm) and plain texts (.txt).

Comes in: a glob pattern, and the publication time for files that state none. Goes out: pages, as
if fetched. Refused before any work (ValueError, one line): a pattern that matches nothing, a file
of another kind, one that cannot be read or is too large.

A file has no web address. It is named `file:NAME#HASH` after its name and content, never its
folder, so that the same file gives the same ids wherever it lies; extraction puts the canonical
address in its place where the page states one. A changed file is another article, not a revision.
"""

import glob
import hashlib
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from urllib.parse import quote

from schemas.columns import content_id
from schemas.flow import Page, RunContext
from schemas.rows import Entry
from schemas.vocabulary import Precision

MAX_FILE_BYTES = 10_000_000  # as for pages from the network
CONTENT_TYPES = {".html": "text/html", ".htm": "text/html", ".txt": "text/plain"}
_HASH_LENGTH = 16
FILE_SCHEME = "file:"


def find_files(pattern: str) -> list[Path]:
    """Give the files that a pattern matches, in order of their path."""
    matches = sorted(Path(match) for match in glob.glob(pattern, recursive=True))  # noqa: PTH207
    files = [match for match in matches if match.is_file()]
    if not files:
        raise ValueError(f"no file matches {pattern!r}")
    for file in files:
        if file.suffix.lower() not in CONTENT_TYPES:
            raise ValueError(f"{file} is neither .html, .htm nor .txt")
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"{file} is larger than {MAX_FILE_BYTES:,} bytes")
    return files


def read_files(pattern: str, *, published: datetime | None, context: RunContext) -> Iterator[Page]:
    """Read the files of a pattern as pages; `published` stands in where a page has no date."""
    for file in find_files(pattern):
        yield read_file(file, published=published, context=context)


def read_file(file: Path, *, published: datetime | None, context: RunContext) -> Page:
    """Read one file as a page."""
    try:
        body = file.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {file}: {error.strerror}") from error
    digest = hashlib.sha256(body).hexdigest()[:_HASH_LENGTH]
    url = f"{FILE_SCHEME}{quote(file.name)}#{digest}"
    entry = Entry(
        entry_id=content_id(None, url, published),
        url=url,
        url_key=content_id(url),
        version=digest,
        published_at=published,
        published_precision=_precision(published) if published else None,
        first_seen_at=context.now,
        run_id=context.run_id,
    )
    return Page(
        entry=entry,
        url=url,
        http_status=200,
        content_type=CONTENT_TYPES[file.suffix.lower()],
        body=body,
        fetched_at=context.now,
    )


def _precision(published: datetime) -> Precision:
    """Take midnight sharp for a day given without a time."""
    return Precision.DAY if published.time() == time() else Precision.MINUTE
