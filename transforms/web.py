"""The fetcher: the only opener of sockets. No Beam.

In: an address. Out: an `Answer` with status, headers and decoded body, or `Rejected` with the
reason. Everything is bounded: one deadline for the exchange, a cap on bytes before and after
decoding, few redirects, few ports. The network address is checked on the very socket that
connects, so that neither a redirect nor DNS leads inside; loopback is open only with
`connect_to`, which the demonstration and the tests use. Certificates are verified, nothing is
remembered but robots.txt, and we say who we are.

One lane a registrable domain: one request at a time, with a pause between, and longer where the
server says so. A lane is of the process, as is its `Web`: stages share it (`shared_web`).
"""

import asyncio
import functools
import ipaddress
import socket
import threading
import time
import zlib
from collections import defaultdict
from concurrent.futures import Future
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import ada_url
import aiohttp
from protego import Protego

from schemas.vocabulary import Reason, Rejected
from transforms.urls import registrable_domain

PRODUCT = "Dateline/0.1"
PORTS = frozenset({80, 443, 8080, 8443})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK = 64 * 1024
ROBOTS_BYTES = 500 * 1024  # RFC 9309, 2.5: at least this much is read
ROBOTS_AGE_S = 24 * 3600
MAX_CRAWL_DELAY_S = 120.0
MAX_WAIT_S = 24 * 3600.0  # some servers ask for days
PAGES = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
FEEDS = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
IPV4_IN_6 = [  # prefixes behind which an IPv4 address hides: NAT64, compatible
    ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("::/96"),
]


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """How the fetcher behaves."""

    contact: str | None = None  # address or e-mail for publishers, in User-Agent
    timeout_s: float = 30.0  # for one exchange, from connecting to the last byte
    max_bytes: int = 10_000_000
    max_redirects: int = 5
    host_delay_s: float = 2.0  # between the end of a request and the next in its lane
    concurrency: int = 50
    obey_robots: bool = True
    connect_to: str | None = None  # HOST:PORT that every connection is made to, as in curl

    @property
    def user_agent(self) -> str:
        """Say who asks, and where to complain."""
        return f"{PRODUCT} (+{self.contact})" if self.contact else f"{PRODUCT} (news archive)"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server answered."""

    asked: str  # address asked for
    url: str  # address that answered, after redirects
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes  # decoded from its content coding
    duration_ms: int

    def header(self, name: str) -> str | None:
        """Give the first header of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def content_type(self) -> str:
        """Content-Type as sent, "" if none."""
        return self.header("Content-Type") or ""


@dataclass
class Lane:
    """One domain's turn: who is under way, and when the next may start (monotonic seconds)."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    next_at: float = 0.0


@functools.cache
def shared_web(settings: WebSettings) -> "Web":
    """Give the process's one fetcher with these settings."""
    return Web(settings)


