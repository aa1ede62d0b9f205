"""The fast reader of well-formed feeds finds what the slow one finds, and knows its limits."""

import time
from dataclasses import replace

import pytest

from transforms.feed_formats import ParsedFeed, parse_feed
from transforms.feed_formats.charsets import settle_encoding
from transforms.feed_formats.elements import XHTML, read_elements
from transforms.feed_formats.loose import read_loosely
from transforms.feed_formats.syndication import interpret

URL = "https://www.meldtpost.example/world/feed.xml"


def item(n: int = 1, inner: str = "") -> str:
    return (
        f"<item><title>Story {n}</title><link>https://a.example/{n}</link>"
        f"<guid isPermaLink='false'>urn:{n}</guid>{inner}</item>"
    )


def rss(*items: str, head: str = "", prolog: str = "<?xml version='1.0'?>") -> bytes:
    channel = f"<channel><title>Meldt Post</title>{head}{''.join(items)}</channel>"
    return f"{prolog}<rss version='2.0'>{channel}</rss>".encode()


def parse(body: bytes) -> ParsedFeed:
    return parse_feed(body, url=URL)


RSS = rss(
    "<item><title>Bridge opens &amp;amp; closes</title><link>/news/1?utm_source=rss</link>"
    "<description>&lt;p&gt;The &lt;b&gt;mayor&lt;/b&gt; came.&lt;/p&gt;"
    "&lt;script&gt;x()&lt;/script&gt;</description><author>desk@a.example (Ana Rask)</author>"
    "<pubDate>Mon, 06 Jul 2026 14:00:00 +0200</pubDate><guid isPermaLink='false'>n1</guid></item>",
    head="<link>https://www.meldtpost.example/</link><language>en-gb</language><ttl>60</ttl>",
)
RDF = (
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'"
    b" xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>Meldt Post</title>"
    b"<link>https://www.meldtpost.example/</link></channel><item rdf:about='https://a.example/1'>"
    b"<title>Bridge opens</title><link>https://a.example/1</link><dc:creator>Ana Rask</dc:creator>"
    b"<dc:date>2026-07-06T12:00:00Z</dc:date></item></rdf:RDF>"
)
ATOM_FEED = (
    b"<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en' xml:base='https://b.example/x/'>"
    b"<title>Meldt Post</title><id>urn:f</id><updated>2026-07-06T12:00:00Z</updated>"
    b"<entry><title type='html'>Bridge &lt;i&gt;opens&lt;/i&gt;</title><id>urn:1</id>"
    b"<link href='1.html'/><link rel='enclosure' href='http://c.example/v.mp4'/>"
    b"<author><name>Ana Rask</name></author><published>2026-07-06T12:00:00Z</published>"
    b"<updated>2026-07-06T15:00:00+02:00</updated></entry></feed>"
)


@pytest.mark.parametrize(
    "body",
    [
        RSS, RDF, ATOM_FEED,
        RSS.replace(b"Meldt Post", b"Meldt & Post"),
        RSS.replace(b"Meldt Post", b"Caf&eacute; &hellip; &#150; &#8;<![CDATA[ a&b &eacute; ]]>"),
        RSS.replace(b"Meldt Post", "Мост".encode()),
    ],
)  # fmt: skip
def test_well_formed_feeds_are_read_alike_by_both_readers(body: bytes) -> None:
    encoded = settle_encoding(body, "")
    feed = read_elements(encoded.body)
    assert feed is not None
    assert interpret(feed, URL) == replace(interpret(read_loosely(encoded), URL), damage=None)


@pytest.mark.parametrize(
    "body",
    [
        rss(item()).replace(b"</rss>", b""),
        rss(item(), prolog="<!DOCTYPE rss [<!ENTITY a 'b'>]>"),
        rss(item(1, "<item><title>within</title></item>")),
        rss(item(1, "<media:title>no such namespace</media:title>")),
        rss(item(1, "<description>a <b xmlns='urn:x'>b</b></description>")),
        b"<channel><title>CDF</title></channel>",
        b"<rss version='2.0'/>",
    ],
)
def test_what_is_not_certain_is_left_to_the_other_reader(body: bytes) -> None:
    assert read_elements(body) is None


@pytest.mark.parametrize(
    ("inner", "title"),
    [
        ("<title type='html'>A &lt;b&gt;new&lt;/b&gt; bridge</title>", "A new bridge"),
        ("<title type='html'>A <b>new</b> bridge</title>", "A new bridge"),
        ("<title>A &lt;b&gt;new&lt;/b&gt; bridge</title>", "A new bridge"),
        ("<title>1 &lt; 2 &amp; 3</title>", "1 < 2 & 3"),
        (
            f"<title type='xhtml'><div xmlns='{XHTML}'>Of &lt;br&gt;</div></title>",
            "Of <br>",
        ),
        ("<title type='application/octet-stream'>QSBicmlkZ2U=</title>", "A bridge"),
        ("<title type='application/octet-stream'>no base64</title>", "no base64"),
    ],
)
def test_texts_of_atom_are_read_by_their_type(inner: str, title: str) -> None:
    feed = f"<feed xmlns='http://www.w3.org/2005/Atom'><entry>{inner}<id>1</id></entry></feed>"
    assert parse(feed.encode()).entries[0].title == title


def test_entries_of_atom_without_an_author_are_the_feeds() -> None:
    head = b"<author><name>Meldt Desk</name><email>desk@a.example</email></author><entry>"
    body = ATOM_FEED.replace(b"<entry>", head).replace(
        b"<author><name>Ana Rask</name></author>", b""
    )
    assert parse(body).entries[0].authors == ("Meldt Desk",)


def test_a_base_holds_for_what_is_within() -> None:
    body = ATOM_FEED.replace(b"<entry>", b"<entry xml:base='y/'>")
    assert parse(body).entries[0].url == "https://b.example/x/y/1.html"


def test_hostile_character_data_is_settled_in_linear_time() -> None:
    for piece in (b"<![CDATA[", b"&", b"&#", b"&aaaaaaaa", b"]]"):
        started = time.process_time()
        settle_encoding(piece * 300_000, "")
        read_elements(piece * 300_000)
        assert time.process_time() - started < 2
