"""What the server makes of a custom resource before it looks at it: unknown fields dropped, defaults filled in.

All functions work in place, on drafts.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/{pruning,defaulting}/*.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.customresources.schemas import (
    EMBEDDED,
    META_FIELDS,
    PRESERVE,
    Schema,
    has_values,
    items_of,
    properties_of,
    values_of,
)
from kplan.model.objects import thaw

_Place = tuple[str, ...]


def prune(value: Any, schema: Schema | None, *, root: bool) -> list[str]:
    """Drop what the schema does not know; the paths of what was dropped, sorted."""
    dropped: list[str] = []
    _prune(value, {**(schema or {}), EMBEDDED: True} if root else schema, (), dropped)
    return sorted(dropped)


def _step(place: _Place, key: str) -> _Place:
    return (*place, ".", key) if place else (key,)


def _prune(value: Any, schema: Schema | None, place: _Place, dropped: list[str]) -> None:
    keeps = schema is not None and bool(schema.get(PRESERVE))
    if isinstance(value, dict):
        known = schema or {}
        properties, embedded, values = properties_of(known), bool(known.get(EMBEDDED)), has_values(known)
        for key in list(value):
            if embedded and key in META_FIELDS:
                continue
            if key in properties:
                _prune(value[key], properties[key], _step(place, key), dropped)
            elif values:
                _prune(value[key], values_of(known), _step(place, key), dropped)
            elif not keeps:
                if schema is None or key not in META_FIELDS or place:
                    dropped.append("".join(_step(place, key)))
                del value[key]
    elif isinstance(value, list):
        items = None if schema is None else items_of(schema)
        for i, item in enumerate(value):
            at = (*place, f"[{i}]")
            if keeps:
                _skip(item, items, at, dropped)
            else:
                _prune(item, items, at, dropped)


def _skip(value: Any, schema: Schema | None, place: _Place, dropped: list[str]) -> None:
    """Inside a list whose unknown fields are kept, those of its items are kept, too."""
    if schema is not None:
        _prune(value, {**schema, PRESERVE: True}, place, dropped)


def drop_nulls(value: Any, schema: Schema | None) -> None:
    """Drop nulls that may not be and have no default."""
    if isinstance(value, dict):
        properties = {} if schema is None else properties_of(schema)
        values = None if schema is None else values_of(schema)
        for key in list(value):
            inner = properties.get(key, values)
            if value[key] is None and inner is not None and not inner.get("nullable") and inner.get("default") is None:
                del value[key]
            else:
                drop_nulls(value[key], inner)
    elif isinstance(value, list):
        items = None if schema is None else items_of(schema)
        for item in value:
            drop_nulls(item, items)


def fill_defaults(value: Any, schema: Schema | None) -> None:
    """Fill in defaults where nothing is, or a null that may not be."""
    if schema is None:
        return
    if isinstance(value, dict):
        properties, values = properties_of(schema), values_of(schema)
        for key, inner in properties.items():
            default = inner.get("default")
            if default is not None and (key not in value or (value[key] is None and not inner.get("nullable"))):
                value[key] = thaw(default)
        for key in value:
            if key in properties:
                fill_defaults(value[key], properties[key])
            elif values is not None:
                if value[key] is None and not values.get("nullable"):
                    value[key] = thaw(values.get("default"))
                fill_defaults(value[key], values)
    elif isinstance(value, list) and (items := items_of(schema)) is not None:
        for i, item in enumerate(value):
            if item is None and not items.get("nullable"):
                value[i] = thaw(items.get("default"))
            fill_defaults(value[i], items)
