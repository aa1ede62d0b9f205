"""Read the article on a page: its text and what the page says of it.

Comes in: a fetched page (HTML or plain text). Goes out: an extracted article, its text not yet
cleaned. Rejected: what is no page (NOT_HTML), cannot be read in time (BROKEN_PAGE), holds no
article (NO_TEXT, PAYWALL, BOT_CHECK, SOFT_404) or is in a language not asked for (WRONG_LANGUAGE).

The page is decoded and parsed once; metadata, the gate and trafilatura read the same tree. What
runs in a worker process is `extract_article`, killed when a hostile page holds it up.

trafilatura runs with `favor_precision`, the most exact of its settings on hand-made gold, without
comments, and never with `deduplicate`: that keeps state in the process, and the same page would
give another text on the next worker.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import trafilatura
from lxml import etree
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from trafilatura.settings import Document

from schemas.columns import content_id
from schemas.flow import ExtractedArticle, Page, RunContext
from schemas.rows import Article, ArticleRevision
from schemas.vocabulary import ChangeType, Precision, Reason, Rejected
from transforms.files import FILE_SCHEME
from transforms.markup import Tree, decode_page, parse_page, trim_tree
from transforms.metadata import Metadata, read_metadata
from transforms.notes import find_correction, find_withdrawal
from transforms.quality import MIN_SENTENCE_WORDS, check_article, sentence_words
from transforms.reject import ROWS, StageFn
from transforms.rescue import rescue_paragraphs
from transforms.revisions import with_text
from transforms.text import (
    clean_lines,
    comparable,
    join_paragraphs,
    num_words,
    read_paragraphs,
    split_paragraphs,
)
from transforms.timestamps import Timestamp
from transforms.urls import registrable_domain, same_site, url_key
from transforms.workers import outcome, shared_workers

EXTRACTOR_VERSION = f"dateline 1, trafilatura {trafilatura.__version__}"
TIMEOUT_S = 20.0  # the slowest of 519 real pages took 1.5 s
MAX_PAGE_LENGTH = 10_000_000
MAX_TEXT_LENGTH = 400_000  # characters: twice the longest live blog seen
MAX_LINES = 5_000
MIN_DETECTION_LENGTH = 150  # characters; below, the declared language is the better guess
MIN_DETECTION_PROBABILITY = 0.9
_DETECTION_LENGTH = 3_000
LONG_PARAGRAPH = 12  # words; shorter ones are menus, captions and labels as often as text
MIN_SHARE = 0.5
OPENING_LINES = 4
_BLOCKS = frozenset(("p", "head", "item", "quote", "row", "lb", "table", "list", "code", "body"))


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """What was read on a page."""

    paragraphs: list[str]
    metadata: Metadata
    note: str | None
    is_withdrawn: bool


def extract_article(
    page: Page, context: RunContext, languages: tuple[str, ...] = ("en",)
) -> ExtractedArticle:
    """Read the article on a page, in one of these languages (none named: in any)."""
    text = decode_page(page.body, page.content_type)[:MAX_PAGE_LENGTH]
    is_plain = page.content_type.lower().startswith("text/plain")
    reading = _read_plain(text) if is_plain else _read_html(text, page, context)
    joined = join_paragraphs(reading.paragraphs)
    if len(joined) > MAX_TEXT_LENGTH or len(reading.paragraphs) > MAX_LINES:
        detail = f"a text of {len(joined):,} characters in {len(reading.paragraphs):,} lines"
        raise Rejected(Reason.BROKEN_PAGE, detail)
    language = detect_language(joined) or reading.metadata.language
    if languages and language is not None and language not in languages:
        raise Rejected(Reason.WRONG_LANGUAGE, language)
    article = _article(page, reading.metadata, context)
    revision = _revision(page, article, reading, language, context)
    return ExtractedArticle(entry=page.entry, article=article, revision=revision)


def _read_plain(text: str) -> _Reading:
    """Read a plain text file: paragraphs, no metadata."""
    paragraphs = read_paragraphs(text)
    if (found := sentence_words(paragraphs)) < MIN_SENTENCE_WORDS:
        raise Rejected(Reason.NO_TEXT, f"{found} words in sentences")
    note = find_correction(paragraphs)
    return _Reading(paragraphs=paragraphs, metadata=Metadata(), note=note, is_withdrawn=False)


def _read_html(text: str, page: Page, context: RunContext) -> _Reading:
    """Read a page of HTML, and check that it holds an article."""
    tree = parse_page(text)
    metadata = read_metadata(tree, page.url, latest=context.now)
    trim_tree(tree)
    marked_up = [line for element in tree.iter("p") for line in clean_lines(element.text_content())]
    paragraphs = _article_lines(tree, metadata, page.url, marked_up) or marked_up
    if page.entry.is_revisit and (notice := find_withdrawal(metadata.headline, paragraphs)):
        return _Reading(
            paragraphs=split_paragraphs(notice), metadata=metadata, note=notice, is_withdrawn=True
        )
    check_article(tree, metadata, paragraphs, page.url)
    note = find_correction(paragraphs) or find_correction(marked_up)
    return _Reading(paragraphs=paragraphs, metadata=metadata, note=note, is_withdrawn=False)


def _article_lines(tree: Tree, metadata: Metadata, url: str, marked_up: list[str]) -> list[str]:
    """Let trafilatura find the article; give its lines, without the title and with what it lost.

    On live blogs and some magazines `favor_precision` keeps a corner of the text: where most of
    the page's long paragraphs are missing, the default setting is asked too.
    """
    lines = _run_trafilatura(tree, url, favor_precision=True)
    found = sum(map(num_words, lines))
    expected = sum(count for line in marked_up if (count := num_words(line)) >= LONG_PARAGRAPH)
    if found < expected * MIN_SHARE:
        others = _run_trafilatura(tree, url, favor_precision=False)
        if sum(map(num_words, others)) * MIN_SHARE > found:
            lines = others
    return _without_title(rescue_paragraphs(tree, lines), metadata)


def _without_title(lines: list[str], metadata: Metadata) -> list[str]:
    """Drop the page's headings of the whole from the lines before the text."""
    titles = set(map(comparable, metadata.titles))
    opening = [line for line in lines[:OPENING_LINES] if comparable(line) not in titles]
    return opening + lines[OPENING_LINES:]


