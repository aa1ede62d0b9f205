"""Entities: who and what an article names, resolved across the article, and the actors of events.

Comes in: a parsed text with named entities. Goes out: mentions with spans, each tied to an entity
where one can be named, and for an argument of an event the actor behind its words. What cannot be
resolved keeps its span and has no entity; nothing is guessed.
"""

from transforms.entities.actors import find_actor
from transforms.entities.known import ActorList, KnownActor, Role, load_actors, load_roles
from transforms.entities.mentions import Resolution, ResolvedMention, entity_mention_rows
from transforms.entities.phrases import Actor
from transforms.entities.resolve import resolve_entities

__all__ = [
    "Actor",
    "ActorList",
    "KnownActor",
    "Resolution",
    "ResolvedMention",
    "Role",
    "entity_mention_rows",
    "find_actor",
    "load_actors",
    "load_roles",
    "resolve_entities",
]
