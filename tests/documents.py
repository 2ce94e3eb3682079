"""Documents that were not read from a file."""

from __future__ import annotations

from typing import Any

from kplan.load.documents import Document, Origin
from kplan.load.stream import Chunk


def as_document(value: Any) -> Document:
    """A document around a value."""
    return Document(value, "<memory>", 0, 1, Origin("<memory>", Chunk("", 0), ()))
