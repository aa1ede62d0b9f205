"""The texts of the bundled news world: what they tell, and that all of it is invented."""

import csv
import re
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from xml.etree import ElementTree

import pytest

from pipelines.demo_server import SECOND_EDITION, World, read_world
from pipelines.demo_server.pages import render_page
from pipelines.demo_server.world import Article, FeedFormat, Kind

# States, capitals and alliances whose appearance would make the world less than wholly invented.
REAL_NAMES = re.compile(
    r"\b(?:United Nations|UN|EU|European Union|NATO|Africa|America|Europe|Asia|Russia|Ukraine|China"
    r"|Israel|Gaza|Syria|Iran|Iraq|Germany|France|Britain|Spain|London|Paris|Berlin|Moscow|Beijing"
    r"|Washington|Brussels|Geneva|Reuters|AFP|BBC)\b"
)


@pytest.fixture(scope="module")
def world() -> World:
    return read_world()


def listed_names(file_name: str) -> list[str]:
    """Give the names in one of the world's own lists."""
    lines = (files("seeds") / "site" / file_name).read_text("utf-8").splitlines()
    return [row["name"] for row in csv.DictReader(lines)]


def is_story(article: Article) -> bool:
    """Say whether an address holds an English article with a text of its own."""
    first = article.editions[0]
    is_text = first.kind in (Kind.ARTICLE, Kind.MISDECLARED)
    return is_text and first.language == "en" and not article.wire


def test_the_world_has_enough_articles_sites_and_stories(world: World) -> None:
    stories = [article for article in world.articles() if is_story(article)]
    by_story = defaultdict(list)
    for article in stories:
        by_story[article.story].append(article.host)
    assert len(stories) >= 64
    assert len({article.host for article in stories}) >= 6
    running = {story for story, hosts in by_story.items() if len(hosts) >= 3}
    assert len(running) >= 12
    assert sum(len(set(by_story[story])) >= 2 for story in running) >= 12


def test_every_story_has_the_length_of_a_news_report(world: World) -> None:
    for article in world.articles():
        words = " ".join(article.editions[0].paragraphs).split()
        if is_story(article):
            assert 90 <= len(words) <= 350, (article.slug, len(words))


def test_all_articles_are_published_within_two_weeks(world: World) -> None:
    for article in world.articles():
        assert timedelta(0) <= SECOND_EDITION - article.editions[0].published <= timedelta(days=15)


def test_nothing_real_acts_in_the_world(world: World) -> None:
    for article in world.articles():
        for edition in article.editions:
            text = "\n".join((edition.headline, edition.summary, *edition.paragraphs))
            assert not REAL_NAMES.search(text), article.slug


def test_texts_use_straight_and_typographic_quotes_but_never_both(world: World) -> None:
    texts = ["\n".join(article.editions[0].paragraphs) for article in world.articles()]
    straight, curly = (sum(mark in text for text in texts) for mark in ('"', "“"))
    assert straight >= 20
    assert curly >= 20
    assert not any('"' in text and "“" in text for text in texts)


def test_datelines_come_in_several_styles(world: World) -> None:
    firsts = [
        one.editions[0].paragraphs[0] for one in world.articles() if one.editions[0].paragraphs
    ]
    styles = (r"^[A-Z ]{5,}, March \d+ - ", r"^[A-Z ]{5,} — ", r"^[A-Z ]{5,}: ", r"^[A-Z ]{5,} – ")
    agency = (r"^[A-Z ]{5,} \((?:NPA|BNS)\) [—-] ", r"^[A-Z ]{5,}, [A-Z][a-z]+ \(NPA\) — ")
    for style in (*styles, *agency):
        assert any(re.match(style, first) for first in firsts), style


def test_acronyms_are_introduced_in_brackets(world: World) -> None:
    texts = [" ".join(article.editions[0].paragraphs) for article in world.articles()]
    for acronym in ("YLF", "MBU", "DSU", "NHP"):
        assert any(f"({acronym})" in text for text in texts)


def test_the_worlds_own_lists_name_only_what_its_articles_name(world: World) -> None:
    texts = [" ".join(e.paragraphs) for article in world.articles() for e in article.editions]
    printed = "\n".join(texts).replace("’", "'")
    for name in [*listed_names("places.csv"), *listed_names("actors.csv")]:
        assert name in printed, name


def test_every_dateline_names_a_place_of_the_worlds_gazetteer(world: World) -> None:
    known = {name.upper() for name in listed_names("places.csv")}
    texts = [one.editions[0].paragraphs for one in world.articles() if one.editions[0].paragraphs]
    found = [re.match(r"([A-Z][A-Z ]{4,})(?:,| \(|:| [—–-]) ?", text[0]) for text in texts]
    places = [dateline[1] for dateline in found if dateline]
    assert len(places) >= 60
    assert set(places) <= known


def test_a_wire_text_is_the_same_on_three_sites(world: World) -> None:
    copies = defaultdict(list)
    for article in world.articles():
        if article.wire:
            copies[article.wire].append(article)
    assert len(copies) == 3
    for printed in copies.values():
        assert len({article.host for article in printed}) == 3
        assert len({article.editions[0].paragraphs for article in printed}) == 1
        assert len({article.editions[0].headline for article in printed}) == 3


def test_the_worlds_five_feed_formats_are_all_served(world: World) -> None:
    served = {feed.format for site in world.sites.values() for feed in site.feeds}
    assert served == set(FeedFormat)


def test_opml_lists_every_feed_of_the_world(world: World) -> None:
    opml = (files("seeds") / "site" / "feeds.opml").read_bytes()
    listed = {one.get("xmlUrl") for one in ElementTree.fromstring(opml).iter("outline")} - {None}
    served = {f"http://{s.host}{f.path}" for s in world.sites.values() for f in s.feeds}
    fixed = {f"http://{s.host}{f.path}" for s in world.sites.values() for f in s.fixtures}
    assert listed == served | fixed
    assert len(listed) == 11


def test_the_list_of_public_feeds_is_sound_opml() -> None:
    opml = (files("seeds") / "world.opml").read_bytes()
    links = [one.get("xmlUrl") for one in ElementTree.fromstring(opml).iter("outline")]
    addresses = [link for link in links if link is not None]
    assert len(addresses) == len(set(addresses)) >= 30
    assert all(address.startswith("https://") for address in addresses)


def test_no_page_betrays_the_story_it_belongs_to(world: World) -> None:
    for site in world.sites.values():
        for article in site.articles:
            edition, other = article.editions[0], replace(article, story="another")
            page = render_page(site, article, edition, site.page)
            assert page == render_page(site, other, edition, site.page)
