"""What an object becomes when a part of one is applied to it.

No field is removed.  A list keeps its order where the applied one says nothing else, and has the applied one's where it does.

Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/merge.go
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.merge.apply.checking import item_element
from kplan.apiserver.merge.apply.comparing import ABSENT, entries, kinds_of
from kplan.apiserver.merge.apply.shape import Listing, Shape, Struct


def merged(left: Any, right: Any, shape: Shape) -> Any:
    """Both values as one; where both set a leaf the right one's stays. ABSENT where there is nothing left."""
    kind = kinds_of(left, right, shape)[-1]
    if kind == "map" and shape.mapping is not None:
        ours, theirs = entries(left, Mapping), entries(right, Mapping)
        if not shape.mapping.atomic and (ours or theirs):
            return _merged_map(ours or {}, theirs or {}, shape.mapping)
    elif kind == "list" and shape.listing is not None:
        ours, theirs = entries(left, list), entries(right, list)
        if shape.listing.associative and (ours or theirs):
            return _Lists(ours or [], theirs or [], shape.listing).merged()
    return left if right is ABSENT else right


def _merged_map(left: Mapping[str, Any], right: Mapping[str, Any], mapping: Struct) -> Any:
    out = {}
    for name in dict.fromkeys([*left, *right]):
        shape = mapping.value(name)
        value = merged(left.get(name, ABSENT), right.get(name, ABSENT), shape) if shape is not None else left.get(name, ABSENT)
        if value is not ABSENT:
            out[name] = value
    return out or ABSENT


class _Lists:
    """Two lists that are merged item by item."""

    def __init__(self, left: list[Any], right: list[Any], listing: Listing) -> None:
        self._left, self._shape = left, listing.element
        self._ours = [item_element(item, listing) for item in left]
        self._theirs = [item_element(item, listing) for item in right]
        self._our_item: dict[str, Any] = {}
        for element, item in zip(self._ours, left, strict=True):
            # Of an item that is there twice neither is merged with the new one.
            self._our_item[element] = None if element in self._our_item else item
        self._their_item = dict(zip(self._theirs, right, strict=True))
        self._shared = [element for element in self._theirs if element in self._our_item]
        self._done: set[str] = set()
        self._out: list[Any] = []

    def merged(self) -> Any:
        """The items of both."""
        at = now = 0
        while at < len(self._ours) or now < len(self._theirs):
            if at < len(self._ours) and now < len(self._theirs):
                element = self._ours[at]
                if element == self._theirs[now]:
                    self._take(element)
                    at, now = at + 1, now + 1
                    self._shared = self._shared[1:]
                    continue
                if element in self._their_item and self._shared and self._shared[0] != element:
                    at += 1
                    continue
            if at < len(self._ours):
                element = self._ours[at]
                if element not in self._their_item:
                    self._put(merged(self._left[at], ABSENT, self._shape))
                    at += 1
                    continue
                if element in self._done:
                    at += 1
            if now < len(self._theirs):
                element = self._theirs[now]
                self._take(element)
                now += 1
                if self._shared and self._shared[0] == element:
                    self._shared = self._shared[1:]
        return self._out or ABSENT

    def _take(self, element: str) -> None:
        self._done.add(element)
        self._put(merged(self._our_item.get(element, ABSENT), self._their_item[element], self._shape))

    def _put(self, value: Any) -> None:
        if value is not ABSENT:
            self._out.append(value)
