"""Drop what is known already, as early as it can be known: by address before the fetch, by text
before the language model.

Comes in: entries; later, cleaned articles. Goes out: those that are new or changed. What is
dropped is counted as a known duplicate, never silently.

`KnownKeys` is what the warehouse held when the run began. It is a setting and no side input: Flink
can put a side input of a stream in no checkpoint (Beam 2.62: its values are of another class than
their coder takes), and a pass takes a third less memory without. An entry is known when its feed
listed this very version before, or when any feed listed its address. A new version from the feed
that listed the address before is a revisit: the page is fetched again, and its text decides whether
there is a new revision. When two feeds list one new address, the one with the smaller feed_id is
taken, so that reruns agree.

An entry that names a known article at a new address (its guid tells: `identity`) is a revisit too,
and carries the article's id: an edited headline in an address makes no second article.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam

from schemas.columns import content_id
from schemas.flow import ExtractedArticle, KnownKeys
from schemas.rows import Entry
from schemas.vocabulary import ChangeType, PublishedSource
from transforms.history import AGAIN
from transforms.identity import identity_keys
from transforms.reject import count
from transforms.urls import registrable_domain


def feed_url_key(feed_id: str | None, url_key: str) -> str:
    """Key the pair of a feed and an address it lists."""
    return content_id(feed_id, url_key)


def new_or_changed(entry: Entry, known: KnownKeys) -> Entry | None:
    """Give the entry to be fetched (marked as a revisit where it is one), or None if known."""
    if entry.entry_id in known.entry_ids:
        return None
    if entry.url_key not in known.url_keys:
        article_id = _article_of(entry, known)
        return replace(entry, is_revisit=True, article_id=article_id) if article_id else entry
    if feed_url_key(entry.feed_id, entry.url_key) in known.feed_url_keys:
        return replace(entry, is_revisit=True)
    return None


def _article_of(entry: Entry, known: KnownKeys) -> str | None:
    """Find the article that an entry names at another address."""
    keys = identity_keys(
        registrable_domain(entry.url),
        entry.guid,
        entry.title,
        entry.published_at if entry.published_source == PublishedSource.PUBLISHED else None,
        entry.published_precision,
    )
    return next(filter(None, map(known.articles.get, keys)), None)


def one_of(entries: Iterable[Entry]) -> tuple[Entry, int]:
    """Choose among entries with one address, the same in any order; count the others.

    One that is only to be read again stands back: reading what a feed lists does that, too.
    """
    ordered = sorted(
        entries,
        key=lambda entry: (
            entry.version.startswith(AGAIN),
            entry.article_id is None,
            entry.feed_id or "",
            entry.entry_id,
        ),
    )
    return ordered[0], len(ordered) - 1


class DropKnownFn(beam.DoFn):
    """Drop entries that the warehouse knows."""

    def process(self, entry: Entry, known: KnownKeys) -> Iterator[Entry]:
        count("entries", "in")
        fresh = new_or_changed(entry, known)
        if fresh is None:
            count("entries", "duplicate")
        else:
            yield fresh


def choose_entry(keyed: tuple[str, Iterable[Entry]]) -> Entry:
    """Keep one of the entries that several feeds (or one feed twice) list for an address."""
    entry, others = one_of(keyed[1])
    count("entries", "out")
    count("entries", "duplicate", others)
    return entry


def key_by_address(entry: Entry) -> tuple[str, Entry]:
    """Key an entry by its address."""
    return entry.url_key, entry


@dataclass
class DropKnownEntries(beam.PTransform):
    """Entries listed → entries to fetch, one an address. Shuffles entries, never pages."""

    known: KnownKeys

    def expand(self, entries: Any) -> Any:
        return (
            entries
            | "drop entries known" >> beam.ParDo(DropKnownFn(), self.known)
            | "key by address" >> beam.Map(key_by_address)
            | "gather by address" >> beam.GroupByKey()
            | "choose one" >> beam.Map(choose_entry)
        )


class DropUnchangedFn(beam.DoFn):
    """Drop articles whose text is as the warehouse has it; their entry is still remembered."""

    def __init__(self, *, knows_all: bool) -> None:
        self.knows_all = knows_all

    def process(self, extracted: ExtractedArticle, known: KnownKeys) -> Iterator[Any]:
        count("changes", "in")
        if extracted.revision.revision_id in known.revision_ids:
            count("changes", "duplicate")
            yield beam.pvalue.TaggedOutput("rows", extracted.entry)
        else:
            count("changes", "out")
            yield with_extent(extracted, known, knows_all=self.knows_all)


def with_extent(
    extracted: ExtractedArticle, known: KnownKeys, *, knows_all: bool = True
) -> ExtractedArticle:
    """Call an edit minor where no word of the text changed, and initial where there was no text.

    An address read before may lead to an article never read: it moved, or stood behind a wall. In
    a stream, which does not know all that it read itself, that is taken for an edit.
    """
    revision = extracted.revision
    if revision.change_type is not ChangeType.EDIT:
        return extracted
    if knows_all and revision.article_id not in known.article_ids:
        return replace(extracted, revision=replace(revision, change_type=ChangeType.INITIAL))
    if content_id(revision.article_id, revision.words_sha256) not in known.words:
        return extracted
    return replace(extracted, revision=replace(revision, change_type=ChangeType.MINOR))


@dataclass
class DropUnchanged(beam.PTransform):
    """Cleaned articles → those whose text the warehouse does not hold."""

    known: KnownKeys
    knows_all: bool = True  # that the warehouse holds: not so while a stream goes on

    def expand(self, articles: Any) -> Any:
        return articles | "drop unchanged texts" >> beam.ParDo(
            DropUnchangedFn(knows_all=self.knows_all), self.known
        ).with_outputs("rows", main="elements")
