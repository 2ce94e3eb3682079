"""Lists and sets.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/lists.go (1.36), github.com/google/cel-go/ext/{lists,sets}.go (0.26)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from kplan.apiserver.cel.library.operators import add, compare
from kplan.apiserver.cel.values import Duration, EvaluationError, Uint, contains, equal, type_name

Items = list[Any]
_MAX_RANGE = 1_000_000


def _is_sorted(items: Items) -> bool:
    return all(compare(a, b) <= 0 for a, b in pairwise(items))


def _extreme(name: str, prefer: int) -> Callable[[Items], Any]:
    def find(items: Items) -> Any:
        if not items:
            raise EvaluationError(f"{name} called on empty list")
        best = items[0]
        for item in items[1:]:
            if compare(best, item) == prefer:
                best = item
        return best

    return find


def _sum(zero: Any) -> Callable[[Items], Any]:
    def total(items: Items) -> Any:
        result = zero
        for item in items:
            result = add(result, item)
        return result

    return total


def _index_of(items: Items, value: Any) -> int:
    return next((i for i, item in enumerate(items) if equal(item, value)), -1)


def _last_index_of(items: Items, value: Any) -> int:
    return next((i for i in range(len(items) - 1, -1, -1) if equal(items[i], value)), -1)


def _slice(items: Items, start: int, end: int) -> Items:
    if start < 0 or end < 0:
        raise EvaluationError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise EvaluationError(f"cannot slice({start}, {end}), start index must be less than or equal to end index")
    if len(items) < end:
        raise EvaluationError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return items[start:end]


def _flatten(items: Items, depth: int = 1) -> Items:
    if depth < 0:
        raise EvaluationError("level must be non-negative")
    out: Items = []
    for item in items:
        if isinstance(item, (list, tuple)) and depth > 0:
            out.extend(_flatten(list(item), depth - 1))
        else:
            out.append(item)
    return out


def _sort_by(items: Items, keys: Items) -> Items:
    if len(items) != len(keys):
        raise EvaluationError(
            "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, "
            f"but got {len(items)} and {len(keys)} elements respectively"
        )
    if len({type_name(k) for k in keys}) > 1:
        raise EvaluationError("list elements must have the same type")
    def by_key(a: tuple[Any, Any], b: tuple[Any, Any]) -> int:
        return compare(a[0], b[0])

    return [item for _, item in sorted(zip(keys, items, strict=True), key=cmp_to_key(by_key))]


def _range(count: int) -> Items:
    if count > _MAX_RANGE:
        raise EvaluationError(f"lists.range({count}) is too large")
    return list(range(count))


def _distinct(items: Items) -> Items:
    out: Items = []
    for item in items:
        if not contains(out, item):
            out.append(item)
    return out


def _contains_all(items: Items, others: Items) -> bool:
    return all(contains(items, o) for o in others)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "list_a_index_of_int": _index_of,
    "list_a_last_index_of_int": _last_index_of,
    "list_slice": _slice,
    "list_flatten": _flatten,
    "list_flatten_int": _flatten,
    "lists_range": _range,
    "list_reverse": lambda items: items[::-1],
    "list_distinct": _distinct,
    "list_sets_contains_list": _contains_all,
    "list_sets_equivalent_list": lambda a, b: _contains_all(a, b) and _contains_all(b, a),
    "list_sets_intersects_list": lambda a, b: any(contains(b, item) for item in a),
    "@mapInsert_map_map": lambda target, other: _insert(target, other),
    "@mapInsert_map_key_value": lambda target, key, value: _insert(target, {key: value}),
}


def _insert(target: Any, other: Any) -> Any:
    for key in other:
        if key in target:
            raise EvaluationError(f"insert failed: key {key} already exists")
    return {**target, **other}


for _kind in ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"):
    _type = f"google.protobuf.{_kind.capitalize()}" if _kind in ("duration", "timestamp") else _kind
    FUNCTIONS[f"list_{_kind}_is_sorted_bool"] = _is_sorted
    FUNCTIONS[f"list_{_kind}_max_{_kind}"] = _extreme("max", -1)
    FUNCTIONS[f"list_{_kind}_min_{_kind}"] = _extreme("min", 1)
    FUNCTIONS[f"list_{_type}_sort"] = lambda items: _sort_by(items, items)
    FUNCTIONS[f"list_{_type}_sortByAssociatedKeys"] = _sort_by
for _kind, _zero in (("int", 0), ("uint", Uint(0)), ("double", 0.0), ("duration", Duration(0))):
    FUNCTIONS[f"list_{_kind}_sum_{_kind}"] = _sum(_zero)
