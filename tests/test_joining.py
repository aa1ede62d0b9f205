"""What an article tells twice is one event; two raids are two."""

from dataclasses import replace
from datetime import date

from schemas.rows import EventMention
from schemas.vocabulary import Modality, Polarity
from transforms.events.joining import join_mentions

RAID = EventMention(
    mention_id="m",
    event_id="first",
    article_id="a",
    revision_id="r",
    sentence_index=0,
    sentence_text="",
    sentence_start=0,
    sentence_end=0,
    predicate="attack",
    trigger_text="attacked",
    trigger_start=0,
    trigger_end=8,
    event_type="ASSAULT",
    actor_text="rebels",
    actor_entity_id="rebels",
    recipient_text="a barracks",
    place_name="Orzhan",
    place_source="text",
    event_date=date(2026, 3, 7),
    event_date_source="text",
    polarity=Polarity.POSITIVE,
    modality=Modality.ASSERTED,
    model_version="m",
    ruleset_version="r",
    run_id="r",
)


def ids(*mentions: EventMention) -> list[str]:
    return [mention.event_id for mention in join_mentions(mentions)]


def test_a_raid_told_again_without_its_day_is_the_same_raid() -> None:
    again = replace(
        RAID, event_id="second", recipient_text="their posts", event_date=None, place_name=None
    )
    assert ids(RAID, again) == ["first", "first"]


def test_rows_of_one_event_stay_together() -> None:
    again = replace(RAID, event_id="second", recipient_text=None, event_date_source="publication")
    pair = replace(again, actor_entity_id="others")
    assert ids(RAID, again, pair) == ["first", "first", "first"]


def test_raids_that_differ_in_anything_stated_are_two() -> None:
    for other in (
        replace(RAID, recipient_text="a convoy"),
        replace(RAID, event_date=date(2026, 3, 6)),
        replace(RAID, place_name="Tal Orum"),
        replace(RAID, actor_entity_id="soldiers"),
        replace(RAID, event_type="COERCE"),
    ):
        assert ids(RAID, replace(other, event_id="second")) == ["first", "second"]


def test_nothing_but_the_actor_in_common_is_too_little() -> None:
    bare = replace(RAID, recipient_text=None, event_date=None, place_name=None)
    assert ids(bare, replace(bare, event_id="second", predicate="shell")) == ["first", "second"]


def test_what_did_not_happen_or_is_nobodys_is_left_alone() -> None:
    planned = replace(RAID, event_id="second", modality=Modality.PLANNED)
    nobody = replace(RAID, event_id="third", actor_entity_id=None)
    assert ids(RAID, planned, nobody) == ["first", "second", "third"]
