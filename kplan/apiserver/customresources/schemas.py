"""How the parts of a JSON schema are read, and when it is structural: when it says of every value what it is.

A schema stays the JSON it is in a CustomResourceDefinition.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/{convert,validation,complete}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kplan.apiserver.field import Errors, FieldError, FieldPath, forbidden, invalid, required
from kplan.apiserver.goregexp import RegexpError, compile_regexp

Schema = Mapping[str, Any]

PRESERVE = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"
INT_OR_STRING = "x-kubernetes-int-or-string"
LIST_TYPE = "x-kubernetes-list-type"
LIST_MAP_KEYS = "x-kubernetes-list-map-keys"
MAP_TYPE = "x-kubernetes-map-type"
VALIDATIONS = "x-kubernetes-validations"

META_FIELDS = ("metadata", "kind", "apiVersion")
_ZERO = ("", False, None)
_INT_OR_STRING_ANY_OF = [{"type": "integer"}, {"type": "string"}]
_EMPTY_IN_METADATA = ("properties", "enum", "allOf", "anyOf", "oneOf", "definitions", "patternProperties", "dependencies")

ROOT_LEVEL, ITEM_LEVEL, FIELD_LEVEL = "at the root", "for specified array items", "for specified object fields"


def type_of(schema: Schema) -> str:
    """``type``, or ""."""
    return schema.get("type") or ""


def properties_of(schema: Schema) -> Mapping[str, Schema]:
    """``properties``."""
    return schema.get("properties") or {}


def items_of(schema: Schema) -> Schema | None:
    """``items``, where that is one schema."""
    items = schema.get("items")
    return items if isinstance(items, Mapping) else None


def values_of(schema: Schema) -> Schema | None:
    """``additionalProperties``, where that is a schema."""
    values = schema.get("additionalProperties")
    return values if isinstance(values, Mapping) else None


def has_values(schema: Schema) -> bool:
    """Whether there is ``additionalProperties``."""
    return schema.get("additionalProperties") is not None


def inner_schemas(schema: Schema) -> Iterator[Schema]:
    """Every schema right inside another."""
    for key in ("items", "allOf", "anyOf", "oneOf"):
        inner = schema.get(key)
        yield from inner if isinstance(inner, list) else [inner] if isinstance(inner, Mapping) else []
    for key in ("not", "additionalProperties", "additionalItems"):
        if isinstance(inner := schema.get(key), Mapping):
            yield inner
    for key in ("properties", "patternProperties", "definitions", "dependencies"):
        yield from (x for x in (schema.get(key) or {}).values() if isinstance(x, Mapping))


def any_schema(schema: Schema | None, test: Callable[[Schema], bool]) -> bool:
    """Whether a schema or one inside it passes a test."""
    if schema is None:
        return False
    return test(schema) or any(any_schema(inner, test) for inner in inner_schemas(schema))


def all_schemas(schema: Schema) -> Iterator[Schema]:
    """A schema and all inside it."""
    yield schema
    for inner in inner_schemas(schema):
        yield from all_schemas(inner)


_UNSUPPORTED = ("id", "$schema", "$ref", "patternProperties", "dependencies", "additionalItems", "definitions")


def structural_refusal(schema: Schema | None) -> str:
    """Why a schema cannot even be read as a structural one; "" where it can."""
    if schema is None:
        return ""
    for key in _UNSUPPORTED:
        if schema.get(key) or (key == "additionalItems" and schema.get(key) is not None):
            return f"OpenAPIV3Schema '{key.removeprefix('$') if key == '$schema' else key}' is not supported"
    for key in ("not", "allOf", "anyOf", "oneOf"):
        for inner in _listed(schema.get(key)):
            if said := structural_refusal(inner):
                return said
    if schema.get(PRESERVE) is False:
        return f"internal error: '{PRESERVE}' must be true or undefined"
    if isinstance(schema.get("items"), list) and schema["items"]:
        return "OpenAPIV3Schema 'items' must be a schema, but is an array"
    inside = (items_of(schema), *properties_of(schema).values(), values_of(schema))
    return next((said for inner in inside if (said := structural_refusal(inner))), "")


def _listed(value: Any) -> list[Schema]:
    return list(value) if isinstance(value, list) else [value] if isinstance(value, Mapping) else []


def validate_structural(schema: Schema, path: FieldPath) -> list[FieldError]:
    """What keeps a schema from being structural, sorted by text."""
    errors = [*_invariants(schema, ROOT_LEVEL, path), *_completeness(schema, schema, path, path)]
    return sorted(errors, key=str)


def _invariants(schema: Schema | None, level: str, path: FieldPath) -> Errors:
    if schema is None:
        return
    of_type = type_of(schema)
    if of_type == "array" and items_of(schema) is None:
        yield required(path.child("items"), "must be specified")
    yield from _invariants(items_of(schema), ITEM_LEVEL, path.child("items"))
    for name, inner in properties_of(schema).items():
        yield from _invariants(inner, FIELD_LEVEL, path.child("properties").key(name))
    if has_values(schema):
        if level is ROOT_LEVEL:
            yield forbidden(path.child("additionalProperties"), "must not be used at the root")
        yield from _invariants(values_of(schema), FIELD_LEVEL, path.child("additionalProperties"))
    if schema.get(INT_OR_STRING):
        for extension in (PRESERVE, EMBEDDED):
            if schema.get(extension):
                yield invalid(path.child(extension), True, f"must be false if {INT_OR_STRING} is true")
    all_of: list[Schema] = schema.get("allOf") or []
    skip_first = bool(all_of) and _is_int_or_string(all_of[0].get("anyOf"))
    yield from _value_validation(schema, _is_int_or_string(schema.get("anyOf")), skip_first, level, path)
    yield from _type_invariants(schema, of_type, level, path)
    yield from _metadata_invariants(schema, level, path)
    if schema.get(EMBEDDED) and not schema.get(PRESERVE) and not properties_of(schema):
        said = f"must not be empty if {EMBEDDED} is true without {PRESERVE}"
        yield required(path.child("properties"), said)


def _type_invariants(schema: Schema, of_type: str, level: str, path: FieldPath) -> Errors:
    at = path.child("type")
    if schema.get(EMBEDDED) and of_type != "object":
        said = f"must be object if {EMBEDDED} is true"
        yield invalid(at, of_type, said) if of_type else required(at, said)
    elif not of_type and not schema.get(INT_OR_STRING) and not schema.get(PRESERVE):
        yield required(at, f"must not be empty {level}")
    if schema.get(EMBEDDED) and has_values(schema):
        yield forbidden(path.child("additionalProperties"), f"must not be used if {EMBEDDED} is set")
    if level is ROOT_LEVEL and of_type and of_type != "object":
        yield invalid(at, of_type, "must be object at the root")


def _metadata_invariants(schema: Schema, level: str, path: FieldPath) -> Errors:
    """apiVersion and kind are texts; nothing but the names of metadata can be restricted."""
    checked = level is ROOT_LEVEL or bool(schema.get(EMBEDDED))
    properties = properties_of(schema)
    for name in ("kind", "apiVersion"):
        if checked and name in properties and type_of(properties[name]) != "string":
            yield invalid(path.child("properties").key(name).child("type"), type_of(properties[name]), "must be string")
    metadata = properties.get("metadata")
    if metadata is None:
        return
    at = path.child("properties").key("metadata")
    if checked and type_of(metadata) != "object":
        yield invalid(at.child("type"), type_of(metadata), "must be object")
    if level is ROOT_LEVEL and _says_more_than_names(metadata):
        said = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        yield forbidden(at, said)


def _says_more_than_names(metadata: Schema) -> bool:
    if not properties_of(metadata).keys() <= {"name", "generateName"}:
        return True
    rest = {k for k, v in metadata.items() if v not in _ZERO and not (k in _EMPTY_IN_METADATA and not v)}
    return bool(rest - {"type", "default", "properties"})


def _is_int_or_string(any_of: Any) -> bool:
    return [{k: v for k, v in one.items() if v not in _ZERO} for one in any_of or ()] == _INT_OR_STRING_ANY_OF


def _value_validation(schema: Schema, skip_any_of: bool, skip_first: bool, level: str, path: FieldPath) -> Errors:
    if not skip_any_of:
        for i, inner in enumerate(schema.get("anyOf") or ()):
            yield from _nested(inner, False, level, path.child("anyOf").index(i))
    for i, inner in enumerate(schema.get("allOf") or ()):
        yield from _nested(inner, skip_first and i == 0, level, path.child("allOf").index(i))
    for i, inner in enumerate(schema.get("oneOf") or ()):
        yield from _nested(inner, False, level, path.child("oneOf").index(i))
    yield from _nested(schema.get("not"), False, level, path.child("not"))
    if pattern := schema.get("pattern"):
        try:
            compile_regexp(pattern)
        except RegexpError as refused:
            yield invalid(path.child("pattern"), pattern, f"must be a valid regular expression, but isn't: {refused}")


_FORBIDDEN = (
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    (PRESERVE, "must be false to be structural"),
    (EMBEDDED, "must be false to be structural"),
    (INT_OR_STRING, "must be false to be structural"),
    (LIST_MAP_KEYS, "must be empty to be structural"),
    (LIST_TYPE, "must be undefined to be structural"),
    (MAP_TYPE, "must be undefined to be structural"),
    (VALIDATIONS, "must be empty to be structural"),
)
_EVEN_IF_EMPTY = ("default", LIST_TYPE, MAP_TYPE)


def _nested(schema: Schema | None, skip_any_of: bool, level: str, path: FieldPath) -> Errors:
    """What is inside ``allOf`` and the like may only restrict what is said outside."""
    if schema is None:
        return
    yield from _value_validation(schema, skip_any_of, False, level, path)
    yield from _nested(items_of(schema), False, level, path.child("items"))
    for name, inner in properties_of(schema).items():
        yield from _nested(inner, False, FIELD_LEVEL, path.child("properties").key(name))
    if type_of(schema):
        yield forbidden(path.child("type"), "must be empty to be structural")
    if schema.get("additionalProperties") not in (None, False):
        yield forbidden(path.child("additionalProperties"), "must be undefined to be structural")
    for key, said in _FORBIDDEN:
        if schema.get(key) or (key in _EVEN_IF_EMPTY and schema.get(key) is not None):
            yield forbidden(path.child(key), said)
    if "metadata" in properties_of(schema):
        yield forbidden(path.child("properties").key("metadata"), "must not be specified in a nested context")


def _completeness(nested: Schema, schema: Schema | None, path: FieldPath, nested_path: FieldPath) -> Errors:
    """Every field that is restricted inside ``allOf`` and the like must be there outside, too."""
    for key in ("not", "allOf", "anyOf", "oneOf"):
        inner = nested.get(key)
        if isinstance(inner, Mapping):
            yield from _nested_completeness(inner, schema, path, nested_path.child(key))
        for i, one in enumerate(inner if isinstance(inner, list) else ()):
            yield from _nested_completeness(one, schema, path, nested_path.child(key).index(i))


def _nested_completeness(nested: Schema | None, schema: Schema | None, path: FieldPath, nested_path: FieldPath) -> Errors:
    if nested is None:
        return
    if schema is None:
        yield required(path, f"because it is defined in {nested_path}")
        return
    yield from _completeness(nested, schema, path, nested_path)
    yield from _nested_completeness(items_of(nested), items_of(schema), path.child("items"), nested_path.child("items"))
    outside = properties_of(schema)
    for name, inner in properties_of(nested).items():
        at, nested_at = path.child("properties").key(name), nested_path.child("properties").key(name)
        if name in outside:
            yield from _nested_completeness(inner, outside[name], at, nested_at)
        else:
            yield required(at, f"because it is defined in {nested_at}")
