"""Score events against sentences with a gold PLOVER event.

In: JSON lines with `id`, `text`, `type`, `actors` and `recipients` (names as they stand in the
text), one main event a sentence labelled: the form of openeventdata/PLOVER's gold records. Out:
the share of sentences whose event, actor and recipient were found, with n; and the predictions,
where asked for.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schemas.flow import RunContext
from schemas.rows import ArticleRevision, EventMention
from schemas.vocabulary import ChangeType
from transforms.annotate import Reader, load_reader, read_text

PUBLISHED = datetime(2001, 6, 15, 12, tzinfo=UTC)  # any day: the gold has no dates
SMALL_WORDS = frozenset("the a an of and in its his their 's s for to on at by".split())


@dataclass(frozen=True)
class Score:
    """A share and what it is a share of."""

    name: str
    hits: int
    n: int

    def __str__(self) -> str:
        return f"{self.name:<12}{self.hits:>5}/{self.n:<5}{self.hits / self.n if self.n else 0:.3f}"


def read_gold(path: Path) -> list[dict[str, Any]]:
    """Read the gold sentences."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def predict(text: str, reader: Reader) -> list[EventMention]:
    """Read one sentence as an article of its own; give its typed events, the main one first."""
    context = RunContext(run_id="evaluation", now=PUBLISHED)
    revision = ArticleRevision(
        revision_id="gold",
        article_id="gold",
        change_type=ChangeType.INITIAL,
        text=text,
        text_sha256="",
        num_words=0,
        date_published=PUBLISHED,
        fetched_at=PUBLISHED,
        extractor_version="",
        run_id=context.run_id,
    )
    _, events, _ = read_text(revision, reader, context)
    return [event for event in events if event.event_type]


def evaluate_events(
    gold_path: Path, *, model: str | None = None, predictions: Path | None = None
) -> list[Score]:
    """Score the chain on a gold file."""
    reader = load_reader(model, None, None)
    gold = read_gold(gold_path)
    found = [predict(sentence["text"], reader) for sentence in gold]
    if predictions is not None:
        lines = [_prediction(g["id"], events) for g, events in zip(gold, found, strict=True)]
        predictions.write_text("".join(lines), encoding="utf-8")
    return score(gold, found)


def score(gold: Sequence[dict[str, Any]], found: Sequence[Sequence[EventMention]]) -> list[Score]:
    """Count how often type, actor and recipient are right; a sentence may have no event."""
    hits = dict.fromkeys(("type@1", "type", "actor", "recipient", "full"), 0)
    for sentence, events in zip(gold, found, strict=True):
        if sentence["type"] is None:  # right where nothing is found
            for name in ("type@1", "type", "full"):
                hits[name] += not events
            continue
        right = [event for event in events if event.event_type == sentence["type"]]
        hits["type@1"] += bool(events) and events[0].event_type == sentence["type"]
        hits["type"] += bool(right)
        fits = [
            (
                _names_one(
                    _named(event.actor_text, event.actor_name, event.actor_link),
                    sentence["actors"],
                ),
                _names_one(
                    _named(event.recipient_text, event.recipient_name, event.recipient_link),
                    sentence["recipients"],
                ),
            )
            for event in right
        ]
        actor, recipient = max(fits, key=sum, default=(False, False))
        hits["actor"] += actor and bool(sentence["actors"])
        hits["recipient"] += recipient and bool(sentence["recipients"])
        hits["full"] += actor and recipient
    totals = {
        "actor": sum(bool(g["actors"]) for g in gold),
        "recipient": sum(bool(g["recipients"]) for g in gold),
    }
    scores = [Score(name, n, totals.get(name, len(gold))) for name, n in hits.items()]
    return [*scores, Score("events", sum(map(len, found)), len(gold))]


def _prediction(name: str, events: Sequence[EventMention]) -> str:
    listed = [
        {
            "type": e.event_type,
            "actor": _named(e.actor_text, e.actor_name, e.actor_link),
            "recipient": _named(e.recipient_text, e.recipient_name, e.recipient_link),
        }
        for e in events
    ]
    return json.dumps({"id": name, "events": listed}, ensure_ascii=False) + "\n"


def _named(text: str | None, name: str | None, link: str | None) -> str | None:
    """Give who is meant: the words, but the antecedent of a pronoun."""
    return name if link == "coreference" and name else text


def _names_one(name: str | None, golds: Sequence[str]) -> bool:
    """Tell whether a name is one of the gold's; an empty slot of the gold is not checked."""
    return not golds or any(_same(name, gold) for gold in golds)


def _same(one: str | None, other: str) -> bool:
    """Tell whether two names share most of the shorter's content words."""
    first, second = _content(one or ""), _content(other)
    common = len(first & second)
    shorter, longer = sorted((len(first), len(second)))
    return common > 0 and common * 2 >= shorter and common * 4 >= longer


def _content(name: str) -> set[str]:
    plain = name.lower().replace("’", "'").replace("'s", "")
    return set(re.findall(r"[\w']+", plain)) - SMALL_WORDS
