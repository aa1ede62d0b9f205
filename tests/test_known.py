"""What is known is dropped once, counted, and never loses a change."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from schemas.columns import content_id
from schemas.flow import ExtractedArticle, KnownKeys
from schemas.rows import Article, ArticleRevision, Entry
from schemas.vocabulary import ChangeType
from transforms.known import feed_url_key, new_or_changed, one_of, with_extent

NOW = datetime(2026, 3, 9, tzinfo=UTC)


def entry(*, feed_id: str = "f1", url: str = "http://a.example/1", version: str = "v1") -> Entry:
    url_key = content_id(url)
    return Entry(
        entry_id=content_id(feed_id, url_key, version),
        feed_id=feed_id,
        url=url,
        url_key=url_key,
        version=version,
        first_seen_at=NOW,
        run_id="r",
    )


def knowing(*entries: Entry) -> KnownKeys:
    return KnownKeys(
        entry_ids=frozenset(e.entry_id for e in entries),
        url_keys=frozenset(e.url_key for e in entries),
        feed_url_keys=frozenset(feed_url_key(e.feed_id, e.url_key) for e in entries),
    )


def test_an_entry_never_seen_is_fetched() -> None:
    assert new_or_changed(entry(), KnownKeys()) == entry()


def test_an_entry_seen_in_the_same_version_is_known() -> None:
    assert new_or_changed(entry(), knowing(entry())) is None


def test_a_new_version_from_the_same_feed_is_a_revisit() -> None:
    fresh = new_or_changed(entry(version="v2"), knowing(entry()))
    assert fresh is not None
    assert fresh.is_revisit


def test_an_address_that_another_feed_listed_before_is_known() -> None:
    assert new_or_changed(entry(feed_id="f2", version="v2"), knowing(entry())) is None


def test_of_two_feeds_that_list_one_address_the_same_is_taken_in_any_order() -> None:
    first, second = entry(feed_id="f1"), entry(feed_id="f2")
    assert one_of([first, second]) == one_of([second, first]) == (first, 1)


def test_an_edit_that_changes_no_word_is_minor(make_row: Any) -> None:
    revision = make_row(
        ArticleRevision, article_id="a", words_sha256="w", change_type=ChangeType.EDIT
    )
    extracted = ExtractedArticle(
        entry=entry(), article=make_row(Article, article_id="a"), revision=revision
    )
    known = KnownKeys(words=frozenset({content_id("a", "w")}))
    assert with_extent(extracted, known).revision.change_type is ChangeType.MINOR
    assert with_extent(extracted, KnownKeys()).revision.change_type is ChangeType.EDIT
    note = replace(extracted, revision=replace(revision, change_type=ChangeType.CORRECTION))
    assert with_extent(note, known).revision.change_type is ChangeType.CORRECTION
