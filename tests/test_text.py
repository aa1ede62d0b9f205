import pytest

from transforms.text import (
    clean_text,
    comparable,
    ends_sentence,
    join_paragraphs,
    letters,
    num_words,
    read_paragraphs,
    split_paragraphs,
    squeeze,
    words,
)


def test_control_bidirectional_and_surrogate_marks_are_taken_out() -> None:
    assert clean_text("a\x00b\x07c\x85d\u202ee\ufefff\ud800g\u200bh") == "abc\ndefgh"


def test_typographic_quotes_stay_and_accents_are_composed() -> None:
    assert clean_text("“Cafe\u0301’s”") == "“Café’s”"


def test_all_line_ends_become_line_feeds() -> None:
    assert clean_text("a\r\nb\rc\u2028d") == "a\nb\nc\nd"


def test_paragraphs_survive_joining_and_splitting() -> None:
    paragraphs = ["One.", "Two."]
    assert split_paragraphs(join_paragraphs(paragraphs)) == paragraphs
    assert split_paragraphs("") == []


def test_an_empty_line_ends_a_paragraph() -> None:
    assert read_paragraphs("One two.\n\nThree.") == ["One two.", "Three."]


def test_each_line_is_a_paragraph_where_lines_are_long() -> None:
    long = "word " * 40 + "end."
    assert read_paragraphs(f"{long}\n{long}\nMenu\nLoad More") == [long, long, "Menu", "Load More"]


def test_lines_broken_for_want_of_room_are_joined() -> None:
    wrapped = (
        "The council of Pell Harbour met on\nTuesday and put off its vote on the\nferry.\n\nNext."
    )
    assert read_paragraphs(wrapped) == [
        "The council of Pell Harbour met on Tuesday and put off its vote on the ferry.",
        "Next.",
    ]


def test_words_are_counted_with_and_without_spaces_between_them() -> None:
    assert num_words("The US-backed army’s 12 men") == 5
    assert num_words("政府軍") == 3


def test_a_closing_quotation_mark_may_follow_the_full_stop() -> None:
    assert ends_sentence("He said: “We go.”")
    assert not ends_sentence("Rovers win the cup")


def test_lines_compare_without_case_and_punctuation() -> None:
    assert comparable("“Cease-fire” holds!") == comparable("Cease-Fire holds")


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "a", "It's the U.S.A.’s 2.5-mile road.", "'a' .b ..c a.-b a..b -a- a.",
        "“Señor” Müller’s coöperative—€5½ m² naïve_word", "Łódź, São Paulo; Ивано-Франковск",
        "東京都 and ไทย", "soft\u00adhyphen nbsp\u00a0here \ufffd",
    ],
)  # fmt: skip
def test_the_short_ways_by_bytes_count_and_squeeze_as_the_long_ones_do(text: str) -> None:
    assert num_words(text) == len(words(text))
    signs = "".join(filter(str.isalnum, text))
    assert squeeze(text) == signs.lower()
    assert letters(text) == signs.casefold()
