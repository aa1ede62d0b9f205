"""Words become arrays, and scores become readings that are well formed."""

import itertools

import numpy
import pytest

from transforms.encoder.decode import Spans, best_tree
from transforms.encoder.inputs import (
    MAX_PIECES,
    Chunk,
    Pieces,
    batches,
    cut_chunks,
    list_masks,
    shape_of,
    to_arrays,
)
from transforms.encoder.names import read_names
from transforms.encoder.network import sentence_bounds

VOCABULARY = "[PAD] [UNK] [CLS] [SEP] the rebels fled ##ing flee . al - qaida".split()


@pytest.fixture
def pieces() -> Pieces:
    return Pieces(VOCABULARY)


def chunk(size: int) -> Chunk:
    return Chunk(tuple(range(size)), ((4,),) * size)


@pytest.mark.parametrize(
    "words",
    [("raqqa",), ("Raqqa", "Rebels"), ("UN", "NATO"), ("U.S.", "U.N."), ("2017", "7"), (",", "—")],
)
def test_words_of_one_shape_have_one_class(words: tuple[str, ...]) -> None:
    assert len({shape_of(word) for word in words}) == 1


def test_shapes_tell_cases_and_digits_apart() -> None:
    words = (
        "raqqa",
        "Raqqa",
        "RAQQA",
        "McDonald",
        "iPhone",
        "I",
        "U.S.",
        "12",
        "3-0",
        ",",
        "Al-Hol",
    )
    assert len({shape_of(word) for word in words}) == len(words)


def test_a_word_is_parted_in_lower_case_and_never_into_nothing(pieces: Pieces) -> None:
    assert pieces.of("Fleeing") == (8, 7)
    assert pieces.of("al-Qaïda") == (10, 11, 12)
    assert pieces.of("\u200b") == pieces.of("zzz") == (1,)


def test_a_text_is_cut_at_its_line_breaks_and_spaces_are_left_out(pieces: Pieces) -> None:
    words = ["The", "rebels", "\n\n", "fled", " ", "."]
    assert [c.words for c in cut_chunks(words, pieces)] == [(0, 1), (3, 5)]


def test_a_long_paragraph_is_cut_behind_a_sentence(pieces: Pieces) -> None:
    words = (["rebels"] * 99 + ["."]) * 3
    assert [len(c.words) for c in cut_chunks(words, pieces)] == [100, 100, 100]


def test_a_paragraph_without_an_end_is_cut_where_it_is_full(pieces: Pieces) -> None:
    cut = list(cut_chunks(["rebels"] * 400, pieces))
    assert max(c.num_pieces for c in cut) == MAX_PIECES + 2
    assert sum(len(c.words) for c in cut) == 400


def test_what_is_of_one_length_is_read_together_and_none_is_lost() -> None:
    sizes = [5, 90, 6, 88, 5]
    found = list(batches(sizes, 200))
    assert sorted(itertools.chain.from_iterable(found)) == [0, 1, 2, 3, 4]
    assert [{sizes[place] > 50 for place in batch} for batch in found] == [{True}, {False}]


def test_what_is_read_together_is_limited_with_its_padding() -> None:
    assert list(batches([9, 10, 8, 10], 20)) == [[1, 3], [0, 2]]


def test_arrays_point_at_the_first_and_last_piece_of_each_word(pieces: Pieces) -> None:
    words = ["Rebels", "fleeing", "."]
    [read] = cut_chunks(words, pieces)
    arrays = to_arrays([read], [words], pieces, list_masks({"rebels": 0b101}))
    assert arrays["ids"].tolist() == [[2, 5, 8, 7, 9, 3]]
    assert arrays["first"].tolist() == [[1, 2, 4]]
    assert arrays["last"].tolist() == [[1, 3, 4]]
    assert arrays["lists"][0, 1].tolist()[:3] == [1, 0, 1]
    assert not arrays["lists"][0, 2:].any()


def test_shorter_chunks_are_padded_and_marked_unseen(pieces: Pieces) -> None:
    texts = [["rebels", "fled"], ["fled"]]
    chunks = [c for words in texts for c in cut_chunks(words, pieces)]
    arrays = to_arrays(chunks, texts, pieces, list_masks({}))
    assert arrays["seen"].tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]


SPANS = Spans.of(["O", "B-PERSON", "I-PERSON", "B-ORG", "I-ORG"])


