"""Make the names of one article agree with each other.

In: an article's tokens and the names found in them. Out: names again, in order, none overlapping:
- `set_bounds`: a name ends before a line break, and where whole words end: `Han Ji-won`,
  `Washington, D.C.`, without the party of `D-Ohio`; what an acronym in brackets stands for is one
  name;
- `hints`, for a recogniser that can read its scores again: what the other mentions of the same
  words say. Where it was in doubt they decide, where it was sure they do not;
- `agree`, for one that only tells its names: the same words have one label, the one most of them
  were given, and words which are a name elsewhere, and were missed, are that name here too.
For both, standing behind `near` or `outside` speaks for a place and against a person; one word that
is the last of a known person's name is that person; capitals, as in a dateline, are no other name.
Words that are part of a longer run of capitalised words are left, and a single word the article
also has in lower case. Nothing is rejected. A recogniser reads a window of a few words and so
forgets what it called a name a paragraph ago. What they are worth: `transforms/model/README.md`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

PERSON = "PERSON"
PLACE = "GPE"
ORGANISATION = "ORG"
LONGEST_LINK = 3  # letters of a word that an acronym leaves out: of, and, the
CAPITAL = ("Washington", ",", "D.C.")
LOCATIVES = frozenset({"near", "outside", "inside", "across", "throughout"})
GENITIVES = ("'s", "’s", "'", "’")
SHORTEST_IN_CAPITALS = 4  # shorter ones may be an abbreviation of something else
ARTICLES = frozenset({"the", "a", "an"})
HINT = 1.0  # logits that another mention adds to the scores of its label
MOST_HINT = 2.0
# Capitalised words beside a name that do not make it part of a longer one.
BESIDE_WORDS = """
a after all also an and as at before but by during for from he her his if in into it its last near
no not of on or our over she since so some that the their then there they this those through to
under until we were what when where which while who why with yet you
president minister mr mrs ms dr prime general colonel king queen prince princess sheikh pope
senator governor ambassador judge chancellor chairman secretary spokesman spokeswoman captain
monday tuesday wednesday thursday friday saturday sunday january february march april may june
july august september october november december
"""
BESIDE = frozenset(BESIDE_WORDS.split())

Form = tuple[str, ...]
Votes = dict[Form, Counter[str]]


@dataclass(frozen=True)
class Name:
    """A name in a text: its first token, the token after its last, and its label."""

    start: int
    end: int
    label: str


def set_bounds(tokens: Sequence[str], names: Sequence[Name]) -> list[Name]:
    """Have names begin and end where their words do."""
    cut = [name for name in (_within_line(tokens, name) for name in names) if name]
    return set_edges(tokens, join_spelled_out(tokens, cut))


def agree(tokens: Sequence[str], names: Sequence[Name]) -> list[Name]:
    """Make the names of one text agree."""
    labels = decide_labels(tokens, names)
    relabelled = [
        Name(name.start, name.end, labels.get(_form(tokens, name), name.label)) for name in names
    ]
    recovered = recover_names(tokens, relabelled, labels)
    return sorted([*relabelled, *recovered], key=lambda name: name.start)


def hints(
    tokens: Sequence[str], names: Sequence[Name]
) -> Iterator[tuple[int, int, dict[str, float]]]:
    """Tell where the rest of the text speaks for another reading: span, and logits by label."""
    votes = count_votes(tokens, names)
    for form, labels in tuple(votes.items()):
        if len(form[0]) >= SHORTEST_IN_CAPITALS and (capitals := _capitals(form)) != form:
            votes[capitals] += labels
    taken = {position: name for name in names for position in range(name.start, name.end)}
    for start, end, form in find_forms(tokens, votes):
        own = taken.get(start)
        others = votes[form].copy()
        if own is not None and _form(tokens, own) == form:
            others[own.label] -= 1
            if _winner(others) in (own.label, None):
                continue
        elif _is_in_run(tokens, start, end, taken) or any(n in taken for n in range(start, end)):
            continue
        yield start, end, {label: min(HINT * n, MOST_HINT) for label, n in others.items() if n > 0}


def _within_line(tokens: Sequence[str], name: Name) -> Name | None:
    """End a name before the first line break in it."""
    end = name.start
    while end < name.end and not tokens[end].isspace():
        end += 1
    return Name(name.start, end, name.label) if end > name.start else None


def join_spelled_out(tokens: Sequence[str], names: Sequence[Name]) -> list[Name]:
    """Join the parts of what an acronym in brackets behind them stands for.

    `International Committee of the Red Cross (ICRC)` is one name.
    """
    joined = list(names)
    for place in range(2, len(tokens) - 2):
        if tokens[place] != "(" or tokens[place + 2] != ")":
            continue
        start = _spelled_from(tokens, place, tokens[place + 1])
        inside = [name for name in joined if start <= name.start and name.end <= place]
        if len(inside) > 1 and inside[-1].end == place:
            joined = [name for name in joined if name not in inside]
            joined.append(Name(start, place, ORGANISATION))
    return sorted(joined, key=lambda name: name.start)


def _spelled_from(tokens: Sequence[str], end: int, acronym: str) -> int:
    """Find where the capitalised words before `end` that spell an acronym begin; else `end`."""
    left = list(acronym) if acronym.isupper() and acronym.isalpha() else []
    for start in range(end - 1, -1, -1):
        word = tokens[start]
        if left and word[:1] == left[-1]:
            left.pop()
            if not left:
                return start
        elif not word.islower() or len(word) > LONGEST_LINK:
            break
    return end


def set_edges(tokens: Sequence[str], names: Sequence[Name]) -> list[Name]:
    """Set the edges of names where their whole words end."""
    taken = {position for name in names for position in range(name.start, name.end)}
    kept: list[Name] = []
    for name in names:
        start, end = name.start, name.end
        if end - start == 2 and _is_party(tokens[start:end]):
            continue  # D-
        if name.label == PERSON and _goes_on(tokens, end) and taken.isdisjoint({end, end + 1}):
            end += 2  # Han Ji-won
        elif name.label == PLACE and end - start > 2 and _is_party(tokens[start : start + 2]):
            start += 2  # D-Ohio
        taken.update(range(start, end))
        before = kept[-1] if kept else None
        if (
            before
            and tokens[start] == "D.C."
            and before.end == start - 1
            and tokens[start - 1] == ","
        ):
            kept[-1] = Name(before.start, end, before.label)  # Washington, D.C.
        else:
            kept.append(Name(start, end, name.label))
    return kept


def _goes_on(tokens: Sequence[str], end: int) -> bool:
    """Say whether a hyphen and a word in lower case follow, as in Korean given names."""
    return end + 1 < len(tokens) and tokens[end] == "-" and tokens[end + 1].islower()


def _is_party(tokens: Sequence[str]) -> bool:
    """Say whether these are the letter of an American party and a hyphen."""
    return len(tokens[0]) == 1 and tokens[0].isupper() and tokens[1] == "-"


def _form(tokens: Sequence[str], name: Name) -> Form:
    """Give the words of a name without its article and its genitive."""
    words = tuple(tokens[name.start : name.end])
    if len(words) > 1 and words[0].lower() in ARTICLES:
        words = words[1:]
    if len(words) > 1 and words[-1] in GENITIVES:
        words = words[:-1]
    return words


def count_votes(tokens: Sequence[str], names: Sequence[Name]) -> Votes:
    """Count how often each form has each label; a person's name votes for the surname too."""
    votes: Votes = defaultdict(Counter)
    for name in names:
        form = _form(tokens, name)
        votes[form][name.label] += 1
        if name.label in (PERSON, PLACE) and _is_behind_locative(tokens, name):
            votes[form][PLACE] += 2
    people = {form for form, labels in votes.items() if _winner(labels) == PERSON}
    for form in people:
        surname = form[-1:]
        if len(form) > 1 and surname[0][:1].isupper():
            votes[surname][PERSON] += votes[form][PERSON]
    return votes


