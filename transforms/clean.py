"""Take out of an extracted text what is not the article, and put what was taken out on record.

Comes in: an extracted article. Goes out: the same with the text cleaned, a `RemovedBlock` for each
line removed, and the dateline moved from the text into its own columns. Rejected: a text of which
nothing is left (NO_TEXT). Pure.

A line goes when it repeats the headline, when a phrase rule of `seeds/boilerplate.csv` knows the
whole of it, when it is a teaser under a heading such as "In Other News", or when it is one of
several headlines that trail after the last sentence, or when it repeats across the site's pages
(`history` tells which do). Long lines are never looked at, so a rule
costs at most its pattern on 200 characters. The dateline is removed from the text because no
sentence begins with it: left there, "BEIRUT" would be named in every report sent from Beirut.
"""

import csv
import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

import apache_beam as beam

from schemas.columns import content_id
from schemas.flow import ExtractedArticle, Line, RunContext, SiteLines
from schemas.rows import ArticleRevision, RemovedBlock
from schemas.vocabulary import ChangeType, Reason, Rejected
from transforms.datelines import Dateline, parse_dateline
from transforms.history import SITE_RULE
from transforms.reject import ROWS, StageFn
from transforms.revisions import with_text
from transforms.text import (
    comparable,
    ends_sentence,
    is_alike,
    join_paragraphs,
    num_words,
    split_paragraphs,
)

MAX_RULE_WORDS = 30
MAX_RULE_LENGTH = 220
MAX_HEADING_WORDS = 8
MAX_TEASER_WORDS = 22
MAX_TEASERS = 15  # under one heading within the text; at the end there is no limit
MIN_TRAILING_LINES = 3  # one or two lines at the end may be a verse, a signature, a result
MIN_TEASER_WORDS = 5  # shorter lines in a row are a list of the article's own
DATELINE_PARAGRAPHS = 3  # a standfirst may stand before the paragraph that opens with it
MAX_REPEATED_SENTENCE_WORDS = 12  # longer ones that repeat are the background of a running story
HEAD_LINES = 4  # among which headline and byline are looked for
MAX_BYLINE_WORDS = 10
TAIL_LINES = 5  # the end of a text, where its authors' lives stand
_BIO_VERBS = ("is", "was", "has", "covers", "writes", "reports", "joined", "works", "reported")
_BYLINE_WORDS = frozenset(("by", "and", "von", "und", "par", "et", "por", "y", "di", "e", "text"))
_MARKS = " \t•·*-–—>»›▶►|#+~→↓_"
_STRAIGHT = str.maketrans("’‘“”´`", "''\"\"''")


@dataclass(frozen=True)
class Rule:
    """A phrase rule: the whole of a short line must match."""

    name: str
    kind: str
    scope: str  # line; tail: headlines that follow go with it; end: among the last lines only
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Verdict:
    """Why a line is removed."""

    kind: str
    rule: str


Verdicts = dict[int, Verdict]  # by line number


@functools.cache
def load_rules() -> tuple[Rule, ...]:
    """Read the phrase rules, once a process."""
    with resources.files("seeds").joinpath("boilerplate.csv").open(encoding="utf-8") as file:
        return tuple(
            Rule(
                row["rule"], row["kind"], row["scope"],
                re.compile(row["pattern"], re.IGNORECASE),
            )
            for row in csv.DictReader(file)
        )  # fmt: skip


@functools.cache
def _any_rule(*, is_tail: bool) -> re.Pattern[str]:
    """Give one pattern for all rules: most lines match none, which it tells much faster."""
    patterns = (rule.pattern.pattern for rule in load_rules() if (rule.scope == "tail") is is_tail)
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def find_rule(line: str, *, is_at_end: bool = False) -> Rule | None:
    """Find the rule that knows the whole line."""
    if len(line) > MAX_RULE_LENGTH or num_words(line) > MAX_RULE_WORDS:
        return None
    plain = line.translate(_STRAIGHT).strip(_MARKS)
    heading = plain.rstrip(" :.!")
    is_heading = not ends_sentence(line) and num_words(line) <= MAX_HEADING_WORDS
    if not (
        _any_rule(is_tail=False).fullmatch(plain)
        or (is_heading and _any_rule(is_tail=True).fullmatch(heading))
    ):
        return None
    for rule in load_rules():
        if rule.scope == "tail":
            is_match = is_heading and rule.pattern.fullmatch(heading)
        else:
            is_match = (is_at_end or rule.scope == "line") and rule.pattern.fullmatch(plain)
        if is_match:
            return rule
    return None


