"""Names, actors and their entities, on texts annotated by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

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
    load_roles,
    resolve_entities,
)
from transforms.entities.names import acronyms, name_key, trimmed, without_titles
from transforms.places import load_gazetteer

CONTEXT = RunContext(run_id="run", now=datetime(2026, 6, 14, tzinfo=UTC))
ENGLISH = spacy.blank("en")
ENGLISH.add_pipe("sentencizer")

PLACES = """name,kind,country,admin1,latitude,longitude,population,demonyms,aliases
Velmark,country,XVE,,-30.5,-15.0,4000000,Velmarker;Velmarkers,
Sorrenia,country,XSO,,-33.5,-11.0,9000000,Sorrenian;Sorrenians,
Harrowgate Bay,city,XVE,,-30.1,-15.2,82000,,
"""
ACTORS = """name,entity_type,country,sector,aliases
Dawn Front,ORG,XSO,REB,DF*;Dawn Front group
Edda Brand,PERSON,XVE,GOV,
"""


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder: Path = tmp_path_factory.mktemp("lists")
    (folder / "places.csv").write_text(PLACES, "utf-8")
    (folder / "actors.csv").write_text(ACTORS, "utf-8")
    return str(folder / "places.csv"), str(folder / "actors.csv")


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


# --- names


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


# --- actors


def test_nationality_and_role_are_an_actor(lists: tuple[str, str]) -> None:
    army = parsed("The/DT/det/2", "Sorrenian/JJ/amod/2", "army/NN/nsubj/3", "fled/VBD/ROOT/3")
    military = parsed(
        "The/DT/det/4", "Velmark/NNP/npadvmod/3", "-/HYPH/punct/3", "backed/VBN/amod/5",
        "Sorrenian/JJ/amod/5", "military/NN/nsubj/6", "fled/VBD/ROOT/6",
    )  # fmt: skip
    one, other = actor_of(army, 0, 3, [], lists), actor_of(military, 0, 6, [], lists)
    assert one is not None
    assert other is not None
    assert (one.name, one.country, one.sector, one.link) == ("Sorrenia MIL", "XSO", "MIL", "role")
    assert one.entity_id == other.entity_id
    assert one.entity is not None


def test_a_groups_fighters_are_the_group(lists: tuple[str, str]) -> None:
    doc = parsed(
        "Twelve/CD/nummod/3", "Dawn/NNP/compound/2", "Front/NNP/compound/3",
        "militants/NNS/nsubj/4", "fled/VBD/ROOT/4",
    )  # fmt: skip
    actor = actor_of(doc, 0, 4, [], lists)
    assert actor is not None
    assert (actor.text, actor.name, actor.sector) == (
        "Twelve Dawn Front militants", "Dawn Front", "REB",
    )  # fmt: skip


def test_the_owner_stands_for_what_is_attacked(lists: tuple[str, str]) -> None:
    doc = parsed(
        "They/PRP/nsubj/1", "hit/VBD/ROOT/1", "a/DT/det/3", "base/NN/dobj/1", "of/IN/prep/3",
        "the/DT/det/8", "Dawn/NNP/compound/7", "Front/NNP/compound/8", "forces/NNS/pobj/4",
    )  # fmt: skip
    actor = actor_of(doc, 2, 9, [], lists)
    assert actor is not None
    assert (actor.name, actor.text) == ("Dawn Front", "a base of the Dawn Front forces")


def test_a_possessor_and_a_title_give_country_and_sector(lists: tuple[str, str]) -> None:
    doc = parsed(
        "Velmark/NNP/poss/3", "'s/POS/case/0", "defense/NN/compound/3", "minister/NN/nsubj/4",
        "spoke/VBD/ROOT/4",
    )  # fmt: skip
    actor = actor_of(doc, 0, 4, [], lists)
    assert actor is not None
    assert (actor.name, actor.country, actor.sector) == ("Velmark GOV", "XVE", "GOV")


def test_a_persons_forces_are_the_countrys(lists: tuple[str, str]) -> None:
    doc = parsed(
        "President/NNP/compound/2", "Edda/NNP/compound/2", "Brand/NNP/poss/4", "'s/POS/case/2",
        "forces/NNS/nsubj/5", "fled/VBD/ROOT/5",
    )  # fmt: skip
    actor = actor_of(doc, 0, 5, [("Edda Brand", "PERSON")], lists)
    assert actor is not None
    assert (actor.name, actor.sector) == ("Velmark MIL", "MIL")


def test_a_role_alone_has_a_sector_and_no_entity(lists: tuple[str, str]) -> None:
    doc = parsed("Protesters/NNS/nsubj/1", "marched/VBD/ROOT/1")
    actor = actor_of(doc, 0, 1, [], lists)
    assert actor is not None
    assert (actor.entity_id, actor.sector, actor.link) == (None, "CVL", "role")


def test_the_police_of_an_article_about_one_country_are_its_own(lists: tuple[str, str]) -> None:
    doc = parsed(
        "In/IN/prep/4", "Velmark/NNP/pobj/0", ",/,/punct/4", "police/NNS/nsubj/4",
        "fired/VBD/ROOT/4",
    )  # fmt: skip
    actor = actor_of(doc, 3, 4, [], lists)
    assert actor is not None
    assert (actor.name, actor.link) == ("Velmark COP", "coreference")


def test_a_name_beside_a_description_is_taken(lists: tuple[str, str]) -> None:
    doc = parsed(
        "Forces/NNS/nsubj/6", "known/VBN/acl/0", "as/IN/prep/1", "the/DT/det/5",
        "Dawn/NNP/compound/5", "Front/NNP/pobj/2", "advanced/VBD/ROOT/6",
    )  # fmt: skip
    actor = actor_of(doc, 0, 6, [], lists)
    assert actor is not None
    assert actor.name == "Dawn Front"


def two_sentences(first: str, second: Sequence[str]) -> Doc:
    """Build "<names> fought ." and a second sentence from word/tag/dep/head within itself."""
    names = first.split()
    verb = len(names)
    head = [f"{name}/NNP/nsubj/{verb}" for name in names]
    offset = verb + 2
    rest = [
        f"{word}/{tag}/{dep}/{int(at) + offset}"
        for word, tag, dep, at in (token.rsplit("/", 3) for token in second)
    ]
    return parsed(*head, f"fought/VBD/ROOT/{verb}", f"./././{verb}", *rest)


def test_the_militants_point_back_to_the_only_group_named(lists: tuple[str, str]) -> None:
    doc = two_sentences("ISIS", ["The/DT/det/1", "militants/NNS/nsubj/2", "fled/VBD/ROOT/2"])
    actor = actor_of(doc, 3, 5, [], lists)
    assert actor is not None
    assert (actor.name, actor.link, actor.text) == (
        "Islamic State", "coreference", "The militants",
    )  # fmt: skip


def test_the_militants_stay_open_after_two_groups(lists: tuple[str, str]) -> None:
    doc = two_sentences("ISIS Hamas", ["The/DT/det/1", "militants/NNS/nsubj/2", "fled/VBD/ROOT/2"])
    actor = actor_of(doc, 4, 6, [], lists)
    assert actor is not None
    assert (actor.entity_id, actor.sector, actor.link) == (None, "REB", "role")


def test_the_two_sides_stay_a_span(lists: tuple[str, str]) -> None:
    doc = two_sentences(
        "ISIS", ["The/DT/det/2", "two/CD/nummod/2", "sides/NNS/nsubj/3", "agreed/VBD/ROOT/3"]
    )
    actor = actor_of(doc, 3, 6, [], lists)
    assert actor is not None
    assert (actor.text, actor.entity_id, actor.sector) == ("The two sides", None, None)


@pytest.mark.parametrize(("before", "entity"), [("ISIS", "Islamic State"), ("ISIS Hamas", None)])
def test_it_points_back_only_when_one_body_was_named(
    before: str, entity: str | None, lists: tuple[str, str]
) -> None:
    doc = two_sentences(before, ["It/PRP/nsubj/1", "fled/VBD/ROOT/1"])
    at = len(before.split()) + 2
    actor = actor_of(doc, at, at + 1, [], lists)
    assert actor is not None
    assert actor.name == entity


def test_an_empty_it_points_to_nothing(lists: tuple[str, str]) -> None:
    doc = two_sentences("ISIS", ["It/PRP/nsubj/1", "rained/VBD/ROOT/1"])
    doc[4].lemma_ = "rain"
    actor = actor_of(doc, 3, 4, [], lists)
    assert actor is not None
    assert actor.entity_id is None


@pytest.mark.parametrize(
    ("pronoun", "name"), [("She", "Corinne Tarr"), ("He", "Hugo Varn"), ("They", None)]
)
def test_a_first_name_tells_he_from_she(
    pronoun: str, name: str | None, lists: tuple[str, str]
) -> None:
    doc = parsed(
        "Corinne/NNP/compound/1", "Tarr/NNP/nsubj/2", "met/VBD/ROOT/2", "Hugo/NNP/compound/4",
        "Varn/NNP/dobj/2", "./././2", f"{pronoun}/PRP/nsubj/7", "left/VBD/ROOT/7",
    )  # fmt: skip
    actor = actor_of(doc, 6, 7, [("Corinne Tarr", "PERSON"), ("Hugo Varn", "PERSON")], lists)
    assert actor is not None
    assert actor.name == name


def test_who_points_to_the_noun_of_its_clause(lists: tuple[str, str]) -> None:
    doc = parsed(
        "Sorrenian/JJ/amod/1", "soldiers/NNS/nsubj/5", "who/WP/nsubj/3", "fled/VBD/relcl/1",
        ",/,/punct/1", "died/VBD/ROOT/5",
    )  # fmt: skip
    actor = actor_of(doc, 2, 3, [], lists)
    assert actor is not None
    assert (actor.name, actor.text, actor.link) == ("Sorrenia MIL", "who", "coreference")


def test_a_thing_that_belongs_to_nobody_is_no_actor(lists: tuple[str, str]) -> None:
    doc = parsed("A/DT/det/1", "storm/NN/nsubj/2", "rose/VBD/ROOT/2")
    assert actor_of(doc, 0, 2, [], lists) is None


def test_a_phrase_of_another_text_is_refused(lists: tuple[str, str]) -> None:
    doc, other = ENGLISH("Rain fell."), ENGLISH("Snow fell.")
    with pytest.raises(ValueError, match="another text"):
        find_actor(other[0:1], resolved(doc, lists), doc=doc)


def test_roles_have_sectors_of_the_ontology() -> None:
    sectors = {role.sector for role in load_roles().values() if role.sector}
    assert {"GOV", "MIL", "COP", "REB", "CVL", "MED", "JUD", "LAB", "BUS", "OPP"} <= sectors
    assert all(len(sector) == 3 for sector in sectors)
