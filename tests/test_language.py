"""The shipped model loads, splits, parses and names; a pipeline that lacks a part is refused."""

from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc

from transforms.language import (
    CONSISTENT_NAMES,
    ENCODER,
    LABELS,
    SETTLED_LEMMAS,
    SHIPPED_MODEL,
    WHOLE_NAMES,
    check_pipeline,
    lacking_parts,
    load_language,
)
from transforms.roles import GIVEN, frames_on


def parse(text: str) -> Doc:
    """Run the shipped model on a text."""
    return load_language()(text)


def relations(doc: Doc) -> set[tuple[str, str, str]]:
    """Give each word, its label and its head."""
    return {(token.text, token.dep_, token.head.text) for token in doc}


def test_the_shipped_model_is_loaded_once_a_process() -> None:
    assert load_language() is load_language()
    assert load_language(SHIPPED_MODEL) is load_language()


def test_the_shipped_model_has_every_part_and_label() -> None:
    nlp = load_language()
    check_pipeline(nlp, "shipped")
    assert nlp.pipe_names == [ENCODER, WHOLE_NAMES, SETTLED_LEMMAS]


def test_the_names_of_an_article_are_of_known_kinds() -> None:
    doc = parse("The United Nations met in Geneva on Monday. Swiss police closed the roads.")
    assert {entity.label_ for entity in doc.ents} <= set(LABELS)


def test_predicates_come_with_the_spans_of_their_roles() -> None:
    doc = parse("On Friday the rebels did not attack the port of Brenholt.")
    (frame,) = (f for f in frames_on(doc) or () if doc[f.predicate].text == "attack")
    roles = {role: doc[start:end].text for start, end, role in frame.roles}
    assert roles["ARG0"] == "the rebels"
    assert roles["ARG1"] == "the port of Brenholt"
    assert roles["ARGM-NEG"] == "not"
    assert roles["ARGM-TMP"] == "On Friday"


def test_given_predicates_are_read_in_place_of_found_ones() -> None:
    nlp = load_language()
    doc = nlp.make_doc("Rebels seized two towns.")
    doc.user_data[GIVEN] = (1,)
    assert [frame.predicate for frame in frames_on(nlp(doc)) or ()] == [1]


def test_an_auxiliary_is_a_predicate_without_roles() -> None:
    doc = parse("On Friday the rebels were driven out of Brenholt.")
    roles = {doc[frame.predicate].text: frame.roles for frame in frames_on(doc) or ()}
    assert list(roles) == ["were", "driven"]
    assert not roles["were"]


def test_a_text_of_spaces_has_no_sentence_to_read() -> None:
    assert [token.dep_ for token in parse("\n\n")] == ["dep"]


def test_a_pipeline_of_others_is_read_without_frames() -> None:
    nlp = spacy.blank("en")
    assert frames_on(nlp("Rebels seized two towns.")) is None


@pytest.mark.parametrize(
    ("joined", "words"),
    [
        ("U.S.-backed", ["U.S.", "-", "backed"]),
        ("Karvonian-backed", ["Karvonian", "-", "backed"]),
        ("UN-led", ["UN", "-", "led"]),
        ("troops—most", ["troops", "—", "most"]),
        ("1990–1994", ["1990", "–", "1994"]),
    ],
)
def test_names_are_parted_from_what_is_joined_to_them(joined: str, words: list[str]) -> None:
    assert [token.text for token in load_language().make_doc(f"the {joined} men")][1:-1] == words


def test_an_active_sentence_gives_its_subject_and_object() -> None:
    found = relations(parse("Government troops attacked the village on Friday."))
    assert {("troops", "nsubj", "attacked"), ("village", "dobj", "attacked")} <= found


def test_a_passive_sentence_gives_its_patient_and_agent() -> None:
    found = relations(parse("The village was attacked by government troops."))
    assert ("village", "nsubjpass", "attacked") in found
    assert {("by", "agent", "attacked"), ("troops", "pobj", "by")} <= found


def test_reported_speech_hangs_on_the_verb_of_saying() -> None:
    found = relations(parse("Officials said rebels killed two soldiers near Brenholt."))
    assert {("killed", "ccomp", "said"), ("Officials", "nsubj", "said")} <= found


def test_verbs_and_nouns_have_their_base_form() -> None:
    lemmas = {token.text: token.lemma_ for token in parse("Rebels seized two towns.")}
    assert (lemmas["seized"], lemmas["towns"]) == ("seize", "town")


def test_an_invented_sentence_gives_person_organisation_and_place() -> None:
    doc = parse(
        "President Marek Dolvan met leaders of the National Liberation Front in the city of"
        " Brenholt, the Foreign Ministry said."
    )
    names = {(entity.text, entity.label_) for entity in doc.ents}
    assert ("Marek Dolvan", "PERSON") in names
    assert ("National Liberation Front", "ORG") in names
    assert ("Brenholt", "GPE") in names


def test_a_dash_joins_nothing_to_a_name() -> None:
    doc = parse("Police held Marek Dolvan - taken from his home - on Monday.")
    assert ("Marek Dolvan", "PERSON") in {(name.text, name.label_) for name in doc.ents}


def test_a_dateline_does_not_disturb_the_sentence_behind_it() -> None:
    found = relations(parse("BRENHOLT, Karvonia (AP) — Rebels attacked the capital on Monday."))
    assert {("Rebels", "nsubj", "attacked"), ("capital", "dobj", "attacked")} <= found


def test_sentences_end_where_paragraphs_do() -> None:
    doc = parse("Rebels seized the port on Monday\n\nThe army said it would strike back.")
    assert [sentence.text.strip() for sentence in doc.sents] == [
        "Rebels seized the port on Monday",
        "The army said it would strike back.",
    ]


def test_noun_phrases_are_found() -> None:
    chunks = [chunk.text for chunk in parse("The army attacked the rebels.").noun_chunks]
    assert chunks == ["The army", "the rebels"]


def test_an_empty_text_gives_an_empty_document() -> None:
    assert len(parse("")) == 0


def test_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no language model at"):
        load_language(tmp_path / "none")


def test_a_pipeline_that_lacks_parts_is_refused_by_name(tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path)
    with pytest.raises(ValueError, match=r"lacks tagger .*, parser .*, lemmatizer .*, ner"):
        load_language(tmp_path)


def test_the_names_of_another_pipeline_are_made_to_agree() -> None:
    nlp = spacy.blank("en")
    assert lacking_parts(nlp) == [WHOLE_NAMES, CONSISTENT_NAMES, SETTLED_LEMMAS]
    nlp.add_pipe(ENCODER)
    assert lacking_parts(nlp) == [WHOLE_NAMES, SETTLED_LEMMAS]


def test_only_what_is_missing_is_named() -> None:
    nlp = spacy.blank("en")
    for part in ("tagger", "parser", "lemmatizer"):
        nlp.add_pipe(part)
    with pytest.raises(ValueError, match=r"lacks ner \(names\):"):
        check_pipeline(nlp, "mine")
