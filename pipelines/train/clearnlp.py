"""Turn Universal Dependencies trees into ClearNLP ones, the scheme of spaCy's English rules.

In: one sentence's words with UD heads and relations. Out: for each word its head (its own index
for the root) and its ClearNLP label. Nothing is rejected: a UD tree always gives one tree.

The schemes differ in what is the head: UD lets content words govern, so that prepositions,
copulas and first names hang below; ClearNLP turns these round (`in` governs `Paris`, `is`
governs `ready`, the last word of a name governs the first). Each step below turns one of them,
and the last one renames what is left. `noun_chunks` and the event rules read the result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

ROOT = -1

SPEECH_VERBS = """
acknowledge add announce argue ask claim comment conclude confirm continue declare explain insist
note observe recall remark reply report respond say state suggest tell think warn write
"""
SPEECH = frozenset(SPEECH_VERBS.split())
# What stays with a predicate noun or adjective when its copula becomes the head.
NOMINAL = """
det det:predet amod nmod nmod:poss nmod:unmarked nmod:desc compound nummod case acl acl:relcl
appos fixed flat goeswith cc:preconj
"""
OF_THE_NOUN = NOMINAL.split()
OF_THE_ADJECTIVE = ["obl", "obl:unmarked", "xcomp", "ccomp", "advcl", "csubj"]
SMALL = ["punct", "cc", "discourse", "mark", "advmod", "det"]
COPULAR = ["become", "remain", "seem", "look", "feel", "sound", "appear", "stay", "prove", "turn"]

RENAMED = {
    "acl:relcl": "relcl",
    "advcl:relcl": "advcl",
    "aux:pass": "auxpass",
    "cc:preconj": "preconj",
    "compound:prt": "prt",
    "csubj:outer": "csubj",
    "csubj:pass": "csubjpass",
    "det:predet": "predet",
    "discourse": "intj",
    "dislocated": "dep",
    "fixed": "advmod",
    "flat": "compound",
    "goeswith": "dep",
    "iobj": "dative",
    "list": "dep",
    "nmod:desc": "compound",
    "nmod:poss": "poss",
    "nmod:unmarked": "npadvmod",
    "nsubj:outer": "nsubj",
    "nsubj:pass": "nsubjpass",
    "obj": "dobj",
    "obl": "npadvmod",
    "obl:agent": "agent",
    "obl:unmarked": "npadvmod",
    "orphan": "dep",
    "reparandum": "dep",
    "root": "ROOT",
    "vocative": "npadvmod",
}


@dataclass(frozen=True)
class Word:
    """A word of a treebank sentence; `head` counts from 0, and ROOT is no word."""

    form: str
    lemma: str
    pos: str
    tag: str
    morph: str
    head: int
    relation: str
    is_spaced: bool = True


class Tree:
    """The heads and relations of one sentence while they are being turned."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = words
        self.heads = [word.head for word in words]
        self.relations = [word.relation for word in words]

    def children(self, head: int, *relations: str) -> list[int]:
        """List what hangs on a word, left to right, of these relations or of all."""
        return [
            child
            for child, its_head in enumerate(self.heads)
            if its_head == head and (not relations or self.relations[child] in relations)
        ]

    def attach(self, child: int, head: int, relation: str) -> None:
        """Hang a word on another."""
        self.heads[child] = head
        self.relations[child] = relation

    def replace(self, old: int, new: int) -> None:
        """Put a word in another's place below that one's head."""
        self.attach(new, self.heads[old], self.relations[old])

    def extent(self, top: int) -> tuple[int, int]:
        """Give the first and last word of the subtree."""
        first = last = top
        waiting = [top]
        while waiting:
            word = waiting.pop()
            first, last = min(first, word), max(last, word)
            waiting.extend(self.children(word))
        return first, last


def turn_names(tree: Tree) -> None:
    """Make the last word of a flat name its head: `Assad` over `Bashar`."""
    for first in range(len(tree.words)):
        flat = tree.children(first, "flat")
        if not flat:
            continue
        last = flat[-1]
        tree.replace(first, last)
        for child in tree.children(first):
            if child != last:
                tree.attach(child, last, tree.relations[child])
        for part in [first, *flat[:-1]]:
            tree.attach(part, last, "compound")


def chain_conjuncts(tree: Tree) -> None:
    """Hang each conjunct on the one before it, and `and` on the conjunct before it."""
    for first in range(len(tree.words)):
        before = first
        for conjunct in tree.children(first, "conj"):
            for word in tree.children(conjunct, "cc", "punct"):
                if before < word < conjunct:
                    tree.heads[word] = before
            tree.heads[conjunct] = before
            before = conjunct


