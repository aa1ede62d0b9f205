"""Find a named place offline: country, first-level division, region, water or city.

In goes a name as printed and the countries the article is about; out comes a `Place` with
coordinates, or None. The lists are made by `pipelines/gazetteer.py` from GeoNames, with
`seeds/countries.csv` and `seeds/regions.csv` (ours) beside them; a user's own places come first.

None is the answer to a name that fits several places equally well, and to a small or merely
similar-sounding place outside the article's countries: Sukhna in a story from Syria must not
become a Libyan village 33 degrees away. The list of names is kept as sorted lines and searched by
bisection, because building a dictionary of 200,000 names at start costs more than all look-ups.
"""

import csv
import functools
import importlib.resources
import lzma
import math
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from transforms.lists import PLACES, check_list

PLACES_FILE = "places.txt.xz"
COUNTRIES_FILE = "countries.csv"
REGIONS_FILE = "regions.csv"
NAME_CACHE = 20_000  # names asked for repeat within a run; each is searched once

# Countries whose place names reach English in many transliterations; only there is the
# looser key used, and only ahead of a context that names the country or of a large city.
FOLDED_COUNTRIES = (
    frozenset({"SYR", "LBN", "IRQ", "JOR", "PSE", "ISR", "EGY", "LBY", "TUN", "DZA", "MAR", "SDN"})
    | {"YEM", "SAU", "ARE", "OMN", "QAT", "KWT", "BHR", "IRN", "AFG", "PAK", "MRT", "SOM"}
    | {"TCD", "DJI", "TUR", "ESH"}
)
_ARTICLE = re.compile(r"\b(?:al|el|ul|as|es|ash|esh|ad|ed|az|ez|an|en|ar|er|at|et)[ -]+(?=\w)")
_DIPHTHONGS = (("ou", "u"), ("aw", "u"), ("au", "u"), ("ei", "ai"), ("ay", "ai"), ("ey", "ai"))
_VOWELS = str.maketrans({"e": "i", "o": "u", "y": "i", "q": "k"})
_DOUBLES = re.compile(r"(.)\1+")
_QUIET_END = re.compile(r"[aiuh]+(?= |$)")
_PUNCTUATION = re.compile(r"[.'’‘`ʿʾ´]")
_SPACES = re.compile(r"[\s\-‐‑–_/,]+")
_ABBREVIATED = {"st": "saint", "ste": "sainte", "mt": "mount", "ft": "fort"}

_UNIT = r"province|governorate|prefecture|oblast|region|district|county|state|city|town|village"
_TAIL = re.compile(rf"\s+(?:{_UNIT}|municipality|area|suburb|countryside)$", re.IGNORECASE)
_HEAD = re.compile(
    r"^(?:the\s+)?(?:(?:(?:capital|port|border)\s+)?"
    rf"(?:{_UNIT}|capital|port|island|strip)\s+of\s+|(?:north|south|east|west|central|"
    r"(?:north|south)(?:east|west)|(?:north|south|east|west|(?:north|south)(?:east|west))ern|mid|"
    r"upper|lower|downtown|greater|mainland|rural|nearby|neighbou?ring)[\s-]+)",
    re.IGNORECASE,
)
_THE = re.compile(r"^the\s+", re.IGNORECASE)
_POSSESSIVE = re.compile(r"['’]s?$")

# Bonuses on a scale of log10(population); tried on some sixty ambiguous names known to us
# (Georgia, Tripoli, Sukhna, Paris, Birmingham, Cordoba, Granada and their kind).
_KIND_BONUS = {"country": 3.0, "region": 2.0, "water": 2.0, "admin1": 1.0, "city": 0.0}
_CONTEXT_BONUS = 4.0
_FAME_BONUS = 2.5  # of capitals and cities of a million: Paris stays in France in news of Texas
_FAMOUS = 1_000_000
_ALIAS_MALUS = 0.7
_FOLD_MALUS = 1.5
_CLEAR_LEAD = 0.35  # the best must lead by this much (2.2 times the population)
_FAR_POPULATION = 200_000  # smallest city believed outside the article's countries
_LONE_POPULATION = 15_000  # smallest believed when the article names no country at all
_DEFAULT_POPULATION = {"country": 1_000_000, "region": 300_000, "water": 300_000, "admin1": 300_000}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place on the map; kind is country, admin1, region, water or city."""

    name: str
    kind: str
    country: str | None  # ISO 3166-1 alpha-3
    admin1: str | None
    latitude: float
    longitude: float
    population: int
    geonames_id: int | None


@functools.lru_cache(NAME_CACHE)
def plain_key(name: str) -> str:
    """Reduce a name to what two spellings of it share: no accents, marks or hyphens."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    words = _SPACES.sub(" ", _PUNCTUATION.sub("", letters)).strip().split(" ")
    return " ".join(_ABBREVIATED.get(word, word) for word in words)


