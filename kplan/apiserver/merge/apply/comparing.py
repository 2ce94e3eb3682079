"""Which fields differ between two values.

Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/compare.go
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kplan.apiserver.merge.apply import elements
from kplan.apiserver.merge.apply.checking import item_element, kind_of
from kplan.apiserver.merge.apply.fields import FieldPath, Fields
from kplan.apiserver.merge.apply.shape import Listing, Shape, Struct

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "ABSENT"})()
"""No value, where null is one."""


def equal(a: Any, b: Any) -> bool:
    """Deep equality; whole and other numbers are compared as numbers."""
    if isinstance(a, Mapping):
        return isinstance(b, Mapping) and a.keys() == b.keys() and all(equal(v, b[k]) for k, v in a.items())
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(equal, a, b))
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


@dataclass(slots=True)
class Comparison:
    """What the right value changed of the left one."""

    removed: Fields = field(default_factory=Fields)
    modified: Fields = field(default_factory=Fields)
    added: Fields = field(default_factory=Fields)

    def without(self, ignored: Fields) -> Comparison:
        """The comparison without some fields and all below them."""
        return Comparison(self.removed.without(ignored), self.modified.without(ignored), self.added.without(ignored))


def compare(left: Any, right: Any, shape: Shape) -> Comparison:
    """Which fields the right value removed, modified and added."""
    out = Comparison()
    _Walk(out).visit(left, right, shape, ())
    return out


def kinds_of(left: Any, right: Any, shape: Shape) -> list[str]:
    """The kinds as which two values are compared: one, or, where they differ, one after the other."""
    if right is ABSENT:
        return [kind_of(shape, left)]
    theirs = kind_of(shape, right)
    if left is ABSENT or (ours := kind_of(shape, left)) == theirs:
        return [theirs]
    return [ours, theirs]


def entries(value: Any, kind: type) -> Any:
    """A map or list; nothing where the value is none."""
    return value if value is not ABSENT and isinstance(value, kind) else None


@dataclass(slots=True)
class _Walk:
    out: Comparison

    def visit(self, left: Any, right: Any, shape: Shape, path: FieldPath) -> None:
        leaf = False
        for kind in kinds_of(left, right, shape):
            leaf = self._visit_as(kind, left, right, shape, path)
        if not leaf:
            if left is ABSENT:
                self.out.added.insert(path)
            elif right is ABSENT:
                self.out.removed.insert(path)

    def _visit_as(self, kind: str, left: Any, right: Any, shape: Shape, path: FieldPath) -> bool:
        """Compare as a map, list or scalar; whether it was a leaf."""
        if kind == "map" and shape.mapping is not None:
            ours, theirs = entries(left, Mapping), entries(right, Mapping)
            if not shape.mapping.atomic and (ours or theirs):
                self._visit_map(ours or {}, theirs or {}, shape.mapping, path)
                return False
        elif kind == "list" and shape.listing is not None:
            ours, theirs = entries(left, list), entries(right, list)
            if shape.listing.associative and (ours or theirs):
                self._visit_list(ours or [], theirs or [], shape.listing, path)
                return False
        self._leaf(left, right, path)
        return True

    def _leaf(self, left: Any, right: Any, path: FieldPath) -> None:
        if left is ABSENT:
            self.out.added.insert(path)
        elif right is ABSENT:
            self.out.removed.insert(path)
        elif not equal(left, right):
            self.out.modified.insert(path)

    def _visit_map(self, left: Mapping[str, Any], right: Mapping[str, Any], mapping: Struct, path: FieldPath) -> None:
        for name in dict.fromkeys([*left, *right]):
            shape = mapping.value(name)
            if shape is not None:
                self.visit(left.get(name, ABSENT), right.get(name, ABSENT), shape, (*path, elements.field(name)))

    def _visit_list(self, left: list[Any], right: list[Any], listing: Listing, path: FieldPath) -> None:
        ours, theirs = _grouped(left, listing), _grouped(right, listing)
        for element in dict.fromkeys([*ours, *theirs]):
            self._visit_items(ours.get(element, []), theirs.get(element, []), listing.element, (*path, element))

    def _visit_items(self, left: list[Any], right: list[Any], shape: Shape, path: FieldPath) -> None:
        """Compare the items of one element: more than one on a side are compared as a whole."""
        if len(left) <= 1 and len(right) <= 1:
            self.visit(left[0] if left else ABSENT, right[0] if right else ABSENT, shape, path)
        elif len(left) >= 2 and len(right) >= 2:
            if not equal(left, right):
                self.out.modified.insert(path)
        elif len(left) >= 2:
            if right:
                self.visit(ABSENT, right[0], shape, path)
            self.out.removed.insert(path)
        else:
            if left:
                self.visit(left[0], ABSENT, shape, path)
            self.out.added.insert(path)


def _grouped(items: list[Any], listing: Listing) -> dict[str, list[Any]]:
    out: dict[str, list[Any]] = {}
    for item in items:
        out.setdefault(item_element(item, listing), []).append(item)
    return out
