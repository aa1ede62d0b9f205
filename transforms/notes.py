"""Find the note by which a publisher corrects or withdraws an article.

Comes in: headline and paragraphs. Goes out: the note as printed, or None. Nothing is rejected.
Pure.
"""

import re
from collections.abc import Iterable

from transforms.text import ends_sentence, join_paragraphs, num_words

_ARTICLE = r"(?:article|story|report|post|piece|item|dispatch|headline|caption|version)"
_LABEL = re.compile(
    r"\W{0,3}(?:(?:corrections?|clarifications?|erratum|corrected)(?: (?:and|&) clarifications?)?"
    r"|for the record)\b(?P<between>[^:—–]{0,40}?)(?:[:—–]| - )",
    re.IGNORECASE,
)
_DATED = re.compile(r"\s?|.*\d.*|,? (?:added|appended|issued|update)", re.IGNORECASE)
_SENTENCE = re.compile(
    rf"(?:\W{{0,3}})(?:(?:an|the|a) (?:earlier|previous|original|prior) version of (?:this|the|"
    rf"our) "
    rf"|this {_ARTICLE} (?:has been|was|is) (?:corrected|amended|updated to correct|"
    rf"changed to correct|"
    r"revised to correct|updated to reflect a correction|clarified)"
    r"|\((?:corrects|refiles|clarifies|this (?:story|version) corrects)\b)",
    re.IGNORECASE,
)
_EDITORS_NOTE = re.compile(
    r"\W{0,3}(?:editor(?:['’]?s|s['’])? note|update|note)\b.{0,40}?[:.—–]", re.IGNORECASE
)
_ADMITS = re.compile(
    r"\b(?:earlier version|previous version|original version|has been corrected|corrects?|"
    r"incorrectly|"
    r"misstated|misidentified|in error|erroneously|misspelled|clarif\w+)\b",
    re.IGNORECASE,
)
_GONE = r"(?:withdrawn|retracted|removed|taken down|unpublished|deleted|pulled|killed)"
_WITHDRAWN = re.compile(
    rf"\b(?:(?:this|our|above|following) (?:\w+ ){{0,2}}?{_ARTICLE}|(?:the|"
    rf"an?) (?:\w+ ){{0,2}}?(?:article|story))"
    rf"\b.{{0,60}}?\b(?:has been|have been|was|were|is|are being|is being) (?:\w+ )?{_GONE}\b"
    rf"|\b(?:has|have) {_GONE} (?:this|the|an?|its|our) (?:\w+ ){{0,3}}?{_ARTICLE}\b",
    re.IGNORECASE,
)
_WITHDRAWN_HEADLINE = re.compile(
    r"\W{0,3}(?:withdrawn|retracted|retraction|withdrawal|kill notice|removed)\b", re.IGNORECASE
)
MAX_NOTE_WORDS = 120
MAX_NOTICE_WORDS = 150  # a longer text reports on a withdrawal instead of being withdrawn


def find_correction(paragraphs: Iterable[str]) -> str | None:
    """Give the first paragraph that corrects or clarifies the article it stands in."""
    for paragraph in paragraphs:
        opening = paragraph[:400]
        if (
            _is_labelled(opening)
            or _SENTENCE.match(opening)
            or (_EDITORS_NOTE.match(opening) and _ADMITS.search(opening))
        ) and 4 <= num_words(paragraph) <= MAX_NOTE_WORDS:
            return paragraph
    return None


def _is_labelled(opening: str) -> bool:
    """Tell a label ("Correction:", "Correction, 3 May:") from a sentence with that first word."""
    label = _LABEL.match(opening)
    return label is not None and _DATED.fullmatch(label["between"]) is not None


def find_withdrawal(headline: str | None, paragraphs: list[str]) -> str | None:
    """Give the notice, all of its lines, that stands in place of an article withdrawn."""
    if sum(map(num_words, paragraphs)) > MAX_NOTICE_WORDS:
        return None
    is_named = headline is not None and _WITHDRAWN_HEADLINE.match(headline) is not None
    for number, paragraph in enumerate(paragraphs):
        if _WITHDRAWN.search(paragraph[:400]) or (is_named and ends_sentence(paragraph)):
            return join_paragraphs(paragraphs[number:])
    return headline if is_named else None