def folded_key(plain: str) -> str:
    """Reduce an Arabic or Persian name further: no article, three vowels, no doubled letters."""
    folded = _ARTICLE.sub("", plain)
    folded = re.sub(r"\be(?=z{2}|s{2})|\ba(?=z{2})", "", folded)  # Ezzor: the article grown on
    for written, heard in _DIPHTHONGS:
        folded = folded.replace(written, heard)
    folded = _DOUBLES.sub(r"\1", folded.translate(_VOWELS))
    return _QUIET_END.sub("", folded).strip() or folded


@dataclass(frozen=True, kw_only=True)
class NamedPlace:
    """A place with what else it and its people are called, as lists beside GeoNames give it."""

    place: Place
    aliases: tuple[str, ...] = ()
    demonyms: tuple[str, ...] = ()
    capital: str | None = None


class Gazetteer:
    """Places by name. Make one with `load_gazetteer`."""

    def __init__(self, lines: list[str], named: Iterable[NamedPlace]) -> None:
        """Take the shipped lines (places, an empty line, sorted names) and the places beside."""
        gap = lines.index("")
        self._places = lines[:gap]
        self._names = lines[gap + 1 :]
        self._beside: dict[str, list[Place]] = {}
        self._countries: dict[str, Place] = {}
        self._country_names: dict[str, str] = {}
        self._listed_names: dict[str, str] = {}
        self._demonyms: dict[str, str] = {}
        self._adjectives: dict[str, str] = {}
        self._capitals: set[tuple[str, str | None]] = set()
        for entry in named:
            self._add(entry)
        self._cached = functools.lru_cache(NAME_CACHE)(self._find)

    def find(self, name: str, *, countries: Sequence[str] = ()) -> Place | None:
        """Find the place meant by a name in an article about these countries (ISO3)."""
        return self._cached(name, frozenset(countries))

    def country(self, iso3: str) -> Place | None:
        """Give the country with this ISO3 code."""
        return self._countries.get(iso3)

    def country_code(self, name: str) -> str | None:
        """Give the ISO3 code of the country with this name, or None."""
        return self._country_names.get(_bare(name))

    def demonym(self, word: str) -> str | None:
        """Give the ISO3 code of the country that a word such as "Syrian" belongs to."""
        return self._demonyms.get(_bare(word))

    def adjective(self, demonym: str) -> str:
        """Give the first form of a demonym, which stands for all of them: Syrian for Syrians."""
        return self._adjectives.get(_bare(demonym), demonym)

    def country_names(self) -> dict[str, str]:
        """Give every name of a country as printed, with its ISO3 code."""
        return dict(self._country_names)

    def listed_names(self) -> dict[str, str]:
        """Give every name of a place listed beside GeoNames, countries apart, with its kind."""
        return dict(self._listed_names)

    def demonyms(self) -> dict[str, str]:
        """Give every demonym as printed, with the ISO3 code of its country."""
        return dict(self._demonyms)

    def _add(self, entry: NamedPlace) -> None:
        place = entry.place
        for name in (place.name, *entry.aliases):
            for key in _keys(name, place.country):
                self._beside.setdefault(key, []).append(place)
        if place.kind == "country" and place.country:
            self._countries[place.country] = place
            names = (place.name, *entry.aliases)
            self._country_names.update(dict.fromkeys(names, place.country))
        else:
            self._listed_names.update(dict.fromkeys((place.name, *entry.aliases), place.kind))
        if place.country and entry.demonyms:
            self._demonyms.update(dict.fromkeys(entry.demonyms, place.country))
            self._adjectives.update(dict.fromkeys(entry.demonyms, entry.demonyms[0]))
        if place.country and entry.capital:
            self._capitals.add((plain_key(entry.capital), place.country))

    def _find(self, name: str, countries: frozenset[str]) -> Place | None:
        for variant in _variants(name):
            code = self._country_names.get(variant)
            candidates = self._candidates(plain_key(variant))
            if code:
                candidates[self._countries[code]] = 0.0
            if candidates:
                return _best(candidates, countries)
        return None

    def _candidates(self, key: str) -> dict[Place, float]:
        """Collect the places a key may name, each with what speaks for it or against it."""
        found: dict[Place, float] = {}
        for place in self._with_key(key):
            found[place] = self._standing(place) if plain_key(place.name) == key else -_ALIAS_MALUS
        for place in self._with_key("~" + folded_key(key)):
            found.setdefault(place, -_FOLD_MALUS)
        return found

    def _standing(self, place: Place) -> float:
        """Give what speaks for a place before all others of its name."""
        is_capital = (plain_key(place.name), place.country) in self._capitals
        is_famous = place.kind == "city" and (is_capital or place.population >= _FAMOUS)
        return _FAME_BONUS if is_famous else 0.0

    def _with_key(self, key: str) -> Iterator[Place]:
        yield from self._beside.get(key, ())
        at = bisect_left(self._names, key + "\t")
        if at < len(self._names):
            known, _, numbers = self._names[at].partition("\t")
            if known == key:
                yield from (_read_place(self._places[int(number)]) for number in numbers.split())


