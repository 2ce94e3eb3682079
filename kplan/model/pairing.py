"""Which item of one list is which of another: by the field that names them, as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_NAMES = ("name", "key", "type", "containerPort", "port", "ip", "uid")


def naming_field(a: Sequence[Any], b: Sequence[Any]) -> str | None:
    """The field that names the items on both sides, each item once; None where there is none."""
    items = [*a, *b]
    if not items or not all(isinstance(x, Mapping) for x in items):
        return None
    for field in _NAMES:
        if all(field in x for x in items) and all(len({str(x[field]) for x in side}) == len(side) for side in (a, b)):
            return field
    return None


def pairing(old: Sequence[Any], new: Sequence[Any]) -> list[int | None]:
    """For every item of ``new`` the index of its counterpart in ``old``, or None where it is new.

    Items without a name pair with an equal one, else with whatever is left at their own place.

    >>> pairing([{"name": "web"}], [{"name": "proxy"}, {"name": "web"}])
    [None, 0]
    >>> pairing(["--a", "--b"], ["--b", "--c"])
    [1, None]
    """
    field = naming_field(old, new)
    if field is not None:
        places = {str(x[field]): i for i, x in enumerate(old)}
        return [places.get(str(x[field])) for x in new]
    found: list[int | None] = []
    free = list(range(len(old)))
    for x in new:
        equal = next((i for i in free if old[i] == x), None)
        found.append(equal)
        if equal is not None:
            free.remove(equal)
    return [j if j is not None else i if i in free else None for i, j in enumerate(found)]
