"""A warehouse of any size, made in DuckDB itself: random, but the same each time.

It has the shape of a real one: ten mentions an article and three an event, names and countries by a
power law, one article in twenty changed later, three years of news.
"""

from pathlib import Path

import duckdb

from schemas.tables import TABLES, Column, columns, duckdb_type
from transforms.warehouse import open_warehouse

COUNTRIES = ("SYR", "RUS", "UKR", "CHN", "USA", "FRA", "NGA", "MMR", "COL", "IND", "EGY", "KEN")
TYPES = (
    ("CONSULT", "04", 1, 1.0),
    ("ASSAULT", "19", 4, -10.0),
    ("PROTEST", "14", 4, -6.5),
    ("ACCUSE", "11", 3, -2.0),
    ("AID", "07", 2, 7.0),
    (None, None, None, None),
)
MENTIONS_AN_ARTICLE = 10
MENTIONS_AN_EVENT = 3
DAYS = 1000
PUBLISHERS = 300
# What a column holds, where what its type has by default will not do. `i` numbers the rows, `u` and
# `v` are random from 0 to 1; LIST starts at 1.
PUBLISHED = "TIMESTAMPTZ '2023-06-01 00:00:00+00' + TO_SECONDS(CAST({n} * 86400 AS BIGINT))"
SENTENCE = "'Forces of entity ' || i || ' shelled the town of place on Monday, officials said.'"
SHELLED = "LENGTH('Forces of entity ' || i || ' ')"  # where the act stands in the sentence
TYPE = "type_of[1 + CAST(FLOOR(6 * v * v) AS BIGINT)]"


def _id(kind: str, number: str) -> str:
    return f"MD5('{kind}' || CAST({number} AS VARCHAR))"


def _country(u: str) -> str:
    return f"country_of[1 + CAST(FLOOR({len(COUNTRIES)} * {u} * {u}) AS BIGINT)]"


