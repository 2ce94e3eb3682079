"""Whether a value has its type's shape.

Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/{validate,helpers}.go
Differs: where a map holds a key that is not declared, keys after it in the file are not looked at; the server goes through a map
         in no particular order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.merge.apply.elements import field, index, key, shown, value_element
from kplan.apiserver.merge.apply.shape import BOOLEAN, NUMERIC, STRING, Listing, Shape, Struct
from kplan.model.gotext import go_syntax, go_text, go_type


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, and where."""

    message: str
    path: str = ""

    def under(self, element: str) -> Mistake:
        """The mistake as seen from outside of an element."""
        return Mistake(self.message, shown(element) + self.path)

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class BadItem(ValueError):
    """An item of a list that cannot be told from others."""


def told(mistakes: list[Mistake]) -> str:
    """The mistakes in one text."""
    if len(mistakes) == 1:
        return str(mistakes[0])
    return "\n".join(["errors:", *(f"  {mistake}" for mistake in mistakes)])


def kind_of(shape: Shape, value: Any) -> str:
    """Which of its shape's kinds a value is: map, scalar or list; where it is none, the first there is."""
    if isinstance(value, Mapping):
        if shape.mapping is not None:
            return "map"
    elif isinstance(value, list):
        if shape.listing is not None:
            return "list"
    elif value is not None and shape.scalar:
        return "scalar"
    if shape.mapping is not None:
        return "map"
    return "scalar" if shape.scalar else "list"


def check(value: Any, shape: Shape, duplicates: bool = False) -> list[Mistake]:
    """What is wrong with a value; ``duplicates`` allows an item twice."""
    return list(_check(value, shape, duplicates))


def _check(value: Any, shape: Shape, duplicates: bool) -> Iterator[Mistake]:
    kind = kind_of(shape, value)
    if value is None:
        return
    if kind == "scalar":
        if (wrong := scalar_mistake(shape.scalar, value)) is not None:
            yield wrong
    elif kind == "map" and shape.mapping is not None:
        if isinstance(value, Mapping):
            yield from _check_map(value, shape.mapping, duplicates)
        else:
            yield Mistake(f"expected map, got &{{{go_text(value)}}}")
    elif shape.listing is not None:
        if isinstance(value, list):
            yield from _check_list(value, shape.listing, duplicates)
        else:
            yield Mistake(f"expected list, got &{{{go_text(value)}}}")


def scalar_mistake(scalar: str, value: Any) -> Mistake | None:
    """What is wrong with a scalar; null is any."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None:
        return None
    if scalar == NUMERIC:
        return None if number else Mistake(f"expected numeric (int or float), got {go_type(value)}")
    if scalar == STRING:
        return None if isinstance(value, str) else Mistake(f"expected string, got &value.valueUnstructured{{Value:{go_syntax(value)}}}")
    if scalar == BOOLEAN:
        return None if isinstance(value, bool) else Mistake(f"expected boolean, got &{{{go_text(value)}}}")
    return Mistake(f"expected any scalar, got &{{{go_text(value)}}}") if isinstance(value, list | Mapping) else None


def _check_map(value: Mapping[str, Any], mapping: Struct, duplicates: bool) -> Iterator[Mistake]:
    for name, inner in value.items():
        shape = mapping.value(name)
        if shape is None:
            yield Mistake("field not declared in schema").under(field(name))
            return
        for mistake in _check(inner, shape, duplicates):
            yield mistake.under(field(name))


def _check_list(value: list[Any], listing: Listing, duplicates: bool) -> Iterator[Mistake]:
    seen: set[str] = set()
    for position, item in enumerate(value):
        if listing.associative:
            try:
                element = item_element(item, listing)
            except BadItem as wrong:
                yield Mistake(f"element {position}: {wrong}")
                return
            if element in seen and not duplicates:
                yield Mistake(f"duplicate entries for key {shown(element)}")
            seen.add(element)
        else:
            element = index(position)
        for mistake in _check(item, listing.element, duplicates):
            yield mistake.under(element)


def item_element(item: Any, listing: Listing) -> str:
    """The path element of an item of a list that is merged.

    Raises: BadItem.
    """
    if listing.keys:
        return _keyed(item, listing)
    if isinstance(item, Mapping):
        raise BadItem("associative list without keys has an element that's a map type")
    if isinstance(item, list):
        raise BadItem("not supported: associative list with lists as elements")
    if item is None:
        raise BadItem("associative list without keys has an element that's an explicit null")
    return value_element(item)


def _keyed(item: Any, listing: Listing) -> str:
    if item is None:
        raise BadItem("associative list with keys may not have a null element")
    if not isinstance(item, Mapping):
        raise BadItem("associative list with keys may not have non-map elements")
    given = {name: item[name] if name in item else listing.default(name) for name in listing.keys}
    found = {name: value for name, value in given.items() if value is not None or name in item}
    if not found:
        keys = " ".join(json.dumps(name) for name in listing.keys)
        raise BadItem(f"associative list with keys has an element that omits all key fields [{keys}] (and doesn't have default values for any key fields)")
    return key(found)
