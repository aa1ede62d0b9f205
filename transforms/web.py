"""The fetcher: the only opener of sockets. No Beam.

In: an address. Out: an `Answer` with status, headers and decoded body, or `Rejected` with the
reason. Everything is bounded: one deadline for the exchange with all its redirects, a cap on bytes
before and after decoding, few redirects, few ports. The network address is checked on the very
socket that connects, so that neither a redirect nor DNS leads inside; only hosts named in the
settings are exempt, as the demonstration's and the tests' are. Certificates are verified, nothing
is remembered but robots.txt, and we say who we are.

One lane a registrable domain (`lanes`): one request at a time, with a pause between, and longer
where the server says so. A lane is of the process, as is its `Web`: stages share it (`shared_web`).
"""

import asyncio
import atexit
import errno
import functools
import socket
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import ada_url
import aiohttp
import yarl

from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer, retry_after_s
from transforms.codings import ACCEPTED, Decoder
from transforms.guard import check_address, is_public
from transforms.lanes import Lane
from transforms.robots import MAX_BYTES as ROBOTS_BYTES
from transforms.robots import RobotsRules, read_robots, robots_after
from transforms.urls import registrable_domain

PRODUCT = "Dateline/0.1"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK = 64 * 1024
ROBOTS_AGE_S = 24 * 3600.0  # RFC 9309, 2.4
ROBOTS_RETRY_S = 600.0
PATIENCE_S = 2.0  # a request holds a slot no longer; else a few dead hosts would hold them all
NOT_OPEN = "is not an address of the open web"
PAGES = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
FEEDS = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """How the fetcher behaves."""

    contact: str | None = None  # address or e-mail for publishers, in User-Agent
    timeout_s: float = 30.0  # for one exchange: all its requests, without waiting for its turn
    max_bytes: int = 10_000_000
    max_redirects: int = 5
    host_delay_s: float = 2.0  # between the end of a request and the next in its lane
    concurrency: int = 50
    obey_robots: bool = True
    trusted: tuple[str, ...] = ()  # HOST:PORT of own servers, open although not of the open web
    connect_to: str | None = None  # HOST:PORT that every connection is made to, as in curl

    @property
    def user_agent(self) -> str:
        """Say who asks, and where to complain."""
        return f"{PRODUCT} (+{self.contact})" if self.contact else f"{PRODUCT} (news archive)"


@dataclass(kw_only=True)
class Exchange:
    """What one `get` may still spend, and what it sends."""

    asked: str
    headers: dict[str, str]
    left_s: float
    max_bytes: int
    cuts: bool = False  # take the beginning of a body that is too large


@functools.cache
def shared_web(settings: WebSettings) -> "Web":
    """Give the process's one fetcher with these settings."""
    web = Web(settings)
    atexit.register(web.close)
    return web


