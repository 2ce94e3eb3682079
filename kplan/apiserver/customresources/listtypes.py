"""Lists of list-type set and map hold nothing twice.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go (1.36)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kplan.apiserver.customresources.schemas import (
    LIST_MAP_KEYS,
    LIST_TYPE,
    Schema,
    items_of,
    properties_of,
    values_of,
)
from kplan.apiserver.field import Errors, FieldPath, duplicate, invalid


def validate_list_types(value: Any, schema: Schema | None, path: FieldPath) -> Errors:
    """Every list inside a value."""
    if schema is None:
        return
    if isinstance(value, Mapping):
        properties, values = properties_of(schema), values_of(schema)
        if values is not None:
            for key in sorted(value):
                yield from validate_list_types(value[key], values, path.key(key))
        for key in sorted(value.keys() & properties.keys()):
            yield from validate_list_types(value[key], properties[key], path.child(key))
    elif isinstance(value, list):
        if schema.get(LIST_TYPE) == "set":
            for i in _repeated(value):
                yield duplicate(path.index(i), value[i])
        elif schema.get(LIST_TYPE) == "map":
            yield from _validate_map(value, schema.get(LIST_MAP_KEYS) or (), path)
        items = items_of(schema)
        for i, item in enumerate(value):
            yield from validate_list_types(item, items, path.index(i))


def _repeated(values: Sequence[Any]) -> list[int]:
    """Where each value that is there several times comes for the second time."""
    seen: dict[str, int] = {}
    found = []
    for i, value in enumerate(values):
        key = json.dumps(value, sort_keys=True) if isinstance(value, (dict, list)) else f"{type(value).__name__}:{value}"
        seen[key] = seen.get(key, 0) + 1
        if seen[key] == 2:
            found.append(i)
    return found


def _validate_map(items: list[Any], keys: Sequence[str], path: FieldPath) -> Errors:
    for i, item in enumerate(items):
        if item is not None and not isinstance(item, Mapping):
            yield invalid(path.index(i), item, "must be an object for an array of list-type map")
            return
    each = [{k: item[k] for k in keys if k in item} if item is not None else {} for item in items]
    for i in _repeated(each):
        yield duplicate(path.index(i), each[i])
