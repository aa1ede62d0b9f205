"""The fetcher: the only opener of sockets. No Beam.

In: an address. Out: an `Answer` with status, headers and decoded body, or `Rejected` with the
reason. Everything is bounded: one deadline for the exchange with all its redirects, a cap on bytes
before and after decoding, few redirects, few ports. The network address is checked on the very
socket that connects, so that neither a redirect nor DNS leads inside; only hosts named in the
settings are exempt, as the demonstration's and the tests' are. Certificates are verified, nothing
is remembered but robots.txt, and we say who we are.

One lane a registrable domain (`lanes`): one request at a time, with a pause between, and longer
where the server says so. Stages of a process share its `Web` (`shared_web`), so feeds and pages of
a domain share a lane; the processes of a run share lanes through a folder (`WebSettings.lanes`).
"""

import asyncio
import atexit
import functools
import math
import threading
import time
import weakref
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import ada_url
import aiohttp
import yarl

from schemas.vocabulary import Reason, Rejected
from transforms.answers import Answer, retry_after_s
from transforms.codings import ACCEPTED, Decoder
from transforms.connections import make_connector, max_connections, reason_of
from transforms.guard import check_address
from transforms.held import Held
from transforms.intake import Intake, Leave
from transforms.lanes import Lanes
from transforms.robots import MAX_BYTES as ROBOTS_BYTES
from transforms.robots import RobotsRules, keep_robots, kept_robots, read_robots, robots_after
from transforms.stopping import is_stopping, listen
from transforms.urls import registrable_domain, same_site
from transforms.workers import collect_seldom

PRODUCT = "Dateline/0.1"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
CHUNK = 64 * 1024
PATIENCE_S = 0.2  # a request holds a slot no longer; else a few dead hosts would hold them all
# Requests of a stage at a time: a fifth of hosts hangs for 30 s where 650 pages a second are read.
MAX_ASKED = 4000
MAX_HELD_BYTES = 32_000_000  # of answers that nobody has let go of yet; then no more are asked for
LOOK_AGAIN_S = 0.02
MAX_RULES = 500  # of robots.txt in memory: usual ones take 35 kB each, ten thousand 350 MB
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
    concurrency: int = 200  # requests that have just begun; slow ones go on beside them
    obey_robots: bool = True
    trusted: tuple[str, ...] = ()  # HOST:PORT of own servers, open although not of the open web
    connect_to: str | None = None  # HOST:PORT that every connection is made to, as in curl
    lanes: str | None = None  # folder that makes lanes and robots.txt those of several processes

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
    is_tls_exempt: bool = False  # the site's certificate is not verified
    leave: Leave = lambda: None  # out of the first lane: the next of its domain may come

    def verifies(self, url: str) -> bool:
        """Tell whether the certificate of this address counts: an exemption is of one site."""
        return not (self.is_tls_exempt and same_site(url, self.asked))


@functools.cache
def shared_web(settings: WebSettings) -> "Web":
    """Give the process's one fetcher with these settings."""
    collect_seldom()
    web = Web(settings)
    atexit.register(web.close)
    return web


