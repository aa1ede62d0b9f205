"""Serve the bundled news world over HTTP on loopback, as if its sites were on the web.

In: requests to 127.0.0.1, told apart by their Host header, and a clock that is set, never read.
Out: feeds and pages with correct validators, and an access log. Rejected: a host nobody has is
answered 421, an address nobody serves 404, a method other than GET and HEAD 501.

A real server, not a fake in the fetcher's place: what the demonstration and the tests ingest has
passed through sockets, headers, gzip and 304 like any other site. Addresses in feeds carry no port;
the fetcher is told to connect every host of the world to `port`.
"""

import gzip
import logging
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources.abc import Traversable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from pipelines.demo_server.answers import Answer, answer_target
from pipelines.demo_server.world import read_world

logger = logging.getLogger(__name__)

FIRST_EDITION = datetime(2026, 3, 9, 18, tzinfo=UTC)
SECOND_EDITION = datetime(2026, 3, 16, 18, tzinfo=UTC)
LONGEST_HEADER_VALUE = 200


@dataclass(frozen=True)
class Request:
    """One line of the access log."""

    method: str
    host: str
    path: str
    status: int
    user_agent: str
    if_none_match: str
    if_modified_since: str


class DemoServer:
    """Serve a news world on loopback while the `with` block lasts."""

    def __init__(
        self, root: Traversable | None = None, now: datetime = SECOND_EDITION, port: int = 0
    ) -> None:
        self.world = read_world(root)
        self.now = now
        self.requests: list[Request] = []
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def port(self) -> int:
        """Give the port the server listens on."""
        return self._server.server_port

    def set_now(self, now: datetime) -> None:
        """Move the world's clock."""
        self.now = now

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving and close every connection, kept-alive ones included."""
        self._server.shutdown()
        self._thread.join()
        self._server.close_connections()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """The listening socket, the threads behind it and the connections they hold."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], demo: DemoServer) -> None:
        self.demo = demo
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Hold the connection in the set of open ones while its thread lives."""
        connection = request if isinstance(request, socket.socket) else request[1]
        with self._lock:
            self._open.add(connection)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.discard(connection)

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Log a failed connection; one that the client broke off is no failure of ours."""
        is_broken_off = isinstance(sys.exception(), OSError)
        level = logging.DEBUG if is_broken_off else logging.ERROR
        logger.log(level, "connection of %s failed", client_address, exc_info=True)

    def close_connections(self) -> None:
        """Wake every thread that waits on a kept-alive connection, so that it ends."""
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            # The peer may have closed it in the meantime; then there is nobody to wake.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """Answer the requests of one connection."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "NewsWorld"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # one send an answer: header and body in two packets wait 40 ms for an ACK
    timeout = 60

    def do_GET(self) -> None:
        """Answer with headers and body."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with headers only."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        demo = self.server.demo
        host, target = self._host_and_target()
        answer = answer_target(demo.world, host, target, demo.now)
        if is_unchanged(
            answer, self.headers.get("If-None-Match", ""), self.headers.get("If-Modified-Since", "")
        ):
            self._log_access(host, target, 304)
            self._send(Answer(304, "", b"", answer.etag, answer.modified), with_body=False)
            return
        self._log_access(host, target, answer.status)
        self._send(answer, with_body=with_body)

    def _host_and_target(self) -> tuple[str, str]:
        """Read host and target, from the request line where that holds a whole address."""
        parts = urlsplit(self.path)
        host = parts.netloc or self.headers.get("Host", "")
        target = parts._replace(scheme="", netloc="").geturl() or "/"
        return host.rpartition("@")[2].partition(":")[0].lower(), target

    def _send(self, answer: Answer, *, with_body: bool) -> None:
        body = answer.body
        is_gzipped = bool(body) and "gzip" in self.headers.get("Accept-Encoding", "")
        if is_gzipped:
            body = gzip.compress(body, compresslevel=6, mtime=0)
        self.send_response(answer.status)
        for name, value in answer_headers(answer):
            self.send_header(name, value)
        if is_gzipped:
            self.send_header("Content-Encoding", "gzip")
        if answer.status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _log_access(self, host: str, target: str, status: int) -> None:
        """Note a request; before the answer is sent, so that a client never outruns the log."""
        self.server.demo.requests.append(
            Request(
                method=self.command,
                host=host,
                path=target,
                status=status,
                user_agent=self.headers.get("User-Agent", "")[:LONGEST_HEADER_VALUE],
                if_none_match=self.headers.get("If-None-Match", "")[:LONGEST_HEADER_VALUE],
                if_modified_since=self.headers.get("If-Modified-Since", "")[:LONGEST_HEADER_VALUE],
            )
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        """Send the base class's lines to the log instead of the terminal."""
        logger.debug(format, *args)


def answer_headers(answer: Answer) -> list[tuple[str, str]]:
    """Give the headers an answer carries besides its length."""
    headers = [("Vary", "Accept-Encoding")]
    if answer.content_type:
        headers.append(("Content-Type", answer.content_type))
    if answer.etag:
        headers.append(("ETag", answer.etag))
    if answer.modified is not None:
        headers.append(("Last-Modified", format_datetime(answer.modified, usegmt=True)))
    if answer.location:
        headers.append(("Location", answer.location))
    if answer.status == 503:
        headers.append(("Retry-After", "3600"))
    return headers


def is_unchanged(answer: Answer, if_none_match: str, if_modified_since: str) -> bool:
    """Say whether the client's copy is current; an ETag, where sent, decides alone (RFC 9110)."""
    if answer.status != 200:
        return False
    if if_none_match and answer.etag:
        known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        return "*" in known or answer.etag.removeprefix("W/") in known
    if not if_modified_since or answer.modified is None:
        return False
    try:
        since = parsedate_to_datetime(if_modified_since)
    except ValueError:
        return False
    return since.tzinfo is not None and answer.modified.replace(microsecond=0) <= since
