"""Feeds, robots.txt and addresses of public test suites, read as those who wrote these expect.

The folder of the suites holds `feeds/cases/`: feed_cases.jsonl (file, category, and what must hold
of the fields that all formats have in common), survive/, urls/ and robots/.
"""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import feedparser.sanitizer
import feedparser.urls
import pytest

from schemas.vocabulary import Reason, Rejected
from transforms.feed_formats import parse_feed
from transforms.feed_formats.charsets import settle_encoding
from transforms.feed_formats.elements import read_elements
from transforms.feed_formats.jsonfeed import read_json_feed
from transforms.feed_formats.loose import read_loosely
from transforms.feed_formats.scan import scan_xml
from transforms.feed_formats.syndication import interpret, read_syndication
from transforms.feed_formats.times import read_time
from transforms.feed_formats.written import Text, WrittenEntry, WrittenFeed
from transforms.urls import MAX_LENGTH, clean_url, host_of

pytestmark = pytest.mark.corpora
URL = "http://www.a.example/feed"


def parse_neutral(body: bytes) -> dict[str, Any]:
    """Give the fields that all formats have in common, as the suites write them."""
    if body.lstrip().startswith(b"{"):
        return neutral(read_json_feed(body))
    return neutral(read_syndication(settle_encoding(scan_xml(body).body, "")))


def neutral(feed: WrittenFeed) -> dict[str, Any]:
    return {
        "version": feed.version,
        "feed": {
            "title": markup(feed.title),
            "link": next(iter(feed.links), None),
            "description": markup(feed.subtitle),
            "language": feed.language or None,
            "author": next(iter(feed.authors), None),
            "id": feed.guid,
            "published": instant(feed.published),
            "updated": instant(feed.updated),
        },
        "entries": [neutral_entry(entry) for entry in feed.entries],
    }


def neutral_entry(entry: WrittenEntry) -> dict[str, Any]:
    usable = [link for link in entry.links if clean_url(link, "http://a.example/")]
    return {
        "title": markup(entry.title),
        "link": next(iter(usable or entry.links), None),
        "id": entry.guid or None,
        "author": next(iter(entry.authors), None),
        "summary": markup(entry.summary or entry.content),
        "content": markup(entry.content),
        "published": instant(entry.published),
        "updated": instant(entry.updated),
        "tags": list(entry.tags),
    }


def markup(text: Text | None) -> str | None:
    """Give a text with its markup, which rows do not keep: joined and cleaned as the suites do."""
    if text is None:
        return None
    value = text.value
    if text.is_markup and "<" in value:
        joined = feedparser.urls.resolve_relative_uris(value, text.base, "utf-8", "text/html")
        value = feedparser.sanitizer._sanitize_html(joined, "utf-8", "text/html")
    return value


def instant(printed: str) -> str | None:
    found = read_time(printed)
    return f"{found.at:%Y-%m-%dT%H:%M:%SZ}" if found else None


@pytest.fixture(scope="module")
def cases(corpora: Path) -> Path:
    return corpora / "feeds" / "cases"


def value_at(document: Any, path: str) -> Any:
    for key in path.split("."):
        if key == "#len":
            document = len(document)
        elif isinstance(document, list):
            document = document[int(key)] if int(key) < len(document) else None
        else:
            document = (document or {}).get(key)
    return document.strip() if isinstance(document, str) else document


def holds(case: dict[str, Any], folder: Path) -> bool:
    try:
        read = parse_neutral((folder / case["file"]).read_bytes())
    except Rejected:
        return False
    wanted = (
        (path, want.strip() if isinstance(want, str) else want) for path, want in case["asserts"]
    )
    return all(value_at(read, path) == want for path, want in wanted)


def test_feeds_say_what_those_who_wrote_them_expect(cases: Path) -> None:
    lines = (cases / "feed_cases.jsonl").read_text().splitlines()
    listed = [json.loads(line) for line in lines]
    failed = [case["id"] for case in listed if not holds(case, cases)]
    core = [case["id"] for case in listed if case["cat"] != "sanitize"]
    missed = set(core) & set(failed)
    assert len(core) > 500
    assert len(missed) <= 0.02 * len(core), missed
    assert len(failed) <= 0.02 * len(listed)


def files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def test_whatever_calls_itself_a_feed_is_read_or_refused_in_no_time(cases: Path) -> None:
    outcomes: Counter[str] = Counter()
    for path in files(cases / "survive"):
        started = time.process_time()
        try:
            outcomes[parse_feed(path.read_bytes(), url=URL).feed_format] += 1
        except Rejected as rejected:
            outcomes[rejected.reason] += 1
        assert time.process_time() - started < 2, path
    assert outcomes.total() > 1000
    assert outcomes[Reason.NOT_A_FEED] + outcomes[Reason.BROKEN_FEED] < 0.1 * outcomes.total()


def test_both_readers_find_the_same(cases: Path) -> None:
    num_read, apart = 0, set()
    for path in files(cases / "survive") + files(cases / "feeds"):
        try:
            encoded = settle_encoding(scan_xml(path.read_bytes()).body, "")
        except Rejected:
            continue
        feed = read_elements(encoded.body) if encoded.is_utf8 else None
        if feed is None:
            continue
        num_read += 1
        mine, other = interpret(feed, URL), interpret(read_loosely(encoded), URL)
        assert len(mine.entries) == len(other.entries), path
        if (mine.title, mine.language, mine.entries) != (
            other.title,
            other.language,
            other.entries,
        ):
            apart.add(path.name)
    assert num_read > 1000
    # what is said twice, or in what is neither text nor markup; of addresses, a better choice
    assert len(apart) < 0.02 * num_read, apart


def test_addresses_are_read_as_browsers_read_them(cases: Path) -> None:
    for case in json.loads((cases / "urls" / "wpt_urltestdata.json").read_text()):
        base = case.get("base") or None
        assert clean_url(case["input"], base) == usable(case), case
    for case in json.loads((cases / "urls" / "wpt_toascii.json").read_text()):
        assert host_of(f"https://{case['input']}/x") == case["output"], case


def usable(case: dict[str, Any]) -> str | None:
    """Say what is left of an address once credentials, fragment and empty parameters are gone."""
    if case.get("failure") or case["protocol"] not in ("http:", "https:"):
        return None
    query = "&".join(filter(None, case["search"].removeprefix("?").split("&")))
    address = f"{case['protocol']}//{case['host']}{case['pathname']}{'?' if query else ''}{query}"
    return address if len(address) <= MAX_LENGTH else None
