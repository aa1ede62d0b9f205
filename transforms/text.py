"""Plain text: what is taken out of it, how it falls into paragraphs, how its words are counted.

Comes in: a string from anywhere. Goes out: a string or a figure. Nothing is rejected. Pure.

A text of Dateline is a run of paragraphs with one empty line between them, in Unicode form NFC,
without control, bidirectional and private marks: spans are counted in it, so it is settled once,
here, before anything is measured.
"""

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

PARAGRAPH_BREAK = "\n\n"

# C0 but for tab and line feed, C1, soft hyphen, zero-width and bidirectional marks, the byte order
# mark, lone surrogates, interlinear marks and noncharacters: invisible, and none is part of a word.
# (The zero-width joiners stay: Persian and the Indic scripts spell with them.)
_STRIPPED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff0-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")
_EMPTY_LINES = re.compile(r"\n\s*\n")
# Chinese, Japanese and Thai write no space between words: count their signs one by one.
_WORD = re.compile(
    r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_]+(?:['’.-][^\W_]+)*"
)
_NO_LETTER = re.compile(r"[\W_]+")
_SENTENCE_END = re.compile(r"[.!?…。！？।؟][\"'”’»)\]\u203a]*$")
MIN_TITLE_WORDS = 3
MAX_WRAP_WIDTH = 120  # lines longer than this were not broken by an editor or a mail program


# The same for text that a Western code page holds, as most does: ten times as fast by its bytes.
_CODE_PAGE = "".join(bytes([n]).decode("cp1252", "replace") for n in range(256))
_WESTERN = codecs.charmap_build(_CODE_PAGE)
_SIGN_OF_WORD, _MARK_IN_WORD, _OTHER = b"a. "
_SIGNS = bytes(
    _SIGN_OF_WORD if sign.isalnum() else _MARK_IN_WORD if sign in "'’.-" else _OTHER
    for sign in _CODE_PAGE
)
_MARKS = bytes(number for number, sign in enumerate(_CODE_PAGE) if not sign.isalnum())
_SMALL = bytes(
    codecs.charmap_encode(sign.lower(), "replace", _WESTERN)[0][0] for sign in _CODE_PAGE
)


def _western(text: str) -> bytes | None:
    """Give the text in the Western code page, or None where that does not hold it."""
    if text.isascii():
        return text.encode()
    try:
        return codecs.charmap_encode(text, "strict", _WESTERN)[0]
    except UnicodeEncodeError:
        return None


def clean_text(text: str) -> str:
    """Take out invisible marks and lone surrogates; compose to NFC; line ends become LF."""
    return unicodedata.normalize("NFC", _STRIPPED.sub("", _LINE_ENDS.sub("\n", text)))


def one_line(text: str) -> str:
    """Give the text as one clean line with single spaces."""
    return " ".join(clean_text(text).split())


def clean_lines(text: str) -> list[str]:
    """Give the lines that hold something, clean and with single spaces."""
    lines = (" ".join(line.split()) for line in clean_text(text).split("\n"))
    return [line for line in lines if line]


def join_paragraphs(paragraphs: Iterable[str]) -> str:
    """Make one text of paragraphs."""
    return PARAGRAPH_BREAK.join(paragraphs)


def split_paragraphs(text: str) -> list[str]:
    """Undo `join_paragraphs`."""
    return text.split(PARAGRAPH_BREAK) if text else []


def read_paragraphs(text: str) -> list[str]:
    """Find the paragraphs of a plain text file.

    An empty line ends a paragraph, and so does the end of a line, unless the line was broken for
    want of room: the first word of the next would have run past the longest line of the text.
    """
    clean = clean_text(text)
    width = max((len(line.rstrip()) for line in clean.split("\n")), default=0)
    paragraphs: list[str] = []
    for block in _EMPTY_LINES.split(clean):
        lines = clean_lines(block)
        joined = _unwrap(lines, width) if width <= MAX_WRAP_WIDTH else lines
        paragraphs.extend(joined)
    return paragraphs


def _unwrap(lines: list[str], width: int) -> list[str]:
    """Join lines that were broken at `width`."""
    joined: list[str] = []
    previous = ""
    for line in lines:
        if joined and len(previous) + 1 + len(line.split(" ", 1)[0]) > width:
            joined[-1] += " " + line
        else:
            joined.append(line)
        previous = line
    return joined


def words(text: str) -> list[str]:
    """Give the words of a text."""
    return _WORD.findall(text)


def num_words(text: str) -> int:
    """Count the words of a text."""
    western = _western(text)
    if western is None:
        return len(_WORD.findall(text))
    signs = b" " + western.translate(_SIGNS)
    # a mark joins two signs to one word; after a space or another mark it does not
    return signs.count(b" a") + signs.count(b" .a") + signs.count(b"..a")


def ends_sentence(line: str) -> bool:
    """Tell whether the line ends as a sentence does."""
    return _SENTENCE_END.search(line[-8:]) is not None


def text_sha256(text: str) -> str:
    """Hash a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def letters(text: str) -> str:
    """Give letters and digits alone, folded: what is left of a text without its form."""
    western = _western(text)
    if western is None:
        return _NO_LETTER.sub("", text).casefold()
    return western.translate(None, _MARKS).decode("cp1252").casefold()


def squeeze(text: str) -> str:
    """Give letters and digits alone, in small letters, to find a text in another."""
    western = _western(text)
    if western is None:
        return _NO_LETTER.sub("", text).lower()
    return western.translate(_SMALL, _MARKS).decode("cp1252")


def comparable(text: str) -> str:
    """Give the words alone, folded, to compare lines that differ in case and punctuation."""
    return " ".join(words(unicodedata.normalize("NFKC", text).casefold()))


def is_alike(first: str, second: str) -> bool:
    """Tell whether two titles name one thing: one within the other, or near in wording."""
    shorter, longer = sorted((comparable(first)[:300], comparable(second)[:300]), key=len)
    if len(shorter.split()) < MIN_TITLE_WORDS:
        return shorter == longer
    if shorter in longer:
        return len(shorter) * 2 >= len(longer)
    return SequenceMatcher(None, shorter.split(), longer.split(), autojunk=False).ratio() >= 0.7
