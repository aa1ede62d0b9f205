"""Group articles that tell of one thing into stories.

Comes in: annotated articles of the run, and the recent articles that the warehouse holds. Goes
out: a `Story` for each new story and a `StoryArticle` for each article of the run.

Articles are taken in the order of publication. Each joins the story it is most like, when that
is like enough and still going on; else it opens one. Likeness is the cosine of weighted terms:
entity names, and words of headline and lead, weighted by how rare they are among the candidates
(a country that every article names says little). An article with the text of an earlier one is a
wire copy and joins its story at once. What an earlier run decided stays, so that story_id is
stable; the same articles in the same state give the same stories.
"""

import collections
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import apache_beam as beam

from schemas.columns import content_id
from schemas.flow import LEAD_LENGTH, AnnotatedArticle, RunContext, StoryCandidate
from schemas.rows import Story, StoryArticle

# Found on the bundled site, whose articles carry their story: tests/test_stories.py.
MIN_SIMILARITY = 0.18
NAME_WEIGHT = 3.0  # an entity's name against a common word
MAX_SILENCE = timedelta(days=5)  # a story that nobody adds to for so long is over
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
WORD = re.compile(r"[^\W\d_]{4,}")  # shorter words are mostly function words


def terms_of(candidate: StoryCandidate) -> collections.Counter[str]:
    """Count an article's terms: names and words; words are cut to a stem of six letters."""
    words = f"{candidate.headline or ''} {candidate.headline or ''} {candidate.lead}".lower()
    terms = collections.Counter(word[:6] for word in WORD.findall(words))
    for name in candidate.entity_names:
        terms[f"={name.lower()}"] += 1
    return terms


def rarity(documents: Sequence[collections.Counter[str]]) -> dict[str, float]:
    """Weigh each term by how few of the documents have it."""
    seen = collections.Counter(term for terms in documents for term in terms)
    return {term: math.log((1 + len(documents)) / n) for term, n in seen.items()}


def weigh(terms: collections.Counter[str], weights: dict[str, float]) -> dict[str, float]:
    """Make a vector of length 1 from the terms."""
    vector = {
        term: (1 + math.log(n)) * weights[term] * (NAME_WEIGHT if term.startswith("=") else 1.0)
        for term, n in terms.items()
    }
    length = math.sqrt(sum(value * value for value in vector.values())) or 1.0
    return {term: value / length for term, value in vector.items()}


@dataclass
class OpenStory:
    """A story while articles are being added to it."""

    story_id: str
    last_at: datetime
    total: dict[str, float] = field(default_factory=dict)

    def add(self, vector: dict[str, float], at: datetime) -> None:
        """Take an article in."""
        for term, value in vector.items():
            self.total[term] = self.total.get(term, 0.0) + value
        self.last_at = max(self.last_at, at)

    def similarity(self, vector: dict[str, float]) -> float:
        """Cosine between the article and the middle of the story's articles."""
        length = math.sqrt(sum(value * value for value in self.total.values()))
        return sum(v * self.total.get(t, 0.0) for t, v in vector.items()) / length if length else 0


def group_stories(
    candidates: Iterable[StoryCandidate], *, context: RunContext
) -> Iterator[Story | StoryArticle]:
    """Put each candidate without a story into one."""
    ordered = sorted(candidates, key=lambda c: (c.published_at or LONG_AGO, c.article_id))
    documents = [terms_of(candidate) for candidate in ordered]
    weights = rarity(documents)
    stories: dict[str, OpenStory] = {}
    first_with_text: dict[str, tuple[str, str]] = {}  # text_sha256 → (article_id, story_id)
    for candidate, terms in zip(ordered, documents, strict=True):
        at = candidate.published_at or LONG_AGO
        vector = weigh(terms, weights)
        original = first_with_text.get(candidate.text_sha256)
        story_id, similarity = _story_for(candidate, vector, stories, original, at)
        if story_id not in stories:
            stories[story_id] = OpenStory(story_id, at)
            if candidate.story_id is None:
                yield Story(
                    story_id=story_id,
                    headline=candidate.headline,
                    started_at=candidate.published_at,
                    run_id=context.run_id,
                )
        stories[story_id].add(vector, at)
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
    stories: dict[str, OpenStory],
    original: tuple[str, str] | None,
    at: datetime,
) -> tuple[str, float | None]:
    """Find the story an article belongs to, and how like it is; a new id where there is none."""
    if candidate.story_id is not None:
        return candidate.story_id, None
    if original is not None:
        return original[1], 1.0
    best = max(
        ((story.similarity(vector), key) for key, story in stories.items() if _is_open(story, at)),
        default=(0.0, ""),
    )
    if best[0] >= MIN_SIMILARITY:
        return best[1], round(best[0], 4)
    return content_id("story", candidate.article_id), None


def _is_open(story: OpenStory, at: datetime) -> bool:
    return at - story.last_at <= MAX_SILENCE


def candidate_of(annotated: AnnotatedArticle) -> StoryCandidate:
    """Reduce an annotated article to what grouping needs."""
    names = {entity.name for entity in annotated.entities}
    return StoryCandidate(
        article_id=annotated.article.article_id,
        headline=annotated.revision.headline,
        published_at=annotated.revision.date_published,
        text_sha256=annotated.revision.text_sha256,
        lead=annotated.revision.text[:LEAD_LENGTH],
        entity_names=tuple(sorted(names)),
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
