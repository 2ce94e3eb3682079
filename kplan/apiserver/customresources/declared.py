"""The types that schemas declare to expressions.

Mirrors: staging/src/k8s.io/apiserver/pkg/cel/common/schemas.go, staging/src/k8s.io/apiserver/pkg/cel/{types,limits,escaping}.go (1.36)
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from kplan.apiserver.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Declared,
    list_of,
    map_of,
    struct,
)
from kplan.apiserver.customresources.schemas import (
    EMBEDDED,
    INT_OR_STRING,
    Schema,
    items_of,
    properties_of,
    type_of,
    values_of,
)

MAX_REQUEST_BYTES = 3 * 1024 * 1024
_MAX_TEXT = MAX_REQUEST_BYTES - 2
_MIN_TEXT, _MIN_BOOL, _MIN_NUMBER = 2, 4, 1
_TIMES = {"duration": (DURATION, 3, 32), "date": (TIMESTAMP, 12, 12), "date-time": (TIMESTAMP, 21, 32)}
"""Type, smallest and largest size in JSON."""
_BYTES_PER_CHARACTER = 4

_RESERVED = re.compile(
    "true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while"
)
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}


@lru_cache(maxsize=4096)
def escape(name: str) -> str | None:
    """A field's name as expressions write it; None where they cannot."""
    if re.fullmatch(r"[A-Za-z_./-][A-Za-z0-9_./-]*", name) is None:
        return None
    if _RESERVED.fullmatch(name):
        return f"__{name}__"
    return re.sub(r"__|[-./]", lambda m: _ESCAPES[m[0]], name)


def with_type_and_metadata(schema: Schema) -> Schema:
    """The schema of an object: apiVersion, kind and the names in metadata can always be asked for."""
    properties = properties_of(schema)
    known = {key: type_of(properties.get(key) or {}) for key in ("kind", "apiVersion", "metadata")}
    names = properties_of(properties.get("metadata") or {})
    complete = known == {"kind": "string", "apiVersion": "string", "metadata": "object"}
    if complete and all(type_of(names.get(k) or {}) == "string" for k in ("name", "generateName")):
        return schema
    text = {"type": "string"}
    metadata = {"type": "object", "properties": {"name": text, "generateName": text}}
    return {**schema, "properties": {**properties, "kind": text, "apiVersion": text, "metadata": metadata}}


def declared_type(schema: Schema | None, *, root: bool) -> Declared | None:
    """The type of a schema; None where expressions cannot see such values. Objects have no names yet."""
    if schema is None:
        return None
    if schema.get(INT_OR_STRING):
        return Declared(DYN, _text_size(schema), min_serialized_size=1)
    if root:
        schema = with_type_and_metadata(schema)
    match type_of(schema):
        case "array":
            return _list(schema)
        case "object":
            return _map(schema) if values_of(schema) is not None else _object(schema)
        case "string":
            return _text(schema)
        case "boolean":
            return Declared(BOOL, min_serialized_size=_MIN_BOOL)
        case "number":
            return Declared(DOUBLE, min_serialized_size=_MIN_NUMBER)
        case "integer":
            return Declared(INT, min_serialized_size=_MIN_NUMBER)
        case _:
            return None


def _inner(schema: Schema | None) -> Declared | None:
    return declared_type(schema, root=bool((schema or {}).get(EMBEDDED)))


def _list(schema: Schema) -> Declared | None:
    items = _inner(items_of(schema))
    if items is None:
        return None
    most = schema.get("maxItems")
    size = max(most, 0) if most is not None else (MAX_REQUEST_BYTES - 2) // (items.min_serialized_size + 1)
    return Declared(list_of(items.type), size, items=items, min_serialized_size=2)


def _map(schema: Schema) -> Declared | None:
    values = _inner(values_of(schema))
    if values is None:
        return None
    most = schema.get("maxProperties")
    size = max(most, 0) if most is not None else (MAX_REQUEST_BYTES - 2) // (values.min_serialized_size + 6)
    keys = Declared(STRING, 0, min_serialized_size=_MIN_TEXT)
    return Declared(map_of(STRING, values.type), size, keys=keys, values=values, min_serialized_size=2)


def _object(schema: Schema) -> Declared:
    required = schema.get("required") or ()
    fields, smallest = {}, 2
    for name, inner in properties_of(schema).items():
        field = _inner(inner)
        if field is None:
            continue
        if (escaped := escape(name)) is not None:
            fields[escaped] = replace(field, required=name in required)
        if name in required and inner.get("default") is None:
            smallest += len(name.encode()) + field.min_serialized_size + 4
    return Declared(struct("object"), fields=fields, min_serialized_size=smallest)


def _text(schema: Schema) -> Declared:
    form, most = schema.get("format") or "", schema.get("maxLength")
    if form == "byte":
        return Declared(BYTES, max(most, 0) if most is not None else _MAX_TEXT, min_serialized_size=_MIN_TEXT)
    if form in _TIMES:
        of_type, smallest, largest = _TIMES[form]
        return Declared(of_type, largest, min_serialized_size=smallest)
    options = schema.get("enum")
    if most is None and options:
        return Declared(STRING, max((len(o.encode()) for o in options if isinstance(o, str)), default=0), min_serialized_size=_MIN_TEXT)
    return Declared(STRING, _text_size(schema), min_serialized_size=_MIN_TEXT)


def _text_size(schema: Schema) -> int:
    most = schema.get("maxLength")
    return _MAX_TEXT if most is None else max(most, 0) * _BYTES_PER_CHARACTER


def named(declared: Declared, name: str) -> Declared:
    """The type with names for its objects, by where they are."""
    if declared.type.kind == "struct":
        own = name if declared.type.name == "object" else declared.type.name
        fields = {key: named(inner, f"{own}.{key}") for key, inner in declared.fields.items()}
        return replace(declared, type=struct(own), fields=fields)
    if declared.values is not None:
        values = named(declared.values, f"{name}.@elem")
        return replace(declared, type=map_of(STRING, values.type), values=values)
    if declared.items is not None:
        items = named(declared.items, f"{name}.@idx")
        return replace(declared, type=list_of(items.type), items=items)
    return declared
