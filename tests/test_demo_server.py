"""The bundled news world is served as real sites serve: feeds, pages, validators, failures."""

import gzip
import http.client
import json
import re
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from xml.etree import ElementTree

import feedparser
import pytest

from pipelines.demo_server import (
    FIRST_EDITION,
    SECOND_EDITION,
    DemoServer,
)
from pipelines.demo_server.answers import Answer
from pipelines.demo_server.server import is_unchanged
from pipelines.demo_server.world import Feed, FeedFormat, Kind, Site

COURIER = "tarnport-courier.example"
TIMES = "selvara-times.example"
MONITOR = "orzhan-monitor.example"
GAZETTE = "news.verrin-gazette.example"
HERALD = "pellharbour-herald.example"
REPORT = "basinreport.example"
TOLL = "/2026/03/10/hallenbeck-toll.html"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
EDITIONS = [FIRST_EDITION, SECOND_EDITION]


@dataclass(frozen=True)
class Reply:
    """A response as a client sees it."""

    status: int
    headers: Message
    body: bytes


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(now=SECOND_EDITION) as running:
        yield running


def fetch(server: DemoServer, host: str, target: str, method: str = "GET", **headers: str) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, target, headers={"Host": host, **named})
    response = connection.getresponse()
    reply = Reply(response.status, response.headers, response.read())
    connection.close()
    return reply


def listed_links(server: DemoServer, site: Site, feed: Feed) -> list[str]:
    """Read a feed with a reader that is not ours, and give its links."""
    reply = fetch(server, site.host, feed.path)
    assert reply.status == 200
    if feed.format is FeedFormat.JSON:
        return [entry["url"] for entry in json.loads(reply.body)["items"]]
    if feed.format is FeedFormat.SITEMAP:
        places = ElementTree.fromstring(reply.body).iter(f"{{{SITEMAP}}}loc")
        return [place.text or "" for place in places]
    headers = {"content-type": reply.headers["Content-Type"]}
    parsed = feedparser.parse(reply.body, response_headers=headers)
    assert feed.is_truncated or not parsed.bozo
    return [entry.link for entry in parsed.entries if "link" in entry]


@pytest.mark.parametrize("now", EDITIONS)
def test_feeds_list_exactly_what_is_published_by_the_worlds_clock(now: datetime) -> None:
    with DemoServer(now=now) as server:
        for site in server.world.sites.values():
            for feed in (one for one in site.feeds if not one.is_truncated):
                out = [
                    article.path.lstrip("/")
                    for article in site.articles
                    if article.editions[0].published <= now
                    and feed.section in ("", article.editions[0].section)
                ]
                links = [
                    re.sub(r"[?&](?:utm_|fbclid).*", "", one)
                    for one in listed_links(server, site, feed)
                ]
                stems = [link.removeprefix(f"http://{site.host}/") for link in links]
                assert sorted(stems) == sorted(out), feed.path


def test_atom_links_are_relative_to_an_xml_base(server: DemoServer) -> None:
    body = fetch(server, TIMES, "/feed.atom").body.decode()
    assert f'xml:base="http://{TIMES}/"' in body
    assert 'href="news/world/river-shots"' in body


def test_one_feed_shares_guids_and_two_feeds_track_one_article_differently(
    server: DemoServer,
) -> None:
    latest = feedparser.parse(fetch(server, HERALD, "/feed/").body)
    guids = [entry.id for entry in latest.entries]
    assert len(set(guids)) < len(guids)
    links = [entry.link for entry in latest.entries]
    others = feedparser.parse(fetch(server, HERALD, "/category/world/feed/").body).entries
    bare = {link.partition("?")[0] for link in links}
    assert {entry.link.partition("?")[0] for entry in others} <= bare
    assert not {entry.link for entry in others} & set(links)
    assert all("utm_source=rss" in link for link in links)


