"""Lists and maps with a largest size, whose items are all checked: as resource.k8s.io checks its own.

Mirrors: pkg/apis/resource/validation/validation.go (validateSlice, validateSet, validateMap) (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kplan.apiserver.field import Errors, FieldPath, duplicate, too_many

ItemRule = Callable[[Any, FieldPath], Errors]


def _itself(item: Any) -> Any:
    return item


def validate_slice(items: Sequence[Any], most: int, rule: ItemRule, path: FieldPath) -> Errors:
    """A list: not too long (``most`` below 0: any length), every item fine."""
    if 0 <= most < len(items):
        yield too_many(path, len(items), most)
        return
    for i, item in enumerate(items):
        yield from rule(item, path.index(i))


def validate_set(
    items: Sequence[Any], most: int, rule: ItemRule, path: FieldPath, key: Callable[[Any], Any] = _itself
) -> Errors:
    """A list in which no two items have the same key."""
    yield from validate_slice(items, most, rule, path)
    if 0 <= most < len(items):
        return
    seen = set()
    for i, item in enumerate(items):
        if (k := key(item)) in seen:
            yield duplicate(path.index(i), k)
        seen.add(k)


def validate_map(
    entries: Mapping[str, Any], most: int, shown: int, key_rule: ItemRule, rule: ItemRule, path: FieldPath
) -> Errors:
    """A map: not too big, every key and every value fine. Keys longer than ``shown`` are shortened in paths."""
    if 0 <= most < len(entries):
        yield too_many(path, len(entries), most)
        return
    for key, value in entries.items():
        yield from key_rule(key, path)
        yield from rule(value, path.key(_truncate(key, shown)))


def _truncate(text: str, most: int) -> str:
    most = max(most, 16)
    if len(text) <= most:
        return text
    left = most - 3
    return f"{text[: (left + 1) // 2]}...{text[len(text) - left // 2 :]}"
