"""A list of feeds is changed where it is meant to be, and nowhere else."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.flow import RunContext
from schemas.rows import Feed
from transforms.feed_file import add_feeds, remove_feeds, to_lines, to_opml, write_whole
from transforms.opml import make_feed, read_feed_list

CONTEXT = RunContext(run_id="r1", now=datetime(2026, 7, 6, tzinfo=UTC))
MINE = b"""<?xml version="1.0"?>
<opml version="2.0"><head><title>Mine</title><ownerName>A. Reader</ownerName></head><body>
<!-- agencies first --><outline text="World"><outline type="rss" text="Post" xmlUrl="http://a.example/rss"
rating="5"/></outline><outline type="link" text="a page" url="http://x.example/"/></body></opml>"""


def feed(url: str, title: str | None = None, category: str | None = None) -> Feed:
    return make_feed(url, title, category, None, CONTEXT)


def test_a_feed_is_added_under_its_category_and_the_rest_stays() -> None:
    changed, added = add_feeds(MINE, [feed("https://b.example/atom", "Bee & Co", "World")])
    text = changed.decode()
    assert [each.url for each in added] == ["https://b.example/atom"]
    assert text.index("a.example") < text.index("b.example") < text.index("x.example")
    for kept in ("<!-- agencies first -->", 'rating="5"', "<ownerName>A. Reader</ownerName>"):
        assert kept in text
    assert "Bee &amp; Co" in text


def test_a_new_category_gets_an_outline_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "feeds.opml"
    path.write_bytes(add_feeds(MINE, [feed("https://b.example/atom", None, "Asia")])[0])
    assert [each.category for each in read_feed_list(path, CONTEXT)] == ["World", "Asia"]


def test_what_is_listed_already_is_not_listed_again() -> None:
    changed, added = add_feeds(MINE, [feed("https://www.a.example/rss#top")])
    assert added == []
    assert changed.count(b"xmlUrl") == 1


def test_a_list_that_is_not_there_is_made(tmp_path: Path) -> None:
    path = tmp_path / "feeds.opml"
    path.write_bytes(add_feeds(None, [feed("https://b.example/atom", "Bee")])[0])
    (read,) = read_feed_list(path, CONTEXT)
    assert (read.url, read.title) == ("https://b.example/atom", "Bee")


def test_a_plain_list_stays_plain() -> None:
    changed, added = add_feeds(b"# mine\nhttps://a.example/rss", [feed("https://b.example/atom")])
    assert changed == b"# mine\nhttps://a.example/rss\nhttps://b.example/atom\n"
    assert len(added) == 1


def test_an_exemption_is_kept_in_the_list(tmp_path: Path) -> None:
    path = tmp_path / "feeds.opml"
    exempt = replace(feed("https://b.example/atom"), is_tls_exempt=True)
    path.write_bytes(add_feeds(None, [exempt])[0])
    assert [each.is_tls_exempt for each in read_feed_list(path, CONTEXT)] == [True]
    assert to_lines([exempt]) == b"https://b.example/atom tls-exempt\n"
    lines = b"https://a.example/rss tls-exempt\n"
    assert add_feeds(lines, [feed("https://a.example/rss")]) == (lines, [])


def test_a_list_in_a_namespace_or_in_utf_16_is_changed_too() -> None:
    text = "<opml xmlns='urn:x'><body><outline text='A & B' xmlUrl='feed://a.example/rss'/></body></opml>"
    changed, added = add_feeds(text.encode("utf-16"), [feed("https://b.example/atom")])
    assert len(added) == 1
    assert add_feeds(changed, [feed("http://a.example/rss")]) == (changed, [])
    assert remove_feeds(changed, ["http://a.example/rss"])[1] == ["http://a.example/rss"]


def test_a_feed_is_taken_out_and_the_rest_stays() -> None:
    changed, removed = remove_feeds(MINE, ["http://a.example/rss"])
    assert removed == ["http://a.example/rss"]
    assert b"xmlUrl" not in changed
    assert b"x.example" in changed


def test_a_line_is_taken_out_of_a_plain_list() -> None:
    body = b"# mine\nhttps://a.example/rss\nhttps://b.example/atom\n"
    changed, removed = remove_feeds(body, ["https://a.example/rss"])
    assert (changed, removed) == (b"# mine\nhttps://b.example/atom\n", ["https://a.example/rss"])


def test_what_is_exported_reads_the_same(tmp_path: Path) -> None:
    feeds = [feed("https://b.example/atom", "Bee", "World"), feed("https://c.example/rss")]
    path = tmp_path / "out.opml"
    path.write_bytes(to_opml(feeds))
    read = read_feed_list(path, CONTEXT)
    assert {(each.feed_id, each.category) for each in read} == {
        (each.feed_id, each.category) for each in feeds
    }
    path.write_bytes(to_lines(feeds))
    assert [each.url for each in read_feed_list(path, CONTEXT)] == [each.url for each in feeds]


@pytest.mark.parametrize(("body", "why"), [(b"<opml><body>", "well-formed"), (b"<a/>", "root")])
def test_a_broken_list_is_not_overwritten(body: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        add_feeds(body, [feed("https://b.example/atom")])
    with pytest.raises(ValueError, match=why):
        remove_feeds(body, ["https://b.example/atom"])


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "feeds.opml"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["feeds.opml"]
    assert path.read_bytes() == b"new"
