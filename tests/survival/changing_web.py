"""A web on loopback whose feeds list a new article every so often, with hostile ones among them.

    python -m tests.survival.changing_web SETTINGS     prints its port, serves until input is closed

Host k publishes its article number n at a known instant, with a text that is known from k and n,
so that whoever reads this web can be told what is missing. Nothing is remembered: what is answered
depends on the clock alone. A tenth of the hosts, the last ones, is hostile: some in their feed,
some in the pages of a feed that is in order.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

LISTED = 12  # entries in a feed
BAD_FEEDS = ("hang", "error", "garbage", "huge", "loop", "html")
BAD_PAGES = ("hang", "error", "empty", "links", "deep", "attributes", "binary", "loop")
PARAGRAPHS = (
    "Rebels attacked a barracks near Orzhan late on Saturday, killing {n} soldiers of the "
    "garrison of {host}, the army of Zembria said in report {n}.",
    "Foreign Minister Idris Malk of Zembria met the governor of {host} on Sunday for round {n} of "
    "talks on a ceasefire, his office said, and both sides agreed to exchange prisoners.",
    "In {host}, some {n} thousand people marched through the centre on Monday and demanded that "
    "the government step down, witnesses told reporter number {n}.",
)


@dataclass(frozen=True)
class ChangingWeb:
    """What is published, and when."""

    start: float  # seconds since the epoch
    num_feeds: int
    every_s: float
    num_articles: int  # of each feed

    def host(self, k: int) -> str:
        """Name a host by what it does."""
        kinds = [f"feed-{kind}" for kind in BAD_FEEDS] + [f"page-{kind}" for kind in BAD_PAGES]
        bad = k - self.num_feeds + max(self.num_feeds // 10, len(kinds))
        return f"good{k}.example" if bad < 0 else f"{kinds[bad % len(kinds)]}{k}.example"

    def at(self, k: int, n: int) -> float:
        """Give the instant at which an article appears; hosts follow each other."""
        return self.start + self.every_s * (n + k / self.num_feeds)

    def number(self, k: int, now: float) -> int:
        """Say how many articles a host has published."""
        return max(0, min(self.num_articles, int((now - self.at(k, 0)) // self.every_s) + 1))

    def expected(self) -> dict[str, float]:
        """Give the address of every article that can be read, with its instant."""
        return {
            f"http://{self.host(k)}/news/{n}": self.at(k, n)
            for k in range(self.num_feeds)
            if self.host(k).startswith("good")
            for n in range(self.num_articles)
        }


def text_of(host: str, n: int) -> str:
    """Give the text of an article."""
    return "\n\n".join(p.format(host=host.partition(".")[0].title(), n=n + 2) for p in PARAGRAPHS)


def feed_of(web: ChangingWeb, k: int, now: float) -> bytes:
    """Write a feed as it stands."""
    host, number = web.host(k), web.number(k, now)
    items = "".join(
        f"<item><title>Report {n} from {host}</title><link>http://{host}/news/{n}</link>"
        f"<pubDate>{format_datetime(datetime.fromtimestamp(web.at(k, n), UTC))}</pubDate></item>"
        for n in range(max(0, number - LISTED), number)
    )
    return f"<rss version='2.0'><channel><title>{host}</title>{items}</channel></rss>".encode()


def page_of(host: str, n: int) -> bytes:
    """Write an article's page."""
    title = f"Report {n} from {host}"
    body = "".join(f"<p>{paragraph}</p>" for paragraph in text_of(host, n).split("\n\n"))
    menu = "<a href=/x>Section</a> " * 100
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><body><nav>{menu}"
        f"</nav><article><h1>{title}</h1>{body}</article><footer>{menu}</footer></body></html>"
    ).encode()


def answer(status: str, body: bytes = b"", kind: str = "text/html", *headers: str) -> bytes:
    """Put an answer together."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", f"Content-Type: {kind}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


HOSTILE = {
    "error": answer("500 Internal Server Error"),
    "garbage": answer("200 OK", bytes(range(256)) * 200, "application/rss+xml"),
    "huge": answer("200 OK", b"<rss><channel>" + b"<item></item>" * 900_000, "text/xml"),
    "html": answer("200 OK", page_of("a feed.example", 1)),
    "empty": answer("200 OK"),
    "links": answer("200 OK", b"<body>" + b"<p><a href=/a>Link</a></p>" * 60_000),
    "deep": answer("200 OK", b"<body>" + b"<div>" * 50_000 + b"text"),
    "attributes": answer("200 OK", b"<body " + b" ".join(b"a%d=1" % n for n in range(50_000))),
    "binary": answer("200 OK", b"%PDF-1.7" + bytes(1000)),
}


def answer_to(web: ChangingWeb, path: str, host: str, now: float) -> bytes | None:
    """Answer a request; None leaves it unanswered."""
    if path == "/robots.txt":
        return answer("404 Not Found")
    kind = host.partition("-")[2].removesuffix(".example").rstrip("0123456789")
    k = int("".join(filter(str.isdigit, host)))
    is_feed = path == "/feed"
    if host.startswith("feed-" if is_feed else "page-"):
        if kind == "loop":
            return answer("302 Found", b"", "text/html", f"Location: http://{host}{path}")
        return HOSTILE.get(kind)
    if is_feed:
        return answer("200 OK", feed_of(web, k, now), "application/rss+xml")
    n = int(path.rpartition("/")[2])
    return answer("200 OK", page_of(host, n)) if n < web.number(k, now) else answer("404 Not Found")


async def converse(
    web: ChangingWeb, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer the requests of a connection until it is closed."""
    try:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
            host = next(
                line[6:] for line in head.split("\r\n") if line.lower().startswith("host: ")
            )
            told = answer_to(web, head.split(" ")[1], host, time.time())
            if told is None:
                await asyncio.sleep(3600)
            writer.write(told or b"")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def serve(web: ChangingWeb) -> None:
    """Serve until the input is closed."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await converse(web, reader, writer)

    server = await asyncio.start_server(one, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


def as_settings(web: ChangingWeb) -> str:
    """Write the settings as this program takes them."""
    return json.dumps(asdict(web))


if __name__ == "__main__":
    asyncio.run(serve(ChangingWeb(**json.loads(sys.argv[1]))))
