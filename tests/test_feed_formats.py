"""What is read of a feed, whichever its format, and what is no feed."""

import gzip
import json
import time
from datetime import UTC, datetime

import pytest

from schemas.vocabulary import Precision, PublishedSource, Reason, Rejected
from transforms.feed_formats import ParsedEntry, ParsedFeed, parse_feed
from transforms.feed_formats.parsed import plain_text

URL = "https://www.meldtpost.example/world/feed.xml"
NOON = datetime(2026, 7, 6, 12, tzinfo=UTC)


def item(n: int = 1, inner: str = "") -> str:
    return (
        f"<item><title>Story {n}</title><link>https://a.example/{n}</link>"
        f"<guid isPermaLink='false'>urn:{n}</guid>{inner}</item>"
    )


def rss(*items: str, head: str = "", prolog: str = "<?xml version='1.0'?>") -> bytes:
    channel = f"<channel><title>Meldt Post</title>{head}{''.join(items)}</channel>"
    return f"{prolog}<rss version='2.0'>{channel}</rss>".encode()


def read(body: bytes, content_type: str = "") -> ParsedFeed:
    return parse_feed(body, url=URL, content_type=content_type)


def entry_of(inner: str) -> ParsedEntry:
    return read(rss(f"<item>{inner}</item>")).entries[0]


def reason_of(body: bytes) -> Reason:
    with pytest.raises(Rejected) as caught:
        read(body)
    return caught.value.reason


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
ATOM = (
    b"<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en' xml:base='https://b.example/x/'>"
    b"<title>Meldt Post</title><id>urn:f</id><updated>2026-07-06T12:00:00Z</updated>"
    b"<entry><title type='html'>Bridge &lt;i&gt;opens&lt;/i&gt;</title><id>urn:1</id>"
    b"<link href='1.html'/><link rel='enclosure' href='http://c.example/v.mp4'/>"
    b"<author><name>Ana Rask</name></author><published>2026-07-06T12:00:00Z</published>"
    b"<updated>2026-07-06T15:00:00+02:00</updated></entry></feed>"
)
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Meldt Post",
        "home_page_url": "https://www.meldtpost.example/",
        "language": "en",
        "items": [
            {
                "id": 7,
                "url": "/news/7#top",
                "title": "Bridge opens",
                "content_html": "<p>The mayor came.</p>",
                "authors": [{"name": "Ana Rask"}],
                "date_published": "2026-07-06T12:00:00Z",
            }
        ],
    }
).encode()
SITEMAP = (
    b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"
    b" xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'"
    b" xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'>"
    b"<url><image:image><image:loc>https://meldtpost.example/i.jpg</image:loc>"
    b"<image:title>A bridge</image:title></image:image>"
    b"<loc>https://meldtpost.example/news/1</loc><lastmod>2026-07-06T13:00:00Z</lastmod>"
    b"<news:news><news:publication><news:name>Meldt Post</news:name>"
    b"<news:language>en</news:language></news:publication>"
    b"<news:publication_date>2026-07-06T12:00:00Z</news:publication_date>"
    b"<news:title>Bridge opens</news:title></news:news></url>"
    b"<url><loc>https://elsewhere.example/</loc></url></urlset>"
)


def test_rss_is_read() -> None:
    feed = read(RSS)
    assert (feed.feed_format, feed.title, feed.language) == ("rss20", "Meldt Post", "en-gb")
    assert (feed.site_url, feed.interval_s) == ("https://www.meldtpost.example/", 3600)
    assert feed.entries == (
        ParsedEntry(
            url="https://www.meldtpost.example/news/1",
            guid="n1",
            title="Bridge opens & closes",
            summary="The mayor came.",
            authors=("Ana Rask",),
            published_at=NOON,
            published_precision=Precision.SECOND,
            published_source=PublishedSource.PUBLISHED,
            is_zone_assumed=False,
            language="en-gb",
        ),
    )


@pytest.mark.parametrize(
    ("body", "feed_format", "url"),
    [
        (RDF, "rss10", "https://a.example/1"),
        (ATOM, "atom10", "https://b.example/x/1.html"),
        (JSON, "json11", "https://www.meldtpost.example/news/7"),
        (SITEMAP, "sitemap", "https://meldtpost.example/news/1"),
    ],
)
def test_every_format_tells_the_same(body: bytes, feed_format: str, url: str) -> None:
    feed = read(body)
    (entry,) = feed.entries
    assert (feed.feed_format, entry.url, entry.title) == (feed_format, url, "Bridge opens")
    assert (entry.published_at, entry.published_precision) == (NOON, Precision.SECOND)
    assert entry.authors == (() if body == SITEMAP else ("Ana Rask",))


