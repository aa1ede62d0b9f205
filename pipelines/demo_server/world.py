"""Read the bundled news world into rows of sites, articles and editions.

In: the folder `seeds/site` (or another of the same form), one folder a site: `site.toml`,
`page.html` and `articles/<slug>.txt`. Out: a `World`, frozen, holding every text the server can
ever answer with. Rejected: a source file without the keys an article needs raises `KeyError` or
`ValueError` at reading, because the world is ours and a slip in it should stop the start, not
surface as an odd page.

An article's later texts lie beside it as `<slug>.edition2.txt`. Which one is shown depends on the
world's clock alone, so the same time always gives the same bytes.
"""

import enum
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template

EDITION_MARK = ".edition"


class Kind(enum.StrEnum):
    """What a reader who follows an entry's link meets."""

    ARTICLE = "article"
    RETRACTION = "retraction"
    PAYWALL = "paywall"
    CAPTCHA = "captcha"
    SOFT_404 = "soft-404"
    EMPTY = "empty"
    MISSING = "missing"
    GONE = "gone"
    REDIRECT = "redirect"
    MISDECLARED = "misdeclared"


class FeedFormat(enum.StrEnum):
    """The formats the world's feeds are written in."""

    RSS2 = "rss2"
    ATOM = "atom"
    RDF = "rdf"
    JSON = "json"
    SITEMAP = "sitemap"


@dataclass(frozen=True)
class Edition:
    """One version of an article, valid from `updated` on."""

    headline: str
    summary: str
    authors: tuple[str, ...]
    published: datetime
    updated: datetime
    section: str
    keywords: tuple[str, ...]
    caption: str
    kind: Kind
    language: str
    target: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Article:
    """One address of a site and the editions it shows in turn; `story` is for measuring only."""

    host: str
    slug: str
    path: str
    story: str
    wire: str
    editions: tuple[Edition, ...]

    @property
    def address(self) -> str:
        """Give the canonical address, as the site itself writes it."""
        return f"http://{self.host}{self.path}"

    def edition_at(self, now: datetime) -> Edition | None:
        """Give the newest edition out by `now`, `None` before publication."""
        out = [edition for edition in self.editions if edition.updated <= now]
        return out[-1] if out else None


@dataclass(frozen=True)
class Feed:
    """One feed of a site and the habits it has."""

    path: str
    format: FeedFormat
    title: str
    section: str
    tracking: str
    guid: str
    is_truncated: bool


@dataclass(frozen=True)
class Fixture:
    """A fixed answer of a site, for what is not made from articles."""

    path: str
    status: int
    content_type: str
    body: bytes
    modified: datetime | None


@dataclass(frozen=True)
class Site:
    """One host: its look, its habits, its feeds, its articles."""

    host: str
    name: str
    tagline: str
    language: str
    charset: str
    zone: timezone
    date_format: str
    paragraph: str
    inset: str
    inset_after: int
    sends_etag: bool
    robots: str
    page: str
    evergreens: tuple[str, ...]
    bios: Mapping[str, str]
    feeds: tuple[Feed, ...]
    fixtures: tuple[Fixture, ...]
    articles: tuple[Article, ...]


@dataclass(frozen=True)
class World:
    """Every site by its host name, and the pages that stand for failures."""

    sites: Mapping[str, Site]
    failure_pages: Mapping[Kind, str]

    def articles(self) -> Iterator[Article]:
        """Give every article of every site."""
        for site in self.sites.values():
            yield from site.articles


def read_world(root: Traversable | None = None) -> World:
    """Read the world under `root`, by default the one shipped with the program."""
    folder = root if root is not None else files("seeds") / "site"
    wires = {
        text.name.removesuffix(".txt"): text.read_text("utf-8")
        for text in (folder / "wire").iterdir()
        if text.name.endswith(".txt")
    }
    sites = [
        read_site(child, wires)
        for child in sorted(folder.iterdir(), key=lambda child: child.name)
        if child.is_dir() and (child / "site.toml").is_file()
    ]
    return World({site.host: site for site in sites}, read_failure_pages(folder / "common"))


def read_failure_pages(folder: Traversable) -> dict[Kind, str]:
    """Read the templates shown instead of an article, one a kind."""
    return {
        kind: (folder / f"{kind}.html").read_text("utf-8")
        for kind in Kind
        if (folder / f"{kind}.html").is_file()
    }


