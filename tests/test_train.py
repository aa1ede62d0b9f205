"""Trees are turned into ClearNLP's scheme, sentences are varied, settings are checked."""

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

PENN = {"NOUN": "NN", "PROPN": "NNP", "VERB": "VBD", "ADP": "IN", "DET": "DT", "PRON": "PRP"}


def tree(rows: str) -> list[Word]:
    """Read words from `form/POS/head/relation` (heads from 1; a tag may follow POS after +)."""
    words = []
    for row in rows.split():
        form, pos, head, relation = row.split("/")
        pos, _, tag = pos.partition("+")
        tag = tag or PENN.get(pos, pos)
        words.append(Word(form, form.lower(), pos, tag, "", int(head) - 1, relation))
    return [replace(word, head=ROOT) if word.head == -1 else word for word in words]


def converted(rows: str) -> list[str]:
    """Give `form label head` of each converted word."""
    words = tree(rows)
    return [
        f"{word.form} {label} {words[head].form}"
        for word, (head, label) in zip(words, convert_tree(words), strict=True)
    ]


def test_an_active_clause_keeps_its_shape() -> None:
    assert converted("Troops/NOUN/2/nsubj attacked/VERB/0/root town/NOUN/2/obj") == [
        "Troops nsubj attacked",
        "attacked ROOT attacked",
        "town dobj attacked",
    ]


def test_a_passive_clause_gets_an_agent() -> None:
    assert converted(
        "Town/NOUN/3/nsubj:pass was/AUX/3/aux:pass attacked/VERB/0/root by/ADP/5/case"
        " troops/NOUN/3/obl:agent"
    ) == [
        "Town nsubjpass attacked",
        "was auxpass attacked",
        "attacked ROOT attacked",
        "by agent attacked",
        "troops pobj by",
    ]


def test_a_preposition_governs_its_noun() -> None:
    assert converted("attack/NOUN/0/root on/ADP/4/case the/DET/4/det convoy/NOUN/1/nmod") == [
        "attack ROOT attack",
        "on prep attack",
        "the det convoy",
        "convoy pobj on",
    ]


def test_two_prepositions_make_a_chain() -> None:
    assert converted(
        "fled/VERB/0/root according/VERB+IN/4/case to/ADP/2/fixed officials/NOUN/1/obl"
    )[1:] == ["according prep fled", "to prep according", "officials pobj to"]


def test_a_copula_governs_an_adjective_and_a_noun() -> None:
    assert converted("Army/NOUN/3/nsubj is/AUX/3/cop ready/ADJ/0/root") == [
        "Army nsubj is",
        "is ROOT is",
        "ready acomp is",
    ]
    assert converted(
        "He/PRON/4/nsubj is/AUX/4/cop the/DET/4/det leader/NOUN/0/root of/ADP/6/case"
        " rebels/NOUN/4/nmod"
    )[1:] == [
        "is ROOT is",
        "the det leader",
        "leader attr is",
        "of prep leader",
        "rebels pobj of",
    ]


def test_a_place_after_a_copula_hangs_on_its_preposition() -> None:
    assert converted("He/PRON/4/nsubj is/AUX/4/cop in/ADP/4/case Brenholt/PROPN/0/root") == [
        "He nsubj is",
        "is ROOT is",
        "in prep is",
        "Brenholt pobj in",
    ]


def test_the_outer_of_two_copulas_governs_the_inner() -> None:
    assert converted(
        "Hope/NOUN/5/nsubj:outer is/AUX/5/cop it/PRON/5/nsubj is/AUX/5/cop over/ADV/0/root"
    ) == ["Hope nsubj is", "is ROOT is", "it nsubj is", "is ccomp is", "over advmod is"]


def test_an_infinitive_is_an_open_complement() -> None:
    assert converted(
        "They/PRON/2/nsubj agreed/VERB/0/root to/PART+TO/4/mark withdraw/VERB/2/xcomp"
    ) == [
        "They nsubj agreed",
        "agreed ROOT agreed",
        "to aux withdraw",
        "withdraw xcomp agreed",
    ]


def test_a_relative_clause_is_named_so() -> None:
    assert converted("rebels/NOUN/0/root who/PRON/3/nsubj fled/VERB/1/acl:relcl") == [
        "rebels ROOT rebels",
        "who nsubj fled",
        "fled relcl rebels",
    ]


def test_a_gerund_hangs_on_its_preposition() -> None:
    assert converted(
        "fled/VERB/0/root after/SCONJ+IN/3/mark taking/VERB+VBG/1/advcl towns/NOUN/3/obj"
    ) == ["fled ROOT fled", "after prep fled", "taking pcomp after", "towns dobj taking"]


def test_the_last_word_of_a_name_is_its_head() -> None:
    assert converted("Odran/PROPN/3/nsubj Vessel/PROPN/1/flat spoke/VERB/0/root") == [
        "Odran compound Vessel",
        "Vessel nsubj spoke",
        "spoke ROOT spoke",
    ]


def test_conjuncts_make_a_chain() -> None:
    assert converted(
        "army/NOUN/0/root ,/PUNCT/3/punct navy/NOUN/1/conj and/CCONJ/5/cc police/NOUN/1/conj"
    ) == [
        "army ROOT army",
        ", punct army",
        "navy conj army",
        "and cc navy",
        "police conj navy",
    ]


def test_a_verb_of_saying_behind_its_speech_governs_it() -> None:
    assert converted(
        "Rebels/NOUN/2/nsubj fled/VERB/0/root ,/PUNCT/5/punct he/PRON/5/nsubj"
        " say/VERB/2/parataxis ./PUNCT/2/punct"
    ) == [
        "Rebels nsubj fled",
        "fled ccomp say",
        ", punct say",
        "he nsubj say",
        "say ROOT say",
        ". punct say",
    ]


def test_not_is_a_negation() -> None:
    assert "not neg flee" in converted(
        "They/PRON/4/nsubj did/AUX/4/aux not/PART/4/advmod flee/VERB/0/root"
    )


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
    words = tree("Rebels/NOUN/2/nsubj fled/VERB/0/root")
    sentence = Sentence(tuple(words), opens_paragraph=True, opens_document=True)
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
    assert len({row.text for row in rows}) > 4_000


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
