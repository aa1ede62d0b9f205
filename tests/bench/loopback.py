"""A web on loopback for measurements: every host has a feed and pages, some hosts never answer.

    python -m tests.bench.loopback     prints its port, and serves until its input is closed

Each answer comes after 50 ms. Hosts whose name begins with "hang" take the request and stay silent.
"""

import asyncio
import sys

LATENCY_S = 0.05
ITEMS = 20
PARAGRAPH = (
    "The council of Ostrand voted on Monday to rebuild the harbour wall that the storm of January "
    "broke, the mayor, Lene Faber, told reporters after a debate of six hours. "
)
ITEM = (
    "<item><title>Council of Ostrand votes on the harbour, part {n}</title>"
    "<link>http://HOST/news/{n}?utm_source=rss</link><guid isPermaLink='false'>HOST:{n}</guid>"
    "<pubDate>Mon, 06 Jul 2026 {n:02}:00:00 GMT</pubDate><author>desk@HOST (Lene Faber)</author>"
    "<category>harbour</category><description>&lt;p&gt;{text}&lt;/p&gt;&lt;p&gt;&lt;a "
    "href=&quot;/more&quot;&gt;More&lt;/a&gt; &lt;img src=&quot;/i.jpg&quot;&gt;{text}&lt;/p&gt;"
    "</description></item>"
)
FEED = (
    "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>HOST</title>"
    "<link>http://HOST/</link><description>News</description><language>en</language>"
    + "".join(ITEM.format(n=n, text=PARAGRAPH * 2) for n in range(ITEMS))
    + "</channel></rss>"
).encode()
PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Harbour wall</title><body>"
    "<nav>" + "<a href=/x>Section</a> " * 200 + "</nav><article><h1>Council votes on harbour</h1>"
    + f"<p>{PARAGRAPH * 4}</p>" * 20 + "</article><footer>" + "<a href=/y>More</a> " * 200
    + "</footer></body></html>"
).encode()  # fmt: skip


class Server(asyncio.Protocol):
    """Answers one request after the other on a connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            first, *lines = head.split(b"\r\n")
            host = next(line[6:] for line in lines if line[:6].lower() == b"host: ")
            if not host.startswith(b"hang"):
                answer = answer_to(first.split(b" ")[1], host)
                asyncio.get_running_loop().call_later(LATENCY_S, self._send, answer)

    def _send(self, answer: bytes) -> None:
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.write(answer)


def answer_to(path: bytes, host: bytes) -> bytes:
    """Make the answer to a request."""
    if path == b"/robots.txt":
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    is_feed = path == b"/feed"
    body = FEED.replace(b"HOST", host) if is_feed else PAGE
    kind = b"application/rss+xml" if is_feed else b"text/html; charset=utf-8"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(body))
    return head + body


async def serve() -> None:
    """Serve until the input is closed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    from transforms.connections import max_connections

    max_connections()  # lifts the limit on open files
    asyncio.run(serve())
