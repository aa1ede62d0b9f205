"""Names and their entities, on texts annotated by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
import spacy
from spacy.tokens import Doc, Span

from schemas.flow import RunContext
from schemas.rows import ArticleRevision
from schemas.vocabulary import ChangeType
from transforms.entities import (
    Actor,
    Resolution,
    entity_mention_rows,
    find_actor,
    load_actors,
    resolve_entities,
)
from transforms.entities.names import acronyms, name_key, trimmed, without_titles
from transforms.places import load_gazetteer

CONTEXT = RunContext(run_id="run", now=datetime(2026, 6, 14, tzinfo=UTC))
ENGLISH = spacy.blank("en")
ENGLISH.add_pipe("sentencizer")


def with_names(doc: Doc, names: Sequence[tuple[str, str]]) -> Doc:
    """Mark the first free occurrence of each name, as a model would."""
    spans: list[Span] = []
    for name, label in names:
        start = 0
        while True:
            start = doc.text.index(name, start)
            span = doc.char_span(start, start + len(name), label=label)
            if span is not None and all(span.start_char >= s.end_char for s in spans):
                spans.append(span)
                break
            start += 1
    doc.set_ents(spans)
    return doc


def resolved(doc: Doc, lists: tuple[str, str], dateline: str | None = None) -> Resolution:
    places, actors = lists
    return resolve_entities(
        doc,
        gazetteer=load_gazetteer(places),
        actors=load_actors(actors),
        context=CONTEXT,
        dateline_place=dateline,
    )


def read(
    text: str, names: Sequence[tuple[str, str]], lists: tuple[str, str], dateline: str | None = None
) -> dict[str, tuple[str | None, str, str | None]]:
    """Resolve a text; by naming: entity, label and link."""
    resolution = resolved(with_names(ENGLISH(text), names), lists, dateline)
    for mention in resolution.mentions:
        assert text[mention.start : mention.end] == mention.text
    return {
        mention.text: (
            mention.entity.name if mention.entity else None,
            mention.label,
            mention.link_method,
        )
        for mention in resolution.mentions
    }


def parsed(*tokens: str) -> Doc:
    """Build a parsed text from tokens written word/tag/dep/head, the head counted from 0."""
    parts = [token.rsplit("/", 3) for token in tokens]
    words = [part[0] for part in parts]
    spaces = [following not in {"'s", ",", "."} for following in words[1:]] + [False]
    lemmas = [
        word.lower().removesuffix("s") if tag in {"NNS"} else word.lower()
        for word, tag, _, _ in parts
    ]
    return Doc(
        ENGLISH.vocab,
        words=words,
        spaces=spaces,
        tags=[part[1] for part in parts],
        deps=[part[2] for part in parts],
        heads=[int(part[3]) for part in parts],
        lemmas=lemmas,
    )


def actor_of(
    doc: Doc, start: int, end: int, names: Sequence[tuple[str, str]], lists: tuple[str, str]
) -> Actor | None:
    resolution = resolved(with_names(doc, names), lists)
    return find_actor(doc[start:end], resolution, doc=doc)


def test_every_name_of_a_known_group_is_one_entity(lists: tuple[str, str]) -> None:
    text = (
        "The Islamic State group took the town. ISIS fighters left on Monday. "
        "Islamic State militants returned. IS controls the road."
    )
    found = read(text, [("ISIS", "GPE")], lists)
    assert {name: entity for name, (entity, _, _) in found.items()} == {
        "Islamic State group": "Islamic State",
        "ISIS": "Islamic State",
        "Islamic State": "Islamic State",
        "IS": "Islamic State",
    }
    assert found["ISIS"][1] == "ORG"


def test_a_shy_alias_needs_another_name_beside_it(lists: tuple[str, str]) -> None:
    assert read("IS THIS THE END? Nobody knows what DF means.", [], lists) == {}
    found = read("The Dawn Front struck. DF men fled.", [], lists)
    assert found["DF"] == ("Dawn Front", "ORG", "alias")


def test_a_bracketed_acronym_is_the_name_before_it(lists: tuple[str, str]) -> None:
    text = "The Harbour Pilots' League (HPL) met. HPL members voted."
    found = read(text, [("Harbour Pilots' League", "ORG"), ("HPL", "ORG")], lists)
    assert found["HPL"] == ("Harbour Pilots' League", "ORG", "acronym")


def test_an_acronym_is_built_with_and_without_small_words() -> None:
    assert acronyms("Syrian Democratic Forces") == {"SDF"}
    assert acronyms("League of the Friends of Osk") == {"LOTFOO", "LFO"}
    assert acronyms("Hezbollah") == frozenset()


def test_initials_without_brackets_are_tied_when_only_one_name_fits(
    lists: tuple[str, str],
) -> None:
    text = "The Osk Valley Water Board met. OVWB engineers agreed."
    found = read(text, [("Osk Valley Water Board", "ORG"), ("OVWB", "ORG")], lists)
    assert found["OVWB"][0] == "Osk Valley Water Board"


def test_a_surname_is_the_person_named_in_full(lists: tuple[str, str]) -> None:
    text = "Bassem Tarr spoke. Mr. Tarr left. Tarr said so. Tarr's car was gone."
    found = read(text, [("Bassem Tarr", "PERSON")], lists)
    assert found["Tarr"] == ("Bassem Tarr", "PERSON", "surname")


def test_a_surname_wrongly_taken_for_a_group_is_a_person(lists: tuple[str, str]) -> None:
    text = "Bassem Tarr spoke. Then Tarr left."
    found = read(text, [("Bassem Tarr", "PERSON"), ("Tarr", "ORG")], lists)
    assert found["Tarr"][:2] == ("Bassem Tarr", "PERSON")


def test_a_surname_of_two_people_is_not_resolved(lists: tuple[str, str]) -> None:
    text = "Bassem Tarr met Ilse Tarr. Later Tarr left."
    doc = with_names(ENGLISH(text), [("Bassem Tarr", "PERSON"), ("Ilse Tarr", "PERSON")])
    last = resolved(doc, lists).mentions[-1]
    assert (last.text, last.entity) == ("Tarr", None)


def test_a_longer_name_anywhere_in_the_article_wins(lists: tuple[str, str]) -> None:
    text = "Water Board engineers met. The Osk Valley Water Board is new."
    found = read(text, [("Water Board", "ORG"), ("Osk Valley Water Board", "ORG")], lists)
    assert found["Water Board"] == ("Osk Valley Water Board", "ORG", "alias")


def test_a_demonym_carries_its_country(lists: tuple[str, str]) -> None:
    doc = ENGLISH("Sorrenian envoys met Velmarkers.")
    mentions = resolved(doc, lists).mentions
    assert [(m.text, m.label, m.country) for m in mentions] == [
        ("Sorrenian", "NORP", "XSO"),
        ("Velmarkers", "NORP", "XVE"),
    ]


def test_a_name_used_as_a_place_is_one(lists: tuple[str, str]) -> None:
    text = "Velmark is calm. Fighting began in Harrowgate Bay. Harrowgate Bay fell."
    found = read(text, [("Harrowgate Bay", "PERSON")], lists)
    assert found["Harrowgate Bay"] == ("Harrowgate Bay", "GPE", "name")


def test_a_listed_place_is_found_where_the_model_missed_it(lists: tuple[str, str]) -> None:
    found = read("Rain fell on Harrowgate Bay and the Qalamoun. Victoria sang.", [], lists)
    assert {name: label for name, (_, label, _) in found.items()} == {
        "Harrowgate Bay": "GPE",
        "Qalamoun": "LOC",
    }


def test_a_place_has_coordinates_and_a_source(lists: tuple[str, str]) -> None:
    doc = with_names(ENGLISH("Syria: shells fell on Deir el-Zour."), [("Deir el-Zour", "GPE")])
    place = resolved(doc, lists).mentions[-1].entity
    assert place is not None
    assert (place.name, place.country, place.source) == ("Deir ez-Zor", "SYR", "gazetteer")
    assert place.geonames_id == 170794


def test_common_words_are_cut_off_a_name(lists: tuple[str, str]) -> None:
    text = "They lend Velmark money; U.S.-backed and Dawn Front militants fight."
    doc = ENGLISH(text)
    span = doc.char_span(text.index("lend"), text.index(" money"), label="GPE")
    assert span is not None
    doc.set_ents([span])
    assert [m.text for m in resolved(doc, lists).mentions] == ["Velmark", "U.S.", "Dawn Front"]


def test_a_title_is_not_part_of_a_name() -> None:
    assert without_titles("President Edda Brand") == "Edda Brand"
    assert without_titles("General") == "General"


def test_a_span_shrinks_to_the_name_in_it() -> None:
    text = 'the "Dawn Front\'s" men'
    start, end = trimmed(text, 0, 17)
    assert text[start:end] == '"Dawn Front'[1:]


def test_spellings_of_a_name_share_a_key_but_an_acronym_keeps_its_capitals() -> None:
    assert name_key("The Dawn-Front") == name_key("Dawn Front")
    assert name_key("U.N.") == name_key("UN") != name_key("un")


def test_one_name_has_one_id_in_every_article(lists: tuple[str, str]) -> None:
    ids = {
        entity.entity_id
        for text in ("The Islamic State group spoke.", "ISIS left Velmark.")
        for entity in resolved(ENGLISH(text), lists).entities
        if entity.name == "Islamic State"
    }
    assert len(ids) == 1


def test_a_foreign_partys_common_name_is_not_the_known_party(lists: tuple[str, str]) -> None:
    text = "In Velmark the Labour Party won."
    doc = with_names(ENGLISH(text), [("Labour Party", "ORG")])
    entity = resolved(doc, lists).mentions[-1].entity
    assert entity is not None
    assert entity.country is None


@pytest.mark.parametrize(
    ("text", "name", "entity"),
    [
        ("Velmark's Parliament met.", "Parliament", None),
        ("The Ministry of Fisheries closed.", "Ministry of Fisheries", None),
        (
            "The Sorrenian Transport Ministry closed.",
            "Sorrenian Transport Ministry",
            "Sorrenia GOV",
        ),
        ("The Sorrenian Army left.", "Sorrenian Army", "Sorrenia MIL"),
    ],
)
def test_a_bodys_common_name_is_a_countrys_or_nobodys(
    text: str, name: str, entity: str | None, lists: tuple[str, str]
) -> None:
    found = read(text, [(name, "ORG")], lists)
    assert found[name][0] == entity


def test_mentions_are_asked_for_by_span(lists: tuple[str, str]) -> None:
    resolution = resolved(ENGLISH("Sorrenia and Velmark signed."), lists)
    assert [m.text for m in resolution.mentions_in(4, 20)] == ["Sorrenia", "Velmark"]
    assert resolution.mentions_in(8, 12) == ()
    velmark = resolution.mention_at(15, 16)
    assert velmark is not None
    assert velmark.text == "Velmark"


def test_the_datelines_country_counts(lists: tuple[str, str]) -> None:
    resolution = resolved(ENGLISH("Rain fell."), lists, dateline="HARROWGATE BAY")
    assert resolution.countries == ("XVE",)


def test_rows_keep_span_text_and_link(lists: tuple[str, str]) -> None:
    text = "Sorrenia and Velmark signed."
    revision = ArticleRevision(
        revision_id="r",
        article_id="a",
        change_type=ChangeType.INITIAL,
        text=text,
        text_sha256="",
        num_words=4,
        fetched_at=CONTEXT.now,
        extractor_version="1",
        run_id="run",
    )
    resolution = resolved(ENGLISH(text), lists)
    rows = entity_mention_rows(resolution, revision, model_version="m", context=CONTEXT)
    assert [text[row.mention_start : row.mention_end] for row in rows] == ["Sorrenia", "Velmark"]
    assert len({row.mention_id for row in rows}) == 2
    assert {row.link_method for row in rows} == {"name"}
