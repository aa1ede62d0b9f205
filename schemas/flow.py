"""What stages hand on to each other and what a run starts from: frozen, typed, never a table."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class KnownKeys:
    """Ids the warehouse holds: of entries, of addresses, of address by feed, of revisions."""

    entry_ids: frozenset[str] = frozenset()
    url_keys: frozenset[str] = frozenset()
    feed_url_keys: frozenset[str] = frozenset()  # content_id(feed_id, url_key)
    revision_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class StoryCandidate:
    """What grouping into stories needs of an article."""

    article_id: str
    headline: str | None
    published_at: datetime | None
    text_sha256: str
    lead: str  # first LEAD_LENGTH characters of the text
    entity_names: tuple[str, ...]  # canonical names, each once
    story_id: str | None = None  # story it was put in by an earlier run


LEAD_LENGTH = 400
