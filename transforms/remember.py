"""Drop entries that are known, in a stream: to the warehouse when it began, or to itself since.

Comes in: entries as feeds list them, and requests to read an address again. Goes out: entries to be
fetched, each new version once. What is known is counted as a duplicate. The rules are those of
`known`; only where two feeds list one new address does the first to come win.

A stream is begun anew every day, so that what it remembers of addresses, by key, needs no end.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

from schemas.flow import KnownKeys, Retry
from schemas.rows import Entry
from transforms.known import new_or_changed
from transforms.reject import count


@dataclass(frozen=True)
class Seen:
    """What a stream remembers of an address: the entries that were taken, and the last of them."""

    entry_ids: frozenset[str]
    feed_ids: frozenset[str | None]
    last: Entry


def meet(entry: Entry, seen: Seen | None, known: KnownKeys) -> tuple[Entry, Seen] | None:
    """Give the entry to be fetched and what to remember, or None if it is known."""
    if seen is not None and entry.entry_id in seen.entry_ids:
        return None
    fresh = new_or_changed(entry, known)
    if fresh is not None and seen is not None and not fresh.is_revisit:
        # new to the warehouse, but not to the stream
        fresh = replace(entry, is_revisit=True) if entry.feed_id in seen.feed_ids else None
    if fresh is None:
        return None
    before = seen or Seen(frozenset(), frozenset(), fresh)
    feed_ids = before.feed_ids | {entry.feed_id}
    return fresh, Seen(before.entry_ids | {entry.entry_id}, feed_ids, fresh)


class RememberEntriesFn(beam.DoFn):
    """Remember addresses by key."""

    SEEN = ReadModifyWriteStateSpec("seen", PickleCoder())

    def process(
        self,
        keyed: tuple[str, Entry | Retry],
        known: KnownKeys,
        stored: Any = beam.DoFn.StateParam(SEEN),
    ) -> Iterator[Entry]:
        """Give out what is new, changed or asked for again."""
        element, seen = keyed[1], stored.read()
        if isinstance(element, Retry):
            if seen is not None:
                count("entries", "in")
                count("entries", "out")
                yield seen.last
            return
        count("entries", "in")
        met = meet(element, seen, known)
        if met is None:
            count("entries", "duplicate")
            return
        fresh, now_seen = met
        stored.write(now_seen)
        count("entries", "out")
        yield fresh


def key_by_address(element: Entry | Retry) -> tuple[str, Entry | Retry]:
    """Key an entry or a request by its address."""
    return element.url_key, element


@dataclass
class RememberEntries(beam.PTransform):
    """Entries listed, and requests → entries to fetch. Shuffles entries, never pages."""

    known: KnownKeys

    def expand(self, entries: Any) -> Any:
        return (
            entries
            | "key by address"
            >> beam.Map(key_by_address).with_output_types(tuple[str, Entry | Retry])
            | "remember" >> beam.ParDo(RememberEntriesFn(), self.known)
        )
