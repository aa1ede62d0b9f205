"""Who an argument of an event is: the actor behind a noun phrase.

Comes in: a span of a parsed text and the article's resolution. Goes out: an `Actor` with entity,
country and sector as far as the words tell, or None for a span that names nobody. The ties are
kept in `link`: name (an entity named in the phrase), role (a nationality and a role, or a role
alone: then without entity), coreference (exactly one fitting antecedent within two sentences).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from schemas.rows import Entity
from transforms.entities.known import Role, load_roles
from transforms.entities.mentions import Resolution, ResolvedMention

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

LOOK_BACK = 2  # sentences in which an antecedent is looked for
_PERSONAL = frozenset(["he", "she", "him", "her", "his", "hers", "himself", "herself"])
_NEUTER = frozenset({"it", "its", "itself"})
_PLURAL = frozenset({"they", "them", "their", "theirs", "themselves"})
_BODY_LABELS = frozenset({"ORG", "GPE"})
_NOUN_TAGS = frozenset({"NN", "NNS", "NNP", "NNPS"})
_UNITS = frozenset({"province", "city", "town", "village", "region", "district", "governorate"})
_RELATIVE = frozenset(["who", "whom", "whose", "which", "that"])
_DEFINITE = frozenset({"the", "this", "that", "these", "those"})
_NOUNS = frozenset({"compound", "nmod", "poss", "nn"})
_HYPHENS = frozenset("-‐‑")
_OWNERS = frozenset({"of", "from", "in", "for", "at"})
_BELONGING = frozenset({"of", "from"})
_PERSON, _ORG, _NATIONAL = frozenset({"PERSON"}), frozenset({"ORG"}), frozenset({"GPE", "NORP"})


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts or is acted on: the words, and who they stand for as far as that is known."""

    start: int
    end: int
    text: str
    entity_id: str | None = None
    name: str | None = None
    country: str | None = None
    sector: str | None = None
    link: str | None = None  # name, role or coreference
    entity: Entity | None = None  # the row behind entity_id


def find_actor(tokens_span: Span, resolution: Resolution, *, doc: Doc) -> Actor | None:
    """Find the actor that a noun phrase stands for; the phrase holds no conjuncts."""
    return _find(tokens_span, tokens_span.root, resolution, doc)


def _find(span: Span, head: Token, resolution: Resolution, doc: Doc) -> Actor | None:
    """Find the actor of a phrase whose head is known."""
    actor = Actor(start=span.start_char, end=span.end_char, text=span.text)
    if head.lower_ in _PERSONAL | _NEUTER | _PLURAL or head.tag_ in {"PRP", "PRP$"}:
        return _pronoun(head, actor, resolution)
    if head.lower_ in _RELATIVE and head.tag_ in {"WP", "WP$", "WDT", "IN"}:
        return _relative(head, actor, resolution, doc)
    phrase = _Phrase(span, head, resolution)
    for step in (_by_head, _by_role, _by_apposition, _by_owner):
        found = step(phrase, actor)
        if found is not None:
            return found
    return None


class _Phrase:
    """A noun phrase with its head, the mentions in it and the role its nouns tell."""

    def __init__(self, span: Span, head: Token, resolution: Resolution) -> None:
        self.span = span
        self.head = head
        self.resolution = resolution
        self.mentions = [
            mention
            for mention in resolution.mentions_in(span.start_char, span.end_char)
            if mention.start >= span.start_char
            and mention.end <= span.end_char
            and not _is_generic(mention)
        ]
        self.named = _covering(self.mentions, head)
        self.role, self.is_role_head = _role(span, head, self.mentions)

    def before_head(self, labels: frozenset[str]) -> list[ResolvedMention]:
        """Give the mentions before the head that belong to it, the nearest first."""
        head = self.head
        return [
            mention
            for mention in reversed(self.mentions)
            if mention.end <= head.idx and mention.label in labels and self._is_near(mention)
        ]

    def _is_near(self, mention: ResolvedMention) -> bool:
        """Tell whether a mention modifies the head: not "U.S.-backed", nor in a clause within."""
        doc = self.head.doc
        if doc.text[mention.end : mention.end + 1] in _HYPHENS:
            return False
        tokens = [token for token in self.span if mention.start <= token.idx < mention.end]
        return any(self.head in token.ancestors and _is_modifier(token) for token in tokens)

    def sector(self) -> str | None:
        """Give the sector that the role tells."""
        return self.role.sector if self.role else None