def turn_copulas(tree: Tree) -> None:
    """Make `is` the head of what is said: `ready` becomes its acomp, `the leader` its attr."""
    copulas = [word for word, relation in enumerate(tree.relations) if relation == "cop"]
    for copula in reversed(copulas):  # the outer one of "The hope is that it is over" comes first
        predicate = tree.heads[copula]
        kept = _kept_by(tree, predicate, copula)
        children = tree.children(predicate)
        tree.replace(predicate, copula)
        label = {"ADJ": "acomp", "ADV": "advmod"}.get(tree.words[predicate].pos, "attr")
        if tree.words[predicate].pos in ("VERB", "AUX"):
            label = "ccomp"
        tree.attach(predicate, copula, label)
        for child in children:
            if child != copula and child not in kept:
                tree.heads[child] = copula


def _kept_by(tree: Tree, predicate: int, copula: int) -> set[int]:
    """Find which children stay with a predicate: its own modifiers, not the clause's."""
    if tree.words[predicate].relation == "cop":
        return {child for child in tree.children(predicate) if child > copula}
    own = OF_THE_NOUN
    if tree.words[predicate].pos in ("ADJ", "ADV"):
        own = OF_THE_NOUN + OF_THE_ADJECTIVE
    kept = set()
    for child in tree.children(predicate):
        relation = tree.relations[child]
        inside = copula < child < predicate or child < predicate < copula
        adverb = relation == "advmod" and inside and tree.words[child].lemma != "not"
        shared = relation in ("conj", "cc") and child > predicate and not _is_clause(tree, child)
        after = child > copula or relation in OF_THE_NOUN
        if adverb or shared or (relation in own and after):
            kept.add(child)
    if not any(tree.relations[child] == "conj" for child in kept):
        kept -= set(tree.children(predicate, "cc"))
    end = max(kept, default=predicate)
    return kept | {mark for mark in tree.children(predicate, "punct") if predicate < mark < end}


def _is_clause(tree: Tree, word: int) -> bool:
    """Say whether a conjunct is a clause of its own."""
    subjects = ("nsubj", "nsubj:pass", "csubj", "expl", "cop", "aux", "aux:pass")
    is_verb = tree.words[word].pos in ("VERB", "AUX")
    return is_verb or bool(tree.children(word, *subjects))


def turn_prepositions(tree: Tree) -> None:
    """Make a preposition the head of its noun: `prep` (or `agent`) over `pobj`."""
    for noun in range(len(tree.words)):
        cases = [c for c in tree.children(noun, "case") if tree.words[c].tag != "POS"]
        if not cases or _is_quantity(tree, noun):
            continue
        relation = tree.relations[noun]
        head = tree.heads[noun]
        first = cases[0]
        tree.attach(first, head, _preposition_label(relation))
        if relation == "conj" and tree.relations[head] in ("pobj", "pcomp"):
            tree.heads[first] = tree.heads[head]
            for word in tree.children(head, "cc"):
                if head < word < first:
                    tree.heads[word] = tree.heads[head]
        for before, after in pairwise(cases):
            tree.attach(after, before, "prep")
        is_verb = tree.words[noun].pos in ("VERB", "AUX")
        tree.attach(noun, _innermost(tree, cases[-1]), "pcomp" if is_verb else "pobj")
        _leave_outside(tree, noun, first)


def _is_quantity(tree: Tree, noun: int) -> bool:
    """Say whether this is the `at least` of `at least 20`, which ClearNLP leaves below."""
    head = tree.heads[noun]
    return head > noun and tree.words[head].pos == "NUM"


def _preposition_label(relation: str) -> str:
    """Name the relation of a preposition by that which its noun had."""
    if relation in ("root", "conj", "appos", "parataxis", "list"):
        return relation
    return "agent" if relation == "obl:agent" else "prep"


def _innermost(tree: Tree, preposition: int) -> int:
    """Turn `according to`, `out of` into a chain and give its last preposition."""
    for word in tree.children(preposition, "fixed"):
        if tree.words[word].tag in ("IN", "TO") and tree.words[preposition].lemma != "because":
            tree.attach(word, preposition, "prep")
            preposition = word
    return preposition


def _leave_outside(tree: Tree, noun: int, preposition: int) -> None:
    """Hang on the preposition what stands before it: punctuation and adverbs (`shortly after`)."""
    for child in tree.children(noun):
        if child < preposition and tree.relations[child] in ("punct", "advmod", "cc"):
            tree.heads[child] = preposition


