"""The schemas of what a policy may look at, built-in and custom kinds alike, as far as types come of them.

A quantity has no type in its definition (it is one of several), so that expressions are told of no field that is one.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/openapi/resolver/{definitions,refs,discovery}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from kplan.apiserver.cel.types import Declared
from kplan.apiserver.customresources.declared import declared_type, named
from kplan.apiserver.customresources.schemas import INT_OR_STRING
from kplan.apiserver.customresources.versions import is_served
from kplan.catalog.catalog import Catalog
from kplan.catalog.definitions import Schema
from kplan.model.objects import Object

_OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_TEXT = {"type": "string"}


class GroupVersionKind(NamedTuple):
    """A kind in one version."""

    group: str
    version: str
    kind: str

    def __str__(self) -> str:
        return f"{self.group}/{self.version}, Kind={self.kind}"


class Types:
    """The types of all kinds a cluster serves."""

    def __init__(self, catalog: Catalog, definitions: Iterable[Object]) -> None:
        self._catalog = catalog
        self._custom = {gvk: (plurals, schema) for crd in definitions if is_served(crd) for gvk, plurals, schema in _versions_of(crd)}

    def kinds_for(self, group: str, version: str, resource: str) -> list[GroupVersionKind]:
        """The kinds of a resource; no group stands for any."""
        built_in = [(GroupVersionKind(k.group, k.version, k.kind), (k.plural, k.singular)) for k in self._catalog.kinds()]
        custom = [(gvk, plurals) for gvk, (plurals, _) in self._custom.items()]
        return [k for k, names in (*built_in, *custom) if k.version == version and group in ("", k.group) and resource in names]

    def of(self, kind: GroupVersionKind) -> Declared | None:
        """The type of a kind's objects; None where nothing is known of it."""
        if kind in self._custom:
            schema = self._custom[kind][1]
            declared = declared_type(_as_published(schema, self._catalog), root=True)
            return named(declared, kind.kind) if declared is not None else None
        api_version = f"{kind.group}/{kind.version}" if kind.group else kind.version
        info = self._catalog.kind(api_version, kind.kind)
        return _built_in(self._catalog, info.definition, kind.kind) if info is not None else None


def _versions_of(crd: Object) -> Iterator[tuple[GroupVersionKind, tuple[str, str], Mapping[str, Any]]]:
    spec, names = crd["spec"], crd["spec"]["names"]
    for version in spec.get("versions") or ():
        if version.get("served"):
            schema = (version.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"}
            yield GroupVersionKind(spec["group"], version["name"], names["kind"]), (names["plural"], names.get("singular") or ""), schema


def _as_published(schema: Mapping[str, Any], catalog: Catalog) -> Mapping[str, Any]:
    metadata = _definition(catalog, _OBJECT_META, ())
    return {**schema, "properties": {**(schema.get("properties") or {}), "apiVersion": _TEXT, "kind": _TEXT, "metadata": metadata}}


@lru_cache(maxsize=64)
def _built_in(catalog: Catalog, definition: str, name: str) -> Declared | None:
    declared = declared_type(_definition(catalog, definition, ()), root=True)
    return named(declared, name) if declared is not None else None


def _definition(catalog: Catalog, name: str, above: tuple[str, ...]) -> dict[str, Any]:
    if name in above:
        return {"type": "object"}
    found = catalog.definition(name)
    fields = {field: _field(catalog, schema, (*above, name)) for field, schema in found.fields.items()}
    return {"type": "object", "properties": fields, "required": list(found.required)}


def _field(catalog: Catalog, schema: Schema, above: tuple[str, ...]) -> dict[str, Any]:
    if schema.ref:
        return _definition(catalog, schema.ref, above)
    match schema.type:
        case "quantity":
            return {}
        case "int-or-string":
            return {INT_OR_STRING: True}
        case "time":
            return {"type": "string", "format": "date-time"}
        case "array":
            return {"type": "array", "items": _field(catalog, schema.items, above)} if schema.items is not None else {"type": "array"}
        case "object" if schema.values is not None:
            return {"type": "object", "additionalProperties": _field(catalog, schema.values, above)}
        case "any":
            return {"type": "object"} if schema.preserve_unknown else {}
        case _:
            return {"type": schema.type, "format": schema.format}