def _is_modifier(token: Token) -> bool:
    """Tell whether a token hangs on its noun as a modifier, not as part of a clause."""
    return token.dep_ not in {"pobj", "dobj", "nsubj", "nsubjpass"}


def _covering(mentions: Sequence[ResolvedMention], token: Token) -> ResolvedMention | None:
    end = token.idx + len(token)
    return next((m for m in mentions if m.start < end and token.idx < m.end), None)


def _is_generic(mention: ResolvedMention) -> bool:
    """Tell whether a name is a common noun in capitals, such as Parliament."""
    return mention.label == "ORG" and mention.entity is None


def _lookup(*words: str) -> Role | None:
    return load_roles().get(" ".join(words))


def _forms(token: Token) -> tuple[str, ...]:
    return (token.lemma_.lower(), token.lower_, token.lower_.removesuffix("s"))


def _role_of(token: Token) -> Role | None:
    return next((role for form in _forms(token) if (role := _lookup(form))), None)


def _role(span: Span, head: Token, mentions: Sequence[ResolvedMention]) -> tuple[Role | None, bool]:
    """Read the role of a phrase: of two words, else the head's, else of the noun before."""
    before = [token for token in span if token.i < head.i and _covering(mentions, token) is None]
    if before and before[-1].i == head.i - 1:
        for form in _forms(head):
            pair = _lookup(before[-1].lower_, form) or _lookup(before[-1].lemma_.lower(), form)
            if pair:
                return pair, True
    own = _role_of(head)
    if own is not None and not own.is_weak:
        return own, True
    stronger = (
        role
        for token in reversed(before)
        if _adds_role(token, head, mentions)
        for role in [_role_of(token)]
        if role and role.sector
    )
    title = next(stronger, None)
    if own is not None:
        return title or own, True
    return title, False


def _adds_role(token: Token, head: Token, mentions: Sequence[ResolvedMention]) -> bool:
    """Tell whether a noun before the head says what the head is: "rebel commander"."""
    hangs_on_head = token.head == head or (
        token.head.head == head and _covering(mentions, token.head) is None
    )
    is_name = _covering(mentions, head) is not None
    return hangs_on_head and (token.dep_ in _NOUNS or (is_name or _is_role(head)))


def _is_role(token: Token) -> bool:
    return _role_of(token) is not None


def _named(actor: Actor, mention: ResolvedMention, link: str = "name") -> Actor:
    entity = mention.entity
    return replace(
        actor,
        entity_id=entity.entity_id if entity else None,
        name=entity.name if entity else None,
        country=mention.country,
        sector=entity.sector if entity else None,
        link=link if entity else None,
        entity=entity,
    )


def _by_head(phrase: _Phrase, actor: Actor) -> Actor | None:
    """Take the entity the head names, with the title and nationality before it."""
    mention = phrase.named
    if mention is None:
        return None
    found = _named(actor, mention)
    if mention.label != "PERSON":
        return found
    nation = next(iter(phrase.before_head(_NATIONAL)), None)
    org = next(iter(phrase.before_head(_ORG)), None)
    country = (
        found.country or (nation.country if nation else None) or (org.country if org else None)
    )
    return replace(found, country=country, sector=found.sector or phrase.sector())


def _by_role(phrase: _Phrase, actor: Actor) -> Actor | None:
    """Take what a role noun and the names at it tell: "Hezbollah fighters", "Syrian troops"."""
    stated = _stated(phrase, actor)
    if stated is None or stated.entity_id or stated.country or not _is_definite(phrase):
        return stated
    return _coreferent(phrase, stated) or stated


def _stated(phrase: _Phrase, actor: Actor) -> Actor | None:
    """Take what a role noun and the names at it tell, without looking back."""
    if not phrase.is_role_head or phrase.role is None:
        return None
    owners = phrase.before_head(_ORG) or [*_of_phrase(phrase, _ORG)]
    if owners:
        found = _named(actor, owners[0])
        return replace(found, sector=found.sector or phrase.sector())
    nations = phrase.before_head(_NATIONAL) or [*_of_phrase(phrase, _NATIONAL)]
    people = phrase.before_head(_PERSON)
    country = next((each.country for each in (*nations, *people) if each.country), None)
    inner = None if country or people or not phrase.role.is_weak else _belonging(phrase, actor)
    if inner and (inner.entity_id or inner.sector):
        return inner
    return _with_role(phrase, actor, country)