class Web:
    """A fetcher with an event loop of its own."""

    def __init__(self, settings: WebSettings) -> None:
        self.settings = settings
        self._open_to = _resolved(
            (settings.connect_to,) if settings.connect_to else settings.trusted
        )
        self._lanes: dict[str, Lane] = defaultdict(Lane)
        self._robots: dict[str, tuple[float, RobotsRules]] = {}  # by origin, with its expiry
        self._robots_locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="web", daemon=True)
        self._thread.start()
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
        for name, validator in (("If-None-Match", etag), ("If-Modified-Since", last_modified)):
            if validator and (sendable := _as_sent(validator)):
                headers[name] = sendable
        return asyncio.run_coroutine_threadsafe(self._get(url, headers), self._loop)

    def close(self) -> None:
        """Give up what is under way, close the connections and end the loop."""
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _shut(self) -> None:
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._session.close()

    async def _open(self) -> None:
        settings = self.settings
        # look-ups block their thread; the default few would let dead names hold up all others
        self._loop.set_default_executor(ThreadPoolExecutor(settings.concurrency, "names"))
        guarded = functools.partial(
            _guarded_socket, open_to=self._open_to, is_only=settings.connect_to is not None
        )
        connector = aiohttp.TCPConnector(
            limit=0,  # the slots are the limit
            socket_factory=guarded,
            resolver=_FixedResolver(self._open_to) if settings.connect_to else None,
            happy_eyeballs_delay=None,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            headers={"User-Agent": settings.user_agent, "Accept-Encoding": ACCEPTED},
            timeout=aiohttp.ClientTimeout(total=None),
            max_line_size=16 * 1024,
            max_field_size=64 * 1024,
            max_headers=1000,  # some content networks send more than a hundred
        )
        self._slots = asyncio.Semaphore(settings.concurrency)

    async def _get(self, url: str, headers: dict[str, str]) -> Answer:
        """Fetch an address if its site lets us."""
        limits = self.settings
        exchange = Exchange(
            asked=url, headers=headers, left_s=limits.timeout_s, max_bytes=limits.max_bytes
        )
        return await self._follow(exchange, obeys=limits.obey_robots)

    async def _follow(self, exchange: Exchange, *, obeys: bool) -> Answer:
        """Ask, and follow redirects, one lane after the other."""
        url = exchange.asked
        for _ in range(self.settings.max_redirects + 1):
            check_address(url, trusted=self.settings.trusted)
            if obeys:
                (await self._robots_of(_origin(url))).check(url, PRODUCT)
            answer = await self._in_lane(url, exchange)
            if answer.status not in REDIRECTS:
                return answer
            url = _next_hop(answer, exchange)
        raise Rejected(Reason.TOO_MANY_REDIRECTS, f"more than {self.settings.max_redirects}")

    async def _in_lane(self, url: str, exchange: Exchange) -> Answer:
        """Wait for the lane, make one request, and leave the lane with its pause."""
        lane = self._lanes[registrable_domain(url) or url]
        patience_s = self.settings.timeout_s
        async with lane.turn(patience_s=patience_s):
            try:
                async with self._slot():
                    answer = await self._request(url, exchange)
                lane.note_answer(retry_after_s(answer, time.time()))
                return answer
            except Rejected as rejected:
                lane.note_failure(rejected, patience_s=patience_s)
                raise
            finally:
                lane.pause(self._pause_s(url))

    def _pause_s(self, url: str) -> float:
        """Say how long the next request to the domain waits: ours or what robots.txt asks."""
        _, robots = self._robots.get(_origin(url), (0.0, None))
        asked_s = robots.delay_s(PRODUCT) if robots else 0.0
        return max(self.settings.host_delay_s, asked_s)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Hold one of the slots, but not for long: who is slow goes on without one."""
        with ExitStack() as held:  # gives back once, whoever closes it first
            await self._slots.acquire()
            held.callback(self._slots.release)
            timer = self._loop.call_later(PATIENCE_S, held.close)
            held.callback(timer.cancel)
            yield

    async def _request(self, url: str, exchange: Exchange) -> Answer:
        """Make one request within what is left of the time; every failure is `Rejected`."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(exchange.left_s):
                status, reason, headers, body = await self._exchange(url, exchange)
        except TimeoutError as error:
            detail = f"no whole answer in {self.settings.timeout_s:g} s"
            raise Rejected(Reason.TIMEOUT, detail) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise Rejected(_reason_of(error), f"{type(error).__name__}: {error}") from error
        spent_s = time.monotonic() - started
        exchange.left_s = max(exchange.left_s - spent_s, 0.1)
        return Answer(
            asked=exchange.asked,
            url=url,
            status=status,
            reason=reason,
            headers=headers,
            body=body,
            duration_ms=round(1000 * spent_s),
        )

    async def _exchange(
        self, url: str, exchange: Exchange
    ) -> tuple[int, str, tuple[tuple[str, str], ...], bytes]:
        """Send a request; give status, reason, headers and body."""
        target = yarl.URL(url, encoded=True)  # as ada wrote it: requoting changes some addresses
        async with self._session.get(
            target, headers=exchange.headers, allow_redirects=False
        ) as response:
            # only this one brings something to read; a huge or broken error page is an error page
            body = await _read(response, exchange) if response.status == 200 else b""
            headers = tuple(
                (key.decode("latin-1"), value.decode("latin-1"))
                for key, value in response.raw_headers
            )
            return response.status, response.reason or "", headers, body

    async def _robots_of(self, origin: str) -> RobotsRules:
        """Give an origin's rules, asking for them once a day; who comes meanwhile waits."""
        async with self._robots_locks[origin]:
            expires_at, robots = self._robots.get(origin, (0.0, None))
            if robots is None or self._loop.time() > expires_at:
                robots = await self._ask_robots(origin)
                age = ROBOTS_RETRY_S if robots.failure else ROBOTS_AGE_S
                self._robots[origin] = (self._loop.time() + age, robots)
            return robots

    async def _ask_robots(self, origin: str) -> RobotsRules:
        exchange = Exchange(
            asked=f"{origin}/robots.txt",
            headers={"Accept": "text/plain, */*;q=0.1"},
            left_s=self.settings.timeout_s,
            max_bytes=ROBOTS_BYTES,
            cuts=True,
        )
        try:
            return read_robots(await self._follow(exchange, obeys=False))
        except Rejected as rejected:
            return robots_after(rejected)


