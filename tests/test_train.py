"""Treebanks and names are read, sentences are varied, settings are checked."""

import argparse
import json
import lzma
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
import spacy

from pipelines.options import UsageError
from pipelines.train import add_arguments, check_settings
from pipelines.train import names as naming
from pipelines.train import treebanks as trees
from pipelines.train.clearnlp import ROOT, Word, convert_tree
from pipelines.train.corpora import CORPORA, own_news
from pipelines.train.figures import (
    Figures,
    NameFigures,
    SyntaxFigures,
    measure_names,
    write_card,
)
from pipelines.train.gazetteer import CLASSES, common_words, country_words, mask_words, words_of
from pipelines.train.names import MISSING, NamedSentence
from pipelines.train.treebanks import Sentence
from pipelines.train.variation import Stock, coin_name, vary_names
from transforms.language import LABELS, blank_pipeline

CONLLU = """\
# newdoc id = one
# text = They don't. Go!
1\tThey\tthey\tPRON\tPRP\t_\t2\tnsubj\t_\t_
2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
2\tdo\tdo\tAUX\tVBP\t_\t0\troot\t_\t_
3\tn't\tnot\tPART\tRB\t_\t2\tadvmod\t_\t_
4\t.\t.\tPUNCT\t.\t_\t2\tpunct\t_\t_

# newpar
1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No
2\t!\t!\tPUNCT\t.\t_\t1\tpunct\t_\t_
"""


def treebank(folder: Path) -> Path:
    """Write a treebank of two sentences."""
    path = folder / "small.conllu.xz"
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.write(CONLLU)
    return path


def test_words_of_a_range_are_glued(tmp_path: Path) -> None:
    first, second = trees.read_treebank(treebank(tmp_path))
    assert [word.is_spaced for word in first.words] == [True, False, False, True]
    assert (first.opens_document, second.opens_document) == (True, False)
    assert second.opens_paragraph


def test_documents_have_the_text_and_the_trees_of_their_sentences(tmp_path: Path) -> None:
    vocab = spacy.blank("en").vocab
    group = list(trees.read_treebank(treebank(tmp_path)))
    docs = {trees.make_doc(group, vocab, random.Random(seed)).text for seed in range(8)}
    assert docs == {"They don't. Go! ", "They don't.\n\nGo! "}
    doc = trees.make_doc(group, vocab, random.Random(1))
    assert [sentence[0].text for sentence in doc.sents] == ["They", "Go"]


def test_a_dateline_hangs_on_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "DATELINE", 1.0)
    rebels = Word("Rebels", "rebel", "NOUN", "NNS", "", 1, "nsubj")
    fled = Word("fled", "flee", "VERB", "VBD", "", ROOT, "root")
    sentence = Sentence((rebels, fled), opens_paragraph=True, opens_document=True)
    for seed in range(20):
        longer = trees.add_dateline(sentence, random.Random(seed)).words
        result = convert_tree(longer)
        assert [word.form for word in longer[-2:]] == ["Rebels", "fled"]
        assert result[-2:] == [(len(longer) - 1, "nsubj"), (len(longer) - 1, "ROOT")]
        assert sum(label == "ROOT" for _, label in result) == 1
        assert (len(longer) - 1, "npadvmod") in result


NAMED = NamedSentence(
    "x", "d", "train", "Odran Vessel left Brenholt with U.S.-made arms.",
    ((0, 12, "PERSON"), (18, 26, "GPE")),
)  # fmt: skip


def marked(sentence: NamedSentence) -> list[tuple[str, str]]:
    """Give the text of each mark, and its label."""
    return [(sentence.text[start:end], label) for start, end, label in sentence.marks]


def test_a_name_before_a_hyphen_is_marked_as_elsewhere() -> None:
    assert ("U.S.", "GPE") in marked(naming.mark_hyphenated(NAMED, {"U.S.": "GPE"}))
    assert naming.mark_hyphenated(NAMED, {}) == NAMED


def test_only_frequent_names_with_one_label_are_taken_over() -> None:
    often = [NAMED] * 5 + [replace(NAMED, text=NAMED.text.replace("Brenholt", "Carnholt"))]
    assert naming.common_labels(often) == {"Odran Vessel": "PERSON", "Brenholt": "GPE"}


