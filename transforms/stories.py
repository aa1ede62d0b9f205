"""Group articles that tell of one thing into stories.

Comes in: annotated articles of the run, and the recent articles that the warehouse holds. Goes
out: a `Story` for each new story and a `StoryArticle` for each article of the run.

Articles are taken in the order of publication. Each joins the story it is most like, when that
is like enough and still going on; else it opens one. Likeness is the cosine of weighted terms:
entities, and words of headline and lead, weighted by how rare they are among the candidates
(a country that every article names says little). An article with the text of an earlier one is a
wire copy and joins its story at once. What an earlier run decided stays, so that story_id is
stable; the same articles in the same state give the same stories.
"""

import collections
import math
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.coders import PickleCoder
from apache_beam.transforms.userstate import BagStateSpec
from apache_beam.transforms.window import FixedWindows, GlobalWindows

from schemas.columns import content_id
from schemas.flow import LEAD_LENGTH, AnnotatedArticle, RunContext, StoryCandidate
from schemas.rows import Story, StoryArticle
from transforms.reject import context_at

# Found on the bundled site, whose articles carry their story: tests/test_stories.py.
MIN_SIMILARITY = 0.18
ENTITY_WEIGHT = 3.0  # an entity against a common word
MAX_SILENCE = timedelta(days=5)  # a story that nobody adds to for so long is over
STORY_WINDOW = timedelta(days=14)  # how far back articles are read to find a running story
TINY = ROUNDING = 1e-12
FEW = 8  # stories that are compared with an article one by one
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
WORD = re.compile(r"[^\W\d_]{4,}")  # shorter words are mostly function words


def terms_of(candidate: StoryCandidate) -> collections.Counter[str]:
    """Count an article's terms: entities and words; words are cut to a stem of six letters."""
    words = f"{candidate.headline or ''} {candidate.headline or ''} {candidate.lead}".lower()
    terms = collections.Counter(word[:6] for word in WORD.findall(words))
    for entity_id in candidate.entity_ids:
        terms[f"={entity_id}"] += 1
    return terms


def rarity(documents: Sequence[collections.Counter[str]]) -> dict[str, float]:
    """Weigh each term by how few of the documents have it."""
    seen = collections.Counter(term for terms in documents for term in terms)
    return {term: math.log((1 + len(documents)) / n) for term, n in seen.items()}


def weigh(terms: collections.Counter[str], weights: dict[str, float]) -> dict[str, float]:
    """Make a vector of length 1 from the terms."""
    vector = {
        term: (1 + math.log(n)) * weights[term] * (ENTITY_WEIGHT if term.startswith("=") else 1.0)
        for term, n in terms.items()
    }
    length = math.sqrt(sum(value * value for value in vector.values())) or 1.0
    return {term: value / length for term, value in vector.items()}


