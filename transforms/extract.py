"""Read the article on a page: its text and what the page says of it.

Comes in: a fetched page (HTML or plain text). Goes out: an extracted article, its text not yet
cleaned. Rejected: what is no page (NOT_HTML), cannot be read in time (BROKEN_PAGE), holds no
article (NO_TEXT, PAYWALL, BOT_CHECK, SOFT_404) or is in a language not asked for (WRONG_LANGUAGE).

The page is decoded and parsed once; metadata, the gate, the walk over its blocks and trafilatura
read the same tree. What runs in a worker process is `extract_article`, killed when a hostile page
holds it up. How the lines of the article are found is told in `lines`.
"""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam
import trafilatura
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from schemas.columns import content_id
from schemas.flow import ExtractedArticle, Line, Page, RunContext
from schemas.rows import Article, ArticleRevision
from schemas.vocabulary import ChangeType, Precision, Reason, Rejected
from transforms.files import FILE_SCHEME
from transforms.lines import choose_lines, describe_page
from transforms.markup import decode_page, parse_page, trim_tree
from transforms.metadata import Metadata, read_metadata
from transforms.notes import find_correction, find_withdrawal
from transforms.quality import (
    MIN_SENTENCE_WORDS,
    check_article,
    pub_status,
    sentence_words,
)
from transforms.reject import ROWS, StageFn
from transforms.revisions import with_text
from transforms.text import join_paragraphs, read_paragraphs, split_paragraphs
from transforms.timestamps import Timestamp
from transforms.urls import registrable_domain, same_site, url_key
from transforms.workers import Batches, outcome, shared_workers

EXTRACTOR_VERSION = f"dateline 3, trafilatura {trafilatura.__version__}"
TIMEOUT_S = 20.0  # the slowest of 519 real pages took 1.5 s
BATCH_PAGES = 8  # handed to a worker at once; 16 cost no less
BATCH_TIMEOUT_S = 5.0  # then each page has TIMEOUT_S for itself
MAX_PAGE_LENGTH = 10_000_000
MAX_TEXT_LENGTH = 400_000  # characters: twice the longest live blog seen
MAX_LINES = 5_000
MIN_DETECTION_LENGTH = 150  # characters; below, the declared language is the better guess
MIN_DETECTION_PROBABILITY = 0.9
_DETECTION_LENGTH = 700


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """What was read on a page."""

    lines: tuple[Line, ...]
    metadata: Metadata
    note: str | None
    is_withdrawn: bool = False

    @property
    def paragraphs(self) -> list[str]:
        """The lines that make the text."""
        return [line.text for line in self.lines if line.rule is None]


def extract_article(
    page: Page, context: RunContext, languages: tuple[str, ...] = ("en",)
) -> ExtractedArticle:
    """Read the article on a page, in one of these languages (none named: in any)."""
    text = decode_page(page.body, page.content_type)[:MAX_PAGE_LENGTH]
    is_plain = page.content_type.lower().startswith("text/plain")
    reading = _read_plain(text) if is_plain else _read_html(text, page)
    joined = join_paragraphs(reading.paragraphs)
    if len(joined) > MAX_TEXT_LENGTH or len(reading.lines) > MAX_LINES:
        detail = f"a text of {len(joined):,} characters in {len(reading.lines):,} lines"
        raise Rejected(Reason.BROKEN_PAGE, detail)
    language = detect_language(joined) or reading.metadata.language
    if languages and language is not None and language not in languages:
        raise Rejected(Reason.WRONG_LANGUAGE, language)
    article = _article(page, reading.metadata, context)
    revision = _revision(page, article, reading, language, context)
    return ExtractedArticle(
        entry=page.entry, article=article, revision=revision, lines=reading.lines
    )


def _read_plain(text: str) -> _Reading:
    """Read a plain text file: paragraphs, no metadata."""
    paragraphs = read_paragraphs(text)
    if (found := sentence_words(paragraphs)) < MIN_SENTENCE_WORDS:
        raise Rejected(Reason.NO_TEXT, f"{found} words in sentences")
    note = find_correction(paragraphs)
    return _Reading(lines=_body(paragraphs), metadata=Metadata(), note=note)


def _body(paragraphs: list[str]) -> tuple[Line, ...]:
    return tuple(Line(text=text, kind="body") for text in paragraphs)


def _read_html(text: str, page: Page) -> _Reading:
    """Read a page of HTML, and check that it holds an article."""
    tree = parse_page(text)
    metadata = read_metadata(tree, page.url, latest=page.fetched_at)
    trim_tree(tree)
    described = describe_page(tree, metadata, page.url)
    reading = _Reading(lines=choose_lines(described, metadata), metadata=metadata, note=None)
    if page.entry.is_revisit:
        notice = find_withdrawal(metadata.headline, reading.paragraphs)
        if notice is None and sentence_words(reading.paragraphs) < MIN_SENTENCE_WORDS:
            # one line in place of an article is too little to be found as its text
            alone = (find_withdrawal(None, [block.text]) for block in described.whole)
            notice = next(filter(None, alone), None)
        if notice:
            lines = _body(split_paragraphs(notice))
            return _Reading(lines=lines, metadata=metadata, note=notice, is_withdrawn=True)
    check_article(described.whole, metadata, reading.paragraphs, page.url)
    note = find_correction(block.text for block in described.whole)
    return replace(reading, note=note)


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
        article_id=page.entry.article_id or content_id(url_key(address)),
        url=page.url,
        canonical_url=address,
        url_key=page.entry.url_key,
        feed_id=page.entry.feed_id,
        publisher=metadata.publisher or page.entry.publisher,
        publisher_domain=registrable_domain(address),
        first_seen_at=page.fetched_at,
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
                "date_published_offset": timestamp.utc_offset,
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
        pub_status="withdrawn"
        if reading.is_withdrawn
        else pub_status(metadata, page.url, sentence_words(reading.paragraphs)),
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
        # while each worker has a batch, the next one fills
        super().__init__(context, in_flight=BATCH_PAGES * (workers + 1) if workers else 1)
        self.workers = workers
        self.languages = languages

    def start_bundle(self) -> None:
        """Begin with an empty batch."""
        super().start_bundle()
        self._batches = Batches(
            shared_workers(self.workers),
            size=BATCH_PAGES,
            timeout_s=TIMEOUT_S,
            batch_timeout_s=BATCH_TIMEOUT_S,
        )

    def work(self, page: Page) -> Any:
        """Start the extraction, with those of the pages around it."""
        return self._batches.submit(extract_article, page, self.context, self.languages)

    def finish(self, page: Page, result: Any) -> Iterable[Any]:
        """Wait for it; a worker that was killed is a broken page."""
        return [outcome(result, reason=Reason.BROKEN_PAGE)]

    def finish_bundle(self) -> Iterator[Any]:
        """Start what has not been, and wait for the rest."""
        self._batches.flush()
        yield from super().finish_bundle()


@dataclass
class ExtractArticles(beam.PTransform):
    """Fetched pages → extracted articles, not yet cleaned."""

    context: RunContext
    workers: int = 0
    languages: tuple[str, ...] = ("en",)

    def expand(self, pages: Any) -> Any:
        extract = ExtractArticlesFn(self.context, self.workers, self.languages)
        return pages | "extract articles" >> beam.ParDo(extract).with_outputs(ROWS, main="elements")