async def _read(response: aiohttp.ClientResponse, exchange: Exchange) -> bytes:
    """Read and decode a body, both within the cap."""
    codings = ", ".join(response.headers.getall("Content-Encoding", []))
    decoder = Decoder(codings, exchange.max_bytes, cuts=exchange.cuts)
    announced = response.content_length or 0
    if announced > exchange.max_bytes and not exchange.cuts:
        raise Rejected(Reason.TOO_LARGE, f"announces {announced} bytes")
    raw = 0
    async for chunk in response.content.iter_chunked(CHUNK):
        raw += len(chunk)
        if raw > exchange.max_bytes and not exchange.cuts:
            raise Rejected(Reason.TOO_LARGE, f"more than {exchange.max_bytes} bytes")
        decoder.feed(chunk)
        if decoder.is_full:
            response.close()  # what is left stays unread
            break
    return decoder.finish()


def _reason_of(error: Exception) -> Reason:
    """Tell what kind of failure it was."""
    if isinstance(error, aiohttp.InvalidURL | UnicodeError):  # no such host name can be
        return Reason.ADDRESS_REFUSED
    if isinstance(error, aiohttp.ClientConnectionError):  # also of DNS and TLS
        return Reason.ADDRESS_REFUSED if NOT_OPEN in str(error) else Reason.UNREACHABLE
    # a connection may break within a body too, which aiohttp tells by its text only
    is_reset = "ConnectionResetError" in str(error)
    return Reason.UNREACHABLE if is_reset else Reason.BAD_RESPONSE


def _next_hop(answer: Answer, exchange: Exchange) -> str:
    """Give the address a redirect leads to; what belongs to one origin stays there."""
    location = answer.header("Location") or ""
    # headers are bytes: some servers write addresses in UTF-8
    location = location.encode("latin-1").decode("utf-8", errors="replace")
    try:
        parsed = ada_url.URL(ada_url.join_url(answer.url, location)) if location else None
    except ValueError:
        parsed = None
    if parsed is None:
        raise Rejected(Reason.BAD_RESPONSE, f"redirect to no address: {location[:200]!r}")
    if parsed.protocol in ("http:", "https:"):  # the next hop's check refuses all others
        parsed.username = parsed.password = parsed.hash = ""
    if parsed.origin != _origin(answer.url):
        exchange.headers = {"Accept": exchange.headers["Accept"]}
    return str(parsed.href)


def _as_sent(value: str) -> str | None:
    """Prepare a header's value (bytes, held as Latin-1) so that the same bytes go out again.

    aiohttp writes UTF-8 and refuses control characters: what it cannot send is left out.
    """
    try:
        text = value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None
    return text if all(sign.isprintable() or sign == "\t" for sign in text) else None


def _origin(url: str) -> str:
    return str(ada_url.URL(url).origin)


def _resolved(hosts: tuple[str, ...]) -> frozenset[tuple[str, int]]:
    """Look up hosts given as HOST:PORT."""
    found = set()
    for host_and_port in hosts:
        host, _, port = host_and_port.rpartition(":")
        for *_, address in socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM):
            found.add((str(address[0]), int(address[1])))
    return frozenset(found)


def _guarded_socket(
    addr_info: Any, *, open_to: frozenset[tuple[str, int]], is_only: bool
) -> socket.socket:
    """Make a socket for an address that may be connected to; aiohttp calls it for each.

    Where `is_only`, nothing but `open_to` may: a test or demonstration never leaves its machine.
    """
    family, kind, protocol, _, address = addr_info
    host, port = str(address[0]), int(address[1])
    if (host, port) not in open_to and (is_only or not is_public(host)):
        raise PermissionError(errno.EPERM, f"{host} {NOT_OPEN}")
    return socket.socket(family, kind, protocol)


class _FixedResolver(aiohttp.abc.AbstractResolver):
    """Answers every question with the same addresses, as curl's --connect-to does."""

    def __init__(self, addresses: frozenset[tuple[str, int]]) -> None:
        self._addresses = sorted(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        return [
            aiohttp.abc.ResolveResult(
                hostname=host,
                host=address,
                port=fixed_port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address, fixed_port in self._addresses
        ]

    async def close(self) -> None:
        """Nothing to close."""