def is_headline_like(line: str) -> bool:
    """Tell whether a line could be the title of another article: short, and no sentence."""
    return (
        not ends_sentence(line)
        and not line.endswith((":", ",", ";"))
        and num_words(line) <= MAX_TEASER_WORDS
    )


def find_boilerplate(lines: list[str], headline: str | None, authors: Iterable[str]) -> Verdicts:
    """Judge the lines of a text; what is not named stays."""
    verdicts = _head(lines[:HEAD_LINES], headline or "", authors)
    ends = _ends_of_headlines(lines)
    for number, line in enumerate(lines):
        if number in verdicts:
            continue
        rule = find_rule(line, is_at_end=number >= len(lines) - TAIL_LINES)
        if rule is not None:
            verdicts[number] = Verdict(rule.kind, rule.name)
            if rule.scope == "tail":
                verdicts |= _teasers(lines, range(number + 1, ends[number + 1]), rule)
    return verdicts | _bios(lines, authors) | _trailing(lines, verdicts)


def _ends_of_headlines(lines: list[str]) -> list[int]:
    """Tell for each line where the run of headlines that it begins ends."""
    ends = [len(lines)] * (len(lines) + 1)
    for number in range(len(lines) - 1, -1, -1):
        ends[number] = ends[number + 1] if is_headline_like(lines[number]) else number
    return ends


def _head(lines: list[str], title: str, authors: Iterable[str]) -> Verdicts:
    """Take the headline and the byline where they stand before the text."""
    names = set(comparable(" ".join(authors)).split()) | _BYLINE_WORDS
    verdicts: Verdicts = {}
    for number, line in enumerate(lines):
        if title and _is_title(line, title):
            verdicts[number] = Verdict("title", "repeated_headline")
        elif _is_byline(line, names):
            verdicts[number] = Verdict("bio", "byline")
    return verdicts


def _is_title(line: str, title: str) -> bool:
    """Tell the headline, or a variant of it, from a first sentence in its words."""
    if comparable(line) == comparable(title):
        return True
    return is_headline_like(line) and is_alike(line, title)


def _is_byline(line: str, names: set[str]) -> bool:
    """Tell a line of authors' names, or one left hanging where the page had the time beside it."""
    if num_words(line) > MAX_BYLINE_WORDS or ends_sentence(line):
        return False
    is_hanging = line.startswith(("By ", "BY ")) or line.endswith(",")
    return (is_hanging and line.istitle()) or set(comparable(line).split()) <= names


def _bios(lines: list[str], authors: Iterable[str]) -> Verdicts:
    """Take what is said of an author after the text; it may be a paragraph."""
    openings = tuple(f"{author} {verb} " for author in authors for verb in _BIO_VERBS)
    first = max(len(lines) - TAIL_LINES, 1)
    return {
        number: Verdict("bio", "author_of_the_text")
        for number in range(first, len(lines))
        if openings and lines[number].startswith(openings)
    }


def _teasers(lines: list[str], headlines: range, rule: Rule) -> Verdicts:
    """Take the headlines that follow a heading of teasers."""
    if headlines.stop < len(lines):
        if len(headlines) > MAX_TEASERS:
            return {}
        # Of several short lines the last before a paragraph is that paragraph's heading.
        if len(headlines) > 1 and num_words(lines[headlines[-1]]) < MAX_HEADING_WORDS:
            headlines = headlines[:-1]
    return {number: Verdict(rule.kind, f"{rule.name}_teaser") for number in headlines}


def _trailing(lines: list[str], verdicts: Verdicts) -> Verdicts:
    """Take the headlines that trail after the last sentence."""
    trailing: list[int] = []
    for number in range(len(lines) - 1, -1, -1):
        if number in verdicts:
            continue
        if not _is_title_of_another(lines[number]):
            break
        trailing.append(number)
    if len(trailing) < MIN_TRAILING_LINES or len(trailing) + len(verdicts) >= len(lines):
        return {}
    return {number: Verdict("related", "trailing_headlines") for number in trailing}


def _is_title_of_another(line: str) -> bool:
    """Tell a trailing headline from the rows of a list: no colon, no bracket, five words."""
    return (
        is_headline_like(line)
        and num_words(line) >= MIN_TEASER_WORDS
        and ":" not in line
        and not line.startswith(("(", "["))
    )


