"""Merged lists: finding, ordering and partitioning their elements by merge key.

A list of maps is merged by the value under the merge key, a list of scalars by the values themselves (merge key "").

Mirrors: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.merge.errors import MAP, BadPatch, bad_type, list_of_lists, no_merge_key
from kplan.apiserver.merge.values import same
from kplan.model.gotext import go_text, go_type

PATCH, DELETE = "$patch", "delete"

List = list[Any]


def element_type(*lists: List) -> str:
    """The Go type all elements of the lists share, "" where there are none.

    Raises: BadPatch where they differ, or are lists themselves.
    """
    found = ""
    for value in (v for one in lists for v in one):
        kind = go_type(value)
        if not found:
            found = kind
            if isinstance(value, list):
                raise list_of_lists()
        elif kind != found:
            raise BadPatch(f"list element types are not identical: {go_text(list(lists))}")
    return found


def as_map(value: Any) -> Mapping[str, Any]:
    """The element, which must be a map."""
    if not isinstance(value, Mapping):
        raise bad_type(MAP, value)
    return value


def key_of(element: Any, merge_key: str) -> Any:
    """The value an element is merged by.

    Raises: BadPatch where the element is no map or lacks the key.
    """
    found = as_map(element)
    if merge_key not in found:
        raise no_merge_key(found, merge_key)
    return found[merge_key]


def position(items: List, wanted: Any, merge_key: str) -> int:
    """Where an element with the same key (the same scalar) stands, -1 where there is none."""
    value = _identity(wanted, merge_key)
    return next((i for i, item in enumerate(items) if same(_identity(item, merge_key), value)), -1)


def _identity(item: Any, merge_key: str) -> Any:
    if not merge_key:
        return item
    return item.get(merge_key) if isinstance(item, Mapping) else None


def find(items: List, merge_key: str, value: Any) -> int:
    """Where the first element with that key value stands, -1 where there is none."""
    for i, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise BadPatch(f"value for key {i} is not a map")
        if merge_key in item and same(item[merge_key], value):
            return i
    return -1


def partition(merged: List, by: List, merge_key: str) -> tuple[List, List]:
    """The elements that ``by`` has too, and the others."""
    inside: List = []
    outside: List = []
    for item in merged:
        if merge_key:
            there = find(by, merge_key, key_of(item, merge_key)) >= 0
        else:
            there = any(same(item, other) for other in by)
        (inside if there else outside).append(item)
    return inside, outside


def without_deletions(items: List) -> tuple[List, List]:
    """The elements to keep, and those that say ``$patch: delete``."""
    keep: List = []
    gone: List = []
    for item in items:
        (gone if as_map(item).get(PATCH) == DELETE else keep).append(item)
    return keep, gone


def sort_by(items: List, order: List, merge_key: str) -> List:
    """The elements in the order in which ``order`` has them; deletions come last."""
    gone: List = []
    if merge_key:
        for item in (*items, *order):
            key_of(item, merge_key)
        items, gone = without_deletions(items)
    ranked = [(position(order, item, merge_key), item) for item in items]
    if all(rank >= 0 for rank, _ in ranked):
        ranked.sort(key=lambda pair: pair[0])
    else:
        _insertion_sort(ranked)
    return [item for _, item in ranked] + gone


def _insertion_sort(ranked: list[tuple[int, Any]]) -> None:
    """Elements the order does not know count as less than everything, as the real comparison has it."""
    for i in range(1, len(ranked)):
        j = i
        while j > 0 and (ranked[j][0] < 0 or ranked[j - 1][0] < 0 or ranked[j][0] < ranked[j - 1][0]):
            ranked[j], ranked[j - 1] = ranked[j - 1], ranked[j]
            j -= 1


def normalize_order(patch: List, others: List, patch_order: List, live_order: List, merge_key: str) -> List:
    """Both lists as one: each keeps its own order, and they interleave as the live list had them where it can tell."""
    right = sort_by(patch, patch_order, merge_key)
    left = sort_by(others, live_order, merge_key)
    merged: List = []
    i = j = 0
    while i < len(left) and j < len(right):
        li, ri = position(live_order, left[i], merge_key), position(live_order, right[j], merge_key)
        if 0 <= li < ri:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
    return merged + left[i:] + right[j:]


def deduplicate(items: List) -> List:
    """Each scalar once; the last element takes the place of a duplicate, as in the real one."""
    out = list(items)
    i = 0
    while i < len(out) - 1:
        j = i + 1
        while j < len(out):
            if same(out[i], out[j]):
                out[j] = out[-1]
                out.pop()
            else:
                j += 1
        i += 1
    return out


def sort_scalars(items: List) -> List:
    """Scalars by their text."""
    return sorted(items, key=go_text)


def sort_maps(items: List, merge_key: str) -> List:
    """Maps by the text of their merge key; equal ones end up in reverse, as Go's sort with ``<=`` leaves them."""
    element_type(items)
    backwards = list(reversed(items))
    return sorted(backwards, key=lambda item: go_text(as_map(item).get(merge_key)))
