"""Predicates with the spans of their roles, as a language model may leave them on a text.

In: a parsed text. Out: its frames, where the pipeline has a component that finds them. Such a
component sets the extension `Doc._.frames` to a tuple of `RoleFrame`; roles are PropBank's (ARG0,
ARG1, ARGM-TMP …). A component that finds `GIVEN` in `Doc.user_data` reads the roles of those
predicates instead of its own: so roles are scored apart from predicates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Doc

EXTENSION = "frames"
GIVEN = "given_predicates"  # indices of words


@dataclass(frozen=True)
class RoleFrame:
    """A predicate, and its roles as (first word, word after the last, role)."""

    predicate: int
    roles: tuple[tuple[int, int, str], ...]


def frames_on(doc: Doc) -> tuple[RoleFrame, ...] | None:
    """Give the frames that the model left on a text; None where it has no part for them."""
    if not doc.has_extension(EXTENSION):
        return None
    found: tuple[RoleFrame, ...] | None = doc._.get(EXTENSION)
    return found


def given_predicates(doc: Doc) -> tuple[int, ...] | None:
    """Give the predicates whose roles are asked for; None where the model is to find them."""
    given: tuple[int, ...] | None = doc.user_data.get(GIVEN)
    return given