def _best(candidates: dict[Place, float], countries: frozenset[str]) -> Place | None:
    """Choose the place meant, or none when two fit alike or the fit is too far-fetched."""
    ranked = sorted(
        ((_score(place, standing, countries), place) for place, standing in candidates.items()),
        key=lambda scored: (-scored[0], scored[1].name, scored[1].geonames_id or 0),
    )
    score, best = ranked[0]
    if best.country in countries or best.kind == "country":
        return best
    rivals = [scored for scored, other in ranked[1:] if not _same_spot(best, other)]
    if rivals and score - rivals[0] < _CLEAR_LEAD:
        return None
    is_loose = candidates[best] < 0
    needed = _FAR_POPULATION if countries or is_loose else _LONE_POPULATION
    return best if _weight(best) >= needed else None


def _score(place: Place, standing: float, countries: frozenset[str]) -> float:
    context = _CONTEXT_BONUS if place.country in countries else 0.0
    return math.log10(_weight(place) + 1) + _KIND_BONUS[place.kind] + context + standing


def _weight(place: Place) -> int:
    return place.population or _DEFAULT_POPULATION.get(place.kind, 0)


def _same_spot(one: Place, other: Place) -> bool:
    """Tell whether two entries are one spot: a city and the province named after it."""
    near = abs(one.latitude - other.latitude) + abs(one.longitude - other.longitude) < 1.5
    return near and one.country == other.country


def _variants(name: str) -> Iterator[str]:
    """Yield the name, then without what is said around it: "the", "'s", "province", "eastern"."""
    bare = _bare(name)
    yield bare
    for pattern in (_TAIL, _HEAD):
        shorter = pattern.sub("", bare)
        if shorter != bare and shorter[:1].isupper():
            yield shorter
            bare = shorter


def _bare(name: str) -> str:
    return _THE.sub("", _POSSESSIVE.sub("", " ".join(name.split())))


def _keys(name: str, country: str | None) -> Iterator[str]:
    key = plain_key(name)
    yield key
    if country in FOLDED_COUNTRIES:
        yield "~" + folded_key(key)


def _read_place(line: str) -> Place:
    name, kind, country, admin1, latitude, longitude, population, number = line.split("\t")
    return Place(
        name=name,
        kind=kind,
        country=country or None,
        admin1=admin1 or None,
        latitude=float(latitude),
        longitude=float(longitude),
        population=int(population),
        geonames_id=int(number) if number else None,
    )


def _split(joined: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in joined.split(";") if name.strip())


def read_places(lines: Iterable[str]) -> Iterator[NamedPlace]:
    """Read places as a user may list them: name,kind,country,…,demonyms,aliases."""
    for row in csv.DictReader(lines):
        yield NamedPlace(
            place=Place(
                name=row["name"],
                kind=row["kind"],
                country=row["country"] or None,
                admin1=row["admin1"] or None,
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
                population=int(row["population"] or 0),
                geonames_id=None,
            ),
            aliases=_split(row["aliases"]),
            demonyms=_split(row["demonyms"]),
        )


def read_countries(lines: Iterable[str], shipped: Sequence[str]) -> Iterator[NamedPlace]:
    """Read the countries' names and join each to its place among the shipped lines."""
    places = {place.country: place for place in map(_read_place, shipped)}
    for row in csv.DictReader(lines):
        yield NamedPlace(
            place=replace(places[row["iso3"]], name=row["name"]),
            aliases=tuple(alias for alias in _split(row["aliases"]) if not alias.endswith("*")),
            demonyms=_split(row["demonyms"]),
            capital=row["capital"],
        )


@functools.lru_cache(maxsize=4)
def load_gazetteer(extra: str | None = None) -> Gazetteer:
    """Load the shipped places, with those of a user's CSV file before them; kept in memory."""
    seeds = importlib.resources.files("seeds")
    lines = lzma.decompress((seeds / PLACES_FILE).read_bytes()).decode().split("\n")
    countries = (seeds / COUNTRIES_FILE).read_text("utf-8").splitlines()
    regions = (seeds / REGIONS_FILE).read_text("utf-8").splitlines()
    named = [*read_countries(countries, lines[: len(countries) - 1]), *read_places(regions)]
    if extra is not None:
        named += read_places(check_list(extra, PLACES))
    return Gazetteer(lines, named)