def _with_role(phrase: _Phrase, actor: Actor, country: str | None) -> Actor:
    """Make an actor of a country and the sector that the role tells."""
    sector = phrase.sector()
    if not country or not sector:
        return replace(actor, country=country, sector=sector, link="role" if sector else None)
    entity = phrase.resolution.role_entity(country, sector)
    return replace(
        actor,
        entity_id=entity.entity_id,
        name=entity.name,
        country=country,
        sector=sector,
        link="role",
        entity=entity,
    )


def _of_phrase(phrase: _Phrase, labels: frozenset[str]) -> Iterator[ResolvedMention]:
    """Yield mentions after "of" and its like: "members of Hezbollah", "president of Syria"."""
    for preposition in phrase.head.rights:
        if preposition.lower_ not in _OWNERS:
            continue
        for inner in preposition.children:
            mention = _covering(phrase.mentions, inner)
            if mention and mention.label in labels:
                yield mention


def _by_apposition(phrase: _Phrase, actor: Actor) -> Actor | None:
    """Take the name put beside the head: "forces, known as the Syrian Democratic Forces"."""
    for child in phrase.head.children:
        for token in _beside(child):
            mention = _covering(phrase.mentions, token)
            if mention and mention.label in _PERSON | _ORG:
                return _named(actor, mention)
    return None


def _beside(child: Token) -> Iterator[Token]:
    if child.dep_ == "appos":
        yield child
    if child.dep_ in {"acl", "relcl"} and child.lemma_.lower() in {"know", "call", "name"}:
        yield from (token for token in child.subtree if token.dep_ in {"pobj", "oprd", "dobj"})


def _by_owner(phrase: _Phrase, actor: Actor) -> Actor | None:
    """Take the one a thing belongs to: "a base of the SDF forces", "Lebanese soldiers' bodies"."""
    near = phrase.before_head(_ORG | _PERSON | _NATIONAL)
    is_place = phrase.head.lemma_.lower() in _UNITS
    if near and near[0].label in _NATIONAL and not (is_place and near[0].label == "GPE"):
        return _with_role(phrase, actor, near[0].country)
    if near:
        return _named(actor, near[0])
    return _belonging(phrase, actor) or (_with_role(phrase, actor, None) if phrase.role else None)


def _belonging(phrase: _Phrase, actor: Actor) -> Actor | None:
    """Take the actor named behind "of" or "from"."""
    for preposition in phrase.head.rights:
        inner = _object(preposition) if preposition.lower_ in _BELONGING else None
        if inner is not None:
            return _inner(phrase, inner, actor)
    return None


def _object(preposition: Token) -> Token | None:
    """Give the noun that a preposition governs, if it stands behind it."""
    nouns = (token for token in preposition.rights if token.dep_ == "pobj")
    return next(nouns, None)


def _inner(phrase: _Phrase, head: Token, actor: Actor) -> Actor | None:
    span = head.doc[head.left_edge.i : head.i + 1]
    found = _find(span, head, phrase.resolution, head.doc)
    return replace(found, start=actor.start, end=actor.end, text=actor.text) if found else None


def _is_definite(phrase: _Phrase) -> bool:
    """Tell whether a phrase is no more than "the militants", which points back if anything does."""
    before = [token for token in phrase.span if token.i < phrase.head.i]
    return len(before) == 1 and before[0].lower_ in _DEFINITE


def _coreferent(phrase: _Phrase, actor: Actor) -> Actor | None:
    """Find whom "the militants" or "the group" points back to, if only one fits."""
    role, noun = phrase.role, phrase.head.lemma_.lower()
    if role is None or noun == "side":
        return None
    resolution, doc = phrase.resolution, phrase.head.doc
    if noun in _STATES:
        return _antecedent(actor, resolution, lambda mention: mention.label == "GPE")
    if noun in _ANAPHORS:
        bodies = _ANAPHORS[noun]
        return _antecedent(
            actor, resolution, lambda each: each.label == "ORG" and _sector(each) in bodies
        )
    sectors = _ALIKE.get(role.sector or "") or frozenset({role.sector})
    groups = [each for each in _groups_before(actor, resolution, doc) if each.sector in sectors]
    named = {each.entity_id: each for each in groups if each.entity_id}
    return _pointing_to([*named.values()], actor)