def _run_trafilatura(tree: Tree, url: str, *, favor_precision: bool) -> list[str]:
    """Run trafilatura once, on a copy that it makes of the tree."""
    document = trafilatura.bare_extraction(
        tree,
        url=url,
        favor_precision=favor_precision,
        include_comments=False,
        include_tables=True,
        with_metadata=False,
    )
    if not isinstance(document, Document) or document.body is None:
        return []
    return body_lines(document.body)


def body_lines(body: Any) -> list[str]:
    """Give the lines of an extracted body: one a paragraph, heading, list item or table row."""
    pieces: list[str] = []
    for event, element in etree.iterwalk(body, events=("start", "end")):
        is_block = element.tag in _BLOCKS
        if event == "start":
            pieces.append(("\n" if is_block else "") + (element.text or "").replace("\n", " "))
        else:
            gap = "\n" if is_block else " | " if element.tag == "cell" else ""
            pieces.append(gap + (element.tail or "").replace("\n", " "))
    lines = clean_lines("".join(pieces))
    return [line for line in (line.strip("| ") for line in lines) if line]


@functools.cache
def _identifier() -> Any:
    """Load the language identifier once a process."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def detect_language(text: str) -> str | None:
    """Tell the language of a text long enough to be sure of it."""
    if len(text) < MIN_DETECTION_LENGTH:
        return None
    language, probability = _identifier().classify(text[:_DETECTION_LENGTH])
    return str(language) if probability >= MIN_DETECTION_PROBABILITY else None


def _article(page: Page, metadata: Metadata, context: RunContext) -> Article:
    """Make the article's row; its canonical address is believed on its own site only."""
    canonical = metadata.canonical_url
    is_own = canonical is not None and (
        page.url.startswith(FILE_SCHEME) or same_site(canonical, page.url)
    )
    address = canonical if canonical is not None and is_own else page.entry.url
    return Article(
        article_id=content_id(url_key(address)),
        url=page.url,
        canonical_url=address,
        url_key=page.entry.url_key,
        feed_id=page.entry.feed_id,
        publisher=metadata.publisher or page.entry.publisher,
        publisher_domain=registrable_domain(address),
        first_seen_at=context.now,
        run_id=context.run_id,
    )