def test_an_invented_dateline_moves_the_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "DATELINE", 1.0)
    longer = naming.add_dateline(NAMED, random.Random(1))
    assert marked(longer)[0] == ("BRENHOLT", "GPE")
    assert marked(longer)[-2:] == marked(NAMED)


def test_case_is_varied_and_marks_stay() -> None:
    chance = random.Random(1)
    texts = {naming.recase(NAMED, chance).text for _ in range(400)}
    assert texts == {NAMED.text, NAMED.text.upper(), NAMED.text.lower(), NAMED.text.title()}


def test_news_of_our_own_is_read_with_a_tenth_held_out(tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_text(
        "[PERSON Ama Tolle] left [GPE Brenholt].\nShe wept.\n\n" * 10
    )
    rows = list(naming.read_news(tmp_path))
    assert [row.split for row in rows] == ["train"] * 18 + ["dev"] * 2
    assert rows[0].text == "Ama Tolle left Brenholt."
    assert marked(rows[0]) == [("Ama Tolle", "PERSON"), ("Brenholt", "GPE")]
    assert marked(rows[1]) == []


def test_our_own_news_is_marked_with_known_labels_only() -> None:
    rows = list(naming.read_news(own_news()))
    assert {label for row in rows for _, _, label in row.marks} == set(LABELS)
    assert not [row.text for row in rows if "[" in row.text or "]" in row.text]
    assert len({row.text for row in rows}) > 19_000


def test_sentences_of_one_document_are_joined_up_to_a_length() -> None:
    rows = [replace(NAMED, document=document) for document in "aaaaaaaaaaaaaaaaaaaab"]
    groups = list(naming.group_sentences(rows, random.Random(1)))
    sizes = [len(group) for group in groups]
    assert sum(sizes) == 21
    assert sizes[-1] == 1
    assert 1 < max(sizes) <= naming.MOST_WORDS // len(NAMED.text.split()) + 1


def test_invented_names_take_the_place_of_others() -> None:
    stock = Stock((((["Ama"], ["Tolle"])),), ["Quissa"], ["Karvonia"], ["Karvonian"])
    chance = random.Random(2)
    found = {tuple(marked(vary_names(NAMED, stock, chance))) for _ in range(60)}
    assert (("Ama Tolle", "PERSON"), ("Quissa", "GPE")) in found
    assert tuple(marked(NAMED)) in found


def test_a_country_stays_a_country_and_unknown_spans_stay() -> None:
    stock = Stock((((["Ama"], ["Tolle"])),), ["Quissa"], ["Brenholt"], ["Karvonian"])
    sentence = replace(NAMED, marks=((0, 12, MISSING), (18, 26, "GPE")))
    chance = random.Random(2)
    texts = {vary_names(sentence, stock, chance).text for _ in range(60)}
    assert NAMED.text in texts
    assert all(text.startswith("Odran Vessel left ") for text in texts)
    assert not any("Quissa" in text for text in texts)


@pytest.mark.parametrize(
    ("text", "label", "pattern"),
    [
        ("Odran Vessel", "PERSON", r"[A-Z][a-z]+ [A-Z][a-z]+"),
        ("Karvonia", "GPE", r"[A-Z][a-z]+(ia|istan|land|ora)"),
        ("Karvonians", "NORP", r"[A-Z][a-z]+(ians|ans|anis|ese|is)"),
        ("Muslim", "NORP", "Muslim"),
        ("Meldt Basin", "LOC", "Meldt Basin"),
    ],
)
def test_coined_names_are_of_the_same_kind(text: str, label: str, pattern: str) -> None:
    stock = Stock((), (), ["Karvonia"], ())
    for seed in range(30):
        assert re.fullmatch(pattern, coin_name(text, label, stock, random.Random(seed)))


def test_what_is_unknown_teaches_nothing() -> None:
    sentence = replace(NAMED, marks=((0, 12, "PERSON"), (18, 26, MISSING)))
    doc = naming.make_doc(blank_pipeline(), [sentence])
    assert [token.ent_iob_ for token in doc][:5] == ["B", "I", "O", "", "O"]


def test_a_mark_that_splits_a_word_teaches_nothing() -> None:
    doc = naming.make_doc(blank_pipeline(), [replace(NAMED, marks=((0, 9, "PERSON"),))])
    assert [token.ent_iob_ for token in doc][:3] == ["", "", "O"]


def test_words_of_names_are_listed_with_their_kinds() -> None:
    assert list(words_of("Port-of-Spain, St. James (old)")) == ["port", "spain", "james", "old"]
    countries, demonyms = country_words()
    assert "kenya" in countries
    assert "kenyan" in demonyms
    assert common_words(["the rebels fled Kenya 5"] * 5) == {"the", "rebels", "fled"}
    masks = mask_words({"first": {"vessel", "ama"}, "city": {"vessel"}})
    assert masks["vessel"] == 1 << CLASSES.index("first") | 1 << CLASSES.index("city")
    assert masks["ama"] == 1 << CLASSES.index("first")


def test_names_are_counted_with_exact_bounds() -> None:
    nlp = blank_pipeline()
    nlp.add_pipe("entity_ruler").add_patterns(  # type: ignore[attr-defined]
        [
            {"label": "PERSON", "pattern": "Odran Vessel"},
            {"label": "LOC", "pattern": "Brenholt"},
            {"label": "ORG", "pattern": "arms"},
            {"label": "WORK_OF_ART", "pattern": "left"},
        ]
    )
    rows = {row.label: row for row in measure_names(nlp, [[NAMED]], "X", "sentence")}
    assert (rows["all"].names, rows["all"].precision, rows["all"].recall) == (2, 1.0, 1.0)
    bare = replace(NAMED, text="The Odran Vessel left.", marks=((0, 16, "PERSON"),))
    rows = {row.label: row for row in measure_names(nlp, [[bare]], "X", "sentence")}
    assert (rows["PERSON"].names, rows["PERSON"].f) == (1, 1.0)
    unknown = replace(NAMED, marks=((0, 12, MISSING), (18, 25, "GPE")))
    rows = {row.label: row for row in measure_names(nlp, [[unknown]], "X", "sentence")}
    assert (rows["all"].names, rows["all"].f) == (0, 0.0)


def test_the_card_gets_new_figures_and_keeps_its_text(tmp_path: Path) -> None:
    figures = Figures(
        (SyntaxFigures("EWT", 2_500, 0.95, 0.88, 0.85, 0.96, 0.9),),
        (NameFigures("GMB", "sentence", "all", 1_200, 0.9, 0.8, 0.847),),
    )
    card = tmp_path / "README.md"
    card.write_text("# Model\n<!-- figures -->\nold\n<!-- end of figures -->\nLimits.\n")
    write_card(figures, tmp_path)
    text = card.read_text()
    assert text.startswith("# Model\n<!-- figures -->")
    assert text.endswith("<!-- end of figures -->\nLimits.\n")
    assert "| EWT | 2,500 | 95.0% | 88.0% | 85.0% | 96.0% | 90.0% |" in text
    assert "old" not in text


def settings(*flags: str) -> argparse.Namespace:
    """Parse the flags of `dateline train`."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(flags)


def put(path: Path) -> None:
    """Make an empty file, and its folder."""
    path.parent.mkdir(exist_ok=True)
    path.touch()


def test_a_missing_folder_or_corpus_is_named_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none: no such folder"):
        check_settings(settings("--corpora", str(tmp_path / "none")))
    for name in CORPORA[1:]:
        put(tmp_path / name)
    with pytest.raises(UsageError, match=rf"lacks {CORPORA[0]}"):
        check_settings(settings("--corpora", str(tmp_path)))


def test_a_folder_without_our_model_is_nothing_to_start_from(tmp_path: Path) -> None:
    for name in CORPORA:
        put(tmp_path / name)
    with pytest.raises(UsageError, match="no model of ours"):
        check_settings(settings("--corpora", str(tmp_path), "--start", str(tmp_path)))


def test_no_steps_are_no_training(tmp_path: Path) -> None:
    for name in CORPORA:
        put(tmp_path / name)
    with pytest.raises(UsageError, match="--steps 0"):
        check_settings(settings("--corpora", str(tmp_path), "--steps", "0"))


def test_a_corpus_of_names_is_read(tmp_path: Path) -> None:
    row = {"src": "x", "doc": "d", "split": "dev", "text": "Vessel left.", "miss": [[0, 6]]}
    path = tmp_path / "names.jsonl.xz"
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    assert [marked(sentence) for sentence in naming.read_names(path)] == [[("Vessel", MISSING)]]