class Web:
    """A fetcher with an event loop of its own."""

    def __init__(self, settings: WebSettings) -> None:
        self.settings = settings
        self._lanes = Lanes(settings.lanes)
        self._shelf = Path(settings.lanes) if settings.lanes else None
        self._robots: dict[str, tuple[float, RobotsRules]] = {}  # by origin, with its expiry
        self._held = Held()
        self._waiting = weakref.WeakSet[asyncio.Task[object]]()  # for their turn
        self._loop = asyncio.new_event_loop()
        self._intake = Intake(self._loop)
        self._thread = threading.Thread(target=self._loop.run_forever, name="web", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        listen(self)

    def get(
        self,
        url: str,
        *,
        accept: str = PAGES,
        etag: str | None = None,
        last_modified: str | None = None,
        is_tls_exempt: bool = False,
    ) -> "Future[Answer]":
        """Start to fetch an address; the future gives an `Answer` or raises `Rejected`."""
        headers = {"Accept": accept}
        for name, validator in (("If-None-Match", etag), ("If-Modified-Since", last_modified)):
            if validator and (sendable := _as_sent(validator)):
                headers[name] = sendable
        exchange = Exchange(
            asked=url,
            headers=headers,
            left_s=self.settings.timeout_s,
            max_bytes=self.settings.max_bytes,
            is_tls_exempt=is_tls_exempt,
        )
        domain = registrable_domain(url) or url
        return self._intake.put(domain, functools.partial(self._begin, exchange))

    def leave_off(self) -> None:
        """Give up what waits for its turn; requests under way are finished."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._cancel_waiting)

    def _cancel_waiting(self) -> None:
        self._intake.cancel_waiting()
        for task in list(self._waiting):
            task.cancel()

    def close(self) -> None:
        """Give up what is under way, close the connections and end the loop."""
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _shut(self) -> None:
        self._intake.cancel_waiting()
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._session.close()
        self._lanes.close()

    async def _open(self) -> None:
        settings = self.settings
        # look-ups block their thread; the default few would let dead names hold up all others
        self._loop.set_default_executor(ThreadPoolExecutor(settings.concurrency, "names"))
        self._session = aiohttp.ClientSession(
            connector=make_connector(settings.trusted, settings.connect_to),
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
        self._connections = asyncio.Semaphore(max_connections())
        self._room = asyncio.Lock()

    async def _begin(self, exchange: Exchange, leave: Leave) -> Answer:
        exchange.leave = leave
        return await self._follow(exchange, obeys=self.settings.obey_robots)

    async def _follow(self, exchange: Exchange, *, obeys: bool) -> Answer:
        """Ask, and follow redirects, one lane after the other."""
        url, hops = exchange.asked, set[int]()
        for _ in range(self.settings.max_redirects + 1):
            check_address(url, trusted=self.settings.trusted)
            if obeys:
                robots = await self._robots_of(_origin(url), not exchange.verifies(url))
                robots.check(url, PRODUCT)
            answer = await self._in_lane(url, exchange)
            if answer.status not in REDIRECTS:
                answer = replace(answer, is_moved_for_good=bool(hops) and hops <= PERMANENT)
                self._held.add(answer)
                return answer
            hops.add(answer.status)
            url = _next_hop(answer, exchange)
        raise Rejected(Reason.TOO_MANY_REDIRECTS, f"more than {self.settings.max_redirects}")

    async def _in_lane(self, url: str, exchange: Exchange) -> Answer:
        """Wait for the lane, make one request, and leave the lane with its pause."""
        task = asyncio.current_task()
        if is_stopping() or task is None:
            raise asyncio.CancelledError
        self._waiting.add(task)
        lane = self._lanes.of(registrable_domain(url) or url)
        patience_s = self.settings.timeout_s
        async with lane.turn(patience_s=patience_s):
            await self._wait_for_room()
            try:
                async with self._slot():
                    self._waiting.discard(task)
                    answer = await self._request(url, exchange)
                lane.note_answer(retry_after_s(answer, time.time()))
                return answer
            except Rejected as rejected:
                lane.note_failure(rejected, patience_s=patience_s)
                raise
            finally:
                lane.pause(self._pause_s(url))
                exchange.leave()

    def _pause_s(self, url: str) -> float:
        """Say how long the next request to the domain waits: ours or what robots.txt asks."""
        robots = self._known_robots(_origin(url)) if self.settings.obey_robots else None
        asked_s = robots.delay_s(PRODUCT) if robots else 0.0
        return max(self.settings.host_delay_s, asked_s)

    async def _wait_for_room(self) -> None:
        """Wait until readers have let go of enough of what was fetched for them."""
        async with self._room:  # one looks, the others queue behind it
            while self._held.num_bytes > MAX_HELD_BYTES:
                await asyncio.sleep(LOOK_AGAIN_S)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Hold one of the slots, but not for long: who is slow goes on without one."""
        async with self._connections:
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
            raise Rejected(reason_of(error), f"{type(error).__name__}: {error}") from error
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
            is_tls_verified=exchange.verifies(url) if url.startswith("https:") else None,
        )

    async def _exchange(
        self, url: str, exchange: Exchange
    ) -> tuple[int, str, tuple[tuple[str, str], ...], bytes]:
        """Send a request; give status, reason, headers and body."""
        target = yarl.URL(url, encoded=True)  # as ada wrote it: requoting changes some addresses
        async with self._session.get(
            target,
            headers=exchange.headers,
            allow_redirects=False,
            ssl=exchange.verifies(url),
        ) as response:
            # only this one brings something to read; a huge or broken error page is an error page
            body = await _read(response, exchange) if response.status == 200 else b""
            headers = tuple(
                (key.decode("latin-1"), value.decode("latin-1"))
                for key, value in response.raw_headers
            )
            return response.status, response.reason or "", headers, body

    async def _robots_of(self, origin: str, is_tls_exempt: bool) -> RobotsRules:
        """Give an origin's rules, asking for them once a day; who comes meanwhile waits."""
        if known := self._known_robots(origin):
            return known
        async with self._lanes.of(f"robots.txt of {origin}").turn(patience_s=math.inf):
            if known := self._known_robots(origin):
                return known
            robots = await self._ask_robots(origin, is_tls_exempt)
            now = time.time()
            if self._shelf is not None:  # in a thread: a new file may keep a busy disk for long
                await asyncio.to_thread(keep_robots, self._shelf, origin, robots, now)
            self._remember(origin, now + robots.age_s, replace(robots, text=""))
            return robots

    def _known_robots(self, origin: str) -> RobotsRules | None:
        """Give the rules that this or another process has, where they are not too old."""
        now = time.time()
        known = self._robots.get(origin)
        is_stale = not (known and now < known[0])
        if self._shelf and is_stale and (known := kept_robots(self._shelf, origin, now)):
            self._remember(origin, *known)
        return known[1] if known and now < known[0] else None

    def _remember(self, origin: str, expires_at: float, robots: RobotsRules) -> None:
        """Hold rules in memory: the latest of them, where the others can be read again."""
        self._robots[origin] = (expires_at, robots)
        if self._shelf is not None and len(self._robots) > MAX_RULES:
            del self._robots[next(iter(self._robots))]

    async def _ask_robots(self, origin: str, is_tls_exempt: bool) -> RobotsRules:
        exchange = Exchange(
            asked=f"{origin}/robots.txt",
            headers={"Accept": "text/plain, */*;q=0.1"},
            left_s=self.settings.timeout_s,
            max_bytes=ROBOTS_BYTES,
            cuts=True,
            is_tls_exempt=is_tls_exempt,
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