def _change_type(page: Page, reading: _Reading) -> ChangeType:
    if not page.entry.is_revisit:
        return ChangeType.INITIAL
    if reading.is_withdrawn:
        return ChangeType.WITHDRAWN
    return ChangeType.CORRECTION if reading.note else ChangeType.EDIT


def _published(page: Page, metadata: Metadata) -> dict[str, Any]:
    """Take the time the page declares, else the feed's or option's, else what the page suggests."""
    entry = page.entry
    given = None
    if entry.published_at is not None:
        precision = entry.published_precision or Precision.SECOND
        given = Timestamp(at=entry.published_at, precision=precision)
    source = "feed" if entry.feed_id else "option"
    times = ((metadata.published, "page"), (given, source), (metadata.guessed, "page"))
    for timestamp, named in times:
        if timestamp is not None:
            return {
                "date_published": timestamp.at,
                "date_published_precision": timestamp.precision,
                "date_published_source": named,
            }
    return {}


def _revision(
    page: Page, article: Article, reading: _Reading, language: str | None, context: RunContext
) -> ArticleRevision:
    """Make the row of this version of the text."""
    metadata = reading.metadata
    revision = ArticleRevision(
        revision_id="",
        article_id=article.article_id,
        change_type=_change_type(page, reading),
        correction_text=reading.note,
        headline=metadata.headline or page.entry.title,
        description=metadata.description,
        authors=metadata.authors or page.entry.authors,
        publisher=metadata.publisher,
        section=metadata.section,
        keywords=metadata.keywords,
        language=language,
        image_url=metadata.image_url,
        date_modified=metadata.modified.at if metadata.modified else None,
        is_accessible_for_free=metadata.is_accessible_for_free,
        text="",
        text_sha256="",
        num_words=0,
        archive_file=page.archive_file,
        archive_offset=page.archive_offset,
        fetched_at=page.fetched_at,
        extractor_version=EXTRACTOR_VERSION,
        run_id=context.run_id,
        **_published(page, metadata),
    )
    return with_text(revision, join_paragraphs(reading.paragraphs))


class ExtractArticlesFn(StageFn):
    """Extract pages in killable worker processes."""

    stage = "extract"

    def __init__(self, context: RunContext, workers: int, languages: tuple[str, ...]) -> None:
        super().__init__(context, in_flight=8 if workers else 1)
        self.workers = workers
        self.languages = languages

    def work(self, page: Page) -> Any:
        """Start the extraction."""
        pool = shared_workers(self.workers)
        return pool.submit(extract_article, page, self.context, self.languages, timeout_s=TIMEOUT_S)

    def finish(self, page: Page, result: Any) -> Iterable[Any]:
        """Wait for it; a worker that was killed is a broken page."""
        return [outcome(result, reason=Reason.BROKEN_PAGE)]


@dataclass
class ExtractArticles(beam.PTransform):
    """Fetched pages → extracted articles, not yet cleaned."""

    context: RunContext
    workers: int = 0
    languages: tuple[str, ...] = ("en",)

    def expand(self, pages: Any) -> Any:
        extract = ExtractArticlesFn(self.context, self.workers, self.languages)
        return pages | "extract articles" >> beam.ParDo(extract).with_outputs(ROWS, main="elements")
