"""Which fields a value sets.

Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/tofieldset.go
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from kplan.apiserver.merge.apply.checking import item_element, kind_of
from kplan.apiserver.merge.apply.elements import field
from kplan.apiserver.merge.apply.fields import Fields
from kplan.apiserver.merge.apply.shape import Listing, Shape, Struct


def fields_of(value: Any, shape: Shape) -> Fields:
    """Every leaf and list item that a value mentions. The value must have been checked."""
    out = Fields()
    _read(value, shape, Fields(), "", out)
    return out


def _read(value: Any, shape: Shape, parent: Fields, element: str, node: Fields) -> None:
    """Read a value into the node of its members; it is itself a member of its parent where it is a leaf."""
    kind = kind_of(shape, value)
    if kind == "map" and shape.mapping is not None:
        if shape.mapping.atomic:
            parent.members.add(element)
        elif value is not None:
            _read_map(value, shape.mapping, node)
    elif kind == "list" and shape.listing is not None:
        if not shape.listing.associative:
            parent.members.add(element)
        elif value is not None:
            _read_list(value, shape.listing, node)
    else:
        parent.members.add(element)


def _read_map(value: Mapping[str, Any], mapping: Struct, node: Fields) -> None:
    for name, inner in value.items():
        shape = mapping.value(name)
        if shape is None:
            continue
        element = field(name)
        _descend(inner, shape, node, element)
        if inner is None or (isinstance(inner, Mapping) and not inner) or not mapping.declares(name):
            node.members.add(element)


def _read_list(value: list[Any], listing: Listing, node: Fields) -> None:
    elements = [item_element(item, listing) for item in value]
    times = Counter(elements)
    for item, element in zip(value, elements, strict=True):
        if times[element] == 1:
            _descend(item, listing.element, node, element)
        node.members.add(element)


def _descend(value: Any, shape: Shape, node: Fields, element: str) -> None:
    child = Fields()
    _read(value, shape, node, element, child)
    if child.members or child.children:
        node.children[element] = child
