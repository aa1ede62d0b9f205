"""Lists of feeds: OPML as readers export it, or one address a line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.flow import RunContext
from schemas.rows import Feed
from transforms.opml import read_feed_list

CONTEXT = RunContext(run_id="r1", now=datetime(2026, 7, 6, tzinfo=UTC))


def read(tmp_path: Path, text: str) -> list[Feed]:
    path = tmp_path / "feeds"
    path.write_text(text, encoding="utf-8")
    return read_feed_list(path, CONTEXT)


def test_opml_gives_each_feed_with_title_category_and_site(tmp_path: Path) -> None:
    (feed,) = read(
        tmp_path,
        """<?xml version="1.0"?><opml version="2.0"><head><title>Mine</title></head><body>
        <outline text="World"><outline type="rss" text="Meldt  Post" XMLURL="http://a.example/rss"
        htmlUrl="http://a.example/"/></outline><outline text="Empty"/></body></opml>""",
    )
    assert (feed.url, feed.title, feed.category) == ("http://a.example/rss", "Meldt Post", "World")
    assert (feed.site_url, feed.publisher_domain) == ("http://a.example/", "a.example")
    assert (feed.etag, feed.next_poll_at, feed.consecutive_failures) == (None, None, 0)


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-16", "utf-16"),
        ("latin-1", "iso-8859-1"),
        ("cp1252", "windows-1252"),
        ("utf-8-sig", "utf-8"),
        ("utf-8", "iso-8859-1"),  # says one thing and is another
    ],
)
def test_a_list_in_any_encoding_is_read(tmp_path: Path, encoding: str, declared: str) -> None:
    path = tmp_path / "feeds.opml"
    text = f"""<?xml version="1.0" encoding="{declared}"?><opml version="1.0"><body>
    <outline text="Welt"><outline text="Übersee"><outline text="Fähre"
    xmlUrl="http://a.example/rss"/></outline></outline></body></opml>"""
    path.write_bytes(text.encode(encoding))
    (feed,) = read_feed_list(path, CONTEXT)
    assert (feed.title, feed.category) == ("Fähre", "Übersee")


@pytest.mark.parametrize(
    "text",
    [
        "<opml><body><outline text='A & B' xmlUrl='http://a.example/rss?a=1&b=2'/></body></opml>",
        "<opml xmlns='urn:x'><body><outline text='A &amp; B' xmlUrl='feed:http://a.example/rss"
        "?a=1&amp;b=2'/></body></opml>",
        "<OPML><body><outline text='A&nbsp;&amp; B' xmlUrl=' feed://a.example/rss?a=1&amp;b=2 '/>"
        "</body></OPML>",
    ],
)
def test_what_programs_write_wrong_is_borne(tmp_path: Path, text: str) -> None:
    (feed,) = read(tmp_path, text)
    assert (feed.url, feed.title) == ("http://a.example/rss?a=1&b=2", "A & B")


def test_a_plain_list_gives_an_address_a_line(tmp_path: Path) -> None:
    feeds = read(tmp_path, "# mine\n\nhttps://a.example/rss  \r\nhttps://b.example/atom\n")
    assert [feed.url for feed in feeds] == ["https://a.example/rss", "https://b.example/atom"]


def test_a_feed_may_be_exempt_from_proving_its_certificate(tmp_path: Path) -> None:
    lines = read(tmp_path, "https://a.example/rss tls-exempt\nhttps://b.example/rss\n")
    outlines = read(
        tmp_path,
        """<opml version="2.0"><body><outline xmlUrl="https://a.example/rss" tlsExempt="true"/>
        <outline xmlUrl="https://b.example/rss"/></body></opml>""",
    )
    for feeds in (lines, outlines):
        assert [(feed.url, feed.is_tls_exempt) for feed in feeds] == [
            ("https://a.example/rss", True),
            ("https://b.example/rss", None),
        ]


def test_a_feed_that_is_listed_twice_is_one(tmp_path: Path) -> None:
    assert len(read(tmp_path, "https://a.example/rss\nhttp://www.a.example/rss#x\n")) == 1


def test_a_feed_keeps_its_id_over_runs(tmp_path: Path) -> None:
    (one,) = read(tmp_path, "https://a.example/rss")
    (other,) = read(tmp_path, "https://a.example/rss\n")
    assert one.feed_id == other.feed_id


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<opml><body><outline>", "no well-formed OPML: .*line"),
        ("<html><body/></html>", "no OPML: its root is <html>"),
        ("<opml><body><outline text='x'/></body></opml>", "lists no feed"),
        ("", "lists no feed"),
        ("# nothing\n", "lists no feed"),
        ("https://a.example/rss\nnot an address\n", "line 2: 'not an address' is no address"),
        ("<opml><body><outline xmlUrl='file:///etc/passwd'/></body></opml>", "is no address"),
    ],
)
def test_a_list_that_cannot_be_read_says_where_it_is_wrong(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read(tmp_path, text)


def test_entities_of_a_list_read_no_files(tmp_path: Path) -> None:
    text = """<!DOCTYPE opml [<!ENTITY f SYSTEM "file:///etc/passwd">]>
    <opml><body><outline text="x" xmlUrl="http://a.example/rss">&f;</outline></body></opml>"""
    (feed,) = read(tmp_path, text)
    assert "root:" not in repr(feed)