def turn_gerunds(tree: Tree) -> None:
    """Make the preposition of `after taking` the head: prep over pcomp."""
    for verb, word in enumerate(tree.words):
        marks = [m for m in tree.children(verb, "mark") if tree.words[m].tag == "IN"]
        relations = ("advcl", "acl", "ccomp", "xcomp", "conj")
        if word.tag != "VBG" or not marks or tree.relations[verb] not in relations:
            continue
        if tree.children(verb, "nsubj", "nsubj:pass", "aux"):
            continue
        relation = tree.relations[verb]
        head = tree.heads[verb]
        if relation == "conj" and tree.relations[head] == "pcomp":
            head = tree.heads[head]
        tree.attach(marks[0], head, "conj" if relation == "conj" else "prep")
        tree.attach(verb, _innermost(tree, marks[0]), "pcomp")
        _leave_outside(tree, verb, marks[0])


def turn_speech(tree: Tree) -> None:
    """Make a verb of saying at the edge the head of what is said, as its ccomp."""
    for verb, relation in enumerate(list(tree.relations)):
        if relation != "parataxis" or tree.words[verb].lemma.lower() not in SPEECH:
            continue
        told = ("ccomp",) if tree.words[verb].lemma == "tell" else ("ccomp", "obj")
        if not tree.children(verb, "nsubj") or tree.children(verb, *told):
            continue
        said = tree.heads[verb]
        rest = [child for child in tree.children(said) if child != verb]
        punctuation = [child for child in rest if tree.relations[child] == "punct"]
        first, last = _extent_of(tree, said, [c for c in rest if c not in punctuation])
        verb_first, verb_last = tree.extent(verb)
        if first < verb_last and last > verb_first:
            continue
        tree.replace(said, verb)
        tree.attach(said, verb, "ccomp")
        for mark in punctuation:
            if not first <= mark <= last:
                tree.heads[mark] = verb


def _extent_of(tree: Tree, top: int, children: Sequence[int]) -> tuple[int, int]:
    """Give the first and last word below some children of a word, and the word."""
    extents = [(top, top), *(tree.extent(child) for child in children)]
    return min(first for first, _ in extents), max(last for _, last in extents)


def lift_crossing(tree: Tree) -> None:
    """Hang small words higher where their arc would cross another, as the parser cannot."""
    for child, head in enumerate(tree.heads):
        if tree.relations[child] not in SMALL:
            continue
        while head != ROOT and _is_crossed(tree, child, head):
            head = tree.heads[head]
        if head != ROOT:
            tree.heads[child] = head


def _is_crossed(tree: Tree, child: int, head: int) -> bool:
    """Say whether an arc crosses the one between a word and its head."""
    first, last = min(child, head), max(child, head)
    for word, its_head in enumerate(tree.heads):
        ends = {word, its_head} - {ROOT}
        inside = any(first < end < last for end in ends)
        if inside and any(not first <= end <= last for end in ends):
            return True
    return False


def label_rest(tree: Tree) -> None:
    """Give every relation its ClearNLP name."""
    for child, relation in enumerate(tree.relations):
        word = tree.words[child]
        head = tree.words[tree.heads[child]] if tree.heads[child] != ROOT else None
        label = RENAMED.get(relation, relation)
        if relation == "advmod" and word.lemma.lower() in ("not", "n't"):
            label = "neg"
        elif relation == "mark" and word.tag == "TO":
            label = "aux"
        elif relation == "advmod" and head is not None and head.pos == "NUM":
            label = "quantmod"
        elif relation == "xcomp" and word.pos in ("NOUN", "PROPN", "ADJ") and head is not None:
            label = _predicative(tree, child, head)
        tree.relations[child] = label.split(":")[0]


def _predicative(tree: Tree, child: int, head: Word) -> str:
    """Name a predicate without a copula: `seemed ready`, `named president`."""
    if tree.children(child, "aux", "cop", "mark"):
        return "xcomp"
    if tree.words[child].pos == "ADJ":
        return "acomp" if head.lemma in COPULAR else "oprd"
    return "attr" if head.lemma in COPULAR else "oprd"


STEPS: tuple[Callable[[Tree], None], ...] = (
    turn_names,
    chain_conjuncts,
    turn_copulas,
    turn_prepositions,
    turn_gerunds,
    turn_speech,
    lift_crossing,
    label_rest,
)


def convert_tree(words: Sequence[Word]) -> list[tuple[int, str]]:
    """Give each word's head (its own index for the root) and ClearNLP label."""
    tree = Tree(words)
    for step in STEPS:
        step(tree)
    return [
        (child if head == ROOT else head, label)
        for child, (head, label) in enumerate(zip(tree.heads, tree.relations, strict=True))
    ]
