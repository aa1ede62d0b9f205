"""Addresses: joined as browsers do, cleaned, compared."""

import socket

import pytest

from transforms.urls import clean_url, host_of, registrable_domain, same_site, url_key

BASE = "https://www.meldtpost.example/world/feed.xml"


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        ("story-1.html", "https://www.meldtpost.example/world/story-1.html"),
        ("/a/../b", "https://www.meldtpost.example/b"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("?id=3", "https://www.meldtpost.example/world/feed.xml?id=3"),
        ("  https://a.example/x \n", "https://a.example/x"),
        ("https://a.example/x\r\nHost: b.example", "https://a.example/xHost:%20b.example"),
        ("HTTP://A.Example:80/%7Eme", "http://a.example/%7Eme"),
        ("https://user:secret@a.example/x", "https://a.example/x"),
        ("https://münster.example/straße", "https://xn--mnster-3ya.example/stra%C3%9Fe"),
        ("https://a.example/x#part", "https://a.example/x"),
    ],
)
def test_an_address_is_joined_and_written_as_browsers_do(url: str, cleaned: str) -> None:
    assert clean_url(url, BASE) == cleaned


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("utm_source=rss&id=5&utm_medium=feed", "?id=5"),
        ("fbclid=abc", ""),
        ("id=5&gclid=x&b=2&a=1", "?id=5&b=2&a=1"),
        ("at_medium=RSS&at_campaign=KARANGA", ""),
        ("reference=7&format=print", "?reference=7&format=print"),
        ("Q=a%20b+c", "?Q=a%20b+c"),
    ],
)
def test_tracking_parameters_are_dropped_and_others_left_as_they_are(query: str, kept: str) -> None:
    assert clean_url(f"https://a.example/x?{query}") == f"https://a.example/x{kept}"


@pytest.mark.parametrize(
    "url",
    [
        "", "story.html", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
        "mailto:a@b.example", "http://", "http://[::1", "http://a.example:99999/",
        "https://a.example/" + "x" * 3000,
    ],
)  # fmt: skip
def test_what_leads_to_no_page_is_no_address(url: str) -> None:
    assert clean_url(url) is None


def test_one_article_has_one_key_however_it_is_linked() -> None:
    addresses = (
        "https://www.a.example/news/1",
        "http://a.example/news/1/",
        "https://a.example:443/news/1?utm_source=x#top",
        "HTTPS://A.EXAMPLE/news/1",
    )
    assert len({url_key(url) for url in addresses}) == 1


def test_what_may_be_two_articles_has_two_keys() -> None:
    addresses = (
        "/news/1",
        "/news/2",
        "/News/1",
        "/news?id=1",
        "/news?id=2",
        "/news?a=/",
        "/news?a=",
    )
    assert len({url_key(f"https://a.example{path}") for path in addresses}) == len(addresses)


def test_a_hostile_query_is_cleaned_in_linear_time() -> None:
    hostile = "http://a.example/?" + "utm_" * 100_000 + "-"
    assert clean_url(hostile) is None


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://news.paper.co.uk/x", "paper.co.uk"),
        ("https://www.abc.net.au/", "abc.net.au"),
        ("http://127.0.0.1:8000/", "127.0.0.1"),
        ("http://[2001:db8::1]/", "[2001:db8::1]"),
        ("http://localhost/", "localhost"),
        ("http://news.never-seen.example/", "never-seen.example"),
        ("nonsense", None),
    ],
)
def test_the_registrable_domain_follows_the_public_suffix_list(
    url: str, domain: str | None
) -> None:
    assert registrable_domain(url) == domain


def test_hosts_of_one_domain_are_one_site() -> None:
    assert same_site("https://www.paper.co.uk/a", "http://m.paper.co.uk/b")
    assert not same_site("https://paper.co.uk/", "https://other.co.uk/")
    assert not same_site("nonsense", "nonsense")


def test_a_host_in_disguise_is_seen_for_what_it_is() -> None:
    assert {host_of(f"http://{host}/") for host in ("2130706433", "0x7f.1", "127.1")} == {
        "127.0.0.1"
    }


def test_nothing_is_looked_up_on_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a look-up")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert registrable_domain("https://a.b.never-seen-before.co.jp/") == "never-seen-before.co.jp"
