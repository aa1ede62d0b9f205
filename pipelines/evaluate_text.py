"""Measure extraction and cleaning against pages with gold text.

Comes in: a folder with `gold.jsonl` (id, url, paras: [{t, opt?}] or text; title?, authors?, date?)
and `html/<id>.html.gz`. Goes out: figures of our chain beside bare trafilatura, same pages, same
process. A page that our chain rejects counts as empty text.

The body measure is that of the public article-extraction-benchmark: overlap of 4-token shingles,
a page's counts normalised to one, precision and recall averaged over pages, F1 of the averages.
Optional gold paragraphs count only where the text has them. Both sides are put in one Unicode form
(composed, no soft hyphens) first.
"""

import collections
import gzip
import json
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TextIO

import trafilatura
from htmldate.extractors import month_words
from trafilatura.settings import Document

from schemas.columns import content_id
from schemas.flow import Page, RunContext
from schemas.rows import ArticleRevision, Entry
from schemas.vocabulary import Rejected
from transforms.clean import clean_article
from transforms.extract import extract_article
from transforms.text import clean_text, comparable, num_words
from transforms.timestamps import parse_timestamp

SHINGLE = 4
BOOTSTRAP_ROUNDS = 400
MAX_PROMO_WORDS = 25
_TOKEN = re.compile(r"\w+")
# On purpose not the phrase rules that clean: a short line with one of these words that is not in
# the gold text.
_PROMO = re.compile(
    r"\b(?:newsletters?|subscri\w+|sign(?:ed)? up|log in|inbox|read more|see more|load more|"
    r"show more|"
    r"related|you may (?:also )?like|recommended|trending|most (?:read|popular|viewed)|also read|"
    r"read also|share|tweet|follow (?:us|me|him|her)|facebook|twitter|instagram|whatsapp|comments?|"
    r"copyright|all rights reserved|advertisement|sponsored|click here|download|the app|buy now|"
    r"shop|deals?|getty|credit|in other news|cookies?|javascript|abonn\w+|lesen sie|lire aussi|"
    r"leggi anche|leia (?:mais|também)|suscr\w+)\b",
    re.IGNORECASE,
)


Tokens = list[str]
Counts = tuple[float, float, float, bool]  # true and false positives, false negatives, exact


@dataclass(frozen=True, kw_only=True)
class BodyScore:
    """How near a set of texts is to the gold."""

    f1: float
    precision: float
    recall: float
    exact: float  # share of pages with the gold's very tokens
    promo: float  # share of pages with a promotional line


@dataclass(frozen=True, kw_only=True)
class FieldScore:
    """Share of pages on which a field is right."""

    exact: float
    num_pages: int


@dataclass(frozen=True, kw_only=True)
class TextScores:
    """Our chain beside bare trafilatura on one folder of gold pages."""

    num_pages: int  # with a gold text
    ours: BodyScore
    baseline: BodyScore
    f1_gain: float
    gain_interval: tuple[float, float]  # 95 %, paired bootstrap over pages
    fields: dict[str, FieldScore]  # date, authors, title
    rejected: dict[str, int]  # by reason
    counts: tuple[list[Counts], list[Counts]]  # of each page: ours, baseline
    ours_ms: float  # CPU time a page, text and metadata
    baseline_ms: float


@dataclass(frozen=True, kw_only=True)
class _Result:
    """One page under both chains."""

    ours: str
    baseline: str
    revision: ArticleRevision | None
    reason: str | None
    ours_s: float
    baseline_s: float


def evaluate_text(
    gold_folder: Path, *, every: int = 1, predictions: TextIO | None = None
) -> TextScores:
    """Score the chain on every gold page of a folder, or on every so-manieth."""
    gold = list(_read_gold(gold_folder))[::every]
    _read_page(gold_folder, gold[0])  # loads models and lists, outside the time taken
    month_words()  # half a second for whichever side first meets a page without a date
    results = [_read_page(gold_folder, page) for page in gold]
    if predictions is not None:
        predictions.writelines(map(_prediction, gold, results))
    ours = [count_page(page, result.ours) for page, result in zip(gold, results, strict=True)]
    baseline = [
        count_page(page, result.baseline) for page, result in zip(gold, results, strict=True)
    ]
    reasons = collections.Counter(result.reason for result in results if result.reason)
    return TextScores(
        num_pages=len(gold),
        ours=_score(ours, [has_promo(p, r.ours) for p, r in zip(gold, results, strict=True)]),
        baseline=_score(
            baseline, [has_promo(p, r.baseline) for p, r in zip(gold, results, strict=True)]
        ),
        f1_gain=f1(ours) - f1(baseline),
        gain_interval=gain_interval(ours, baseline),
        fields=dict(_fields(gold, [result.revision for result in results])),
        rejected=dict(reasons.most_common()),
        counts=(ours, baseline),
        ours_ms=1000 * statistics.fmean(result.ours_s for result in results),
        baseline_ms=1000 * statistics.fmean(result.baseline_s for result in results),
    )


