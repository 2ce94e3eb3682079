"""What a value may hold: a scalar, a list or a map, or several of these; merged item by item or as a whole.

Mirrors: sigs.k8s.io/structured-merge-diff/v6/schema/elements.go, k8s.io/kube-openapi/pkg/schemaconv/{openapi,smd}.go
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.catalog.catalog import Catalog
from kplan.catalog.definitions import Schema

NUMERIC, STRING, BOOLEAN, UNTYPED = "numeric", "string", "boolean", "untyped"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may hold."""

    scalar: str = ""
    listing: Listing | None = None
    mapping: Struct | None = None


class Listing:
    """A list. An associative one is merged by its items' keys, or, without keys, is a set."""

    __slots__ = ("_element", "_made", "associative", "keys")

    def __init__(self, element: Callable[[], Shape], associative: bool = False, keys: tuple[str, ...] = ()) -> None:
        self.associative, self.keys = associative, keys
        self._element = element
        self._made: Shape | None = None

    @property
    def element(self) -> Shape:
        """What the items hold."""
        if self._made is None:
            self._made = self._element()
        return self._made

    def default(self, key: str) -> Any:
        """The value of a key an item does not give."""
        mapping = self.element.mapping
        return mapping.default(key) if mapping is not None else None


class Struct:
    """A map: declared fields, and what other keys hold if they are allowed at all."""

    __slots__ = ("_defaults", "_element", "_fields", "_made", "atomic")

    def __init__(
        self,
        fields: Mapping[str, Callable[[], Shape]],
        element: Callable[[], Shape] | None,
        atomic: bool = False,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        self.atomic = atomic
        self._fields, self._element, self._defaults = fields, element, defaults or {}
        self._made: dict[str, Shape] = {}

    def declares(self, key: str) -> bool:
        """Whether a key is a field with a name, not one of a map."""
        return key in self._fields

    def default(self, key: str) -> Any:
        """The default of a field."""
        return self._defaults.get(key)

    def value(self, key: str) -> Shape | None:
        """What a key holds; None where it is not allowed."""
        made = key if key in self._fields else "*"
        found = self._made.get(made)
        if found is None:
            maker = self._fields.get(key, self._element)
            if maker is None:
                return None
            found = self._made[made] = maker()
        return found

    def is_deduced(self) -> bool:
        """Whether nothing is known of it but what it holds."""
        return not self._fields and self._element is not None and self._element() is DEDUCED

    def whole(self) -> Struct:
        """The same map, merged as a whole."""
        return Struct(self._fields, self._element, True, self._defaults)


ATOMIC_UNTYPED: Shape = Shape(UNTYPED, Listing(lambda: ATOMIC_UNTYPED), Struct({}, lambda: ATOMIC_UNTYPED, atomic=True))
"""Anything, merged as a whole."""

DEDUCED: Shape = Shape(UNTYPED, Listing(lambda: ATOMIC_UNTYPED), Struct({}, lambda: DEDUCED))
"""Anything; maps are merged key by key."""

FREE: Shape = Shape(UNTYPED, Listing(lambda: ATOMIC_UNTYPED), Struct({}, lambda: DEDUCED))
"""A value without a type in its schema."""

_SCALARS = {
    "integer": Shape(NUMERIC),
    "number": Shape(NUMERIC),
    "boolean": Shape(BOOLEAN),
    "quantity": Shape(UNTYPED),
    "time": Shape(UNTYPED),
    "int-or-string": FREE,
}


class Shapes:
    """The shapes of the built-in types."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._definitions: dict[str, Shape] = {}

    def definition(self, name: str) -> Shape:
        """The shape of a definition."""
        found = self._definitions.get(name)
        if found is None:
            definition = self._catalog.definition(name)
            fields = {field: self._lazily(schema) for field, schema in definition.fields.items()}
            defaults = {f: s.default for f, s in definition.fields.items() if s.default is not None}
            free = None if fields else _deduced
            found = Shape(mapping=Struct(fields, free, definition.map_type == "atomic", defaults))
            self._definitions[name] = found
        return found

    def _lazily(self, schema: Schema) -> Callable[[], Shape]:
        return lambda: self.of(schema)

    def of(self, schema: Schema) -> Shape:
        """The shape of a schema."""
        if schema.ref:
            found = self.definition(schema.ref)
            return Shape(mapping=found.mapping.whole()) if schema.map_type == "atomic" and found.mapping else found
        if schema.type == "any":
            return ATOMIC_UNTYPED if schema.preserve_unknown else FREE
        if schema.type == "array":
            items = self._lazily(schema.items) if schema.items is not None else _untyped
            return Shape(listing=Listing(items, *_relation(schema)))
        if schema.type == "object":
            values = self._lazily(schema.values) if schema.values is not None else _deduced
            return Shape(mapping=Struct({}, values, schema.map_type == "atomic"))
        if schema.type == "string":
            return Shape(STRING if schema.format in ("", "byte") else UNTYPED)
        return _SCALARS[schema.type]


def _deduced() -> Shape:
    return DEDUCED


def _untyped() -> Shape:
    return ATOMIC_UNTYPED


def _relation(schema: Schema) -> tuple[bool, tuple[str, ...]]:
    """Whether a list is merged item by item, and by which keys."""
    if schema.list_type:
        return schema.list_type != "atomic", schema.list_map_keys if schema.list_type == "map" else ()
    if "merge" in schema.patch_strategies:
        return True, (schema.merge_key,) if schema.merge_key else ()
    return False, ()


@dataclass(frozen=True, slots=True)
class CustomShapes:
    """The shapes of the types a CustomResourceDefinition declares.

    Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder/builder.go (1.36)
    """

    meta: Shape
    """That of ``metadata``, of which a schema says nothing."""

    def top(self, node: Mapping[str, Any]) -> Shape:
        """The shape of a whole object, from the schema of its version."""
        return self._of({"type": "object", "x-kubernetes-embedded-resource": True, **node}, False)

    def _of(self, node: Mapping[str, Any], keep: bool) -> Shape:
        keep = keep or node.get("x-kubernetes-preserve-unknown-fields") is True
        kind = "" if node.get("x-kubernetes-int-or-string") else node.get("type") or ""
        if kind == "array":
            return Shape(listing=self._list(node, keep))
        if kind == "object":
            return Shape(mapping=self._map(node, keep))
        if kind == "string":
            return Shape(STRING if node.get("format", "") in ("", "byte") else UNTYPED)
        return _SCALARS[kind] if kind else Shape(UNTYPED, self._list(node, keep), self._map(node, keep))

    def _lazily(self, node: Mapping[str, Any], keep: bool) -> Callable[[], Shape]:
        return lambda: self._of(node, keep)

    def _list(self, node: Mapping[str, Any], keep: bool) -> Listing:
        items = node.get("items")
        kind = node.get("x-kubernetes-list-type", "")
        keys = tuple(node.get("x-kubernetes-list-map-keys", ())) if kind == "map" else ()
        return Listing(self._lazily(items, keep) if isinstance(items, Mapping) else _untyped, kind in ("map", "set"), keys)

    def _map(self, node: Mapping[str, Any], keep: bool) -> Struct:
        properties = node.get("properties") or {}
        fields = {name: self._lazily(inner, keep) for name, inner in properties.items()}
        if node.get("x-kubernetes-embedded-resource"):
            fields |= {"apiVersion": _string, "kind": _string, "metadata": lambda: self.meta}
        defaults = {name: inner["default"] for name, inner in properties.items() if inner.get("default") is not None}
        atomic = node.get("x-kubernetes-map-type") == "atomic"
        return Struct(fields, self._element(node, keep or not fields), atomic, defaults)

    def _element(self, node: Mapping[str, Any], free: bool) -> Callable[[], Shape] | None:
        extra = node.get("additionalProperties")
        if isinstance(extra, Mapping):
            return self._lazily(extra, False)
        if extra is None:
            return _deduced if free else None
        return _deduced if extra else None


def _string() -> Shape:
    return Shape(STRING)