def read_site(folder: Traversable, wires: Mapping[str, str]) -> Site:
    """Read one site's settings, template and articles."""
    settings = tomllib.loads((folder / "site.toml").read_text("utf-8"))
    host = settings["host"]
    page = folder / "page.html"
    return Site(
        host=host,
        name=settings["name"],
        tagline=settings.get("tagline", ""),
        language=settings.get("language", "en"),
        charset=settings.get("charset", "utf-8"),
        zone=timezone(timedelta(hours=settings.get("utc_offset_hours", 0))),
        date_format=settings.get("date_format", "%d %B %Y %H:%M"),
        paragraph=settings.get("paragraph", "<p>$text</p>"),
        inset=settings.get("inset", ""),
        inset_after=settings.get("inset_after", 3),
        sends_etag=settings.get("sends_etag", True),
        robots=settings.get("robots", "User-agent: *\nDisallow:\n"),
        page=page.read_text("utf-8") if page.is_file() else "",
        evergreens=tuple(settings.get("evergreens", ())),
        bios=settings.get("bios", {}),
        feeds=tuple(read_feed(feed) for feed in settings.get("feeds", ())),
        fixtures=tuple(read_fixture(folder, one) for one in settings.get("fixtures", ())),
        articles=read_articles(folder / "articles", host, settings.get("article_path", ""), wires),
    )


def read_feed(settings: Mapping[str, str]) -> Feed:
    """Read one feed's settings."""
    return Feed(
        path=settings["path"],
        format=FeedFormat(settings["format"]),
        title=settings["title"],
        section=settings.get("section", ""),
        tracking=settings.get("tracking", ""),
        guid=settings.get("guid", "address"),
        is_truncated=bool(settings.get("is_truncated", False)),
    )


def read_fixture(folder: Traversable, settings: Mapping[str, object]) -> Fixture:
    """Read one fixed answer and the file with its body."""
    modified = settings.get("modified")
    return Fixture(
        path=str(settings["path"]),
        status=int(str(settings["status"])),
        content_type=str(settings["content_type"]),
        body=(folder / str(settings["file"])).read_bytes(),
        modified=modified if isinstance(modified, datetime) else None,
    )


def read_articles(
    folder: Traversable, host: str, path_form: str, wires: Mapping[str, str]
) -> tuple[Article, ...]:
    """Read a site's articles, each with its later editions, oldest first."""
    if not folder.is_dir():
        return ()
    texts = {
        source.name.removesuffix(".txt"): source.read_text("utf-8")
        for source in folder.iterdir()
        if source.name.endswith(".txt")
    }
    articles = []
    for slug in (name for name in texts if EDITION_MARK not in name):
        later = sorted(name for name in texts if name.startswith(slug + EDITION_MARK))
        articles.append(
            read_article(host, slug, path_form, [texts[n] for n in (slug, *later)], wires)
        )
    return tuple(
        sorted(articles, key=lambda article: (article.editions[0].published, article.slug))
    )


def read_article(
    host: str, slug: str, path_form: str, sources: list[str], wires: Mapping[str, str]
) -> Article:
    """Make one article from the source texts of its editions."""
    keys, _ = split_source(sources[0])
    published = read_time(keys["published"])
    path = keys.get("path") or Template(path_form).substitute(
        slug=slug,
        id=keys.get("id", ""),
        section=keys["section"].lower(),
        date=f"{published:%Y/%m/%d}",
    )
    wire = keys.get("wire", "")
    editions = tuple(read_edition(source) for source in sources)
    if wire:
        body = split_paragraphs(wires[wire])
        editions = tuple(replace(edition, paragraphs=body) for edition in editions)
    return Article(host, slug, path, keys["story"], wire, editions)


def read_edition(source: str) -> Edition:
    """Make one edition from its source text."""
    keys, body = split_source(source)
    return Edition(
        headline=keys["headline"],
        summary=keys.get("summary", ""),
        authors=split_list(keys.get("byline", "")),
        published=read_time(keys["published"]),
        updated=read_time(keys.get("updated") or keys["published"]),
        section=keys["section"],
        keywords=split_list(keys.get("keywords", "")),
        caption=keys.get("caption", ""),
        kind=Kind(keys.get("kind", Kind.ARTICLE)),
        language=keys.get("language", "en"),
        target=keys.get("target", ""),
        paragraphs=split_paragraphs(body),
    )


def split_source(source: str) -> tuple[dict[str, str], str]:
    """Part a source text into its `key: value` head and its body, at the `---` line."""
    head, _, body = source.partition("\n---\n")
    pairs = (line.partition(":") for line in head.splitlines() if line.strip())
    return {key.strip(): value.strip() for key, _, value in pairs}, body


def split_paragraphs(body: str) -> tuple[str, ...]:
    """Part a body at its blank lines; line breaks inside a paragraph are only for the editor."""
    blocks = (" ".join(block.split()) for block in body.split("\n\n"))
    return tuple(block for block in blocks if block)


def split_list(value: str) -> tuple[str, ...]:
    """Part a list written with semicolons."""
    return tuple(part.strip() for part in value.split(";") if part.strip())


def read_time(value: str) -> datetime:
    """Read an ISO time that names its zone, as UTC."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"time without a zone: {value}")
    return moment.astimezone(UTC)
