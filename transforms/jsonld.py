"""Read the JSON-LD of a page, whole or broken, and find the node that describes the article.

Comes in: the text of the page's ld+json scripts. Goes out: plain nodes (dicts, inside this helper
and `metadata` only). Nothing is rejected: what cannot be read is as if it were not there. Pure.

Pages carry one object, an array, an @graph, several objects in a row, comments around them, line
breaks inside strings and commas before a bracket; what no repair opens is searched for the few
keys that matter.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

Node = dict[str, Any]

MAX_SCRIPT_LENGTH = 2_000_000
MAX_NODES = 5_000
_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?:-->|//\s*\]\]>|\]\]>|"
    r"/\*\s*\]\]>\s*\*/)\s*;?\s*$"
)
_HANGING_COMMA = re.compile(r",(\s{0,50}[}\]])")
_BARE_KEY = re.compile(
    r'"(headline|datePublished|dateModified|articleSection|isAccessibleForFree|name)"\s{0,9}:\s{0,9}"((?:[^"\\]|\\.){1,400})"'
)
_ARTICLE_TYPE = re.compile(
    r"(?:\w*NewsArticle|Article|BlogPosting|LiveBlogPosting|Report|ScholarlyArticle|TechArticle|"
    r"SatiricalArticle|AdvertiserContentArticle|Review|DiscussionForumPosting|SocialMediaPosting)"
)


def read_nodes(scripts: Iterable[str]) -> list[Node]:
    """Give all nodes of all scripts, outer ones first."""
    nodes: list[Node] = []
    for script in scripts:
        for value in _load(script[:MAX_SCRIPT_LENGTH]):
            nodes.extend(_walk(value))
    return nodes[:MAX_NODES]


def article_node(nodes: list[Node]) -> Node:
    """Find the node of the article: the first of an article's type that has a headline or date."""
    articles = [node for node in nodes if is_article_type(node.get("@type"))]
    for key in ("headline", "datePublished", "author"):
        for node in articles:
            if node.get(key):
                return node
    return articles[0] if articles else {}


def page_node(nodes: list[Node]) -> Node:
    """Find the node of the web page."""
    return next((node for node in nodes if "WebPage" in type_names(node.get("@type"))), {})


def is_article_type(value: Any) -> bool:
    """Tell whether a @type is an article's."""
    return any(_ARTICLE_TYPE.fullmatch(name) for name in type_names(value))


def type_names(value: Any) -> list[str]:
    """Give the names of a @type, without their vocabulary."""
    values = value if isinstance(value, list) else [value]
    return [re.split(r"[/#:]", name)[-1] for name in values if isinstance(name, str)]


def _load(script: str) -> Iterator[Any]:
    """Read the values in a script, repaired where need be."""
    text = _WRAPPING.sub("", script).strip().rstrip(";")
    if not text:
        return
    for repaired in (text, _HANGING_COMMA.sub(r"\1", text), html.unescape(text)):
        values = list(_values(repaired))
        if values:
            yield from values
            return
    bare: Node = {"@type": "Article"}
    for key, value in _BARE_KEY.findall(text):
        bare.setdefault(key, html.unescape(value.replace('\\"', '"').replace("\\/", "/")))
    bare.pop("name", None)
    yield bare


def _values(text: str) -> Iterator[Any]:
    """Read one value after the other until the text ends or breaks."""
    decoder = json.JSONDecoder(strict=False)
    position = 0
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError):
            return
        yield value
        while position < len(text) and text[position] in " \t\r\n,;":
            position += 1


def _walk(value: Any) -> Iterator[Node]:
    """Give the nodes inside a value, breadth first: the outermost is the page's own."""
    level = [value]
    found = 0
    while level and found < MAX_NODES:
        inner: list[Any] = []
        for element in level:
            if isinstance(element, dict):
                found += 1
                yield element
                inner.extend(element.values())
            elif isinstance(element, list):
                inner.extend(element)
        level = [element for element in inner if isinstance(element, dict | list)]
