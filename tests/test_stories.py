"""Articles on one thing come into one story, whatever the order they arrive in."""

import math
import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from schemas.flow import RunContext, StoryCandidate
from schemas.rows import Story, StoryArticle
from transforms.stories import (
    MAX_SILENCE,
    MIN_SIMILARITY,
    OpenStories,
    group_stories,
    merge_candidates,
)

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
CONTEXT = RunContext(run_id="r", now=NOW)

STRIKE = ("Dockers walk out in Tarnport", "Dockers in Tarnport stopped work over night shifts.")
STRIKE_AGAIN = ("Tarnport dock strike enters second day", "Cranes stood still as dockers struck.")
FLOOD = ("River floods Verrin", "The river burst its banks at Verrin and water filled cellars.")
FLOOD_AGAIN = ("Verrin counts the cost of the flood", "Cellars in Verrin were still under water.")


def candidate(n: int, told: tuple[str, str], *names: str, hours: int = 0) -> StoryCandidate:
    return StoryCandidate(
        article_id=f"a{n}",
        headline=told[0],
        published_at=NOW + timedelta(hours=hours),
        text_sha256=f"text{n}",
        lead=told[1],
        entity_ids=names,
    )


FOUR = [
    candidate(1, STRIKE, "Tarnport", "Dockers' Union"),
    candidate(2, FLOOD, "Verrin", hours=1),
    candidate(3, STRIKE_AGAIN, "Tarnport", "Dockers' Union", hours=20),
    candidate(4, FLOOD_AGAIN, "Verrin", hours=30),
]


def stories_of(candidates: list[StoryCandidate]) -> dict[str, str]:
    rows = group_stories(candidates, context=CONTEXT)
    return {row.article_id: row.story_id for row in rows if isinstance(row, StoryArticle)}


def test_articles_on_one_thing_share_a_story() -> None:
    stories = stories_of(FOUR)
    assert stories["a1"] == stories["a3"]
    assert stories["a2"] == stories["a4"]
    assert stories["a1"] != stories["a2"]


def test_the_order_of_arrival_changes_nothing() -> None:
    shuffled = random.Random(3).sample(FOUR, k=4)
    assert stories_of(shuffled) == stories_of(FOUR)


def test_a_story_is_written_once_with_its_first_headline() -> None:
    stories = [row for row in group_stories(FOUR, context=CONTEXT) if isinstance(row, Story)]
    assert [story.headline for story in stories] == [STRIKE[0], FLOOD[0]]


def test_an_article_with_a_story_keeps_it_and_is_not_written_again() -> None:
    told = [replace(FOUR[0], story_id="s-old"), *FOUR[1:]]
    stories = stories_of(told)
    assert "a1" not in stories
    assert stories["a3"] == "s-old"


def test_a_wire_copy_joins_its_original_and_names_it() -> None:
    copy = replace(candidate(5, FLOOD, hours=9), text_sha256="text1")
    rows = list(group_stories([*FOUR, copy], context=CONTEXT))
    joined = next(r for r in rows if isinstance(r, StoryArticle) and r.article_id == "a5")
    assert joined.syndicated_from == "a1"
    assert joined.story_id == stories_of(FOUR)["a1"]


def test_a_story_that_fell_silent_is_not_taken_up_again() -> None:
    late = candidate(6, STRIKE_AGAIN, "Tarnport", "Dockers' Union", hours=24 * 30)
    assert stories_of([FOUR[0], late])["a6"] != stories_of([FOUR[0]])["a1"]


def test_of_a_stored_and_a_fresh_candidate_the_stored_one_counts() -> None:
    stored = replace(FOUR[0], story_id="s-old")
    assert merge_candidates([FOUR[0], stored]) == [stored]


def test_the_story_most_like_an_article_is_found_as_if_all_were_compared() -> None:
    chance = random.Random(5)
    stories, totals = OpenStories(), defaultdict[str, Counter[str]](Counter)
    last_at: dict[str, datetime] = {}
    found = 0
    for number in range(300):
        terms = {f"t{int(chance.paretovariate(0.2)) % 9000}" for _ in range(12)}
        vector = {term: 1 / math.sqrt(len(terms)) for term in sorted(terms)}
        at = NOW + timedelta(hours=number)
        like = {
            story: sum(total[term] for term in terms)
            / math.sqrt(len(terms) * sum(v * v for v in total.values()))
            for story, total in totals.items()
            if at - last_at[story] <= MAX_SILENCE
        }
        best = max(like.values(), default=0.0)
        similarity, story = stories.most_like(vector, at)
        if best >= MIN_SIMILARITY:
            found += 1
            assert math.isclose(similarity, best)
            assert math.isclose(like[story], best)
        else:
            assert similarity < MIN_SIMILARITY
            story = f"s{number}"
        stories.add(story, vector, at)
        totals[story].update(dict.fromkeys(terms, 1 / math.sqrt(len(terms))))
        last_at[story] = at
    assert 50 < found < 299


def test_where_every_article_has_its_story_nothing_is_grouped() -> None:
    told = [replace(one, story_id="s") for one in FOUR]
    assert list(group_stories(told, context=CONTEXT)) == []
