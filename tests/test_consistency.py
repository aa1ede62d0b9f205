"""The names of one article agree with each other."""

import pytest

from transforms.consistency import Name, agree, hints, set_bounds, set_edges


def mark(text: str, marks: tuple[tuple[str, str], ...]) -> tuple[list[str], list[Name]]:
    """Mark phrases in a text, in order."""
    tokens = text.split(" ")
    found, start = [], 0
    for phrase, label in marks:
        words = phrase.split(" ")
        while tokens[start : start + len(words)] != words:
            start += 1
        found.append(Name(start, start + len(words), label))
        start += len(words)
    return tokens, found


def names_of(text: str, *marks: tuple[str, str]) -> list[tuple[str, str]]:
    """Mark phrases in a text, have them agree, and give phrases and labels back."""
    tokens, found = mark(text, marks)
    agreed = agree(tokens, set_bounds(tokens, found))
    return [(" ".join(tokens[n.start : n.end]), n.label) for n in agreed]


def hints_of(text: str, *marks: tuple[str, str]) -> list[tuple[int, str, dict[str, float]]]:
    """Mark phrases in a text, and give what they say of others: place, phrase, logits."""
    tokens, found = mark(text, marks)
    given = hints(tokens, found)
    return [(start, " ".join(tokens[start:end]), labels) for start, end, labels in given]


def test_the_same_words_get_the_label_that_most_of_them_have() -> None:
    text = "Brenholt fell . Brenholt burns . Brenholt waits ."
    marks = ("Brenholt", "GPE"), ("Brenholt", "ORG"), ("Brenholt", "GPE")
    assert names_of(text, *marks) == [("Brenholt", "GPE")] * 3


def test_a_tie_is_left_as_it_was_found() -> None:
    marks = ("Brenholt", "GPE"), ("Brenholt", "ORG")
    assert names_of("Brenholt fell . Brenholt burns .", *marks) == list(marks)


def test_the_surname_of_a_known_person_is_that_person() -> None:
    text = "Odran Vessel spoke . Then Vessel left ."
    marks = ("Odran Vessel", "PERSON"), ("Vessel", "ORG")
    # One vote each: the full name's for the person breaks no tie, so a second mention is needed.
    assert names_of(text, *marks)[1] == ("Vessel", "ORG")
    text = "Odran Vessel spoke . Odran Vessel sat . Then Vessel left ."
    marks = ("Odran Vessel", "PERSON"), ("Odran Vessel", "PERSON"), ("Vessel", "ORG")
    assert names_of(text, *marks)[2] == ("Vessel", "PERSON")


def test_a_missed_surname_is_found() -> None:
    text = "Odran Vessel spoke . Reporters asked Vessel why ."
    assert names_of(text, ("Odran Vessel", "PERSON"))[1] == ("Vessel", "PERSON")


def test_a_missed_repeat_is_found() -> None:
    text = "The Sorrel Front attacked . Troops of Sorrel Front fled ."
    found = names_of(text, ("Sorrel Front", "ORG"))
    assert found == [("Sorrel Front", "ORG"), ("Sorrel Front", "ORG")]


def test_the_article_and_the_genitive_do_not_make_another_name() -> None:
    text = "The Front 's men . Front guns ."
    assert names_of(text, ("The Front 's", "ORG"))[1] == ("Front", "ORG")


def test_a_repeat_inside_a_longer_run_of_capitals_is_left() -> None:
    text = "Fighting reached Brenholt . The Brenholt Province Bank closed ."
    assert names_of(text, ("Brenholt", "GPE")) == [("Brenholt", "GPE")]


def test_a_dateline_in_capitals_is_found() -> None:
    text = "BRENHOLT — Troops left Brenholt ."
    assert names_of(text, ("Brenholt", "GPE"))[0] == ("BRENHOLT", "GPE")


def test_short_capitals_are_not_taken_for_a_word_in_capitals() -> None:
    assert names_of("IDA — Troops met Ida .", ("Ida", "PERSON")) == [("Ida", "PERSON")]


def test_a_person_behind_near_is_a_place() -> None:
    assert names_of("A raid near Tal Orum .", ("Tal Orum", "PERSON")) == [("Tal Orum", "GPE")]
    text = "They fled Tal Orum . A raid outside Tal Orum ."
    marks = ("Tal Orum", "PERSON"), ("Tal Orum", "GPE")
    assert names_of(text, *marks) == [("Tal Orum", "GPE")] * 2
    text = "A raid near Odran Vessel 's house ."
    assert names_of(text, ("Odran Vessel", "PERSON")) == [("Odran Vessel", "PERSON")]


def test_a_title_beside_a_name_is_no_longer_run() -> None:
    text = "Odran Vessel spoke . President Vessel left ."
    assert names_of(text, ("Odran Vessel", "PERSON"))[1] == ("Vessel", "PERSON")


