"""Universal Dependencies are turned into ClearNLP's scheme."""

from dataclasses import replace

from pipelines.train.clearnlp import ROOT, Word, convert_tree

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