def test_a_tracked_address_leads_to_the_same_page(server: DemoServer) -> None:
    plain = fetch(server, HERALD, "/2026/03/talks-open/")
    tracked = fetch(server, HERALD, "/2026/03/talks-open/?utm_source=rss&fbclid=abc")
    assert plain.status == 200
    assert plain.body == tracked.body


def test_every_page_shows_its_text_among_the_clutter_of_its_site(server: DemoServer) -> None:
    clutter = {
        COURIER: ("In Other News", "Load More", "Sign up for our free newsletter", "cookies"),
        TIMES: ("Related stories", "Share on Facebook", "Most viewed", "Cookie settings"),
        MONITOR: ("MOST READ", "Print this page", "Send to a friend", "ADVERTISEMENT"),
        REPORT: ("You may also like", "Load more stories", "Support us", "Up next"),
        GAZETTE: ("TRENDING NOW", "LOAD MORE", "READ ALSO", "Subscribe to our newsletter"),
        HERALD: ("Don't Miss", "Older posts", "Share this:", "Leave a Reply"),
    }
    for article in server.world.articles():
        edition = article.edition_at(SECOND_EDITION)
        assert edition is not None
        if article.host not in clutter or edition.kind is not Kind.ARTICLE:
            continue
        charset = server.world.sites[article.host].charset
        page = fetch(server, article.host, article.path).body.decode(charset)
        last = re.escape(edition.paragraphs[-1].split('"')[0][:40])
        assert re.search(last.replace("&", "&amp;"), page), article.slug
        for phrase in clutter[article.host]:
            assert phrase in page, (article.slug, phrase)


def test_no_page_leaves_a_placeholder_unfilled(server: DemoServer) -> None:
    for article in server.world.articles():
        page = fetch(server, article.host, article.path).body.decode("utf-8", "replace")
        assert not re.search(r"\$[a-z_]+", page), article.slug


def test_structured_metadata_differs_by_site_and_is_sound(server: DemoServer) -> None:
    courier = fetch(server, COURIER, TOLL).body.decode()
    described = re.search(r'ld\+json">(.*?)</script>', courier, re.DOTALL)
    assert described is not None
    assert json.loads(described[1])["datePublished"] == "2026-03-10T18:45:00+02:00"
    gazette = fetch(server, GAZETTE, "/en/2026/03/15/recount-ordered/").body.decode()
    graph = re.search(r'ld\+json">(.*?)</script>', gazette, re.DOTALL)
    assert graph is not None
    assert json.loads(graph[1])["@graph"][1]["@type"] == "NewsArticle"
    times = fetch(server, TIMES, "/news/world/river-shots").body.decode()
    assert 'property="article:published_time"' in times
    assert "ld+json" not in times
    assert 'itemprop="datePublished"' in fetch(server, REPORT, "/a/3f81/dam-threat").body.decode()
    assert b"<table" in fetch(server, MONITOR, "/article.php?id=20470").body


@pytest.mark.parametrize(
    ("host", "target"),
    [
        (COURIER, "/rss.xml"),
        (MONITOR, "/backend/rdf.xml"),
        (COURIER, TOLL),
        ("meldt-almanac.example", "/picks.xml"),
    ],
)
def test_an_unchanged_document_is_answered_with_304(
    server: DemoServer, host: str, target: str
) -> None:
    first = fetch(server, host, target)
    validators = {
        "If_None_Match": first.headers.get("ETag", ""),
        "If_Modified_Since": first.headers["Last-Modified"],
    }
    again = fetch(server, host, target, **{k: v for k, v in validators.items() if v})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["Last-Modified"] == first.headers["Last-Modified"]


def test_a_feed_changes_its_validators_when_the_world_moves_on() -> None:
    with DemoServer(now=FIRST_EDITION) as server:
        early = fetch(server, COURIER, "/rss.xml")
        etag, modified = early.headers["ETag"], early.headers["Last-Modified"]
        old_page = fetch(server, COURIER, "/2026/03/03/cranes-stand-still.html")
        server.set_now(SECOND_EDITION)
        assert fetch(server, COURIER, "/rss.xml", If_None_Match=etag).status == 200
        assert fetch(server, COURIER, "/rss.xml", If_Modified_Since=modified).status == 200
        same = fetch(
            server,
            COURIER,
            "/2026/03/03/cranes-stand-still.html",
            If_None_Match=old_page.headers["ETag"],
        )
        assert same.status == 304
        picks = fetch(server, "meldt-almanac.example", "/picks.xml")
        assert picks.headers["Last-Modified"] == "Wed, 04 Mar 2026 06:00:00 GMT"