def test_a_sitemap_speaks_for_its_own_site_only() -> None:
    feed = read(SITEMAP)
    assert feed.damage == "1 pages of other sites were left out"
    (entry,) = feed.entries
    assert (entry.publisher, entry.language) == ("Meldt Post", "en")
    assert entry.updated_at == datetime(2026, 7, 6, 13, tzinfo=UTC)


def test_an_update_time_is_kept_beside_the_publication_time() -> None:
    (entry,) = read(ATOM).entries
    assert entry.updated_at == datetime(2026, 7, 6, 13, tzinfo=UTC)


def test_guids_that_entries_share_tell_nothing_apart() -> None:
    same = "<guid>1</guid>"
    feed = read(rss(*(f"<item><title>{t}</title><link>/{t}</link>{same}</item>" for t in "abc")))
    assert [entry.guid for entry in feed.entries] == [None] * 3
    assert len({entry.url for entry in feed.entries}) == 3


@pytest.mark.parametrize(
    ("inner", "url"),
    [
        ("<guid>https://a.example/1</guid>", "https://a.example/1"),
        ("<guid isPermaLink='false'>https://a.example/1</guid>", None),
        ("<link>javascript:alert(1)</link>", None),
        ("<link>at://did:plc:x</link><link>/1</link>", "https://www.meldtpost.example/1"),
        ("<link>  /a b </link>", "https://www.meldtpost.example/a%20b"),
        ("<title>no link</title>", None),
    ],
)
def test_the_address_is_the_link_or_a_permanent_guid(inner: str, url: str | None) -> None:
    assert entry_of(inner).url == url


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("<![CDATA[<b>Bold</b>   move]]>", "Bold move"),
        ("AT&amp;T", "AT&T"),
        ("<![CDATA[Fish &amp; chips]]>", "Fish & chips"),
        ("1 &lt; 2", "1 < 2"),
        ("Caf&eacute;", "Café"),
        ("\u202egnp.exe \u200bhidden", "gnp.exe hidden"),
        ("two\nlines\tand tabs", "two lines and tabs"),
        ("&#27;[31mred &#xD800;end", "[31mred �end"),
        ("'; DROP TABLE feeds; --", "'; DROP TABLE feeds; --"),
        ("{{7*7}} %s ${x}", "{{7*7}} %s ${x}"),
    ],
)
def test_titles_are_plain_text(written: str, text: str) -> None:
    assert entry_of(f"<title>{written}</title>").title == text


@pytest.mark.parametrize(
    ("inner", "authors"),
    [
        ("<author>desk@a.example</author>", ()),
        ("<author>desk@a.example (Ana Rask)</author>", ("Ana Rask",)),
        ("<author>Ana Rask &lt;desk@a.example&gt;</author>", ("Ana Rask",)),
        (
            "<dc:creator>Ana Rask</dc:creator><dc:creator>Jon Vell</dc:creator>",
            ("Ana Rask", "Jon Vell"),
        ),
        ("", ()),
    ],
)
def test_authors_are_names_without_their_addresses(inner: str, authors: tuple[str, ...]) -> None:
    declared = b"<rss xmlns:dc='http://purl.org/dc/elements/1.1/' "
    body = rss(f"<item>{inner}</item>").replace(b"<rss ", declared)
    assert read(body).entries[0].authors == authors


def test_a_text_is_cut_to_its_length() -> None:
    assert len(plain_text("word " * 10_000) or "") == 499
    assert plain_text(" \n ") is None


@pytest.mark.parametrize(
    ("head", "interval_s"),
    [
        ("<ttl>30</ttl>", 1800),
        ("<ttl>soon</ttl>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", 3600),
        (
            "<sy:updatePeriod>dayly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            21_600,
        ),
        (
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0.1</sy:updateFrequency>",
            None,
        ),
        ("", None),
    ],
)
def test_a_feed_says_how_often_to_come(head: str, interval_s: float | None) -> None:
    declared = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"
    body = rss(item(), head=head).replace(b"<rss ", f"<rss {declared} ".encode())
    assert read(body).interval_s == interval_s


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "utf-8"), ("utf-16", "utf-16"), ("windows-1251", "windows-1251"),
        ("koi8-r", "koi8-r"), ("utf-8", "no-such-encoding"), ("utf-8", "rot13"),
        ("utf-8", "iso-8859-1"),
    ],
)  # fmt: skip
def test_a_feed_is_read_in_its_encoding(encoding: str, declared: str) -> None:
    prolog = f"<?xml version='1.0' encoding='{declared}'?>"
    text = rss("<item><title>Мост открыт</title></item>", prolog=prolog).decode()
    assert read(text.encode(encoding)).entries[0].title == "Мост открыт"


