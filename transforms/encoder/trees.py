"""Mend trees where what was read cannot be: two slips of the parser that change who did what.

In: the tags, heads and relations of a text's words. Out: the same lists, changed in place:
- a name that is said to modify a noun, but has an `and` of its own that joins nothing, stands
  beside it: `Odran and Zembrian troops` are two;
- a relative pronoun belongs to its own clause: in `Odran, which many fear, fights on`, `which` is
  not what is fought.
"""

from collections.abc import Sequence

NAMES = frozenset({"NNP", "NNPS"})
RELATIVES = frozenset({"WDT", "WP"})


def mend_trees(tags: Sequence[str], heads: list[int], relations: list[str]) -> None:
    """Mend the trees of a text."""
    for word, tag in enumerate(tags):
        if tag in NAMES and relations[word] == "compound":
            _set_beside(word, heads, relations)
        elif tag in RELATIVES and heads[word] > word:
            _keep_in_clause(word, heads, relations)


def _set_beside(word: int, heads: list[int], relations: list[str]) -> None:
    """Join a name to the noun behind it, where an `and` between them hangs on the name."""
    noun = heads[word]
    own = [relations[child] for child in range(word + 1, noun) if heads[child] == word]
    if "cc" not in own or "conj" in own:
        return
    heads[word] = heads[noun] if heads[noun] != noun else word
    relations[word] = relations[noun]
    heads[noun], relations[noun] = word, "conj"


def _keep_in_clause(word: int, heads: list[int], relations: list[str]) -> None:
    """Hang a pronoun on the verb of the relative clause that begins with it."""
    for verb in range(word + 1, heads[word]):
        if relations[verb] == "relcl" and heads[verb] < word:
            heads[word] = verb
            return
