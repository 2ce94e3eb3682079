"""A value without some of its fields.

Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/remove.go
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.merge.apply.checking import item_element, kind_of
from kplan.apiserver.merge.apply.elements import field
from kplan.apiserver.merge.apply.fields import Fields
from kplan.apiserver.merge.apply.shape import Listing, Shape, Struct


def without(value: Any, gone: Fields, shape: Shape) -> Any:
    """The value without the given list and map items; None where nothing is left."""
    kind = kind_of(shape, value)
    if kind == "map" and shape.mapping is not None:
        if not isinstance(value, Mapping) or not value or shape.mapping.atomic:
            return None
        return _map_without(value, gone, shape.mapping)
    if kind == "list" and shape.listing is not None:
        if not isinstance(value, list) or not value or not shape.listing.associative:
            return None
        return _list_without(value, gone, shape.listing)
    return value


def _inner(value: Any, gone: Fields, shape: Shape) -> Any:
    """What is left of a value of which items are removed; an emptied list or map stays."""
    left = without(value, gone, shape)
    if left is None and isinstance(value, Mapping):
        return {}
    return [] if left is None and isinstance(value, list) else left


def _map_without(value: Mapping[str, Any], gone: Fields, mapping: Struct) -> Any:
    out: dict[str, Any] = {}
    matched = False
    for name, inner in value.items():
        element = field(name)
        if element in gone.members:
            continue
        shape = mapping.value(name)
        if (below := gone.below(element)) and shape is not None:
            matched = True
            inner = _inner(inner, below, shape)
        out[name] = inner
    return out if out or matched else None


def _list_without(value: list[Any], gone: Fields, listing: Listing) -> Any:
    out: list[Any] = []
    matched = False
    for item in value:
        element = item_element(item, listing)
        if element in gone.members:
            continue
        if below := gone.below(element):
            matched = True
            item = _inner(item, below, listing.element)
        out.append(item)
    return out if out or matched else None
