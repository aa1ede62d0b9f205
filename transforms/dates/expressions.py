"""How times are written in English news: a regular expression for each kind of expression."""

import re

NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    *("nineteen", "twenty"),
)

_GAP = r"[ \xa0]+"
_FULL_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_MONTH = rf"(?:{_FULL_MONTH}|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?)"
_WEEKDAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)"
_NUMBER = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_YEAR = r"(?:1[5-9]\d\d|20\d\d)"
_AMOUNT = r"(?:(?i:a couple of|a hundred)|\d{1,3}|(?i:an?|thirty|forty|fifty|" + (
    "|".join(NUMBERS[1:]) + "))"
)
_UNIT = r"(?:day|night|week|month|year|decade)"
_PART = r"(?:morning|afternoon|evening|night|noon|midnight|dawn|dusk)"
_EARLY = (
    r"(?:(?i:very )?(?i:late|later|early|earlier|mid)(?: on |[ -])"
    r"|(?i:the |in )?(?i:early|late|small|pre-dawn|predawn) hours (?:of|on) )"
)
_SIDE = (
    r"(?i:this past|this coming|the previous|the following|earlier this|later this"
    r"|last|next|this|past|coming)"
)
_TO = rf"(?:[ \xa0]?[-‐‑–—][ \xa0]?|{_GAP}(?:to|and|until|till|through){_GAP})"
_OF_YEAR = rf"(?:,?{_GAP}(?P<y>{_YEAR}))?"

_EXPRESSIONS = {
    "iso": rf"(?P<y>{_YEAR})-(?P<m>0[1-9]|1[0-2])-(?P<d>0[1-9]|[12]\d|3[01])",
    "day_range": (
        rf"(?P<d>{_NUMBER}){_TO}(?P<e>{_NUMBER}){_GAP}(?:of{_GAP})?(?P<m>{_MONTH}){_OF_YEAR}"
    ),
    "range_day": rf"(?P<m>{_MONTH}){_GAP}(?P<d>{_NUMBER}){_TO}(?P<e>{_NUMBER}){_OF_YEAR}",
    "month_day": (
        rf"{_EARLY}?(?:{_WEEKDAY},?{_GAP})?(?P<m>{_MONTH}){_GAP}(?P<d>{_NUMBER})(?![\d:,]\d)"
        rf"{_OF_YEAR}"
    ),
    "day_month": (
        rf"{_EARLY}?(?:{_WEEKDAY},?{_GAP})?(?:(?i:the){_GAP})?(?P<d>{_NUMBER}){_GAP}(?:of{_GAP})?(?P<m>{_MONTH})"
        rf"{_OF_YEAR}"
    ),
    "month_year": (
        rf"(?:(?i:early|late|mid)[ -])?(?P<m>{_MONTH}),?{_GAP}(?:of{_GAP})?(?P<y>{_YEAR})"
    ),
    "month": rf"(?:(?i:early|late|mid)[ -])?(?:(?P<side>{_SIDE}){_GAP})?(?P<m>{_FULL_MONTH})",
    "weekday_range": rf"(?P<w>{_WEEKDAY}){_TO}(?P<v>{_WEEKDAY})",
    "weekday": (
        rf"{_EARLY}?(?:(?P<side>{_SIDE}){_GAP})?{_EARLY}?(?P<w>{_WEEKDAY})(?:{_GAP}{_PART})?"
        rf"(?:{_GAP}(?P<week>last|this|next){_GAP}week)?"
    ),
    "near_day": (
        r"(?:(?i:late|later|early|earlier) )?(?P<near>(?i:today|tonight|yesterday|tomorrow))"
        rf"(?: {_PART})?"
        r"|(?P<near2>(?i:this (?:morning|afternoon|evening)|last night"
        r"|(?:the )?day before yesterday|(?:the )?day after tomorrow))"
    ),
    "decade": (
        r"(?:(?i:the) )?(?:(?P<part>(?i:early|late|mid))[ -])?(?:the )?"
        r"(?P<y>(?:1[5-9]|20)\d0)['’]?s"
    ),
    "ago": (
        r"(?:(?i:about|around|nearly|almost|just|some|exactly) )?"
        rf"(?P<n>{_AMOUNT}) (?P<u>{_UNIT})s? (?:ago|earlier|before|previously)"
    ),
    "ahead": (
        rf"(?i:in )(?P<n>{_AMOUNT}) (?P<u>{_UNIT})s?['’] time"
        rf"|(?P<n2>{_AMOUNT}) (?P<u2>{_UNIT})s? (?:later|from now)"
    ),
    "weekend": rf"(?i:(?:over |at |on |during )?(?P<side>{_SIDE}|the) weekend)",
    "period": (
        rf"(?:(?i:early|late|earlier|later) )?(?P<side>{_SIDE}) (?P<u>week|month|year|decade)"
    ),
    "season": rf"(?P<side>{_SIDE}) (?P<s>spring|summer|autumn|fall|winter)",
    "season_year": (
        rf"(?:(?i:the) )?(?P<s>(?i:spring|summer|autumn|fall|winter)) (?:of )?(?P<y>{_YEAR})"
    ),
    "month_range": rf"(?P<m>{_FULL_MONTH}){_TO}(?P<n>{_FULL_MONTH}){_OF_YEAR}",
    "year_pair": rf"(?P<y>{_YEAR})[-/–](?P<z>\d\d)",
    "year_range": rf"(?P<y>{_YEAR}){_TO}(?P<z>{_YEAR})",
    "year": rf"(?:(?i:early|late|mid)[ -])?(?P<y>{_YEAR})",
}
PATTERNS = {kind: re.compile(rf"(?<![\w.$£€])(?:{p})(?![\w])") for kind, p in _EXPRESSIONS.items()}
