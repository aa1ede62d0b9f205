"""One event, many mentions: what an article tells twice is one event.

Comes in: the mentions of an article in its order. Goes out: the same, with those of one event
sharing its `event_id`. Two mentions are of one event where type, mode and actor are the same,
nothing that both state differs (recipient, day, place), and something beside the actor is the
same: recipient, day, place or predicate. A recipient that only points back ("their offices") may
be anybody's; other unresolved words may not, since two raids on "a village" are two raids.
Mentions of acts that did not happen are left alone. Where one mention of an event names its place,
the others keep no place that only their dateline gave.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from schemas.rows import EventMention

NOWHERE: dict[str, Any] = dict.fromkeys(
    ("place_name", "place_source", "country", "admin1", "latitude", "longitude")
)
POINTING = frozenset({"they", "them", "their", "it", "its", "he", "him", "his", "she", "her"})


def join_mentions(mentions: Sequence[EventMention]) -> tuple[EventMention, ...]:
    """Give mentions of one event the same event_id: that of the first."""
    renamed: dict[str, str] = {}
    firsts: list[EventMention] = []
    for mention in mentions:
        if mention.event_id in renamed or not _is_known(mention):
            continue
        same = next((first for first in firsts if _is_same(first, mention)), None)
        renamed[mention.event_id] = same.event_id if same else mention.event_id
        firsts.append(replace(mention, event_id=renamed[mention.event_id]))
    changed = {old: new for old, new in renamed.items() if old != new}
    joined = [
        replace(m, event_id=changed[m.event_id]) if m.event_id in changed else m for m in mentions
    ]
    placed = {m.event_id for m in joined if m.place_source == "text"}
    return tuple(
        replace(m, **NOWHERE) if m.place_source == "dateline" and m.event_id in placed else m
        for m in joined
    )


def _is_known(mention: EventMention) -> bool:
    return mention.happened and mention.event_type is not None and bool(mention.actor_entity_id)


def _is_same(one: EventMention, other: EventMention) -> bool:
    if _what(one) != _what(other):
        return False
    recipients = _agree(_recipient(one), _recipient(other))
    days = _agree(_day(one), _day(other))
    places = _agree(_place(one), _place(other))
    if False in (recipients, days, places):
        return False
    return True in (recipients, days, places) or one.predicate == other.predicate


def _what(mention: EventMention) -> tuple[str | None, ...]:
    return mention.event_type, mention.event_mode, mention.actor_entity_id


def _agree(one: str | None, other: str | None) -> bool | None:
    """Tell whether two statements are the same; None where one is missing."""
    return None if one is None or other is None else one == other


def _recipient(mention: EventMention) -> str | None:
    text = mention.recipient_text
    if mention.recipient_entity_id or text is None:
        return mention.recipient_entity_id
    return None if text.split()[0].lower() in POINTING else text.lower()


def _day(mention: EventMention) -> str | None:
    if mention.event_date_source != "text" or mention.event_date is None:
        return None
    return f"{mention.event_date} {mention.event_date_end}"


def _place(mention: EventMention) -> str | None:
    return mention.place_name if mention.place_source == "text" else None