def fill(path: Path, num_mentions: int) -> None:
    """Make a warehouse with so many event mentions."""
    open_warehouse(str(path)).prepare()
    articles = num_mentions // MENTIONS_AN_ARTICLE
    entities = max(articles // 4, 10)
    article = f"(i // {MENTIONS_AN_ARTICLE})"
    event = f"CAST(FLOOR(i / {MENTIONS_AN_EVENT}) AS BIGINT)"
    # mentions of one event stand in articles of the days after it
    publisher = f"CAST(FLOOR({PUBLISHERS} * u * u) AS BIGINT)"
    days_in = f"{DAYS}.0 * i / {num_mentions}"
    day = f"CAST(DATE '2023-06-01' + CAST(FLOOR({days_in}) AS INTEGER) AS DATE)"
    published = PUBLISHED.format(n=f"({DAYS}.0 * i / {articles})")
    one = f"1 + CAST(FLOOR({entities} * POW(u, 4)) AS BIGINT)"
    other = f"1 + CAST(FLOOR({entities} * POW(v, 4)) AS BIGINT)"
    revision = {
        "article_id": _id("a", "i"),
        "headline": "'Headline ' || i",
        "text": "REPEAT('w' || (i % 1000) || ' w' || (i % 997) || ' some words of a text. ', 60)",
        "num_words": "420",
        "date_published": published,
        "date_published_precision": "'minute'",
    }
    specs: dict[str, tuple[int, dict[str, str]]] = {
        "articles": (
            articles,
            {
                "article_id": _id("a", "i"),
                "canonical_url": "'http://p' || (i % 300) || '.example/' || i",
                "publisher_domain": f"'p' || {publisher} || '.example'",
                "first_seen_at": published,
            },
        ),
        "article_revisions": (
            articles,
            {**revision, "revision_id": _id("r", "i"), "change_type": "'initial'",
             "fetched_at": published},
        ),
        "event_mentions": (
            num_mentions,
            {
                "mention_id": _id("m", "i"),
                "event_id": _id("e", event),
                "article_id": _id("a", article),
                "revision_id": _id("r", article),
                "published_at": PUBLISHED.format(n=days_in),
                "sentence_text": SENTENCE,
                "sentence_start": "i % 10 * 80",
                "actor_start": "i % 10 * 80",
                "actor_end": f"i % 10 * 80 + {SHELLED} - 1",
                "trigger_start": f"i % 10 * 80 + {SHELLED}",
                "trigger_end": f"i % 10 * 80 + {SHELLED} + LENGTH('shelled')",
                "predicate": "'shell'",
                "event_type": f"({TYPE})['t']",
                "cameo_root_code": f"({TYPE})['c']",
                "quad_class": f"({TYPE})['q']",
                "goldstein_scale": f"({TYPE})['g']",
                "actor_name": f"'Entity ' || ({one})",
                "actor_entity_id": _id("n", one),
                "actor_country": _country("u"),
                "recipient_name": f"'Entity ' || ({other})",
                "recipient_entity_id": _id("n", other),
                "recipient_country": _country("v"),
                "event_date": day,
                "event_date_precision": "'day'",
                "event_date_source": "'text'",
                "place_name": "'Place ' || CAST(FLOOR(2000 * u * u) AS BIGINT)",
                "country": _country("u"),
                "latitude": "ROUND(60 * u, 2)",
                "longitude": "ROUND(120 * u, 2)",
                "polarity": "'positive'",
                "modality": "CASE WHEN v < 0.85 THEN 'asserted' ELSE 'planned' END",
                "num_killed": "CASE WHEN v > 0.8 THEN i % 20 END",
            },
        ),
        "entities": (
            entities,
            {"entity_id": _id("n", "i"), "name": "'Entity ' || i", "entity_type": "'PERSON'"},
        ),
        "entity_mentions": (
            num_mentions,
            {
                "mention_id": _id("x", "i"),
                "article_id": _id("a", article),
                "revision_id": _id("r", article),
                "entity_id": _id("n", one),
                "entity_type": "'PERSON'",
                "sentence_index": f"i % {MENTIONS_AN_ARTICLE} // 2",
                "mention_text": f"'Entity ' || ({one})",
            },
        ),
        "stories": (
            articles // 3,
            {"story_id": _id("s", "i"), "headline": "'Story ' || i"},
        ),
        "story_articles": (
            articles,
            {"article_id": _id("a", "i"), "story_id": _id("s", "i // 3")},
        ),
        "removed_blocks": (
            articles,
            {
                "block_id": _id("b", "i"),
                "article_id": _id("a", "i"),
                "revision_id": _id("r", "i"),
                "rule": "'rule ' || (i % 7)",
                "kind": "'related'",
                "text": "'Read more ' || (i % 500)",
            },
        ),
        "rejections": (
            articles // 10,
            {
                "rejection_id": _id("j", "i"),
                "stage": "'fetch'",
                "reason": "CASE WHEN u < 0.5 THEN 'gone' ELSE 'paywall' END",
                "address": "'http://p.example/' || i",
            },
        ),
        "feeds": (
            500,
            {"feed_id": _id("f", "i"), "url": "'http://p' || i || '.example/feed'",
             "last_polled_at": PUBLISHED.format(n=DAYS)},
        ),
        "feed_fetches": (
            articles,
            {"fetch_id": _id("q", "i"), "feed_id": _id("f", "i % 500"), "fetched_at": published,
             "outcome": "'ok'"},
        ),
        "entries": (
            articles,
            {"entry_id": _id("y", "i"), "feed_id": _id("f", "i % 500"),
             "first_seen_at": published},
        ),
    }  # fmt: skip
    changed = {
        **revision,
        "revision_id": _id("z", "i"),
        "change_type": "CASE WHEN u < 0.9 THEN 'correction' ELSE 'withdrawn' END",
        "fetched_at": f"{published} + INTERVAL 1 DAY",
    }
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET threads = 1")  # or the random numbers come in another order
        connection.execute("SELECT SETSEED(0.5)")
        for table, (number, given) in specs.items():
            connection.execute(_insert(table, f"RANGE({number})", given))
        connection.execute(_insert("article_revisions", f"RANGE(0, {articles}, 20)", changed))


def _insert(table: str, rows: str, given: dict[str, str]) -> str:
    names = [column.name for column in columns(TABLES[table])]
    values = [f"{_value(column, given)} AS {column.name}" for column in columns(TABLES[table])]
    countries = ", ".join(f"'{code}'" for code in COUNTRIES)
    types = ", ".join(
        f"{{'t': {_text(t)}, 'c': {_text(c)}, 'q': {q or 'NULL'}, 'g': {g or 'NULL'}}}"
        for t, c, q, g in TYPES
    )
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM ("
        f"SELECT range AS i, RANDOM() AS u, RANDOM() AS v, [{countries}] AS country_of, "
        f"[{types}] AS type_of FROM {rows})"
    )


def _value(column: Column, given: dict[str, str]) -> str:
    if column.name in given:
        return given[column.name]
    if column.is_repeated:
        return f"CAST([] AS {duckdb_type(column)})"
    if not column.is_required:
        return "NULL"
    fillings = {"VARCHAR": "'x'", "BIGINT": "0", "DOUBLE": "0.0", "BOOLEAN": "FALSE"}
    return fillings.get(duckdb_type(column), "TIMESTAMPTZ '2026-03-01 00:00:00+00'")


def _text(value: str | None) -> str:
    return "NULL" if value is None else f"'{value}'"
