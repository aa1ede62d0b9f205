"""Annotate articles: the names in them, and the events they report.

Comes in: cleaned articles. Goes out: the same with entities, entity mentions and event mentions,
ready to be written. Rejected: a text that the language model does not get through within its
limits (ANNOTATION_FAILED).

The model takes six sevenths of an article's cost, so it runs in worker processes, one a core; each
loads model, gazetteer and lists once. The parsed text never leaves the worker: rows do.
"""

import functools
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import apache_beam as beam

from schemas.flow import AnnotatedArticle, ExtractedArticle, RunContext
from schemas.rows import ArticleRevision, Entity, EventMention
from schemas.vocabulary import Reason
from transforms.entities import (
    ActorList,
    Resolution,
    entity_mention_rows,
    load_actors,
    resolve_entities,
)
from transforms.events import find_events
from transforms.language import load_language
from transforms.places import Gazetteer, load_gazetteer
from transforms.reject import ROWS, StageFn
from transforms.workers import outcome, shared_workers

if TYPE_CHECKING:
    from spacy.language import Language

TIMEOUT_S = 120.0  # a long article takes two seconds
MAX_CHARACTERS = 200_000  # a book; of what is longer only the beginning is read


@dataclass(frozen=True)
class Reader:
    """What it takes to read an article: the language model and the lists."""

    nlp: "Language"
    gazetteer: Gazetteer
    actors: ActorList
    model_version: str


@functools.cache
def load_reader(model: str | None, places: str | None, actors: str | None) -> Reader:
    """Load a reader, once a process."""
    nlp = load_language(model)
    return Reader(nlp, load_gazetteer(places), load_actors(actors), model_version(nlp))


def model_version(nlp: "Language") -> str:
    """Name the language model and its version."""
    return f"{nlp.meta['lang']}_{nlp.meta['name']}-{nlp.meta['version']}"


def read_text(
    revision: ArticleRevision, reader: Reader, context: RunContext
) -> tuple[Resolution, tuple[EventMention, ...], tuple[Entity, ...]]:
    """Read the text of a revision: who is named in it, what happened, and who is in that."""
    doc = reader.nlp(revision.text[:MAX_CHARACTERS])
    resolution = resolve_entities(
        doc,
        gazetteer=reader.gazetteer,
        actors=reader.actors,
        context=context,
        dateline_place=revision.dateline_place,
    )
    events, actors = find_events(
        doc,
        resolution,
        revision=revision,
        gazetteer=reader.gazetteer,
        context=context,
        model_version=reader.model_version,
    )
    return resolution, events, actors


def annotate_article(
    extracted: ExtractedArticle, reader: Reader, context: RunContext
) -> AnnotatedArticle:
    """Annotate an article; what spaCy keeps of its words is let go of with it."""
    revision = extracted.revision
    with reader.nlp.memory_zone():
        resolution, events, actors = read_text(revision, reader, context)
        entities = {entity.entity_id: entity for entity in (*resolution.entities, *actors)}
        mentions = entity_mention_rows(
            resolution, revision, model_version=reader.model_version, context=context
        )
    return AnnotatedArticle(
        entry=extracted.entry,
        article=extracted.article,
        revision=revision,
        removed_blocks=extracted.removed_blocks,
        entities=tuple(entities.values()),
        entity_mentions=mentions,
        event_mentions=events,
    )


def annotate_in_worker(
    extracted: ExtractedArticle,
    context: RunContext,
    model: str | None,
    places: str | None,
    actors: str | None,
) -> AnnotatedArticle:
    """Annotate in a worker process, with the reader it keeps."""
    return annotate_article(extracted, load_reader(model, places, actors), context)


class AnnotateArticlesFn(StageFn):
    """Annotate in killable worker processes."""

    stage = "annotate"

    def __init__(
        self,
        context: RunContext,
        model: str | None,
        workers: int,
        places: str | None,
        actors: str | None,
    ) -> None:
        super().__init__(context, in_flight=4 * workers)
        self.lists = (model, places, actors)
        self.workers = workers

    def work(self, element: ExtractedArticle) -> "Future[AnnotatedArticle]":
        """Start to annotate the article."""
        return shared_workers(self.workers).submit(
            annotate_in_worker, element, self.context, *self.lists, timeout_s=TIMEOUT_S
        )

    def finish(
        self, element: ExtractedArticle, result: "Future[AnnotatedArticle]"
    ) -> Iterable[AnnotatedArticle]:
        """Take the annotated article."""
        return [outcome(result, reason=Reason.ANNOTATION_FAILED)]


@dataclass
class AnnotateArticles(beam.PTransform):
    """Cleaned articles → annotated ones."""

    context: RunContext
    model: str | None = None
    workers: int = 0
    places: str | None = None
    actors: str | None = None

    def expand(self, articles: Any) -> Any:
        """Apply the stage."""
        fn = AnnotateArticlesFn(self.context, self.model, self.workers, self.places, self.actors)
        return articles | "annotate" >> beam.ParDo(fn).with_outputs(ROWS, main="elements")
