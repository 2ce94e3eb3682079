"""The quick reader of everyday YAML (not written yet: declines everything)."""

from __future__ import annotations

from typing import Any


class Declined(Exception):
    """The text is beyond the quick reader; nothing is said about whether it is right."""


def read_lines(text: str) -> Any:
    """The JSON value of a document, quickly.

    Raises: Declined where the exact reader must decide.
    """
    raise Declined
