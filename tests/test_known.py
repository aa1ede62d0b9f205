"""What is known is dropped once, counted, and never loses a change."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.columns import content_id
from schemas.flow import ExtractedArticle, KnownKeys
from schemas.keys import KeyMap, KeySet
from schemas.rows import Article, ArticleRevision, Entry
from schemas.vocabulary import ChangeType, Precision, PublishedSource
from transforms.identity import identity_keys
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
        entry_ids=KeySet(e.entry_id for e in entries),
        url_keys=KeySet(e.url_key for e in entries),
        feed_url_keys=KeySet(feed_url_key(e.feed_id, e.url_key) for e in entries),
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


LISTED = replace(
    entry(),
    guid="https://a.example/?p=417",
    title="Harbour wall breaks",
    published_at=NOW,
    published_precision=Precision.SECOND,
    published_source=PublishedSource.PUBLISHED,
)
RENAMED = replace(entry(url="http://a.example/wall-mended", version="v2"), guid=LISTED.guid)


def naming(listed: Entry) -> KnownKeys:
    """Give the keys of a warehouse that has an article of the entry."""
    keys = identity_keys(
        "a.example",
        listed.guid,
        listed.title,
        listed.published_at,
        listed.published_precision,
    )
    return replace(knowing(listed), articles=KeyMap((key, "article") for key in keys))


@pytest.mark.parametrize(
    "told",
    [
        {"title": LISTED.title},
        {"published_at": NOW, "published_precision": Precision.SECOND},
    ],
)
def test_an_article_at_a_new_address_is_a_revisit_where_its_guid_and_more_speak_for_it(
    told: dict[str, Any],
) -> None:
    listed = replace(RENAMED, published_source=PublishedSource.PUBLISHED, feed_id="f2", **told)
    assert new_or_changed(listed, naming(LISTED)) == replace(
        listed, is_revisit=True, article_id="article"
    )


def test_a_guid_made_to_be_permanent_speaks_for_itself() -> None:
    for guid in ("tag:a.example,2026:417", "urn:uuid:x", "6fa459ea-ee8a-3ca4-894e-db77e160355e"):
        fresh = new_or_changed(replace(RENAMED, guid=guid), naming(replace(LISTED, guid=guid)))
        assert fresh is not None
        assert fresh.article_id == "article"


@pytest.mark.parametrize(
    "told",
    [
        {},  # the number that another entry had yesterday
        {"guid": "1", "title": LISTED.title},
        {"guid": None, "title": LISTED.title},
        {"published_at": NOW, "published_precision": Precision.DAY},
        {"published_at": NOW, "published_source": PublishedSource.UPDATED},
        {"url": "http://b.example/1", "title": LISTED.title},  # of another site
    ],
)
def test_an_entry_at_a_new_address_is_new_where_too_little_speaks_against_it(
    told: dict[str, Any],
) -> None:
    usual = {
        "published_precision": Precision.SECOND,
        "published_source": PublishedSource.PUBLISHED,
    }
    listed = replace(RENAMED, **(usual | told))
    guid = told.get("guid", LISTED.guid)
    assert new_or_changed(listed, naming(replace(LISTED, guid=guid))) == listed


def test_a_new_guid_at_the_old_address_doubles_nothing() -> None:
    assert new_or_changed(replace(LISTED, guid="another"), naming(LISTED)) is None


def test_of_two_feeds_the_one_that_knows_the_article_is_taken() -> None:
    known = replace(RENAMED, feed_id="f9", article_id="article")
    assert one_of([replace(RENAMED, feed_id="f1"), known]) == (known, 1)


def test_a_listing_goes_before_what_is_only_to_be_read_again() -> None:
    again, listed = entry(feed_id="f1", version="again after 1 s"), entry(feed_id="f2")
    assert one_of([again, listed]) == one_of([listed, again]) == (listed, 1)


def test_an_edit_that_changes_no_word_is_minor(make_row: Any) -> None:
    revision = make_row(
        ArticleRevision, article_id="a", words_sha256="w", change_type=ChangeType.EDIT
    )
    extracted = ExtractedArticle(
        entry=entry(), article=make_row(Article, article_id="a"), revision=revision
    )
    before = KnownKeys(article_ids=KeySet(["a"]))
    known = replace(before, words=KeySet([content_id("a", "w")]))
    assert with_extent(extracted, known).revision.change_type is ChangeType.MINOR
    assert with_extent(extracted, before).revision.change_type is ChangeType.EDIT
    assert with_extent(extracted, KnownKeys()).revision.change_type is ChangeType.INITIAL
    note = replace(extracted, revision=replace(revision, change_type=ChangeType.CORRECTION))
    assert with_extent(note, known).revision.change_type is ChangeType.CORRECTION