def _groups_before(actor: Actor, resolution: Resolution, doc: Doc) -> list[Actor]:
    """List the groups named or described before, within two sentences."""
    sentence = resolution.sentence_index(actor.start)
    found: list[Actor] = []
    for token in doc:
        if token.idx >= actor.start:
            break
        if resolution.sentence_index(token.idx) < sentence - LOOK_BACK:
            continue
        span = doc[token.left_edge.i : token.i + 1]
        phrase = _Phrase(span, token, resolution)
        words = Actor(start=span.start_char, end=span.end_char, text=span.text)
        if phrase.named and phrase.named.label == "ORG":
            found.append(_named(words, phrase.named))
        elif _is_role(token) and token.tag_ in _NOUN_TAGS:
            stated = _stated(phrase, words)
            if stated is not None:
                found.append(stated)
    return found


def _pointing_to(groups: Sequence[Actor], actor: Actor) -> Actor | None:
    """Give the actor the entity of the groups before it, if that is one."""
    if not groups or len({group.entity_id for group in groups}) != 1:
        return None
    if groups[0].entity_id is None:
        return None
    start, end, text = actor.start, actor.end, actor.text
    return replace(groups[0], start=start, end=end, text=text, link="coreference")


_STATES = frozenset({"country", "nation"})
_ARMED: frozenset[str | None] = frozenset({"REB", "UAF"})
_BODIES: frozenset[str | None] = frozenset({"REB", "UAF", "NGO", "PTY", "OPP", "CRM", "IGO", None})
_ALIKE = {"REB": _ARMED, "UAF": _ARMED}
_ANAPHORS = {
    "group": _BODIES,
    "movement": _BODIES,
    "organization": _BODIES,
    "organisation": _BODIES,
    "bloc": _BODIES,
    "agency": frozenset({"MED", "GOV", "IGO", "NGO", "SPY", None}),
    "institution": frozenset({"GOV", "IGO", "BUS", "EDU", None}),
}


def _sector(mention: ResolvedMention) -> str | None:
    return mention.entity.sector if mention.entity else None


def _pronoun(head: Token, actor: Actor, resolution: Resolution) -> Actor:
    """Resolve he, she, it or they, if only one antecedent fits; else keep the bare words."""
    found = None
    if head.lower_ in _PERSONAL:
        found = _antecedent(actor, resolution, lambda mention: mention.label == "PERSON")
    elif head.lower_ in _NEUTER:
        found = _antecedent(actor, resolution, lambda mention: mention.label in _BODY_LABELS)
    elif head.lower_ in _PLURAL:
        found = _pointing_to(_groups_before(actor, resolution, head.doc), actor)
    return found or actor


def _antecedent(
    actor: Actor, resolution: Resolution, fits: Callable[[ResolvedMention], bool]
) -> Actor | None:
    """Take the only entity that fits among those named before, within two sentences."""
    sentence = resolution.sentence_index(actor.start)
    earlier = [
        mention
        for mention in resolution.mentions
        if mention.end <= actor.start
        and mention.sentence_index >= sentence - LOOK_BACK
        and fits(mention)
    ]
    if not earlier or len({mention.entity for mention in earlier}) != 1:
        return None
    found = _named(actor, earlier[-1], link="coreference")
    return found if found.entity_id else None


def _relative(head: Token, actor: Actor, resolution: Resolution, doc: Doc) -> Actor | None:
    """Resolve who and which to the noun their clause hangs on."""
    clause = next((token for token in (head, *head.ancestors) if token.dep_ == "relcl"), None)
    if clause is None:
        return actor
    noun = clause.head
    if noun.i >= head.i:
        return actor
    found = _find(doc[noun.left_edge.i : noun.i + 1], noun, resolution, doc)
    if found is None:
        return actor
    link = "coreference" if found.entity_id else found.link
    return replace(found, start=actor.start, end=actor.end, text=actor.text, link=link)