def has_texts(folder: Path) -> bool:
    """Tell whether a folder's gold has bodies: some sets give titles and dates alone."""
    return any(True for _ in _read_gold(folder))


def _read_gold(folder: Path) -> Iterator[dict[str, Any]]:
    """Give the gold pages that have a body."""
    with (folder / "gold.jsonl").open(encoding="utf-8") as lines:
        for page in map(json.loads, lines):
            if page.get("paras") or page.get("text"):
                yield page


def baseline_text(body: bytes, url: str | None) -> str:
    """Run trafilatura as it comes, text and metadata."""
    document = trafilatura.bare_extraction(
        body, url=url, include_comments=False, with_metadata=True
    )
    return (document.text or "") if isinstance(document, Document) else ""


def _read_page(folder: Path, gold: dict[str, Any]) -> _Result:
    """Run both chains on a page."""
    body = gzip.decompress((folder / "html" / f"{gold['id']}.html.gz").read_bytes())
    started = time.process_time()
    baseline = baseline_text(body, gold.get("url"))
    between = time.process_time()
    revision, reason = _extract(body, gold)
    ended = time.process_time()
    return _Result(
        ours=_whole_text(revision) if revision else "",
        baseline=baseline,
        revision=revision,
        reason=reason,
        ours_s=ended - between,
        baseline_s=between - started,
    )


def _extract(body: bytes, gold: dict[str, Any]) -> tuple[ArticleRevision | None, str | None]:
    """Extract and clean as the pipeline does, in any language."""
    now = datetime.now(UTC)
    url = gold.get("url") or f"https://gold.example/{gold['id']}"
    entry = Entry(
        entry_id=content_id(url), url=url, url_key=content_id(url), version="",
        first_seen_at=now, run_id="evaluate",
    )  # fmt: skip
    page = Page(
        entry=entry, url=url, http_status=200, content_type="text/html", body=body, fetched_at=now
    )
    try:
        extracted = extract_article(page, RunContext(run_id="evaluate", now=now), ())
        return clean_article(extracted).revision, None
    except Rejected as rejected:
        return None, str(rejected.reason)


def _whole_text(revision: ArticleRevision) -> str:
    """Put the dateline, which has its own column, back where gold texts have it."""
    return f"{revision.dateline} — {revision.text}" if revision.dateline else revision.text


def tokens_of(text: str) -> Tokens:
    """Give the tokens that the measure counts."""
    return _TOKEN.findall(clean_text(text))


def shingles(tokens: Tokens) -> collections.Counter[tuple[str, ...]]:
    """Count the runs of four tokens."""
    if not tokens:
        return collections.Counter()
    starts = range(max(1, len(tokens) - SHINGLE + 1))
    return collections.Counter(tuple(tokens[start : start + SHINGLE]) for start in starts)


def count_page(gold: dict[str, Any], text: str) -> Counts:
    """Compare one text with its gold."""
    tokens = tokens_of(text)
    expected = tokens_of("\n".join(_gold_paragraphs(gold, tokens)))
    found, wanted = shingles(tokens), shingles(expected)
    right = float((found & wanted).total())
    extra, lost = found.total() - right, wanted.total() - right
    whole = (right + extra + lost) or 1.0
    return right / whole, extra / whole, lost / whole, tokens == expected


def _gold_paragraphs(gold: dict[str, Any], tokens: list[str]) -> Iterator[str]:
    """Give the gold paragraphs; optional ones only where the text has them."""
    if "paras" not in gold:
        yield gold["text"]
        return
    found = shingles(tokens)
    joined = f" {' '.join(tokens)} "
    for paragraph in gold["paras"]:
        own = tokens_of(paragraph["t"])
        if paragraph.get("opt"):
            shared = (shingles(own) & found).total()
            is_there = shared * 2 >= len(own) - SHINGLE + 1
            if len(own) < SHINGLE:
                is_there = bool(own) and f" {' '.join(own)} " in joined
            if not is_there:
                continue
        yield paragraph["t"]


def has_promo(gold: dict[str, Any], text: str) -> bool:
    """Tell whether a promotional line stands in the text that is not in the gold."""
    paragraphs = [paragraph["t"] for paragraph in gold.get("paras", [])] or [gold.get("text", "")]
    kept = comparable("\n".join(paragraphs))
    return any(
        num_words(line) <= MAX_PROMO_WORDS and _PROMO.search(line) and comparable(line) not in kept
        for line in text.splitlines()
        if line.strip()
    )


def _precision(counts: list[Counts]) -> float:
    shares = [right / (right + extra) for right, extra, _, _ in counts if right + extra]
    return statistics.fmean(shares) if shares else 0.0


def _recall(counts: list[Counts]) -> float:
    shares = [right / (right + lost) for right, _, lost, _ in counts if right + lost]
    return statistics.fmean(shares) if shares else 0.0


