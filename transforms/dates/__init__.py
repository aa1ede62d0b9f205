"""Find dates in a text and resolve them against the day it was published.

Comes in: a text and its publication date, if known. Goes out: every expression that names a day
or a longer time, with its span and the first and last day it may mean. Not found: clock times,
durations ("for two weeks"), ages, and numbers that nothing marks as a year. Not resolved (`first`
is None): anything relative when the publication date is unknown, and days that do not exist.

A day is never made up: "last month" is a month from its first to its last day, and `precision`
says so. Expressions are found by regular expressions without nested repetition (time is linear
in the text) and read by our own rules, because general date parsers take the "Sunday" of a story
published on Sunday for the week before and cannot read "late on Saturday".
"""

from transforms.dates.find import DateMention, find_dates, read_date

__all__ = ["DateMention", "find_dates", "read_date"]