def test_a_word_that_the_text_also_has_in_lower_case_is_left() -> None:
    text = "Reform won the vote . The party wants reform . Reform costs ."
    assert names_of(text, ("Reform", "ORG")) == [("Reform", "ORG")]


def test_a_name_ends_at_a_line_break() -> None:
    found = set_bounds(["Sorrel", "\n\n", "Brenholt"], [Name(0, 3, "ORG")])
    assert found == [Name(0, 1, "ORG")]


def test_a_name_of_line_breaks_alone_is_dropped() -> None:
    assert set_bounds(["\n\n", "Then"], [Name(0, 1, "ORG")]) == []


def test_names_come_in_order_and_do_not_overlap() -> None:
    tokens = ["Vessel", "met", "Odran", "Vessel", "and", "Vessel"]
    found = agree(tokens, [Name(2, 4, "PERSON")])
    assert found == [Name(0, 1, "PERSON"), Name(2, 4, "PERSON"), Name(5, 6, "PERSON")]


@pytest.mark.parametrize(
    ("text", "found", "set_right"),
    [
        ("Han Ji - won spoke", Name(0, 2, "PERSON"), Name(0, 4, "PERSON")),
        ("Okafor , D - Ohio , left", Name(2, 5, "GPE"), Name(4, 5, "GPE")),
        ("U.S. - backed forces", Name(0, 1, "GPE"), Name(0, 1, "GPE")),
    ],
)
def test_edges_stand_where_whole_words_end(text: str, found: Name, set_right: Name) -> None:
    assert set_edges(text.split(), [found]) == [set_right]


def test_the_letter_of_a_party_is_no_name() -> None:
    names = [Name(2, 4, "GPE"), Name(4, 5, "GPE")]
    assert set_edges("Okafor , D - Ohio , left".split(), names) == [Name(4, 5, "GPE")]


def test_a_capital_and_its_district_are_one_place() -> None:
    names = [Name(1, 2, "GPE"), Name(3, 4, "GPE")]
    assert set_edges("in Washington , D.C. today".split(), names) == [Name(1, 4, "GPE")]
    assert set_edges("in Paris , Texas today".split(), names) == names


def test_edges_never_make_two_names_overlap() -> None:
    names = [Name(0, 1, "PERSON"), Name(1, 2, "ORG")]
    assert set_edges("Han - south".split(), names) == names
    both = [Name(0, 1, "PERSON"), Name(3, 4, "NORP")]
    spans = set_edges("Han - won Korean".split(), both)
    assert spans == [Name(0, 3, "PERSON"), Name(3, 4, "NORP")]


def test_what_an_acronym_in_brackets_stands_for_is_one_name() -> None:
    text = "The Joint Mission to the Sorrel Islands ( JMSI ) left ."
    marks = ("Joint Mission", "ORG"), ("Sorrel Islands", "GPE")
    assert names_of(text, *marks)[0] == ("Joint Mission to the Sorrel Islands", "ORG")


@pytest.mark.parametrize(
    "text",
    [
        "Odran Vessel met Sorrel Islands ( OVMSI ) staff .",  # a word between that is no link
        "Odran Vessel of Sorrel Islands ( SI ) left .",  # the acronym is of the second alone
        "Odran Vessel of Sorrel Islands ( 41 ) left .",
    ],
)
def test_names_that_an_acronym_does_not_span_stay_apart(text: str) -> None:
    marks = ("Odran Vessel", "PERSON"), ("Sorrel Islands", "GPE")
    assert names_of(text, *marks)[:2] == list(marks)


def test_other_mentions_speak_for_their_label() -> None:
    text = "Brenholt fell . Brenholt burns . Brenholt waits ."
    marks = ("Brenholt", "GPE"), ("Brenholt", "ORG"), ("Brenholt", "GPE")
    assert hints_of(text, *marks) == [(3, "Brenholt", {"GPE": 2.0})]


def test_what_all_mentions_agree_on_is_not_spoken_about() -> None:
    text = "Brenholt fell . Brenholt burns ."
    assert hints_of(text, ("Brenholt", "GPE"), ("Brenholt", "GPE")) == []


def test_many_mentions_speak_no_louder_than_two() -> None:
    text = "Vessel a Vessel b Vessel c Vessel d Vessel ."
    assert hints_of(text, *[("Vessel", "PERSON")] * 4) == [(8, "Vessel", {"PERSON": 2.0})]


def test_a_full_name_speaks_for_its_surname_and_for_capitals() -> None:
    text = "VESSEL — Odran Vessel spoke . Then Vessel sat ."
    assert hints_of(text, ("Odran Vessel", "PERSON")) == [
        (0, "VESSEL", {"PERSON": 1.0}),
        (7, "Vessel", {"PERSON": 1.0}),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Reform won . The reform failed . Reform costs .",
        "Reform won . The Reform Bank closed .",
    ],
)
def test_nothing_is_said_of_words_and_of_longer_runs_of_capitals(text: str) -> None:
    assert hints_of(text, ("Reform", "ORG")) == []