def test_an_etag_decides_alone_and_a_bad_date_is_no_validator() -> None:
    answer = Answer(200, "text/html", b"x", 'W/"a"', datetime(2026, 3, 4, tzinfo=UTC))
    later = "Thu, 05 Mar 2026 00:00:00 GMT"
    assert is_unchanged(answer, '"b", "a"', "")
    assert is_unchanged(answer, "*", "")
    assert not is_unchanged(answer, '"b"', later)
    assert is_unchanged(answer, "", later)
    assert not is_unchanged(answer, "", "Tue, 03 Mar 2026 00:00:00 GMT")
    assert not is_unchanged(answer, "", "last Tuesday")
    assert not is_unchanged(Answer(404, "text/html", b"x"), "*", later)


def test_an_article_is_corrected_between_the_editions() -> None:
    with DemoServer(now=datetime(2026, 3, 11, tzinfo=UTC)) as server:
        before = fetch(server, COURIER, TOLL)
        entry_before = feedparser.parse(fetch(server, COURIER, "/rss.xml").body).entries[0]
        server.set_now(SECOND_EDITION)
        after = fetch(server, COURIER, TOLL)
        feed = fetch(server, COURIER, "/rss.xml").body
    assert b"number of dead to 13" in before.body
    assert b"number of dead to 11" in after.body
    assert b"Correction: An earlier version" in after.body
    assert before.headers["ETag"] != after.headers["ETag"]
    assert entry_before.title == "Toll in Hallenbeck mine disaster rises to 13"
    corrected = next(e for e in feedparser.parse(feed).entries if e.link.endswith(TOLL))
    assert corrected.title == "Toll in Hallenbeck mine disaster rises to 11"
    assert corrected.updated.startswith("2026-03-12T10:20")


def test_an_article_known_at_the_first_edition_is_corrected_at_the_second() -> None:
    with DemoServer(now=FIRST_EDITION) as server:
        assert b"At least 17 people" in fetch(server, TIMES, "/news/world/dushkara-market").body
        server.set_now(SECOND_EDITION)
        assert b"At least 14 people" in fetch(server, TIMES, "/news/world/dushkara-market").body


def test_between_the_editions_articles_are_edited_withdrawn_and_deleted() -> None:
    tin, merger, reshuffle = (
        (TIMES, "/news/politics/cake-tin"),
        (REPORT, "/a/3f6b/merger-off"),
        (GAZETTE, "/en/2026/03/08/reshuffle/"),
    )
    with DemoServer(now=FIRST_EDITION) as server:
        edited = fetch(server, *tin).body
        assert b"has abandoned its plan" in fetch(server, *merger).body
        assert fetch(server, *reshuffle).status == 200
        server.set_now(SECOND_EDITION)
        assert fetch(server, *tin).body != edited
        withdrawn = fetch(server, *merger)
        assert withdrawn.status == 200
        assert b"This article has been withdrawn" in withdrawn.body
        assert fetch(server, *reshuffle).status == 410