class OpenStories:
    """Stories while articles are being added to them, found by the terms they share with one.

    An article is compared with all stories at once: for each term stand the stories of the
    articles that have it, and how much each has of it. The commonest terms, which stand in most
    stories, only count where others brought a story up: by themselves they cannot make it like
    enough. So the cost is that of the rare terms, and not of all pairs.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._place: dict[str, int] = {}  # by id
        self._last_s = array("d")  # when the last article was added
        self._squares = array("d")  # of the length of the sum of a story's vectors
        self._totals: list[dict[str, float]] = []  # that sum
        self._postings: dict[str, tuple[array[int], array[float]]] = {}

    def __contains__(self, story_id: str) -> bool:
        return story_id in self._place

    def add(self, story_id: str, vector: dict[str, float], at: datetime) -> None:
        """Add an article to a story, which it opens where there is none of that id."""
        place = self._place.setdefault(story_id, len(self.ids))
        if place == len(self.ids):
            self.ids.append(story_id)
            self._last_s.append(at.timestamp())
            self._squares.append(0.0)
            self._totals.append({})
        total, square = self._totals[place], self._squares[place]
        for term, value in vector.items():
            square += value * (2 * total.get(term, 0.0) + value)
            total[term] = total.get(term, 0.0) + value
            places, values = self._postings.setdefault(term, (array("q"), array("d")))
            places.append(place)
            values.append(value)
        self._squares[place] = square
        self._last_s[place] = max(self._last_s[place], at.timestamp())

    def most_like(self, vector: dict[str, float], at: datetime) -> tuple[float, str]:
        """Give the open story that is most like an article, and how like: 0 where none is."""
        known = [term for term in vector if term in self._postings]
        known.sort(key=lambda term: len(self._postings[term][0]))
        telling = _without_common(known, vector)
        if not telling:
            return 0.0, ""
        seconds = at.timestamp() - np.frombuffer(self._last_s, "d")
        is_open = seconds <= MAX_SILENCE.total_seconds()
        lengths = np.sqrt(np.maximum(np.frombuffer(self._squares, "d"), TINY))
        dots = self._dots(telling, vector)
        least = np.where(is_open, dots / lengths, 0.0)
        common = known[len(telling) :]
        unseen = math.sqrt(sum(vector[term] ** 2 for term in common))
        near = np.flatnonzero((least > 0) & (least >= max(MIN_SIMILARITY, least.max()) - unseen))
        if len(near) > FEW:  # then it is cheaper to look at the common terms, too
            least = np.where(is_open, (dots + self._dots(common, vector)) / lengths, 0.0)
            near = np.flatnonzero((least > 0) & (least >= least.max() - ROUNDING))
        return max(
            ((self._similarity(place, vector), self.ids[place]) for place in near.tolist()),
            default=(0.0, ""),
        )

    def _dots(self, terms: list[str], vector: dict[str, float]) -> "np.ndarray[Any, Any]":
        """Multiply an article with all stories, as far as some terms go."""
        found = [(*self._postings[term], vector[term]) for term in terms]
        places = [np.frombuffer(place, "q") for place, _, _ in found]
        shares = [np.frombuffer(value, "d") * weight for _, value, weight in found]
        if not found:
            return np.zeros(len(self.ids))
        size = len(self.ids)
        return np.bincount(np.concatenate(places), np.concatenate(shares), minlength=size)

    def _similarity(self, place: int, vector: dict[str, float]) -> float:
        """Cosine between an article and the middle of a story's articles."""
        total = self._totals[place]
        dot = sum(value * total.get(term, 0.0) for term, value in vector.items())
        return dot / math.sqrt(max(self._squares[place], TINY))


def _without_common(terms: list[str], vector: dict[str, float]) -> list[str]:
    """Leave out the last terms as long as they alone cannot make a story like enough."""
    square, end = 0.0, len(terms)
    while end and square + vector[terms[end - 1]] ** 2 < MIN_SIMILARITY**2:
        square += vector[terms[end - 1]] ** 2
        end -= 1
    return terms[:end]


def group_stories(
    candidates: Iterable[StoryCandidate], *, context: RunContext
) -> Iterator[Story | StoryArticle]:
    """Put each candidate without a story into one."""
    ordered = sorted(candidates, key=lambda c: (c.published_at or LONG_AGO, c.article_id))
    if all(candidate.story_id is not None for candidate in ordered):
        return
    documents = [terms_of(candidate) for candidate in ordered]
    weights = rarity(documents)
    stories = OpenStories()
    first_with_text: dict[str, tuple[str, str]] = {}  # text_sha256 → (article_id, story_id)
    for candidate, terms in zip(ordered, documents, strict=True):
        at = candidate.published_at or LONG_AGO
        vector = weigh(terms, weights)
        original = first_with_text.get(candidate.text_sha256)
        story_id, similarity = _story_for(candidate, vector, stories, original, at)
        if story_id not in stories and candidate.story_id is None:
            yield Story(
                story_id=story_id,
                headline=candidate.headline,
                started_at=candidate.published_at,
                run_id=context.run_id,
            )
        stories.add(story_id, vector, at)
        first_with_text.setdefault(candidate.text_sha256, (candidate.article_id, story_id))
        if candidate.story_id is None:
            yield StoryArticle(
                article_id=candidate.article_id,
                story_id=story_id,
                similarity=similarity,
                syndicated_from=original[0] if original else None,
                run_id=context.run_id,
            )


def _story_for(
    candidate: StoryCandidate,
    vector: dict[str, float],
    stories: OpenStories,
    original: tuple[str, str] | None,
    at: datetime,
) -> tuple[str, float | None]:
    """Find the story an article belongs to, and how like it is; a new id where there is none."""
    if candidate.story_id is not None:
        return candidate.story_id, None
    if original is not None:
        return original[1], 1.0
    similarity, story_id = stories.most_like(vector, at)
    if similarity >= MIN_SIMILARITY:
        return story_id, round(similarity, 4)
    return content_id("story", candidate.article_id), None


