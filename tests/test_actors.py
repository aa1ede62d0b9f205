"""Actors and their entities, on texts annotated by hand."""

from collections.abc import Sequence

import pytest
from spacy.tokens import Doc

from tests.test_entities import ENGLISH, actor_of, parsed, resolved
from transforms.entities import find_actor, load_roles


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