@pytest.mark.parametrize(
    ("host", "target", "status", "phrase"),
    [
        (COURIER, "/2026/03/06/what-the-strike-costs.html", 200, b"To continue reading, subscribe"),
        (GAZETTE, "/en/2026/03/09/interview-font/", 200, b"Verify you are human"),
        (HERALD, "/2026/03/carnival-programme/", 200, b"page can't be found"),
        (HERALD, "/2026/03/photo-gallery/", 200, b""),
        (GAZETTE, "/es/2026/03/09/pescadores-de-porto-ansa/", 200, b'lang="es"'),
        (GAZETTE, "/en/2026/03/05/tram-line-opens/", 404, b"Not Found"),
        (GAZETTE, "/en/2026/03/04/palace-guest-list/", 410, b"no longer available"),
        (HERALD, "/?p=88213", 301, b"Moved"),
        ("old-beacon.example", "/rss", 503, b"Service Unavailable"),
        ("karvonia-today.example", "/feed", 200, b"<!DOCTYPE html>"),
        ("nobody.example", "/", 421, b"no site here"),
        (COURIER, "/search?q=x", 404, b"Not Found"),
    ],
)
def test_hostile_corners_answer_as_their_like_do(
    server: DemoServer, host: str, target: str, status: int, phrase: bytes
) -> None:
    reply = fetch(server, host, target)
    assert reply.status == status
    assert phrase in reply.body


def test_the_empty_page_is_empty_and_the_redirect_leads_to_the_article(server: DemoServer) -> None:
    assert fetch(server, HERALD, "/2026/03/photo-gallery/").body == b""
    moved = fetch(server, HERALD, "/?p=88213").headers["Location"]
    assert moved == f"http://{HERALD}/2026/03/mirelle-toll/"


def test_a_broken_feed_has_two_whole_entries(server: DemoServer) -> None:
    body = fetch(server, "upland-post.example", "/index.xml").body
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(body)
    assert body.count(b"</item>") == 2
    assert body.count(b"<item>") == 3


def test_charsets_are_declared_truly_but_for_one_page(server: DemoServer) -> None:
    monitor = fetch(server, MONITOR, "/article.php?id=20424")
    assert monitor.headers["Content-Type"] == "text/html; charset=windows-1252"
    page = fetch(server, REPORT, "/a/3f44/valdora-colleagues")
    assert page.headers["Content-Type"] == "text/html; charset=iso-8859-1"
    assert "Inés Valdora" in page.body.decode("utf-8")


def test_robots_txt_is_served_by_host_and_a_visit_against_it_is_seen(server: DemoServer) -> None:
    assert b"Disallow: /members/" in fetch(server, COURIER, "/robots.txt").body
    assert b"Disallow: /account/" in fetch(server, TIMES, "/robots.txt").body
    fetch(server, COURIER, "/members/letter-march.html", User_Agent="Careless/1.0")
    seen = server.requests[-1]
    assert (seen.host, seen.path) == (COURIER, "/members/letter-march.html")
    assert (seen.method, seen.status, seen.user_agent) == ("GET", 200, "Careless/1.0")


def test_bodies_are_gzipped_for_those_who_accept_it(server: DemoServer) -> None:
    plain = fetch(server, COURIER, "/rss.xml")
    packed = fetch(server, COURIER, "/rss.xml", Accept_Encoding="gzip, deflate")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body


def test_one_connection_serves_several_requests_and_head_has_no_body(server: DemoServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    sizes = []
    for method in ("GET", "HEAD", "GET"):
        connection.request(method, TOLL, headers={"Host": f"{COURIER.upper()}:80"})
        kept = connection.sock
        sizes.append(len(connection.getresponse().read()))
        assert connection.sock is kept
    connection.close()
    assert sizes[0] == sizes[2] > sizes[1] == 0


def test_a_client_that_hangs_up_leaves_the_server_serving(
    server: DemoServer, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            linger = struct.pack("ii", 1, 0)  # on, 0 s: closing resets the connection
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.sendall(f"GET {TOLL} HTTP/1.1\r\nHost: {COURIER}\r\n\r\n".encode())
    assert fetch(server, COURIER, TOLL).status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_leaving_the_block_frees_the_port_and_kept_connections() -> None:
    with DemoServer(now=FIRST_EDITION) as server:
        port = server.port
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/", headers={"Host": COURIER})
        assert connection.getresponse().read()
    connection.close()
    with DemoServer(now=FIRST_EDITION, port=port) as again:
        assert fetch(again, COURIER, "/").status == 200
