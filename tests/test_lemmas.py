"""Base forms of words, by dictionary and by the customs of the treebanks."""

import pytest

from transforms.lemmas import demonyms, lemma_of


@pytest.mark.parametrize(
    ("word", "part_of_speech", "tag", "lemma"),
    [
        ("seized", "VERB", "VBD", "seize"),
        ("'re", "AUX", "VBP", "be"),
        ("her", "PRON", "PRP", "she"),
        ("her", "PRON", "PRP$", "her"),
        ("headquarters", "NOUN", "NN", "headquarters"),
        ("larger", "ADJ", "JJR", "large"),
        ("best", "ADV", "RBS", "well"),
        ("Brenholt", "PROPN", "NNP", "Brenholt"),
        ("brenholt", "PROPN", "NNP", "Brenholt"),
        ("UN", "PROPN", "NNP", "UN"),
        ("Islands", "PROPN", "NNPS", "Island"),
        ("syrian", "ADJ", "JJ", "Syrian"),
        ("Angry", "ADJ", "JJ", "angry"),
        ("arab", "ADJ", "JJ", "Arab"),
        ("United", "VERB", "NNP", "United"),
        ("12,000", "NUM", "CD", "12000"),
        ("1,5", "NUM", "CD", "1,5"),
        ("XIV", "NUM", "CD", "XIV"),
        ("Ten", "NUM", "CD", "ten"),
        ("“", "PUNCT", "``", '"'),
        ("Xyz", "X", "FW", "Xyz"),
    ],
)
def test_a_word_has_its_base_form(word: str, part_of_speech: str, tag: str, lemma: str) -> None:
    assert lemma_of(word, part_of_speech, tag) == lemma


def test_words_for_the_people_of_a_country_are_listed() -> None:
    assert {"syrian", "french"} <= demonyms()
    assert "table" not in demonyms()
