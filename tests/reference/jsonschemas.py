"""The rules of the schema layer as a JSON Schema (draft 2020-12), that ``jsonschema`` may judge ``validate/schema.py``."""

from __future__ import annotations

from typing import Any

import jsonschema

from kplan.catalog.catalog import Catalog
from kplan.catalog.definitions import Schema
from kplan.validate.formats import FORMATS
from kplan.validate.schema import RANGES, SchemaChecker, checker

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Json = dict[str, Any]


def to_jsonschema(definition: str, catalog: Catalog) -> Json:
    """A self-contained schema of a definition: everything it refers to is under ``$defs``."""
    found: dict[str, Json] = {}
    pending = [definition]
    null = checker(catalog)
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = _definition(name, catalog, null, pending)
    return {"$schema": DRAFT, "$ref": _pointer(definition), "$defs": dict(sorted(found.items()))}


def format_checker() -> jsonschema.FormatChecker:
    """A checker that knows quantities and instants as Kubernetes reads them."""
    known = jsonschema.FormatChecker(formats=())
    for name, is_it in FORMATS.items():
        known.checks(name)(lambda value, is_it=is_it: value is None or is_it(value))
    return known


def _definition(name: str, catalog: Catalog, null: SchemaChecker, pending: list[str]) -> Json:
    definition = catalog.definition(name)
    properties = {}
    for field, schema in definition.fields.items():
        optional = field not in definition.required
        properties[field] = _schema(schema, null, pending, nullable=optional)
        if schema.enum and optional:
            properties[field]["enum"] = list(dict.fromkeys([*schema.enum, "", None]))
    out: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    return out | ({"required": list(definition.required)} if definition.required else {})


def _schema(schema: Schema, null: SchemaChecker, pending: list[str], *, nullable: bool) -> Json:
    if schema.type == "any":
        return {}
    if schema.ref:
        pending.append(schema.ref)
        refers = {"$ref": _pointer(schema.ref)}
        return {"if": {"type": "null"}, "else": refers} if nullable else refers
    out: Json = dict(_PLAIN[schema.type])
    kinds = out.pop("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if nullable:
        kinds = [*kinds, "null"]
    out = {"type": kinds[0] if len(kinds) == 1 else kinds} | out
    if schema.format in RANGES:
        out["minimum"], out["maximum"] = RANGES[schema.format]
    if schema.format in _FORMATS:
        out["format"] = _FORMATS[schema.format]
    if schema.enum:
        out["enum"] = [*schema.enum, None] if nullable else list(schema.enum)
    for keyword, inner in (("items", schema.items), ("additionalProperties", schema.values)):
        if inner:
            out[keyword] = _schema(inner, null, pending, nullable=null.accepts_null(inner))
    return out


def _pointer(name: str) -> str:
    return f"#/$defs/{name}"


_INT64 = dict(zip(("minimum", "maximum"), RANGES["int64"], strict=True))
_INT32 = dict(zip(("minimum", "maximum"), RANGES["int32"], strict=True))

_FORMATS = {"byte": "byte", "time": "date-time", "micro-time": "micro-time"}

_PLAIN: dict[str, Json] = {
    "object": {"type": "object"},
    "array": {"type": "array"},
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "number": {"type": "number"},
    "integer": {"type": "integer"} | _INT64,
    "int-or-string": {"type": ["integer", "string"]} | _INT32,
    "quantity": {"type": ["string", "number"], "format": "quantity"},
    "time": {"type": "string"},
}
