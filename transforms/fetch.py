"""Fetch the pages of entries, many at once, each domain one after the other.

Comes in: entries to be read. Goes out: pages of HTML, as bytes, each kept in the archive.
Rejected: whatever brings no page, with the reason: gone, forbidden, disallowed by robots.txt, not
HTML, too large, too slow, unreachable.

The requests of a bundle are all under way at once (`in_flight`), on the process's one fetcher, so
that a slow site holds up nobody else; nothing outlives its bundle.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam

from schemas.flow import Page, RunContext
from schemas.rows import Entry, Rejection
from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer, check_status
from transforms.archive import open_archive
from transforms.reject import ROWS, StageFn
from transforms.web import MAX_ASKED, WebSettings, shared_web

NOT_TEXT = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04")  # whatever they say


def page_of(entry: Entry, answer: Answer, context: RunContext) -> Page:
    """Check that an answer is a page of HTML, and make it one."""
    check_status(answer)
    kind = answer.content_type.partition(";")[0].strip().lower()
    if kind and kind not in ("text/html", "application/xhtml+xml", "text/plain"):
        raise Rejected(Reason.NOT_HTML, f"Content-Type {kind}")
    if answer.body.startswith(NOT_TEXT):
        raise Rejected(Reason.NOT_HTML, f"{kind or 'no type'}, but begins {answer.body[:5]!r}")
    return Page(
        entry=entry,
        url=answer.url,
        http_status=answer.status,
        content_type=answer.content_type,
        body=answer.body,
        fetched_at=context.now,
    )


class FetchPagesFn(StageFn):
    """Fetch with the process's shared fetcher; archive what comes."""

    stage = "fetch"
    leaves_off = True

    def __init__(self, context: RunContext, web: WebSettings, archive: str | None) -> None:
        super().__init__(context, in_flight=MAX_ASKED)
        self.web = web
        self.archive = archive

    def start_bundle(self) -> None:
        """Begin a file of the archive."""
        super().start_bundle()
        self._archive = open_archive(self.archive, is_streaming=self.context.is_streaming)

    def work(self, entry: Entry) -> "Future[Answer]":
        """Start to fetch the page."""
        return shared_web(self.web).get(entry.url)

    def finish(self, entry: Entry, result: "Future[Answer]") -> Iterable[Page]:
        """Check what came, and keep it."""
        answer = result.result()
        page = page_of(entry, answer, self.context)
        if self._archive is not None:
            name, offset = self._archive.write(answer, self.context.now, entry)
            page = replace(page, archive_file=name, archive_offset=offset)
        return [page]

    def rows_of_rejection(
        self, entry: Entry, rejected: Rejected, rows: Sequence[Rejection | Entry]
    ) -> Iterable[Any]:
        """Keep the rows of what brought no page, for a replay."""
        if self._archive is not None:
            self._archive.write_alone(entry.url, self.context.now, *rows)
        return ()

    def finish_bundle(self) -> Iterator[Any]:
        """Wait for the rest, and close the archive."""
        yield from super().finish_bundle()
        if self._archive is not None:
            self._archive.end_bundle()


@dataclass
class FetchPages(beam.PTransform):
    """Entries → pages."""

    context: RunContext
    web: WebSettings
    archive: str | None = None

    def expand(self, entries: Any) -> Any:
        fetch = FetchPagesFn(self.context, self.web, self.archive)
        return entries | "fetch pages" >> beam.ParDo(fetch).with_outputs(ROWS, main="elements")