def decide_labels(tokens: Sequence[str], names: Sequence[Name]) -> dict[Form, str]:
    """Choose a label for each form by majority; a tie is left as it was found."""
    votes = count_votes(tokens, names)
    return {form: label for form, labels in votes.items() if (label := _winner(labels))}


def _is_behind_locative(tokens: Sequence[str], name: Name) -> bool:
    """Say whether a name stands where a place does: `near Brenholt`, not `near Odran's house`."""
    before = tokens[name.start - 1].lower() if name.start else ""
    after = tokens[name.end] if name.end < len(tokens) else ""
    has_genitive = after in GENITIVES or tokens[name.end - 1] in GENITIVES
    return before in LOCATIVES and not has_genitive


def _winner(votes: Counter[str]) -> str | None:
    """Give the label with most votes, or None if two have as many."""
    ranked = votes.most_common(2)
    if len(ranked) > 1 and ranked[0][1] == ranked[1][1]:
        return None
    return ranked[0][0]


def recover_names(
    tokens: Sequence[str], names: Sequence[Name], labels: Mapping[Form, str]
) -> Iterator[Name]:
    """Find the names that were seen elsewhere in the text and missed here."""
    taken = {position for name in names for position in range(name.start, name.end)}
    wanted = dict(labels)
    for form, label in labels.items():
        if len(form[0]) >= SHORTEST_IN_CAPITALS:
            wanted.setdefault(_capitals(form), label)
    for start, end, form in find_forms(tokens, wanted):
        is_free = taken.isdisjoint(range(start, end))
        if is_free and not _is_in_run(tokens, start, end, taken):
            taken.update(range(start, end))
            yield Name(start, end, wanted[form])


def _capitals(form: Form) -> Form:
    """Give a form as a dateline or a headline has it."""
    return tuple(word.upper() for word in form)


def find_forms(tokens: Sequence[str], forms: Iterable[Form]) -> Iterator[tuple[int, int, Form]]:
    """Find where forms stand, longer ones first; not words that the text has in lower case too."""
    lower = {token for token in tokens if token.islower()}
    known: dict[str, list[Form]] = defaultdict(list)
    for form in forms:
        if form[0][:1].isupper() and not (len(form) == 1 and _is_word(form[0], lower)):
            known[form[0]].append(form)
    for each in known.values():
        each.sort(key=len, reverse=True)
    for start, token in enumerate(tokens):
        for form in known.get(token, ()):
            if tuple(tokens[start : start + len(form)]) == form:
                yield start, start + len(form), form


def _is_word(token: str, lower: set[str]) -> bool:
    """Say whether a form is too short to be told from a word, or is one in this text."""
    return len(token) < 2 or token.lower() in lower


def _is_in_run(tokens: Sequence[str], start: int, end: int, taken: Collection[int]) -> bool:
    """Say whether a capitalised word stands right beside, as in `Bank of Raqqa Province`."""
    return any(
        0 <= beside < len(tokens)
        and beside not in taken
        and tokens[beside][:1].isupper()
        and tokens[beside].lower() not in BESIDE
        for beside in (start - 1, end)
    )
