"""Which old value belongs to a new one: what was wrong before and has not changed is let through.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/common/{equality,maplist}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kplan.apiserver.customresources.schemas import (
    LIST_MAP_KEYS,
    LIST_TYPE,
    Schema,
    items_of,
    properties_of,
    type_of,
    values_of,
)
from kplan.model.gotext import go_quote

_NOT_YET = object()


class MapList:
    """The items of a list of list-type map, to be found by their keys."""

    def __init__(self, schema: Schema, items: Sequence[Any] | None) -> None:
        self.keys: tuple[str, ...] = ()
        self._found: dict[Any, Any] = {}
        keys = schema.get(LIST_MAP_KEYS) or ()
        if type_of(schema) == "array" and schema.get(LIST_TYPE) == "map" and keys and items:
            self.keys = tuple(keys)
            for item in items:
                if (key := self.key_of(item)) is not None:
                    self._found.setdefault(key, item)

    def key_of(self, item: Any) -> Any:
        """The key of an item; None where it has none."""
        if not isinstance(item, Mapping):
            return None
        values = tuple(item.get(k, _NOT_YET) for k in self.keys)
        if not all(isinstance(v, (bool, int, float, str)) for v in values):
            return None
        return tuple(_shown(v) for v in values)

    def get(self, item: Any) -> Any:
        """The first item with the keys of another; None where there is none."""
        return self._found.get(self.key_of(item)) if self.keys else None


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return go_quote(value) if isinstance(value, str) else f"{value:f}" if isinstance(value, float) else str(value)


class Correlated:
    """A new value and the old one at the same place."""

    __slots__ = ("_children", "_equal", "_map_list", "new", "old", "schema")

    def __init__(self, new: Any, old: Any, schema: Schema) -> None:
        self.new, self.old, self.schema = new, old, schema
        self._children: dict[str | int, Correlated | None] = {}
        self._equal: bool | None = None
        self._map_list: MapList | None = None

    def key(self, name: str) -> Correlated | None:
        """The field of that name, where both have it and the schema knows it."""
        if name not in self._children:
            self._children[name] = self._field(name)
        return self._children[name]

    def _field(self, name: str) -> Correlated | None:
        if not isinstance(self.old, Mapping) or not isinstance(self.new, Mapping):
            return None
        if name not in self.old or name not in self.new:
            return None
        schema = properties_of(self.schema).get(name) or values_of(self.schema)
        return None if schema is None else Correlated(self.new[name], self.old[name], schema)

    def index(self, i: int) -> Correlated | None:
        """The i-th item, where the list tells its items apart by keys."""
        if i not in self._children:
            self._children[i] = self._item(i)
        return self._children[i]

    def _item(self, i: int) -> Correlated | None:
        items = items_of(self.schema)
        if not isinstance(self.new, list) or not isinstance(self.old, list) or items is None:
            return None
        if self.schema.get(LIST_TYPE) != "map":
            return None
        if self._map_list is None:
            self._map_list = MapList(self.schema, self.old)
        old = self._map_list.get(self.new[i])
        return None if old is None else Correlated(self.new[i], old, items)

    def equal(self) -> bool:
        """Whether nothing changed."""
        if self._equal is None:
            self._equal = self._is_equal()
        return self._equal

    def _is_equal(self) -> bool:
        new, old = self.new, self.old
        if isinstance(new, list) and isinstance(old, list) and self.schema.get(LIST_TYPE) == "map" and len(new) == len(old):
            return all((child := self.index(i)) is not None and child.equal() for i in range(len(new)))
        if isinstance(new, Mapping) and isinstance(old, Mapping):
            return len(new) == len(old) and all((child := self.key(k)) is not None and child.equal() for k in new)
        return type(new) is type(old) and bool(new == old)
