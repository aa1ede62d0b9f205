"""Render an article's edition as the page its site would serve, furniture and all.

In: a site, one of its articles and an edition. Out: the text of an HTML page, made with the site's
template (`string.Template`, standard library only). Nothing is rejected here.

Related headlines, most-read lists and "load more" teasers come from articles published before this
one, so a page's bytes change only when the article itself does, and its validators stay honest.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from string import Template

from pipelines.demo_server.world import Article, Edition, Kind, Site

SUBHEAD = "## "
PULL_QUOTE = "> "
SHOWN_AS_ARTICLE = (Kind.ARTICLE, Kind.RETRACTION, Kind.MISDECLARED)


@dataclass(frozen=True)
class Teaser:
    """A headline of another article, as furniture shows it."""

    path: str
    headline: str
    summary: str


def render_page(site: Site, article: Article, edition: Edition, template: str) -> str:
    """Fill a page template with an edition and the site's furniture around it."""
    teasers = earlier_teasers(site, article)
    return Template(template).substitute(
        page_fields(site, article, edition),
        related=list_links(teasers[:3]),
        most_read=list_links(teasers[1:9:2]),
        load_more="\n".join(render_teaser(teaser) for teaser in teasers[3:6]),
        body=render_body(site, edition.paragraphs, teasers),
        lead=escape(edition.paragraphs[0]) if edition.paragraphs else "",
        json_ld=render_json_ld(site, article, edition),
    )


def page_fields(site: Site, article: Article, edition: Edition) -> dict[str, str]:
    """Give the plain placeholders of a template, escaped for HTML."""
    byline = " and ".join(edition.authors) or site.name
    fields = {
        "headline": edition.headline,
        "summary": edition.summary,
        "byline": byline,
        "bio": " ".join(site.bios[name] for name in edition.authors if name in site.bios),
        "section": edition.section,
        "section_path": edition.section.lower(),
        "published_iso": edition.published.astimezone(site.zone).isoformat(),
        "updated_iso": edition.updated.astimezone(site.zone).isoformat(),
        "published_text": written_date(site, edition.published),
        "updated_text": written_date(site, edition.updated),
        "url": article.address,
        "path": article.path,
        "host": site.host,
        "site_name": site.name,
        "tagline": site.tagline,
        "keywords": ", ".join(edition.keywords),
        "caption": edition.caption,
        "language": edition.language,
        "slug": article.slug,
        "year": str(edition.published.year),
    }
    tags = "".join(
        f'<a rel="tag" href="/tag/{slugify(k)}">{escape(k)}</a> ' for k in edition.keywords
    )
    return {key: escape(value) for key, value in fields.items()} | {"tags": tags}


def render_body(site: Site, paragraphs: Iterable[str], teasers: list[Teaser]) -> str:
    """Render paragraphs in the site's markup, with its inset set between two of them."""
    blocks = [render_paragraph(site, text) for text in paragraphs]
    if site.inset and len(blocks) > site.inset_after:
        teaser = teasers[0]
        inset = Template(site.inset).substitute(
            path=escape(teaser.path), headline=escape(teaser.headline)
        )
        blocks.insert(site.inset_after, inset)
    return "\n".join(blocks)


def render_paragraph(site: Site, text: str) -> str:
    """Render one paragraph, subhead or pull quote."""
    if text.startswith(SUBHEAD):
        return f"<h2>{escape(text.removeprefix(SUBHEAD))}</h2>"
    if text.startswith(PULL_QUOTE):
        return f"<blockquote>{escape(text.removeprefix(PULL_QUOTE), quote=False)}</blockquote>"
    return Template(site.paragraph).substitute(text=escape(text, quote=False))


def earlier_teasers(site: Site, article: Article) -> list[Teaser]:
    """Give teasers of the site's earlier articles, newest first, then of its evergreens."""
    published = article.editions[0].published
    earlier = [
        Teaser(other.path, other.editions[0].headline, other.editions[0].summary)
        for other in reversed(site.articles)
        if other.editions[0].published < published and other.editions[0].kind is Kind.ARTICLE
    ]
    evergreens = [Teaser(f"/more/{slugify(title)}", title, "") for title in site.evergreens]
    return earlier[:9] + evergreens


def list_links(teasers: Iterable[Teaser]) -> str:
    """Render teasers as list entries."""
    return "\n".join(
        f'<li><a href="{escape(teaser.path)}">{escape(teaser.headline)}</a></li>'
        for teaser in teasers
    )


def render_teaser(teaser: Teaser) -> str:
    """Render one teaser as a card of the "load more" list."""
    return (
        f'<div class="card"><h3><a href="{escape(teaser.path)}">{escape(teaser.headline)}</a></h3>'
        f"<p>{escape(teaser.summary)}</p></div>"
    )


def render_json_ld(site: Site, article: Article, edition: Edition) -> str:
    """Write the schema.org description of an article, safe inside a script element."""
    described = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": {"@type": "WebPage", "@id": article.address},
        "headline": edition.headline,
        "description": edition.summary,
        "datePublished": edition.published.astimezone(site.zone).isoformat(),
        "dateModified": edition.updated.astimezone(site.zone).isoformat(),
        "author": [{"@type": "Person", "name": name} for name in edition.authors],
        "publisher": {"@type": "NewsMediaOrganization", "name": site.name},
        "articleSection": edition.section,
        "keywords": list(edition.keywords),
        "inLanguage": edition.language,
        "isAccessibleForFree": edition.kind is not Kind.PAYWALL,
    }
    return json.dumps(described, ensure_ascii=False, indent=1).replace("</", "<\\/")


def render_front_page(site: Site, now: datetime) -> str:
    """Render a site's front page: the headlines out by `now`, newest first."""
    shown = [(article, article.edition_at(now)) for article in reversed(site.articles)]
    links = list_links(
        Teaser(article.path, edition.headline, edition.summary)
        for article, edition in shown
        if edition is not None and edition.kind in SHOWN_AS_ARTICLE
    )
    name = escape(site.name)
    return (
        f'<!DOCTYPE html><html lang="{site.language}"><head><title>{name}</title></head>'
        f"<body><h1>{name}</h1><p>{escape(site.tagline)}</p><ul>{links}</ul></body></html>"
    )


def written_date(site: Site, moment: datetime) -> str:
    """Write a time the way the site prints it, in its own zone."""
    return moment.astimezone(site.zone).strftime(site.date_format)


def slugify(title: str) -> str:
    """Make a path segment of a title."""
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())
