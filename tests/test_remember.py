"""In a stream, an entry is fetched once a version, as in passes one after the other."""

from dataclasses import replace

from schemas.flow import KnownKeys
from schemas.rows import Entry
from tests.test_known import entry, knowing
from transforms.remember import Seen, meet


def met(*entries: Entry, known: KnownKeys | None = None) -> list[Entry | None]:
    """Let a stream meet entries of one address, one after the other."""
    seen: Seen | None = None
    fetched: list[Entry | None] = []
    for each in entries:
        taken = meet(each, seen, known or KnownKeys())
        fetched.append(taken and taken[0])
        seen = taken[1] if taken else seen
    return fetched


def test_an_entry_is_fetched_when_it_is_new_and_not_again() -> None:
    assert met(entry(), entry()) == [entry(), None]


def test_a_new_version_from_the_same_feed_is_a_revisit() -> None:
    changed = entry(version="v2")
    assert met(entry(), changed, changed, entry()) == [
        entry(),
        replace(changed, is_revisit=True),
        None,
        None,
    ]


def test_another_feed_that_lists_the_address_brings_nothing() -> None:
    assert met(entry(), entry(feed_id="f2", version="v2")) == [entry(), None]


def test_what_the_warehouse_knew_when_the_stream_began_is_known_in_it() -> None:
    known = knowing(entry())
    changed = entry(version="v2")
    assert met(entry(), changed, entry(), known=known) == [
        None,
        replace(changed, is_revisit=True),
        None,
    ]
