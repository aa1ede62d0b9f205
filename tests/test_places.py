"""The offline gazetteer: what a name means in an article about certain countries."""

import time
from pathlib import Path

import pytest

from transforms.places import folded_key, load_gazetteer, plain_key

OWN = """name,kind,country,admin1,latitude,longitude,population,demonyms,aliases
Velmark,country,XVE,,-30.5,-15.0,4000000,Velmarker;Velmarkers,Republic of Velmark
Harrowgate Bay,city,XVE,North Shore,-30.1,-15.2,82000,,Harrowgate
Paris,city,XVE,North Shore,-30.9,-15.9,900,,
River Osk,water,XVE,,-31.0,-15.0,0,,Osk
"""


@pytest.fixture
def own_places(tmp_path: Path) -> str:
    path = tmp_path / "places.csv"
    path.write_text(OWN, "utf-8")
    return str(path)


def country_of(name: str, *countries: str) -> str | None:
    place = load_gazetteer().find(name, countries=countries)
    return place.country if place else None


@pytest.mark.parametrize(
    "printed",
    ["Deir el-Zour", "Deir ez-Zor", "Deir Ezzor", "Dayr az Zawr", "Deir el-Zour province"],
)
def test_transliterations_of_one_city_meet(printed: str) -> None:
    place = load_gazetteer().find(printed, countries=("SYR",))
    assert place is not None
    assert (place.country, place.geonames_id) == ("SYR", 170794)
    assert (round(place.latitude), round(place.longitude)) == (35, 40)


def test_folding_drops_article_doubles_and_vowel_quality() -> None:
    assert folded_key(plain_key("Al-Hasakah")) == folded_key(plain_key("Hassakeh"))
    assert folded_key(plain_key("Al Ḩudaydah")) == folded_key(plain_key("Hodeidah"))


@pytest.mark.parametrize("village", ["Shaddadi", "Sukhna"])
def test_a_small_place_is_found_in_its_country_and_nowhere_else(village: str) -> None:
    assert country_of(village, "SYR", "LBN") == "SYR"
    assert country_of(village, "NOR") is None


@pytest.mark.parametrize(
    ("name", "countries", "country"),
    [
        ("Tripoli", ("LBN",), "LBN"),
        ("Tripoli", ("LBY",), "LBY"),
        ("Birmingham", (), "GBR"),
        ("Birmingham", ("USA",), "USA"),
        ("Paris", ("USA",), "FRA"),
        ("Georgia", (), "GEO"),
        ("Georgia", ("USA",), "USA"),
        ("Cordoba", ("ARG",), "ARG"),
        ("Cordoba", ("ESP",), "ESP"),
        ("Springfield", (), None),
        ("Hyderabad", ("PAK",), "PAK"),
        ("Hyderabad", ("IND",), "IND"),
    ],
)
def test_a_namesake_is_chosen_by_country_and_population(
    name: str, countries: tuple[str, ...], country: str | None
) -> None:
    assert country_of(name, *countries) == country


def test_a_state_is_a_first_level_division() -> None:
    place = load_gazetteer().find("Texas")
    assert place is not None
    assert (place.kind, place.country, place.admin1) == ("admin1", "USA", "Texas")


@pytest.mark.parametrize("printed", ["U.S.", "US", "the United States", "America", "USA"])
def test_a_country_has_many_names(printed: str) -> None:
    place = load_gazetteer().find(printed)
    assert place is not None
    assert (place.kind, place.name, place.country) == ("country", "United States", "USA")


def test_a_capital_comes_before_a_division_of_its_name() -> None:
    place = load_gazetteer().find("Washington", countries=("USA",))
    assert place is not None
    assert place.kind == "city"


def test_what_is_said_around_a_name_does_not_hide_it() -> None:
    assert country_of("eastern Syria") == "SYR"
    assert country_of("the city of Goma") == "COD"
    assert country_of("Lebanon's") == "LBN"
    assert country_of("South Sudan") == "SSD"


def test_a_demonym_leads_to_its_country() -> None:
    gazetteer = load_gazetteer()
    assert gazetteer.demonym("Lebanese") == "LBN"
    assert gazetteer.demonym("North Koreans") == "PRK"
    assert gazetteer.demonym("Western") is None
    assert gazetteer.adjective("Syrians") == "Syrian"


def test_every_country_in_the_list_has_coordinates_and_its_own_name() -> None:
    gazetteer = load_gazetteer()
    for name, code in gazetteer.country_names().items():
        place = gazetteer.country(code)
        assert place is not None
        assert -90 < place.latitude < 90, name
        assert gazetteer.country_code(name) == code


def test_a_users_country_works_like_a_real_one(own_places: str) -> None:
    gazetteer = load_gazetteer(own_places)
    assert gazetteer.demonym("Velmarkers") == "XVE"
    assert gazetteer.country_code("Republic of Velmark") == "XVE"
    bay = gazetteer.find("Harrowgate", countries=("XVE",))
    assert bay is not None
    assert (bay.name, bay.admin1, bay.population) == ("Harrowgate Bay", "North Shore", 82000)
    osk = gazetteer.find("Osk", countries=("XVE",))
    assert osk is not None
    assert osk.kind == "water"


def test_a_users_village_does_not_take_a_famous_name_elsewhere(own_places: str) -> None:
    gazetteer = load_gazetteer(own_places)
    abroad = gazetteer.find("Paris", countries=("DEU",))
    assert abroad is not None
    assert abroad.country == "FRA"


def test_nothing_is_not_a_place() -> None:
    assert load_gazetteer().find("") is None
    assert load_gazetteer().find("Hezbollah delegation") is None


def test_loading_is_quick() -> None:
    started = time.perf_counter()
    load_gazetteer.__wrapped__(None)
    assert time.perf_counter() - started < 3  # 0.2 s on an idle core
