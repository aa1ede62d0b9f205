"""Settle the base forms of words.

Comes in: a text with word classes. Goes out: the same, with the lemmas of verbs, nouns, adjectives
and adverbs looked up in a dictionary (lemminflect, of the NIH Specialist Lexicon; rules for what it
does not list); those of auxiliaries and pronouns stand below. A word of another class keeps the
lemma that a pipeline gave it, or is its own.
A dictionary, because networks guess lemmas from endings: on verbs they have not seen they write
"shelle" for "shelled", and the lexicons then find nothing. On GUM's development part, verbs right:
736 of 766 guessed, 750 looked up; nouns 995 and 1,001 of 1,012.
"""

from __future__ import annotations

import csv
import functools
import re
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Doc

LOOKED_UP = frozenset({"VERB", "NOUN"})
COMPARED = frozenset({"JJR", "JJS", "RBR", "RBS"})
NAMING = frozenset({"ADJ", "VERB"})  # "United Nations": words in names
PEOPLES = frozenset(  # of more than one country, or of none
    """african arab arabic asian european scandinavian kurdish jewish muslim islamic sunni shiite
    christian catholic protestant buddhist""".split()
)
THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
ROMAN = frozenset("IVXLCDM")
PLAIN = str.maketrans("“”‘’", "\"\"''")  # quotation marks, as the treebanks have their lemmas

# First the lemma's class, then the lemma, then its forms.
_LISTED = """
AUX be am 'm m is 's s are 're re r was were been being
AUX have 've ve has had having
AUX do does did doing
AUX will 'll wo
AUX would 'd
AUX can ca
AUX get gets got getting
PRON I i me
PRON he him
PRON she her
PRON we us
PRON you u ya
PRON they them 'em
PRON who
PRON that those
PRON this these
DET a an
DET this these
DET that those
PART not n't nt
PART 's ' s
PART to na
NOUN a.m. am
NOUN p.m. pm
NOUN etc. etc
NOUN thanks thanks
NOUN regards regards
NOUN headquarters headquarters
NOUN whereabouts whereabouts
ADJ more more
ADJ most most
ADJ least least
ADV late later
ADV well best
ADV more more
ADV most most
ADV least least
"""
LISTED = {
    (line.split()[0], form): line.split()[1]
    for line in _LISTED.strip().splitlines()
    for form in line.split()[1:]
}


def settle_lemmas(doc: Doc) -> Doc:
    """Set the lemmas that a dictionary knows, and those that a pipeline left out."""
    for token in doc:
        if token.pos_ in LOOKED_UP or not token.lemma_:
            token.lemma_ = lemma_of(token.text, token.pos_, token.tag_)
    return doc


def lemma_of(word: str, part_of_speech: str, tag: str) -> str:
    """Give the lemma of a word; tags are Penn's."""
    lower = word.lower().replace("’", "'")
    listed = LISTED.get((part_of_speech, lower))
    if listed and tag != "PRP$":  # "her house"
        return listed
    if part_of_speech == "PROPN" or tag == "NNPS" or (part_of_speech in NAMING and tag == "NNP"):
        single = base_form(lower, "NOUN") if tag == "NNPS" else None
        kept = word.capitalize() if word.isalpha() and word.islower() else word
        return single.capitalize() if single else kept
    if part_of_speech in LOOKED_UP or tag in COMPARED:
        return base_form(lower, part_of_speech) or lower
    if part_of_speech == "ADJ" and (lower in demonyms() or lower in PEOPLES):
        return lower.capitalize()
    if part_of_speech == "PUNCT":
        return word.translate(PLAIN)
    if part_of_speech == "NUM" and THOUSANDS.fullmatch(word):
        return word.replace(",", "")
    is_kept = part_of_speech in ("X", "SYM") or (part_of_speech == "NUM" and ROMAN.issuperset(word))
    return word if is_kept else lower


@functools.cache
def demonyms() -> frozenset[str]:
    """List the words for people of a country, in lower case."""
    with resources.files("seeds").joinpath("countries.csv").open(encoding="utf-8") as lines:
        listed = [row["demonyms"].split(";") for row in csv.DictReader(lines)]
    return frozenset(word.lower() for each in listed for word in each)


@functools.lru_cache(maxsize=50_000)
def base_form(word: str, part_of_speech: str) -> str | None:
    """Look up the base form of a lower-case word; None where there is none."""
    from lemminflect import getLemma  # loads a dictionary

    found = getLemma(word, upos=part_of_speech)
    return str(found[0]) if found else None