def test_a_span_goes_on_only_in_its_own_kind() -> None:
    scores = numpy.full((3, 5), -5.0)
    scores[0, 1] = 3  # B-PERSON
    scores[1, 4] = 3  # I-ORG, which may not follow
    scores[1, 2] = 2.5
    scores[2, 0] = 3
    assert SPANS.read(scores) == [(0, 2, "PERSON")]


def test_a_text_does_not_begin_inside_a_span() -> None:
    scores = numpy.zeros((2, 5))
    scores[0, 2] = 3
    scores[1, 2] = 3
    assert SPANS.read(scores) == [(0, 2, "PERSON")]


def test_spans_side_by_side_stay_two() -> None:
    scores = numpy.zeros((2, 5))
    scores[0, 3] = scores[1, 3] = 3
    assert SPANS.read(scores) == [(0, 1, "ORG"), (1, 2, "ORG")]


def test_no_tagging_that_may_be_is_better() -> None:
    chance = numpy.random.default_rng(4)
    scores = chance.normal(size=(60, 4, 5))
    every = [p for p in itertools.product(range(5), repeat=4) if may_be(p)]
    for row, found in zip(scores, SPANS.read_many(scores), strict=True):
        best = max(every, key=lambda path: sum(row[word, label] for word, label in enumerate(path)))
        assert tagging(found, 4) == list(best)


def may_be(path: tuple[int, ...]) -> bool:
    """Tell whether each I-X follows a B-X or I-X."""
    before = (0, *path[:-1])
    return all(
        label in (0, 1, 3) or last in (label - 1, label)
        for last, label in zip(before, path, strict=True)
    )


def tagging(spans: list[tuple[int, int, str]], size: int) -> list[int]:
    path = [0] * size
    for start, end, label in spans:
        path[start:end] = [SPANS.labels.index(f"I-{label}")] * (end - start)
        path[start] -= 1
    return path


def test_a_doubtful_name_is_read_as_the_rest_of_the_text_reads_it() -> None:
    words = "Vessel spoke . Vessel sat . Vessel left .".split()
    chunks = [(0, Chunk(tuple(range(n, n + 3)), ((9,),) * 3)) for n in (0, 3, 6)]
    for doubt, label in ((1.5, "PERSON"), (2.5, "ORG")):
        scores = numpy.zeros((9, 5))
        scores[:, 0] = 4
        scores[[0, 3], 1] = 9  # a person
        scores[6, 3], scores[6, 1] = 7, 7 - doubt
        assert read_names(SPANS, [words], chunks, [scores]) == [
            [(0, 1, "PERSON"), (3, 4, "PERSON"), (6, 7, label)]
        ]


def test_a_name_that_was_just_missed_is_found_by_the_rest_of_the_text() -> None:
    words = "Odran Vessel spoke . Vessel sat .".split()
    scores = numpy.zeros((7, 5))
    scores[:, 0] = 4
    scores[0, 1] = scores[1, 2] = 9
    scores[4, 1] = 3.5
    chunks = [(1, Chunk(tuple(range(7)), ((9,),) * 7))]
    names = [(0, 2, "PERSON"), (4, 5, "PERSON")]
    assert read_names(SPANS, [[], words], chunks, [scores[:0], scores]) == [[], names]


def is_tree(heads: tuple[int, ...]) -> bool:
    if sum(head == word for word, head in enumerate(heads)) != 1:
        return False
    for word in range(len(heads)):
        for _ in heads:
            word = heads[word]
        if heads[word] != word:
            return False
    return True


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_the_tree_is_the_best_there_is(size: int) -> None:
    chance = numpy.random.default_rng(size)
    for _ in range(40):
        scores = chance.normal(size=(size, size))
        scores[numpy.arange(size), numpy.arange(size)] += 1  # several words would be the root
        best = max(
            (heads for heads in itertools.product(range(size), repeat=size) if is_tree(heads)),
            key=lambda heads: sum(scores[word, head] for word, head in enumerate(heads)),
        )
        found = best_tree(scores)
        assert is_tree(tuple(found))
        if size <= 3:  # of longer sentences only the three likeliest roots are tried
            assert found == list(best)


def test_a_chunk_begins_with_a_sentence_whatever_the_scores() -> None:
    assert sentence_bounds(numpy.array([-3.0, -1.0, 2.0, -1.0])) == [(0, 2), (2, 4)]
