"""Score events against sentences with gold events.

In: JSON lines with `id`, `text`, `type`, `actors` and `recipients` (names as they stand in the
text), one main event a sentence labelled: the form of openeventdata/PLOVER's gold records. Our own
sentences, which are about an invented world, say more (`pipelines/event_scores.py`). Out: figures
with n and interval; and the predictions, where asked for.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from pipelines.event_scores import Score, actor_of, recipient_of, score_main_events, score_readings
from schemas.flow import RunContext
from schemas.rows import ArticleRevision, EventMention
from schemas.vocabulary import ChangeType
from transforms.annotate import Reader, load_reader, read_text

PUBLISHED = "2001-06-15"  # any day, for gold without dates
OWN = {
    "own sentences": "events.jsonl",
    "own sentences, written before any was read by the code and never tuned on": "unseen.jsonl",
}


def read_gold(path: Path) -> list[dict[str, Any]]:
    """Read the gold sentences."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def predict(text: str, reader: Reader, *, published: str = PUBLISHED) -> list[EventMention]:
    """Read one sentence as an article of its own; give its typed events, the main one first.

    What it tells twice of the same parties is one event.
    """
    at = datetime.combine(datetime.fromisoformat(published), time(12), tzinfo=UTC)
    context = RunContext(run_id="evaluation", now=at)
    revision = ArticleRevision(
        revision_id="gold",
        article_id="gold",
        change_type=ChangeType.INITIAL,
        text=text,
        text_sha256="",
        num_words=0,
        date_published=at,
        fetched_at=at,
        extractor_version="",
        run_id=context.run_id,
    )
    _, events, _ = read_text(revision, reader, context)
    typed = [event for event in events if event.event_type]
    told: dict[tuple[str | None, ...], EventMention] = {}
    for event in typed:
        told.setdefault((event.event_type, actor_of(event), recipient_of(event)), event)
    return list(told.values())


def read_all(
    gold: Sequence[dict[str, Any]], reader: Reader
) -> list[tuple[dict[str, Any], list[EventMention]]]:
    """Read every sentence."""
    return [
        (each, predict(each["text"], reader, published=each.get("published", PUBLISHED)))
        for each in gold
    ]


def evaluate_events(
    gold_path: Path, *, model: str | None = None, predictions: Path | None = None
) -> list[Score]:
    """Score the chain on a gold file."""
    return _evaluate(gold_path, load_reader(model, None, None), predictions)


def evaluate_own(model: str | None = None) -> Iterator[tuple[str, list[Score]]]:
    """Score the chain on our own sentences, with the lists of the invented world."""
    with as_file(files("seeds")) as seeds:
        site = seeds / "site"
        reader = load_reader(model, str(site / "places.csv"), str(site / "actors.csv"))
        for title, name in OWN.items():
            yield title, _evaluate(seeds / "gold" / name, reader, None)


def _evaluate(path: Path, reader: Reader, predictions: Path | None) -> list[Score]:
    read = read_all(read_gold(path), reader)
    if predictions is not None:
        lines = [_prediction(gold["id"], events) for gold, events in read]
        predictions.write_text("".join(lines), encoding="utf-8")
    says_more = all("modality" in gold for gold, _ in read)
    return [*score_main_events(read), *(score_readings(read) if says_more else ())]


def _prediction(name: str, events: Sequence[EventMention]) -> str:
    listed = [
        {"type": e.event_type, "actor": actor_of(e), "recipient": recipient_of(e)} for e in events
    ]
    return json.dumps({"id": name, "events": listed}, ensure_ascii=False) + "\n"