class Web:
    """A fetcher with an event loop of its own."""

    def __init__(self, settings: WebSettings) -> None:
        self.settings = settings
        self._lanes: dict[str, Lane] = defaultdict(Lane)
        self._robots: dict[str, tuple[float, Protego | Rejected]] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="web", daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    def get(
        self,
        url: str,
        *,
        accept: str = PAGES,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> "Future[Answer]":
        """Start to fetch an address; the future gives an `Answer` or raises `Rejected`."""
        headers = {"Accept": accept}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        return asyncio.run_coroutine_threadsafe(self._get(url, headers), self._loop)

    def close(self) -> None:
        """Close the connections and end the loop."""
        asyncio.run_coroutine_threadsafe(self._session.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _open(self) -> None:
        settings = self.settings
        guard = functools.partial(_guarded_socket, allow_loopback=settings.connect_to is not None)
        connector = aiohttp.TCPConnector(
            limit=settings.concurrency,
            socket_factory=guard,
            resolver=_FixedResolver(settings.connect_to) if settings.connect_to else None,
            happy_eyeballs_delay=None,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": settings.user_agent, "Accept-Encoding": "gzip, deflate"},
            skip_auto_headers=("Accept-Encoding",),
            timeout=aiohttp.ClientTimeout(total=None),
            max_line_size=16 * 1024,
            max_field_size=64 * 1024,
        )
        self._slots = asyncio.Semaphore(settings.concurrency)

    async def _get(self, url: str, headers: dict[str, str]) -> Answer:
        """Fetch an address, following redirects one lane after the other."""
        asked = url
        for _ in range(self.settings.max_redirects + 1):
            if self.settings.obey_robots:
                await self._check_robots(url)
            answer = await self._exchange(asked, url, headers)
            if answer.status not in REDIRECTS:
                return answer
            url, headers = _next_hop(answer, headers)
        raise Rejected(Reason.TOO_MANY_REDIRECTS, f"more than {self.settings.max_redirects}")

    async def _exchange(self, asked: str, url: str, headers: dict[str, str]) -> Answer:
        """Wait for the lane, make one request, and leave the lane with its pause."""
        lane = self._lanes[registrable_domain(url) or url]
        async with lane.lock:
            pause = lane.next_at - self._loop.time()
            if pause > self.settings.timeout_s:
                raise Rejected(Reason.RATE_LIMITED, f"the server asked to wait {pause:.0f} s")
            await asyncio.sleep(max(0.0, pause))
            try:
                async with self._slots:
                    answer = await self._request(asked, url, headers)
            finally:
                lane.next_at = self._loop.time() + self._delay(url)
            if answer.status in (429, 503):
                wait = retry_after(answer.header("Retry-After"), time.time())
                lane.next_at = max(lane.next_at, self._loop.time() + wait)
            return answer

    def _delay(self, url: str) -> float:
        """Give the pause after a request: ours, or what robots.txt asks for."""
        _, robots = self._robots.get(_origin(url), (0.0, None))
        asked = robots.crawl_delay(PRODUCT) if isinstance(robots, Protego) else None
        return max(self.settings.host_delay_s, min(asked or 0.0, MAX_CRAWL_DELAY_S))

    async def _request(self, asked: str, url: str, headers: dict[str, str]) -> Answer:
        """Make one request within its deadline; every failure is `Rejected`."""
        started = time.monotonic()
        check_address(url)
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                async with self._session.get(url, headers=headers, allow_redirects=False) as got:
                    body = await self._read(got)
        except TimeoutError as error:
            detail = f"no whole answer in {self.settings.timeout_s:g} s"
            raise Rejected(Reason.TIMEOUT, detail) from error
        except aiohttp.ClientConnectorError as error:
            refused = isinstance(error.os_error, PermissionError)
            reason = Reason.ADDRESS_REFUSED if refused else Reason.UNREACHABLE
            raise Rejected(reason, str(error.os_error)) from error
        except aiohttp.ClientOSError as error:
            raise Rejected(Reason.UNREACHABLE, str(error)) from error
        except (aiohttp.ClientError, zlib.error, ValueError) as error:
            raise Rejected(Reason.BAD_RESPONSE, f"{type(error).__name__}: {error}") from error
        return Answer(
            asked=asked,
            url=url,
            status=got.status,
            reason=got.reason or "",
            headers=tuple(
                (key.decode("latin-1"), value.decode("latin-1")) for key, value in got.raw_headers
            ),
            body=body,
            duration_ms=round(1000 * (time.monotonic() - started)),
        )

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """Read and decode a body, both within the cap."""
        decoder = Decoder(response.headers.get("Content-Encoding", ""), self.settings.max_bytes)
        raw = 0
        async for chunk in response.content.iter_chunked(CHUNK):
            raw += len(chunk)
            if raw > self.settings.max_bytes:
                raise Rejected(Reason.TOO_LARGE, f"more than {self.settings.max_bytes} bytes")
            decoder.feed(chunk)
        return decoder.finish()

    async def _check_robots(self, url: str) -> None:
        """Raise when robots.txt of the address's origin forbids it."""
        origin = _origin(url)
        read_at, robots = self._robots.get(origin, (0.0, None))
        if robots is None or self._loop.time() - read_at > ROBOTS_AGE_S:
            robots = await self._read_robots(origin)
            self._robots[origin] = (self._loop.time(), robots)
        if isinstance(robots, Rejected):
            raise robots
        if not robots.can_fetch(url, PRODUCT):
            raise Rejected(Reason.ROBOTS_DISALLOWED, f"robots.txt of {origin}")

    async def _read_robots(self, origin: str) -> Protego | Rejected:
        """Read robots.txt by RFC 9309: 4xx allows everything, 5xx and silence nothing for now."""
        url = f"{origin}/robots.txt"
        try:
            for _ in range(self.settings.max_redirects + 1):
                answer = await self._exchange(url, url, {"Accept": "text/plain, */*;q=0.1"})
                if answer.status not in REDIRECTS:
                    break
                url, _ = _next_hop(answer, {})
        except Rejected as rejected:
            if rejected.reason.is_retryable:
                return Rejected(rejected.reason, f"robots.txt: {rejected.detail}")
            return Protego.parse("")
        if answer.status >= 500 or answer.status == 429:
            return Rejected(Reason.SERVER_ERROR, f"robots.txt: status {answer.status}")
        body = answer.body[:ROBOTS_BYTES] if answer.status == 200 else b""
        return Protego.parse(body.decode("utf-8", errors="replace"))


class Decoder:
    """Undo one content coding, never giving more than `max_bytes`."""

    def __init__(self, coding: str, max_bytes: int) -> None:
        self._coding = coding.strip().lower()
        self._max_bytes = max_bytes
        self._parts: list[bytes] = []
        self._size = 0
        if self._coding in ("gzip", "x-gzip"):
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        elif self._coding == "deflate":
            self._inflate = zlib.decompressobj()
        elif self._coding not in ("", "identity"):
            raise Rejected(Reason.BAD_RESPONSE, f"content coding {coding!r} was not asked for")

    def feed(self, chunk: bytes) -> None:
        """Take a chunk of the body as sent."""
        if self._coding in ("", "identity"):
            self._add(chunk)
            return
        if self._coding == "deflate" and not self._size and chunk[:1] and chunk[0] & 0x0F != 8:
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)  # raw, as some servers send it
        while chunk:
            self._add(self._inflate.decompress(chunk, self._max_bytes - self._size + 1))
            chunk = self._inflate.unconsumed_tail

    def finish(self) -> bytes:
        """Give the whole body; a coding that breaks off is an error."""
        if self._coding not in ("", "identity") and self._parts and not self._inflate.eof:
            raise Rejected(Reason.BAD_RESPONSE, f"{self._coding} breaks off")
        return b"".join(self._parts)

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._max_bytes:
            raise Rejected(Reason.TOO_LARGE, f"more than {self._max_bytes} bytes when decoded")
        self._parts.append(part)


def check_status(answer: Answer) -> None:
    """Raise `Rejected` for a status that brings no page."""
    status, detail = answer.status, f"status {answer.status} {answer.reason}".strip()
    if status in (404, 410):
        raise Rejected(Reason.GONE, detail)
    if status in (401, 402, 403, 407, 451):
        raise Rejected(Reason.FORBIDDEN, detail)
    if status == 429:
        raise Rejected(Reason.RATE_LIMITED, detail)
    if status >= 500:
        raise Rejected(Reason.SERVER_ERROR, detail)
    if status != 200:
        raise Rejected(Reason.BAD_RESPONSE, detail)


def retry_after(value: str | None, now: float) -> float:
    """Read Retry-After (seconds, or a date against `now`) as seconds to wait, capped."""
    if not value:
        return 0.0
    try:
        wait = float(value) if value.strip().isdecimal() else _seconds_until(value, now)
    except ValueError:
        return 0.0
    return min(max(wait, 0.0), MAX_WAIT_S)


def _seconds_until(date: str, now: float) -> float:
    return parsedate_to_datetime(date).timestamp() - now


def check_address(url: str) -> None:
    """Refuse schemes and ports that no site has."""
    try:
        parsed = ada_url.URL(url)
    except ValueError as error:
        raise Rejected(Reason.ADDRESS_REFUSED, f"no address: {url[:200]}") from error
    port = int(parsed.port or (443 if parsed.protocol == "https:" else 80))
    if parsed.protocol not in ("http:", "https:") or port not in PORTS:
        raise Rejected(Reason.ADDRESS_REFUSED, f"scheme or port: {url[:200]}")


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open web."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and any(ip in network for network in IPV4_IN_6):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.teredo is not None:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _guarded_socket(addr_info: Any, *, allow_loopback: bool) -> socket.socket:
    """Make a socket for an address that may be connected to; aiohttp calls it for each."""
    family, kind, protocol, _, address = addr_info
    host = str(address[0])
    is_ours = allow_loopback and ipaddress.ip_address(host.partition("%")[0]).is_loopback
    if not is_ours and not is_public(host):
        raise PermissionError(f"{host} is not an address of the open web")
    return socket.socket(family, kind, protocol)


class _FixedResolver(aiohttp.abc.AbstractResolver):
    """Answers every question with one address, as curl's --connect-to does."""

    def __init__(self, connect_to: str) -> None:
        host, _, port = connect_to.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        ip = ipaddress.ip_address(self._host)
        return [
            aiohttp.abc.ResolveResult(
                hostname=host,
                host=self._host,
                port=self._port,
                family=socket.AF_INET6 if ip.version == 6 else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Nothing to close."""


def _next_hop(answer: Answer, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Give the address a redirect leads to; what belongs to one origin stays there."""
    try:
        target = ada_url.join_url(answer.url, answer.header("Location") or "")
    except ValueError as error:
        raise Rejected(Reason.BAD_RESPONSE, "redirect without an address") from error
    check_address(target)
    if _origin(target) != _origin(answer.url):
        headers = {"Accept": headers["Accept"]} if "Accept" in headers else {}
    return target, headers


def _origin(url: str) -> str:
    try:
        return str(ada_url.URL(url).origin)
    except ValueError as error:
        raise Rejected(Reason.ADDRESS_REFUSED, f"no address: {url[:200]}") from error
