"""How a column is declared, and how an id is made from content."""

import dataclasses
import hashlib
from typing import Any

ID_LENGTH = 32  # hexadecimal digits: 128 bits, no collision in any warehouse we can think of


def column(doc: str, **field_settings: Any) -> Any:
    """Declare a column with its one-sentence meaning."""
    return dataclasses.field(metadata={"doc": doc}, **field_settings)


def optional(doc: str) -> Any:
    """Declare a column that may be unknown (None, NULL)."""
    return column(doc, default=None)


def content_id(*parts: object) -> str:
    """Hash the parts to an id: the same content gives the same id in every run."""
    joined = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:ID_LENGTH]
