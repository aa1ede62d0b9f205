"""How fast DuckDB takes event mentions, and how large they are: python -m tests.bench.warehouse.

A million made-up mentions (sentences of 20 words from 6,000, three mentions an event, eight an
article, ids that are true hashes) are staged in files of 2,000 rows, as a run stages them, and
merged 50 files at a time. The clock runs while they are merged; the file is measured at the end.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from schemas.columns import content_id
from schemas.rows import EventMention
from schemas.vocabulary import Modality, Polarity, Precision
from transforms.warehouse import StagingFolder, open_warehouse
from transforms.warehouse.staging import stage

FILE_ROWS = 2_000
MERGED_FILES = 50
ACTS = (
    ("ASSAULT", "19", 4, -9.5),
    ("CONSULT", "04", 1, 1.0),
    ("ACCUSE", "11", 3, -2.0),
    ("PROTEST", "14", 3, -6.5),
    ("AGREE", "05", 1, 3.5),
)
START = datetime(2026, 1, 1, tzinfo=UTC)


def mentions(many: int) -> Iterator[EventMention]:
    """Make mentions, the same each time."""
    random = Random(7)
    letters = "etaoinshrdlcum"
    words = ["".join(random.choices(letters, k=random.randint(2, 9))) for _ in range(6000)]

    def word(common: int) -> str:
        return words[int(common * random.random() ** 2)]

    for n in range(many):
        article, event = content_id("article", n // 8), content_id("event", n // 3)
        actor, recipient, place = word(3000).title(), word(3000).title(), word(2000).title()
        sentence = " ".join(word(6000) for _ in range(20))
        kind, root, quad, goldstein = random.choice(ACTS)
        start = n % 8 * 140
        yield EventMention(
            mention_id=content_id("mention", n),
            event_id=event,
            article_id=article,
            revision_id=content_id(article),
            published_at=START + timedelta(minutes=n // 8),
            sentence_index=n % 8,
            sentence_text=sentence,
            sentence_start=start,
            sentence_end=start + len(sentence),
            predicate=word(800),
            trigger_text=word(1200),
            trigger_start=start + 20,
            trigger_end=start + 27,
            event_type=kind,
            cameo_root_code=root,
            quad_class=quad,
            goldstein_scale=goldstein,
            actor_text=actor,
            actor_start=start,
            actor_end=start + len(actor),
            actor_entity_id=content_id(actor),
            actor_name=actor,
            actor_country=actor[:3].upper(),
            recipient_text=recipient,
            recipient_start=start + 30,
            recipient_end=start + 30 + len(recipient),
            recipient_entity_id=content_id(recipient),
            recipient_name=recipient,
            event_date=(START + timedelta(minutes=n // 8)).date(),
            event_date_precision=Precision.DAY,
            event_date_source="text",
            place_name=place,
            country=place[:3].upper(),
            latitude=len(place) * 7.3,
            longitude=len(place) * 11.1,
            polarity=Polarity.POSITIVE,
            modality=Modality.REPORTED,
            model_version="shipped",
            ruleset_version="1",
            run_id="20260101T000000Z-00000000",
        )


def main() -> None:
    """Measure, and print the figures beside their aims."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentions", type=int, default=1_000_000)
    many = parser.parse_args().mentions
    with tempfile.TemporaryDirectory() as folder:
        staging = StagingFolder(Path(folder) / "stage")
        warehouse = open_warehouse(f"{folder}/w.duckdb")
        warehouse.prepare()
        wall = cpu = 0.0
        rows: list[EventMention] = []
        for n, mention in enumerate(mentions(many), start=1):
            rows.append(mention)
            if n % FILE_ROWS == 0 or n == many:
                stage(staging.path, "event_mentions", rows)
                rows = []
            if n % (FILE_ROWS * MERGED_FILES) == 0 or n == many:
                began, used = time.perf_counter(), time.process_time()
                warehouse.merge(staging.ready(complete=True))
                wall += time.perf_counter() - began
                cpu += time.process_time() - used
        assert warehouse.query("SELECT COUNT(*) FROM event_mentions").rows == [(many,)]
        size = Path(f"{folder}/w.duckdb").stat().st_size
    print(f"event mentions merged: {many / wall:,.0f} rows/s, aim 50,000 ({wall:.1f} s)")
    print(f"processor time: {cpu / many * 1e6:.1f} µs a row")
    print(f"file: {size / many:.0f} bytes a row, aim under 250")


if __name__ == "__main__":
    main()