def candidate_of(annotated: AnnotatedArticle) -> StoryCandidate:
    """Reduce an annotated article to what grouping needs."""
    mentioned = {each.entity_id for each in annotated.entity_mentions if each.entity_id}
    return StoryCandidate(
        article_id=annotated.article.article_id,
        headline=annotated.revision.headline,
        published_at=annotated.revision.date_published,
        text_sha256=annotated.revision.text_sha256,
        lead=annotated.revision.text[:LEAD_LENGTH],
        entity_ids=tuple(sorted(mentioned)),
    )


def merge_candidates(candidates: Iterable[StoryCandidate]) -> list[StoryCandidate]:
    """Keep one candidate an article: the one with a story (from the warehouse) before a new one."""
    best: dict[str, StoryCandidate] = {}
    for candidate in sorted(candidates, key=lambda c: (c.story_id is None, c.text_sha256)):
        best.setdefault(candidate.article_id, candidate)
    return list(best.values())


def group_all(
    candidates: Iterable[StoryCandidate], context: RunContext
) -> list[Story | StoryArticle]:
    """Group the candidates of a run (all of them: a bounded pass)."""
    return list(group_stories(merge_candidates(candidates), context=context))


class GroupWindowFn(beam.DoFn):
    """Group a window's candidates with the recent ones, which are kept by one key.

    `recent` is what a new stream begins with, from the warehouse. What is older than `kept_for`
    is forgotten, once it is a quarter of what is kept.
    """

    RECENT = BagStateSpec("recent", PickleCoder())

    def __init__(
        self, context: RunContext, recent: Sequence[StoryCandidate], kept_for: timedelta
    ) -> None:
        self.context = context
        self.recent = recent
        self.kept_for = kept_for

    def process(
        self,
        keyed: tuple[str, Iterable[StoryCandidate]],
        timestamp: Any = beam.DoFn.TimestampParam,
        kept: Any = beam.DoFn.StateParam(RECENT),
    ) -> Iterator[Story | StoryArticle]:
        """Group, and keep the candidates with the stories they were put in."""
        oldest = context_at(self.context, timestamp).now - self.kept_for
        stored = list(kept.read())
        recent = [c for c in stored or self.recent if (c.published_at or LONG_AGO) >= oldest]
        fresh = list(keyed[1])
        rows = group_all([*recent, *fresh], self.context)
        yield from rows
        stories = {row.article_id: row.story_id for row in rows if isinstance(row, StoryArticle)}
        placed = [replace(c, story_id=s) for c in fresh if (s := stories.get(c.article_id))]
        if not stored or len(recent) < 0.75 * len(stored):
            kept.clear()
            placed = [*recent, *placed]
        for candidate in placed:
            kept.add(candidate)


@dataclass
class GroupStoriesInWindows(beam.PTransform):
    """Annotated articles of a stream → rows of stories, a window after the other."""

    context: RunContext
    recent: tuple[StoryCandidate, ...]  # from the warehouse
    window_s: float = 60.0

    def expand(self, articles: Any) -> Any:
        group = GroupWindowFn(self.context, self.recent, STORY_WINDOW)
        return (
            articles
            | "reduce to candidates" >> beam.Map(candidate_of)
            | "a minute" >> beam.WindowInto(FixedWindows(self.window_s))
            | "one key" >> beam.WithKeys("all")
            | "gather candidates" >> beam.GroupByKey()
            | "one window" >> beam.WindowInto(GlobalWindows())
            | "group with recent ones" >> beam.ParDo(group)
        )


@dataclass
class GroupStories(beam.PTransform):
    """Annotated articles → rows of stories. Gathers short candidates, not texts, in one place."""

    context: RunContext
    recent: tuple[StoryCandidate, ...]  # from the warehouse

    def expand(self, articles: Any) -> Any:
        recent = articles.pipeline | "recent articles" >> beam.Create(list(self.recent))
        fresh = articles | "reduce to candidates" >> beam.Map(candidate_of)
        return (
            (fresh, recent)
            | "with recent articles" >> beam.Flatten()
            | "one key" >> beam.WithKeys("all")
            | "gather candidates" >> beam.GroupByKey()
            | "take values" >> beam.Values()
            | "group" >> beam.FlatMap(group_all, self.context)
        )
