"""From rows to tables."""

from schemas.rows import (
    Article,
    ArticleRevision,
    Entity,
    EntityMention,
    Entry,
    EventMention,
    Feed,
    FeedFetch,
    Rejection,
    RemovedBlock,
    Run,
    Story,
    StoryArticle,
)

Row = (
    Feed
    | FeedFetch
    | Entry
    | Article
    | ArticleRevision
    | RemovedBlock
    | Entity
    | EntityMention
    | EventMention
    | Story
    | StoryArticle
    | Rejection
    | Run
)

TABLES: dict[str, type[Row]] = {
    "feeds": Feed,
    "feed_fetches": FeedFetch,
    "entries": Entry,
    "articles": Article,
    "article_revisions": ArticleRevision,
    "removed_blocks": RemovedBlock,
    "entities": Entity,
    "entity_mentions": EntityMention,
    "event_mentions": EventMention,
    "stories": Story,
    "story_articles": StoryArticle,
    "rejections": Rejection,
    "runs": Run,
}
