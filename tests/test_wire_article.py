"""A real wire article (of the public corpora) is read as people read it: with proof for each event.

Expected are facts of the days it tells of; its words stay where they are.
"""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from schemas.flow import RunContext
from schemas.rows import ArticleRevision, EventMention
from schemas.vocabulary import ChangeType, Modality
from transforms.annotate import load_reader, read_text

pytestmark = pytest.mark.corpora

PUBLISHED = datetime(2017, 8, 27, 18, tzinfo=UTC)
HAPPENED = {  # type, actor, recipient
    ("ASSAULT", "Lebanon MIL", "Islamic State"),
    ("ASSAULT", "Hezbollah", "Islamic State"),
    ("ASSAULT", "Syria MIL", "Islamic State"),
    ("CONSULT", "Hezbollah", "Syria"),
    ("ASSAULT", "Hezbollah", "Syria"),
    ("ASSAULT", "Syria REB", "Islamic State"),
    ("ASSAULT", "Islamic State", "Syrian Democratic Forces"),
    ("SUPPORT", "United States", "Syria REB"),
    ("COERCE", None, "Lebanon MIL"),
    ("RETREAT", None, None),
    ("ASSAULT", "Syria MIL", None),
}


@pytest.fixture(scope="module")
def events(corpora: Path) -> tuple[str, tuple[EventMention, ...]]:
    [file] = (corpora / "articles").glob("*.txt")
    text = file.read_text(encoding="utf-8").partition(" — ")[2].partition("\nIn Other News")[0]
    revision = ArticleRevision(
        revision_id="r",
        article_id="a",
        change_type=ChangeType.INITIAL,
        text=text,
        text_sha256="",
        num_words=0,
        date_published=PUBLISHED,
        dateline_place="Beirut",
        fetched_at=PUBLISHED,
        extractor_version="",
        run_id="r",
    )
    reader = load_reader(None, None, None)
    return text, read_text(revision, reader, RunContext(run_id="r", now=PUBLISHED))[1]


def test_ten_events_and_more_are_found_with_who_and_whom(
    events: tuple[str, tuple[EventMention, ...]],
) -> None:
    found = {(e.event_type, e.actor_name, e.recipient_name) for e in events[1] if e.happened}
    assert HAPPENED - found == set()


def test_an_attack_told_twice_is_one_event_on_its_day_and_in_its_town(
    events: tuple[str, tuple[EventMention, ...]],
) -> None:
    told = [e for e in events[1] if e.predicate == "attack" and e.actor_name == "Islamic State"]
    assert len(told) == 2
    assert len({e.event_id for e in told}) == 1
    assert {e.event_date for e in told if e.event_date_source == "text"} == {date(2017, 8, 26)}
    assert {e.country for e in told if e.country} == {"SYR"}


def test_what_is_denied_or_planned_has_not_happened(
    events: tuple[str, tuple[EventMention, ...]],
) -> None:
    modality = {(e.event_type, e.predicate): e.modality for e in events[1]}
    assert modality["COOPERATE", "coordinate"] == Modality.DENIED
    assert modality["RETREAT", "evacuate"] == Modality.PLANNED
    assert modality["ASSAULT", "recapture"] == Modality.PLANNED


def test_nobody_and_no_place_comes_from_elsewhere_without_a_record(
    events: tuple[str, tuple[EventMention, ...]],
) -> None:
    text, mentions = events
    for e in mentions:
        within = range(e.sentence_start, e.sentence_end)
        assert e.sentence_text == text[e.sentence_start : e.sentence_end]
        for role in ("actor", "recipient", "place", "date", "attributed_to"):
            start, printed = getattr(e, f"{role}_start"), getattr(e, f"{role}_text")
            if start is not None:
                assert start in within
                assert text[start : getattr(e, f"{role}_end")] == printed
        if e.place_name is not None and e.place_start is None:
            assert e.place_source == "dateline"
        for name, words, link in (
            (e.actor_name, e.actor_text, e.actor_link),
            (e.recipient_name, e.recipient_text, e.recipient_link),
        ):
            assert name is None or link in ("name", "role", "coreference"), words