def clean_article(
    extracted: ExtractedArticle, site_lines: SiteLines | None = None
) -> ExtractedArticle:
    """Clean the text of an article; a withdrawal notice is left as it is."""
    revision = extracted.revision
    if revision.change_type is ChangeType.WITHDRAWN:
        return extracted
    lines = judge_lines(extracted, site_lines or SiteLines())
    kept, dateline = _take_dateline([line for line in lines if line.rule is None])
    if not any(num_words(line.text) for line in kept):
        raise Rejected(Reason.NO_TEXT, f"nothing but boilerplate in {len(lines)} lines")
    cleaned = with_text(revision, join_paragraphs(line.text for line in kept))
    removed = tuple(
        _removed_block(cleaned, number, line)
        for number, line in enumerate(lines)
        if line.rule is not None
    )
    cleaned = replace(
        _with_dateline(cleaned, dateline),
        line_kinds=tuple(line.kind for line in kept),
        num_removed_blocks=len(removed),
    )
    return replace(extracted, revision=cleaned, lines=lines, removed_blocks=removed)


def judge_lines(extracted: ExtractedArticle, site_lines: SiteLines) -> tuple[Line, ...]:
    """Give the article's lines, with a rule on each that is not text."""
    revision = extracted.revision
    lines = list(extracted.lines) or [
        Line(text=text, kind="body") for text in split_paragraphs(revision.text)
    ]
    kept = [number for number, line in enumerate(lines) if line.rule is None]
    texts = [lines[number].text for number in kept]
    for place, verdict in find_boilerplate(texts, revision.headline, revision.authors).items():
        lines[kept[place]] = replace(lines[kept[place]], kind=verdict.kind, rule=verdict.rule)
    site = extracted.article.publisher_domain
    return tuple(
        replace(line, kind="correction", rule="correction_note")
        if line.text == revision.correction_text
        else replace(line, kind="promo", rule=SITE_RULE)
        if site_lines.repeats(site, line.text, revision.fetched_at) and is_site_line(line)
        else line
        for line in lines
    )


def is_site_line(line: Line) -> bool:
    """Tell whether a line may be a site's own: no heading, and no sentence of some length."""
    count = num_words(line.text)
    is_short = count <= MAX_RULE_WORDS and not (
        ends_sentence(line.text) and count > MAX_REPEATED_SENTENCE_WORDS
    )
    return line.rule is None and line.kind != "heading" and is_short


def _take_dateline(lines: list[Line]) -> tuple[list[Line], Dateline | None]:
    """Take the dateline off the line it opens."""
    for number, line in enumerate(lines[:DATELINE_PARAGRAPHS]):
        dateline = parse_dateline(line.text)
        if dateline is not None and (dateline.is_certain or not _is_transcript(lines)):
            text = line.text[dateline.end :]
            rest = [replace(line, text=text)] if text else []
            return [*lines[:number], *rest, *lines[number + 1 :]], dateline
    return lines, None


def _is_transcript(lines: list[Line]) -> bool:
    """Tell a text of speakers' names before colons: more than one line opens like a dateline."""
    return sum(parse_dateline(line.text) is not None for line in lines) > 1


def _with_dateline(revision: ArticleRevision, dateline: Dateline | None) -> ArticleRevision:
    if dateline is None:
        return revision
    return replace(
        revision,
        dateline=dateline.printed,
        dateline_place=dateline.place,
        dateline_agency=dateline.agency,
    )


def _removed_block(revision: ArticleRevision, position: int, line: Line) -> RemovedBlock:
    return RemovedBlock(
        block_id=content_id(revision.revision_id, position, line.text),
        revision_id=revision.revision_id,
        article_id=revision.article_id,
        position=position,
        text=line.text,
        kind=line.kind,
        rule=line.rule or "",
        run_id=revision.run_id,
    )


class CleanArticlesFn(StageFn):
    """Clean articles in the calling process: it takes a millisecond."""

    stage = "clean"

    def __init__(self, context: RunContext, site_lines: SiteLines) -> None:
        super().__init__(context)
        self.site_lines = site_lines

    def work(self, extracted: ExtractedArticle) -> Any:
        """Clean one article."""
        return clean_article(extracted, self.site_lines)


@dataclass
class CleanArticles(beam.PTransform):
    """Extracted articles → the same, cleaned, with what was removed."""

    context: RunContext
    site_lines: SiteLines = field(default_factory=SiteLines)

    def expand(self, articles: Any) -> Any:
        clean = CleanArticlesFn(self.context, self.site_lines)
        return articles | "clean articles" >> beam.ParDo(clean).with_outputs(ROWS, main="elements")
