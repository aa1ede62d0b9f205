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
from transforms.answers import Answer
from transforms.feed_formats import parse_feed
from transforms.feed_formats.charsets import settle_encoding
from transforms.feed_formats.elements import read_elements
from transforms.feed_formats.jsonfeed import read_json_feed
from transforms.feed_formats.loose import read_loosely
from transforms.feed_formats.scan import scan_xml
from transforms.feed_formats.syndication import interpret, read_syndication
from transforms.feed_formats.times import read_time
from transforms.feed_formats.written import Text, WrittenEntry, WrittenFeed
from transforms.robots import RobotsRules, read_robots
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


RFC, MERGED = "rfc9309-example-simple-robots.txt", "rfc9309-example-rule-group-merging.txt"
DELAYED, TYPOS = "crawl-delay-group-merging.txt", "directive-typos-robots.txt"
FORBIDDEN = {  # by file and agent: paths that must not be fetched, and some that may
    (RFC, "foobot"): ("/ /publications/ /example/x.gif", "/example/page.html /example/allowed.gif"),
    (RFC, "barbot"): ("/example/page.html", "/ /a.gif /example/"),
    (RFC, "bazbot"): ("/example/page.html", "/ /example/page.htm"),
    (RFC, "quxbot"): ("", "/ /a.gif /example/page.html"),
    (RFC, "other"): ("/a.gif /example/page.html", "/ /a.gif?x /publications/a"),
    (MERGED, "ExampleBot"): ("/foo /bar /baz", "/"),
    (MERGED, "BazBot"): ("/baz", "/foo /bar"),
    (MERGED, "other"): ("/foo /bar", "/baz"),
    (DELAYED, "mybot"): ("/private/", "/login/ /"),
    (DELAYED, "yourbot"): ("/private/ /login/", "/"),
    (DELAYED, "other"): ("", "/private/ /login/ /"),
    (TYPOS, "bot1"): ("/desallow/ /dissalow/", "/useragent/"),
    (TYPOS, "bot2"): ("/useragent/", "/desallow/"),
    (TYPOS, "bot3"): ("/useg-agent/", "/desallow/"),
    (TYPOS, "bot4"): ("/useragent-no-colon/", "/desallow/"),
    ("merge-rules.txt", "wget"): ("/tmp/bar/bar.txt", "/foo/bar/bar.txt /chk/bar/bar.txt"),
    ("malformed-path.txt", "bot1"): ("/wiki/Wikipedia_talk:Mediation_Committee/", "/wiki/"),
    ("robots-with-utf16be-bom.txt", "foobot"): ("/profile", "/"),
    ("www.flot.com-robots.txt", "foobot"): ("/img/", "/"),
    ("wildcards.txt", "other"): (
        "/wishlist/bogus /anydirectoryhere/gcrnsts",
        "/wishlist/universal/page",
    ),
    ("twitter.com-robots.txt", "Slurp"): ("/?x /a/with_friends", "/a"),
    ("sitemap-robots.txt", "bot1"): ("", "/ /dir/"),
    ("extended-standard-robots.txt", "bot2"): ("", "/"),
}
DELAYS_S = {
    (DELAYED, "mybot"): 10,
    (DELAYED, "yourbot"): 0,
    (DELAYED, "other"): 30,
    ("astore.amazon.com-robots.txt", "other"): 5,
    ("twitter.com-robots.txt", "Slurp"): 1,
    ("twitter.com-robots.txt", "msnbot"): 10,
    ("twitter.com-robots.txt", "Googlebot"): 0,
}


def robots(cases: Path, name: str) -> RobotsRules:
    url = "http://a.example/robots.txt"
    body = (cases / "robots" / "crawler-commons" / name).read_bytes()
    return read_robots(
        Answer(asked=url, url=url, status=200, reason="", headers=(), body=body, duration_ms=1)
    )


def test_robots_txt_is_read_as_other_crawlers_read_it(cases: Path) -> None:
    for (name, agent), (forbidden, allowed) in FORBIDDEN.items():
        rules = robots(cases, name).rules
        for path in forbidden.split():
            assert not rules.can_fetch(f"http://a.example{path}", agent), (name, agent, path)
        for path in allowed.split():
            assert rules.can_fetch(f"http://a.example{path}", agent), (name, agent, path)
    for (name, agent), delay_s in DELAYS_S.items():
        assert robots(cases, name).delay_s(agent) == delay_s, (name, agent)
    read = {name for name, _ in (*FORBIDDEN, *DELAYS_S)} | {"sitemap-robots-dedup.txt"}
    assert read == {path.name for path in files(cases / "robots")}