def f1(counts: list[Counts]) -> float:
    """Give the F1 of mean precision and mean recall."""
    precision, recall = _precision(counts), _recall(counts)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _score(counts: list[Counts], promo: list[bool]) -> BodyScore:
    return BodyScore(
        f1=f1(counts),
        precision=_precision(counts),
        recall=_recall(counts),
        exact=statistics.fmean(exact for _, _, _, exact in counts),
        promo=statistics.fmean(promo),
    )


def gain_interval(ours: list[Counts], baseline: list[Counts]) -> tuple[float, float]:
    """Give the 95 % interval of the gain, drawing pages with replacement, both sides the same."""
    generator = random.Random(0)
    gains = []
    for _ in range(BOOTSTRAP_ROUNDS):
        drawn = generator.choices(range(len(ours)), k=len(ours))
        gains.append(f1([ours[i] for i in drawn]) - f1([baseline[i] for i in drawn]))
    gains.sort()
    tail = BOOTSTRAP_ROUNDS // 40
    return gains[tail], gains[-tail - 1]


def _prediction(gold: dict[str, Any], result: _Result) -> str:
    """Give what was read on a page as a line of JSON, named as the gold's fields are."""
    revision = result.revision
    prediction = {
        "id": gold["id"],
        "text": result.ours,
        "title": revision.headline if revision else None,
        "authors": revision.authors if revision else (),
        "date": _as_printed(revision) if revision else None,
        "rejected": result.reason,
    }
    return json.dumps(prediction, ensure_ascii=False) + "\n"


def _as_printed(revision: ArticleRevision) -> str | None:
    """Give the publication time in the page's own zone, in which gold days are told."""
    if revision.date_published is None:
        return None
    zone = timezone(timedelta(minutes=revision.date_published_offset or 0))
    return revision.date_published.astimezone(zone).isoformat()


def _fields(
    gold: list[dict[str, Any]], revisions: list[ArticleRevision | None]
) -> Iterator[tuple[str, FieldScore]]:
    """Score date, authors and title on the pages whose gold has them."""
    judges: dict[str, Callable[[Any, ArticleRevision], bool]] = {
        "date": _is_same_day,
        "authors": _are_same_authors,
        "title": lambda wanted, revision: comparable(wanted) == comparable(revision.headline or ""),
    }
    for name, is_right in judges.items():
        judged = [
            revision is not None and is_right(page[name], revision)
            for page, revision in zip(gold, revisions, strict=True)
            if page.get(name)
        ]
        if judged:
            yield name, FieldScore(exact=statistics.fmean(judged), num_pages=len(judged))


def _is_same_day(wanted: str, revision: ArticleRevision) -> bool:
    """Compare days: in UTC where the gold has a zone."""
    expected = parse_timestamp(re.sub(r"\.\d+", "", wanted))
    return (
        expected is not None
        and revision.date_published is not None
        and expected.at.date() == revision.date_published.date()
    )


def _are_same_authors(wanted: list[str] | str, revision: ArticleRevision) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    split = (part for name in names for part in re.split(r"[;,&|/]| and | und | et | y ", name))
    expected = {comparable(part) for part in split} - {""}
    return expected == {comparable(name) for name in revision.authors}


def format_scores(name: str, scores: TextScores) -> str:
    """Give the figures as lines for a person."""
    lines = [f"{name}, n={scores.num_pages}"]
    for label, body in (("dateline", scores.ours), ("trafilatura", scores.baseline)):
        lines.append(
            f"  {label:<12} F1 {body.f1:.4f}  P {body.precision:.4f}  R {body.recall:.4f}  "
            f"exact {body.exact:.1%}  promo {body.promo:.1%}"
        )
    low, high = scores.gain_interval
    lines.append(f"  gain         {scores.f1_gain:+.4f}, 95 % between {low:+.4f} and {high:+.4f}")
    lines += [
        f"  {key:<12} exact {score.exact:.3f}  n={score.num_pages}"
        for key, score in scores.fields.items()
    ]
    lines.append(
        f"  CPU a page   {scores.ours_ms:.1f} ms, trafilatura with metadata "
        f"{scores.baseline_ms:.1f} ms: {scores.baseline_ms / scores.ours_ms:.2f} times as fast"
    )
    lines.append(f"  rejected: {scores.rejected or 'none'}")
    return "\n".join(lines)


def format_pooled(scores: list[TextScores]) -> str:
    """Give the gain and the speed over the pages of all folders."""
    ours = [count for score in scores for count in score.counts[0]]
    baseline = [count for score in scores for count in score.counts[1]]
    low, high = gain_interval(ours, baseline)
    ours_ms = sum(score.ours_ms * score.num_pages for score in scores)
    baseline_ms = sum(score.baseline_ms * score.num_pages for score in scores)
    return (
        f"all, n={len(ours)}\n  F1 {f1(ours):.4f}, trafilatura {f1(baseline):.4f}\n"
        f"  gain         {f1(ours) - f1(baseline):+.4f}, 95 % between {low:+.4f} and {high:+.4f}\n"
        f"  {baseline_ms / ours_ms:.2f} times as fast"
    )
