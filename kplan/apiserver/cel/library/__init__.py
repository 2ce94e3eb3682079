"""What the functions of expressions do: implementations by overload id, operators by name.

A module a subject; each has a table ``FUNCTIONS`` of overload id to function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kplan.apiserver.cel.library import (
    addresses,
    authorization,
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
for _module in (addresses, authorization, conversions, formats, lists, optionals, quantities, strings, times, urls, versions):
    IMPLEMENTATIONS |= _module.FUNCTIONS

__all__ = ["IMPLEMENTATIONS", "OPERATORS"]
