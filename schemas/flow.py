"""What stages hand on to each other and what a run starts from: frozen, typed, never a table."""

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime

from schemas.keys import KeyMap, KeySet
from schemas.rows import (
    Article,
    ArticleRevision,
    Entity,
    EntityMention,
    Entry,
    EventMention,
    RemovedBlock,
)

LEAD_LENGTH = 400  # characters of a text that grouping into stories looks at


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """The run that an element passes through: its id and the instant it takes as now (UTC).

    In a stream, now is where an element begins: the event time of the tick that it came with.
    """

    run_id: str
    now: datetime
    is_streaming: bool = False


@dataclass(frozen=True, kw_only=True)
class KnownKeys:
    """Ids that the warehouse holds: of entries, addresses, address by feed, articles, revisions."""

    entry_ids: Container[str] = KeySet()
    url_keys: Container[str] = KeySet()
    feed_url_keys: Container[str] = KeySet()  # content_id(feed_id, url_key)
    articles: KeyMap = field(default_factory=KeyMap)  # by what else names one: identity_keys
    article_ids: Container[str] = KeySet()
    revision_ids: Container[str] = KeySet()
    words: Container[str] = KeySet()  # content_id(article_id, words_sha256)


@dataclass(frozen=True)
class Retry:
    """An address that was rejected for a passing reason, to be tried again by a stream."""

    url_key: str


@dataclass(frozen=True, kw_only=True)
class SiteLines:
    """Lines that repeat across a site's pages, and the instant from which they count."""

    learned: dict[tuple[str, str], datetime] = field(default_factory=dict)  # by site and line

    def repeats(self, site: str | None, line: str, at: datetime) -> bool:
        """Tell whether a page fetched at that instant may take the line for the site's own."""
        since = self.learned.get((site or "", line))
        return since is not None and since < at


@dataclass(frozen=True, kw_only=True)
class StoryCandidate:
    """What grouping into stories needs of an article."""

    article_id: str
    headline: str | None
    published_at: datetime | None
    text_sha256: str
    lead: str  # first LEAD_LENGTH characters of the text
    entity_ids: tuple[str, ...]  # of whom it mentions, each once, sorted
    story_id: str | None = None  # story it was put in by an earlier run


@dataclass(frozen=True, kw_only=True)
class Page:
    """A fetched page on its way to extraction; never stored as a row (the archive has it)."""

    entry: Entry
    url: str  # that answered, after redirects
    http_status: int
    content_type: str  # as sent, "" if none
    body: bytes  # decoded from any content coding
    fetched_at: datetime
    archive_file: str | None = None
    archive_offset: int | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a page that is text of its article, or was taken for it."""

    text: str
    kind: str  # body, heading, list, quote, table, caption; of a line taken out: promo, bio …
    rule: str | None = None  # that takes it out; None where the line is text


@dataclass(frozen=True, kw_only=True)
class ExtractedArticle:
    """An article between extraction and annotation."""

    entry: Entry
    article: Article
    revision: ArticleRevision
    lines: tuple[Line, ...] = ()  # those without a rule make the text
    removed_blocks: tuple[RemovedBlock, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AnnotatedArticle:
    """An article with all that was found in it, ready to be written."""

    entry: Entry
    article: Article
    revision: ArticleRevision
    removed_blocks: tuple[RemovedBlock, ...]
    entities: tuple[Entity, ...]
    entity_mentions: tuple[EntityMention, ...]
    event_mentions: tuple[EventMention, ...]
