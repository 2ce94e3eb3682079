"""What the functions of expressions do: implementations by overload id, operators by name.

A module a subject; each has a table ``FUNCTIONS`` of overload id to function.  An overload without an entry is declared, so
that expressions which mention it are checked, but has no value (authorization).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kplan.apiserver.cel.library import (
    addresses,
    conversions,
    formats,
    lists,
    optionals,
    quantities,
    strings,
    times,
    urls,
    versions,
)
from kplan.apiserver.cel.library.operators import OPERATORS

IMPLEMENTATIONS: dict[str, Callable[..., Any]] = {}
for _module in (addresses, conversions, formats, lists, optionals, quantities, strings, times, urls, versions):
    IMPLEMENTATIONS |= _module.FUNCTIONS

__all__ = ["IMPLEMENTATIONS", "OPERATORS"]