def test_the_header_does_not_override_what_the_bytes_show() -> None:
    body = rss("<item><title>Мост</title></item>")
    assert read(body, "text/xml; charset=iso-8859-1").entries[0].title == "Мост"


def test_single_bytes_said_to_be_latin1_are_windows_1252_as_in_browsers() -> None:
    prolog = "<?xml version='1.0' encoding='iso-8859-1'?>"
    body = rss("<item><title>QUOTE</title></item>", prolog=prolog)
    title = read(body.replace(b"QUOTE", b"\x93Bridge\x94")).entries[0].title
    assert title == "“Bridge”"


@pytest.mark.parametrize(
    "body",
    [
        b"", b" \r\n ", b"<!DOCTYPE html><html><head></head></html>", b"<html><body>", b"%PDF-1.7",
        b"\x89PNG\r\n", b"Service unavailable", b'{"error": "not found"}', b"[1, 2]",
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", b"{}",
    ],
)  # fmt: skip
def test_what_is_no_feed_is_an_error_not_an_empty_feed(body: bytes) -> None:
    assert reason_of(body) is Reason.NOT_A_FEED


def test_a_page_in_place_of_a_feed_may_offer_one() -> None:
    page = b"<!doctype html><link rel=alternate type='application/rss+xml' href='/rss'>"
    with pytest.raises(Rejected, match=r"it offers https://www\.meldtpost\.example/rss"):
        read(page)


def test_an_empty_feed_is_a_feed() -> None:
    assert read(rss()).entries == ()


@pytest.mark.parametrize(
    "body",
    [
        b"<rss version='2.0'><channel>" + b"<a>" * 100_000,
        b"<rss version='2.0' " + b"".join(b"a%d='x' " % n for n in range(20_000)) + b"></rss>",
        b"<rss version='2.0'><channel><item>" + b"<category/>" * 500_000,
        b'{"version": "https://jsonfeed.org/version/1", "items": ' + b"[" * 100_000,
    ],
)
def test_what_is_made_to_be_slow_is_refused_at_once(body: bytes) -> None:
    started = time.process_time()
    assert reason_of(body) is Reason.BROKEN_FEED
    assert time.process_time() - started < 2


def test_entities_neither_swell_nor_read_files() -> None:
    swelling = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    doctype = (
        f"<!DOCTYPE rss [<!ENTITY l0 'lol'>{swelling}<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
    )
    title = read(rss("<item><title>x&l9;&f;</title></item>", prolog=doctype)).entries[0].title
    assert len(title or "") < 100


def test_a_feed_that_breaks_off_gives_its_whole_entries() -> None:
    feed = read(rss(item(1), item(2), item(3)).partition(b"urn:3")[0])
    assert [entry.title for entry in feed.entries] == ["Story 1", "Story 2"]
    assert feed.damage == "it breaks off; its last entry was left out"


@pytest.mark.parametrize(
    "body",
    [
        b"\n\n" + rss(item()),
        b"Warning: line 3<br />" + rss(item()),
        rss(item()) + b"<!-- cached -->\x00trailing",
        rss(item(1, "<title>Fish & chips</title>")),
        rss(item(1, "<media:thumbnail url='x'/>")),
    ],
)
def test_common_mistakes_are_borne(body: bytes) -> None:
    assert [entry.url for entry in read(body).entries] == ["https://a.example/1"]


def test_an_endless_feed_is_cut_and_says_so() -> None:
    feed = read(rss(*(item(n) for n in range(2500))))
    assert len(feed.entries) == 2000
    assert feed.damage == "only the first 2000 entries were read"


def test_wrong_types_in_json_count_as_not_there() -> None:
    document = json.loads(JSON)
    document["items"] += [
        7,
        {"id": float("nan"), "url": ["x"], "title": {}, "authors": "A", "summary": "s"},
    ]
    _, odd = read(json.dumps(document).encode()).entries
    assert odd == ParsedEntry(url=None, summary="s", language="en")


def test_an_object_that_says_nothing_is_no_entry() -> None:
    document = json.loads(JSON)
    document["items"].append({"id": {"a": 1}, "url": 5, "content_text": None})
    assert len(read(json.dumps(document).encode()).entries) == 1


def test_a_document_that_begins_again_is_read_once() -> None:
    assert [entry.guid for entry in read(rss(item(1)) + rss(item(2))).entries] == ["urn:1"]


def test_the_fetcher_has_undone_gzip_before() -> None:
    assert reason_of(gzip.compress(RSS)) is Reason.NOT_A_FEED
