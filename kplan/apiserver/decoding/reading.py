"""The reader of each definition, made once from its schema and its Go struct."""

from __future__ import annotations

from functools import cache
from typing import Any

from kplan.apiserver.decoding.schemaunions import CRD, SCHEMA_UNIONS, schema_union
from kplan.apiserver.decoding.structs import Field, Read, Struct
from kplan.apiserver.decoding.values import (
    OWN_READERS,
    ZERO,
    byte_string,
    integer,
    list_of,
    map_of,
    micro_time,
    number,
    scalar,
)
from kplan.catalog.catalog import Catalog
from kplan.catalog.definitions import Schema
from kplan.catalog.gostructs import GoField


@cache
def reader(catalog: Catalog, definition: str) -> Struct:
    """How objects of a definition are read."""
    return _structs(catalog, definition, {})


_BUILT: dict[tuple[str, str], Struct] = {}


def _structs(catalog: Catalog, definition: str, building: dict[str, Struct]) -> Struct:
    known = _BUILT.get((catalog.minor, definition)) or building.get(definition)
    if known is not None:
        return known
    *_, package, name = definition.split(".")
    struct = building[definition] = Struct(f"{package}.{name}")
    served = catalog.definition(definition).fields
    always, nulls = [], []
    structs = {f.name: f for f in catalog.go_struct(definition)} or {n: GoField(n, "") for n in served}
    for field_name, go in structs.items():
        schema = served[field_name]
        read = _read(catalog, schema, go.type, building)
        reference = schema.type == "array" or (schema.type == "object" and not schema.ref) or schema.format == "byte"
        zero = read if isinstance(read, Struct) else ZERO.get(schema.type)
        field = struct.fields[field_name] = Field(go, name, read, zero, reference=reference)
        if go.type in _WRITES_ITSELF and not go.pointer and go.omit != "zero":
            field.zero, field.drop_zero = _WRITES_ITSELF[go.type], False
        if field.zero is not None:
            always.append(field)
        elif go.type and not go.omit:
            nulls.append(field_name)
        ref = schema.ref or (schema.items or schema.values or schema).ref
        field.inner = _structs(catalog, ref, building) if ref else None
    struct.always, struct.nulls = tuple(always), tuple(nulls)
    _BUILT[catalog.minor, definition] = struct
    return struct


_WRITES_ITSELF: dict[str, Any] = {"resource.Quantity": "0", "intstr.IntOrString": 0}
"""Structs that read and write their own JSON: omitempty does not leave them out."""


def _read(catalog: Catalog, schema: Schema, go_type: str, building: dict[str, Struct]) -> Read:
    if go_type in SCHEMA_UNIONS:
        properties = _structs(catalog, CRD + "JSONSchemaProps", building)
        return schema_union(properties, go_type)
    match schema.type:
        case "object" if schema.ref:
            return _structs(catalog, schema.ref, building)
        case "object":
            values = schema.values or Schema("any")
            inner = go_type.partition("]")[2] if go_type.startswith("map[") else ""
            return map_of(_read(catalog, values, inner or _go_name(values), building), go_type or "map[string]string", values)
        case "array":
            items = schema.items or Schema("any")
            inner = go_type.removeprefix("[]") if go_type.startswith("[]") else _go_name(items)
            return list_of(_read(catalog, items, inner, building), go_type or f"[]{inner}", items)
        case "string" if schema.format == "byte":
            return byte_string
        case "string":
            return scalar(str, go_type or "string")
        case "boolean":
            return scalar(bool, go_type or "bool")
        case "integer":
            return integer(go_type or schema.format or "int32", 2**63 if schema.format == "int64" else 2**31)
        case "number":
            return number
        case other:
            return OWN_READERS[other] if other != "time" or schema.format != "micro-time" else micro_time


def _go_name(schema: Schema) -> str:
    """The Go type of an item whose list has a name of its own."""
    if schema.ref:
        *_, package, name = schema.ref.split(".")
        return f"{package}.{name}"
    return {"integer": schema.format or "int32", "boolean": "bool", "number": "float64"}.get(schema.type, "string")
