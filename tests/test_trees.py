"""Trees that cannot be are mended; others stay as they are."""

from transforms.encoder.trees import mend_trees


def mended(tags: str, heads: list[int], relations: str) -> tuple[list[int], list[str]]:
    labels = relations.split()
    mend_trees(tags.split(), heads, labels)
    return heads, labels


def test_a_name_with_an_and_of_its_own_stands_beside_the_noun() -> None:
    # raided by Odran and Zembrian troops
    heads, labels = mended(
        "VBN IN NNP CC JJ NNS", [0, 0, 5, 2, 5, 1], "ROOT agent compound cc amod pobj"
    )
    assert heads == [0, 0, 1, 2, 5, 2]
    assert labels == ["ROOT", "agent", "pobj", "cc", "amod", "conj"]


def test_a_name_that_modifies_a_noun_with_another_one_stays() -> None:
    # Odran and Varne supporters
    before = ([3, 0, 0, 3], "compound cc conj ROOT")
    heads, labels = mended("NNP CC NNP NNS", list(before[0]), before[1])
    assert (heads, labels) == (before[0], before[1].split())


def test_a_noun_that_modifies_another_stays() -> None:
    # Oil and gas fields, with a slip
    heads, labels = mended("NN CC NN NNS", [3, 0, 3, 3], "compound cc compound ROOT")
    assert (heads, labels) == ([3, 0, 3, 3], ["compound", "cc", "compound", "ROOT"])


def test_a_relative_pronoun_belongs_to_its_own_clause() -> None:
    # Odran , which many fear , fights
    tags, relations = "NNP , WDT NNS VBP , VBZ", "nsubj punct dobj nsubj relcl punct ROOT"
    heads, labels = mended(tags, [6, 4, 6, 4, 0, 0, 6], relations)
    assert heads == [6, 4, 4, 4, 0, 0, 6]
    assert labels == relations.split()
