"""What a page says of itself: structured metadata first, the visible page only for what is missing.

Comes in: the page's whole tree (scripts included) and address. Goes out: `Metadata`, every field
None or empty where the page is silent. Nothing is rejected. Pure: the latest acceptable date is
passed in.

Order of trust: JSON-LD, meta tags, microdata and <time>, then trafilatura's and htmldate's guesses
from the visible page. On pages of 180 news sites this order is right more often for each field
than any guess from the visible page, and five times as fast.
"""

import html
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from htmldate import find_date

from transforms.bylines import (
    clean_authors,
    marked_authors,
    printed_bylines,
    without_brackets,
)
from transforms.jsonld import Node, article_node, page_node, read_nodes, type_names
from transforms.markup import Tree
from transforms.text import num_words, one_line, squeeze
from transforms.timestamps import Timestamp, finest, parse_timestamp
from transforms.titles import without_site
from transforms.urls import registrable_domain

MAX_FIELD_LENGTH = 2_000
MAX_KEYWORDS = 30
MAX_BODY_LENGTH = 200_000
MAX_TIMES = 20
_TOLD_BY = ("script", "meta", "title", "link", "h1", "time")
_AUTHOR_META = (
    "author", "article:author", "parsely-author", "sailthru.author", "dc.creator",
    "dcterms.creator", "byl", "cxenseparse:author", "citation_author",
)  # fmt: skip
# What the usual plugin for WordPress writes, in its languages.
WRITTEN_BY = re.compile(
    r"(?:written|posted) by|verfasst von|geschrieben von|escrit[oa] por|écrit par|scritto da|"
    r"geschreven door|napisane przez|skrevet av|skriven av|автор|written|author",
    re.IGNORECASE,
)
_PUBLISHED_META = (
    "article:published_time", "og:article:published_time", "parsely-pub-date", "date", "dc.date",
    "dc.date.issued", "dcterms.created", "dcterms.date", "pubdate", "publishdate", "publish-date",
    "sailthru.date", "article.published", "cxenseparse:recs:publishtime", "publication_date",
    "og:pubdate", "article:published", "datepublished", "originalpublicationdate",
)  # fmt: skip
_MODIFIED_META = (
    "article:modified_time", "og:updated_time", "last-modified", "dcterms.modified",
    "article:modified", "datemodified", "revision_date",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a page says of its article."""

    headline: str | None = None
    title: str | None = None  # of the window, whole
    titles: tuple[str, ...] = ()  # all that the page gives the article: headings, declared, shared
    description: str | None = None
    authors: tuple[str, ...] = ()
    publisher: str | None = None
    section: str | None = None
    keywords: tuple[str, ...] = ()
    language: str | None = None
    image_url: str | None = None
    canonical_url: str | None = None  # absolute, not yet judged
    published: Timestamp | None = None  # as declared
    guessed: Timestamp | None = None  # from the visible page, where nothing is declared
    modified: Timestamp | None = None
    is_accessible_for_free: bool | None = None
    is_article: bool = False  # the page declares that it is one
    types: frozenset[str] = frozenset()  # what JSON-LD and og:type call what stands on the page
    declared_body: str | None = None  # JSON-LD's articleBody: often cut, or another's


class _Sources:
    """The places of one page where metadata stands, each read once."""

    def __init__(self, tree: Tree, url: str) -> None:
        self.elements: dict[str, list[Tree]] = {tag: [] for tag in _TOLD_BY}
        for element in tree.iter(*_TOLD_BY):  # once: to go through a page's tree takes long
            self.elements[element.tag].append(element)
        scripts = [s for s in self.elements["script"] if "ld+json" in (s.get("type") or "")]
        nodes = read_nodes(script.text or "" for script in scripts)
        self.title = self.elements["title"][0].text if self.elements["title"] else None
        self.tree = tree
        self.url = url
        self.nodes = nodes
        self.article: Node = article_node(nodes)
        self.web_page: Node = page_node(nodes)
        self.metas: dict[str, list[str]] = {}
        for meta in self.elements["meta"]:
            name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
            content = (meta.get("content") or "")[:MAX_FIELD_LENGTH].strip()
            if name and content:
                self.metas.setdefault(name.lower().strip(), []).append(content)

    def meta(self, *names: str) -> Iterator[str]:
        """Give the contents of the meta tags of these names, in this order."""
        for name in names:
            yield from self.metas.get(name, [])

    def microdata(self, name: str) -> Iterator[str]:
        """Give the values of an itemprop."""
        for element in self.tree.xpath("//*[@itemprop=$name]", name=name):
            value = element.get("content") or element.get("datetime") or element.text_content()
            yield value[:MAX_FIELD_LENGTH]


def read_metadata(tree: Tree, url: str, *, latest: datetime) -> Metadata:
    """Read what the page says of its article; no time after `latest` is believed."""
    sources = _Sources(tree, url)
    publisher = _publisher(sources)
    published = _published(sources, latest)
    titles = _titles(sources)
    return Metadata(
        headline=_headline(titles, _names_of_site(sources, publisher)),
        titles=titles,
        title=_line(sources.title),
        description=_first(
            _strings(sources.article.get("description")),
            sources.meta("og:description", "description", "twitter:description"),
        ),
        authors=_authors(sources, publisher),
        publisher=publisher,
        section=_first(
            _strings(sources.article.get("articleSection")),
            sources.meta("article:section", "section"),
        ),
        keywords=_keywords(sources),
        language=_language(sources),
        image_url=_image(sources),
        canonical_url=_canonical(sources),
        published=published,
        guessed=None if published else _guessed_date(sources, latest),
        modified=_modified(sources, latest),
        is_accessible_for_free=_is_free(sources),
        is_article=bool(sources.article) or "article" in sources.meta("og:type"),
        types=frozenset(
            name for node in sources.nodes for name in type_names(node.get("@type"))
        ).union(sources.meta("og:type")),
        declared_body=_declared_body(sources.article),
    )


def _strings(value: Any) -> Iterator[str]:
    """Give the strings in a JSON-LD value: itself, its elements, or the names of its nodes."""
    for element in value if isinstance(value, list) else [value]:
        if isinstance(element, str):
            yield element[:MAX_FIELD_LENGTH]
        elif isinstance(element, dict):
            inner = element.get("name") or element.get("url") or element.get("@value")
            if isinstance(inner, str):
                yield inner[:MAX_FIELD_LENGTH]


def _first(*series: Iterator[str]) -> str | None:
    """Give the first string that holds something, as one line."""
    for strings in series:
        for string in strings:
            if line := _line(string):
                return line
    return None


def _line(text: str | None) -> str | None:
    """Give the text as one line; some sites escape their metadata twice."""
    return one_line(html.unescape(text[:MAX_FIELD_LENGTH])) or None if text else None


def _titles(sources: _Sources) -> tuple[str, ...]:
    """Give the titles of the page, those for the world before those for its readers.

    On 141 pages og:title is the title of record more often than JSON-LD's headline or <h1>; it
    carries the site's name more often too, which shows against the other two.
    """
    found = [
        _first(sources.meta("og:title")),
        _first(_strings(sources.article.get("headline"))),
        _first(sources.meta("twitter:title")),
        *(_line(heading.text_content()) for heading in sources.elements["h1"]),
        _line(sources.title),
    ]
    return tuple(title for title in found if title and num_words(title) > 1)


def _headline(titles: tuple[str, ...], site: set[str]) -> str | None:
    """Choose the first title, without the site's name."""
    return without_site(titles[0], titles[1:], site) if titles else None


def _publisher(sources: _Sources) -> str | None:
    return _first(
        _strings(sources.article.get("publisher")),
        sources.meta("og:site_name", "dc.publisher", "application-name"),
    )


def _authors(sources: _Sources, publisher: str | None) -> tuple[str, ...]:
    """Take the first source that names people; else whoever is declared, the site itself too."""
    site = _names_of_site(sources, publisher)
    return (
        clean_authors(_author_names(sources), without=site)
        or clean_authors(sources.meta(*_AUTHOR_META), without=site)
        or clean_authors(_shown_when_shared(sources), without=site)
        or clean_authors(marked_authors(sources.tree), without=site)
        or clean_authors(printed_bylines(sources.tree), without=site)
        or clean_authors(_author_names(sources), are_declared=True)
        or clean_authors(sources.meta(*_AUTHOR_META), are_declared=True)
    )


def _shown_when_shared(sources: _Sources) -> Iterator[str]:
    """Give the name in the label "Written by" that a page has for those who share it."""
    for number in ("1", "2"):
        label = next(sources.meta(f"twitter:label{number}"), "")
        if WRITTEN_BY.fullmatch(label):
            yield from sources.meta(f"twitter:data{number}")


def _names_of_site(sources: _Sources, publisher: str | None) -> set[str]:
    """Give the names of the site, squeezed; its domain and the first part of it among them."""
    domain = registrable_domain(sources.url) or ""
    named = sources.meta("og:site_name", "publisher", "application-name")
    names = [publisher or "", *named, domain, domain.partition(".")[0]]
    return {squeeze(without_brackets(name)) for name in names} - {""}


def _author_names(sources: _Sources) -> Iterator[str]:
    """Give the names of the JSON-LD authors; references by @id are followed."""
    value = sources.article.get("author") or sources.article.get("creator")
    by_id = {
        node["@id"]: node
        for node in sources.nodes
        if isinstance(node.get("@id"), str) and "name" in node
    }
    for author in value if isinstance(value, list) else [value]:
        if isinstance(author, dict) and "name" not in author:
            yield from _strings(by_id.get(str(author.get("@id"))))
        else:
            yield from _strings(author)


def _keywords(sources: _Sources) -> tuple[str, ...]:
    """Give the keywords, each once, in the page's order."""
    found = list(_strings(sources.article.get("keywords"))) or list(
        sources.meta("article:tag", "news_keywords", "keywords", "parsely-tags")
    )
    parts = [_line(part) for keywords in found for part in keywords.split(",")]
    return tuple(dict.fromkeys(part for part in parts if part))[:MAX_KEYWORDS]


def _language(sources: _Sources) -> str | None:
    """Give the declared language as ISO 639-1."""
    declared = _first(
        iter(
            [
                sources.tree.get("lang")
                or sources.tree.get("{http://www.w3.org/XML/1998/namespace}lang")
                or ""
            ]
        ),
        _strings(sources.article.get("inLanguage")),
        sources.meta("og:locale", "content-language", "language", "dc.language"),
    )
    code = declared.replace("_", "-").split("-")[0].lower() if declared else ""
    return code if len(code) == 2 and code.isalpha() else None


def _image(sources: _Sources) -> str | None:
    image = sources.article.get("image")
    address = next(
        (
            node.get("url")
            for node in (image if isinstance(image, list) else [image])
            if isinstance(node, dict)
        ),
        None,
    )
    found = _first(
        iter([address] if isinstance(address, str) else []),
        _strings(image),
        sources.meta("og:image", "twitter:image"),
    )
    return _absolute(found, sources.url)


def _canonical(sources: _Sources) -> str | None:
    links = (
        link.get("href") for link in sources.elements["link"] if link.get("rel") == "canonical"
    )
    return _absolute(_first(filter(None, links), sources.meta("og:url")), sources.url)


def _absolute(address: str | None, base: str) -> str | None:
    """Join an address to its page's; None where that gives no web address."""
    if not address:
        return None
    try:
        joined = urljoin(base, address)
    except ValueError:
        return None
    return joined if joined.startswith(("http://", "https://")) else None


def _timestamps(strings: Iterator[str], latest: datetime) -> Iterator[Timestamp]:
    """Read the times among the strings; none lies after `latest` by more than a day."""
    for string in strings:
        timestamp = parse_timestamp(string)
        if timestamp is not None and timestamp.at <= latest + timedelta(days=1):
            yield timestamp


def _published(sources: _Sources, latest: datetime) -> Timestamp | None:
    """Find when the page says that the article was published."""
    declared = [
        *_timestamps(_strings(sources.article.get("datePublished")), latest),
        *_timestamps(_strings(sources.article.get("dateCreated")), latest),
        *_timestamps(_strings(sources.web_page.get("datePublished")), latest),
        *_timestamps(sources.meta(*_PUBLISHED_META), latest),
    ]
    return finest(declared or [*_timestamps(sources.microdata("datePublished"), latest)])


def _guessed_date(sources: _Sources, latest: datetime) -> Timestamp | None:
    """Let htmldate guess the day; take the time of a <time> element that bears it out.

    The first of January is what it makes of a bare year anywhere on the page: no guess.
    """
    guess = find_date(
        sources.tree,
        original_date=True,
        url=sources.url,
        max_date=(latest + timedelta(days=1)).replace(tzinfo=None),
    )
    guessed = parse_timestamp(guess) if guess and not guess.endswith("-01-01") else None
    stated = filter(None, (time.get("datetime") for time in sources.elements["time"]))
    times = _timestamps(itertools.islice(stated, MAX_TIMES), latest)
    if guessed is None:
        return None
    return finest([guessed, *(time for time in times if time.at.date() == guessed.at.date())])


def _modified(sources: _Sources, latest: datetime) -> Timestamp | None:
    declared = [
        *_timestamps(_strings(sources.article.get("dateModified")), latest),
        *_timestamps(sources.meta(*_MODIFIED_META), latest),
    ]
    return finest(declared or [*_timestamps(sources.microdata("dateModified"), latest)])


def _declared_body(article: Node) -> str | None:
    body = article.get("articleBody")
    return body[:MAX_BODY_LENGTH] if isinstance(body, str) else None


def _is_free(sources: _Sources) -> bool | None:
    """Give the page's own word on free or paid."""
    declared = sources.article.get(
        "isAccessibleForFree", sources.web_page.get("isAccessibleForFree")
    )
    word = str(declared).rsplit("/", 1)[-1].lower()
    if word in ("true", "false"):
        return word == "true"
    tier = next(sources.meta("article:content_tier"), "").lower()
    return {"free": True, "locked": False}.get(tier)
