"""What the schema of a CustomResourceDefinition may say.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go
         (validateCustomResourceDefinitionValidation, ValidateCustomResourceDefinitionOpenAPISchema) (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kplan.apiserver.customresources.crdrules import RuleCosts, Scope, validate_rule_texts, validate_rules
from kplan.apiserver.customresources.defaults import validate_defaults
from kplan.apiserver.customresources.internal import show_items, show_schema
from kplan.apiserver.customresources.schemas import (
    EMBEDDED,
    LIST_MAP_KEYS,
    LIST_TYPE,
    MAP_TYPE,
    META_FIELDS,
    PRESERVE,
    VALIDATIONS,
    Schema,
    has_values,
    items_of,
    properties_of,
    structural_refusal,
    type_of,
    validate_structural,
    values_of,
)
from kplan.apiserver.field import Errors, FieldError, FieldPath, forbidden, invalid, not_supported, required

TYPES = ("array", "boolean", "integer", "number", "object", "string")
_ROOT_FIELDS = (
    "Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems "
    "MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations"
)
"""What may be said at the root if status is a subresource."""
_FIELD_ORDER = (
    "id $schema $ref description type nullable format title default maximum exclusiveMaximum minimum exclusiveMinimum maxLength "
    "minLength pattern maxItems minItems uniqueItems multipleOf enum maxProperties minProperties required items allOf oneOf anyOf "
    "not properties additionalProperties patternProperties dependencies additionalItems definitions externalDocs example "
    f"{PRESERVE} {EMBEDDED} x-kubernetes-int-or-string {LIST_MAP_KEYS} {LIST_TYPE} {MAP_TYPE} {VALIDATIONS}"
)
_POINTERS = re.compile(
    f"\\$ref|default|maximum|minimum|m(ax|in)(Length|Items|Properties)|multipleOf|items|not|additional\\w+|externalDocs|example|{PRESERVE}|{LIST_TYPE}|{MAP_TYPE}"
)
"""Fields that are there even if they are empty."""
_NOT_SUPPORTED = ("additionalItems", "patternProperties", "definitions", "dependencies", "$ref")


@dataclass(frozen=True, slots=True)
class SchemaOptions:
    """What is asked of a schema. What an older object did not keep to need not be kept to now."""

    structural: bool = True
    valid_types: bool = True
    pruned_defaults: bool = True
    atomic_sets: bool = True
    list_map_keys: bool = True
    suppress_costs: bool = False
    """Whether expressions may be as costly as they were."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the schema: what is allowed depends on what is around."""

    defaults: bool = True
    no_defaults_because: str = ""
    inside_meta: bool = False
    no_old_self: FieldPath | None = None
    """The outermost place whose values cannot be matched with older ones."""

    def without_old_self(self, path: FieldPath) -> _Place:
        return self if self.no_old_self is not None else replace(self, no_old_self=path)

    def without_defaults(self, why: str) -> _Place:
        return replace(self, defaults=False, no_defaults_because=why)


@dataclass(slots=True)
class _Found:
    """Errors of schemas, and those of rules, which come after all others."""

    schema: list[FieldError] = field(default_factory=list)
    rules: list[FieldError] = field(default_factory=list)

    def take(self, other: _Found) -> None:
        self.schema.extend(other.schema)
        self.rules.extend(other.rules)


def validate_validation(validation: Mapping[str, Any] | None, status: bool, options: SchemaOptions, path: FieldPath) -> list[FieldError]:
    """The ``schema`` of a version; ``status`` says whether status is a subresource."""
    schema: Schema | None = (validation or {}).get("openAPIV3Schema")
    if schema is None:
        return []
    at = path.child("openAPIV3Schema")
    errors = list(_validate_root(schema, status, at))
    scope: Scope | None = None
    if options.structural and not structural_refusal(schema):
        found = validate_structural(schema, at) or validate_defaults(schema, at, pruned=options.pruned_defaults)
        errors.extend(found)
        if not found:
            scope = Scope(schema, RuleCosts())
    inside = _validate(schema, at, _Place(), options, scope, root=True)
    errors += [*inside.schema, *inside.rules]
    if not errors and options.structural and (said := structural_refusal(schema)):
        errors.append(invalid(at, "", said))
    if scope is not None:
        errors.extend(scope.costs.over_budget(at))
    return errors


def _validate_root(schema: Schema, status: bool, path: FieldPath) -> Errors:
    if status:
        yield from _validate_status_root(schema, path)
    if schema.get("nullable"):
        yield forbidden(path.child("nullable"), "nullable cannot be true at the root")


def _validate_status_root(schema: Schema, path: FieldPath) -> Errors:
    """With a status subresource, what the root says of status must not be lost."""
    allowed = {name.lower() for name in _ROOT_FIELDS.split()}
    for key in _FIELD_ORDER.split():
        value = schema.get(key)
        if value is None or (not value and not _POINTERS.fullmatch(key) and not isinstance(value, (list, dict))):
            continue
        if key == "type":
            if value != "object":
                said = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
                yield invalid(path.child("type"), value, said)
                return
        elif key.replace("x-kubernetes-", "x").replace("-", "").lower() not in allowed:
            said = f"only [{_ROOT_FIELDS}] fields are allowed at the root of the schema if the status subresource is enabled"
            yield invalid(path, show_schema(schema), said)
            return


def _validate(
    schema: Schema | None,
    path: FieldPath,
    place: _Place,
    options: SchemaOptions,
    scope: Scope | None,
    *,
    root: bool = False,
) -> _Found:
    found = _Found()
    if schema is None:
        return found
    found.schema.extend(_validate_own(schema, path, place, options))
    _validate_inside(schema, path, place, options, scope, found, root=root)
    found.schema.extend(_validate_extensions(schema, path, options))
    if schema.get(VALIDATIONS):
        found.schema.extend(validate_rule_texts(schema, path))
        if not found.schema and scope is not None:
            found.rules.extend(validate_rules(schema, path, scope, place.no_old_self, suppress=options.suppress_costs))
    return found


def _validate_own(schema: Schema, path: FieldPath, place: _Place, options: SchemaOptions) -> Errors:
    of_type = type_of(schema)
    if options.valid_types and of_type and of_type not in TYPES:
        yield not_supported(path.child("type"), of_type, TYPES)
    if schema.get("default") is not None and not place.defaults:
        because = f" {place.no_defaults_because}" if place.no_defaults_because else ""
        yield forbidden(path.child("default"), f"must not be set{because}")
    if schema.get("id"):
        yield forbidden(path.child("id"), "id is not supported")
    for key in _NOT_SUPPORTED:
        value = schema.get(key)
        if value is not None and (value or key not in ("patternProperties", "definitions")):
            yield forbidden(path.child(key), f"{key} is not supported")
    if of_type == "null":
        yield forbidden(path.child("type"), "type cannot be set to null, use nullable as an alternative")
    if isinstance(schema.get("items"), list) and schema["items"]:
        yield forbidden(path.child("items"), "items must be a schema object and not an array")
    if place.inside_meta and schema.get(EMBEDDED):
        yield forbidden(path.child(EMBEDDED), "must not be used inside of resource meta")
    if schema.get("uniqueItems"):
        said = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(path.child("uniqueItems"), said)


def _validate_inside(
    schema: Schema, path: FieldPath, place: _Place, options: SchemaOptions, scope: Scope | None, found: _Found, *, root: bool
) -> None:
    if has_values(schema):
        if properties_of(schema) and schema["additionalProperties"] is not True:
            said = "additionalProperties and properties are mutual exclusive"
            found.schema.append(forbidden(path.child("additionalProperties"), said))
        inner = place.without_defaults("inside additionalProperties applying to object metadata") if place.inside_meta else place
        values = values_of(schema)
        found.take(_validate(values, path.child("additionalProperties"), inner, options, scope and scope.inside(values)))
    for name, property_schema in sorted(properties_of(schema).items()):
        inner = place
        if (schema.get(MAP_TYPE) or "granular") not in ("granular", "atomic"):
            inner = inner.without_old_self(path)
        if (root or schema.get(EMBEDDED)) and name in META_FIELDS:
            inner = replace(inner, inside_meta=True)
            if root:
                inner = inner.without_defaults(f"in top-level {name}")
        at = path.child("properties").key(name)
        found.take(_validate(property_schema, at, inner, options, scope and scope.inside(property_schema)))
    found.take(_validate(schema.get("not"), path.child("not"), place, options, None))
    for key in ("allOf", "oneOf", "anyOf"):
        for i, one in enumerate(schema.get(key) or ()):
            found.take(_validate(one, path.child(key).index(i), place, options, None))
    for name, definition in sorted((schema.get("definitions") or {}).items()):
        found.take(_validate(definition, path.child("definitions").key(name), place, options, None))
    inner = place if schema.get(LIST_TYPE) == "map" else place.without_old_self(path)
    items = items_of(schema)
    found.take(_validate(items, path.child("items"), inner, options, scope and scope.inside(items)))
    for i, one in enumerate(schema["items"] if isinstance(schema.get("items"), list) else ()):
        found.take(_validate(one, path.child("items").index(i), inner, options, scope and scope.inside(one)))
    for name, dependency in sorted((schema.get("dependencies") or {}).items()):
        if isinstance(dependency, Mapping):
            found.take(_validate(dependency, path.child("dependencies").key(name), place, options, None))


def _validate_extensions(schema: Schema, path: FieldPath, options: SchemaOptions) -> Errors:
    of_type, list_type, map_type = type_of(schema), schema.get(LIST_TYPE), schema.get(MAP_TYPE)
    if schema.get(PRESERVE) is False:
        yield invalid(path.child(PRESERVE), False, "must be true or undefined")
    if map_type is not None and of_type != "object":
        yield _wrong_type(of_type, path, f"must be object if {MAP_TYPE} is specified")
    if map_type is not None and map_type not in ("atomic", "granular"):
        yield not_supported(path.child(MAP_TYPE), map_type, ("atomic", "granular"))
    items = items_of(schema)
    if list_type is not None and of_type != "array":
        yield _wrong_type(of_type, path, f"must be array if {LIST_TYPE} is specified")
    elif options.atomic_sets and list_type == "set" and items is not None:
        yield from _validate_set_items(items, path.child("items"))
    if list_type is not None and list_type not in ("atomic", "set", "map"):
        yield not_supported(path.child(LIST_TYPE), list_type, ("atomic", "set", "map"))
    if schema.get(LIST_MAP_KEYS) and list_type != "map":
        said, at = f"must be map if {LIST_MAP_KEYS} is non-empty", path.child(LIST_TYPE)
        yield required(at, said) if list_type is None else invalid(at, list_type, said)
    if list_type == "map":
        yield from _validate_list_map(schema, path)
    if options.list_map_keys:
        yield from validate_list_keys(schema, path)


def _wrong_type(of_type: str, path: FieldPath, said: str) -> FieldError:
    return invalid(path.child("type"), of_type, said) if of_type else required(path.child("type"), said)


def is_atomic_item(items: Schema) -> bool:
    """Whether the items of a set are told apart as a whole."""
    match type_of(items):
        case "array":
            return (items.get(LIST_TYPE) or "atomic") == "atomic"
        case "object":
            return bool(items.get(MAP_TYPE) == "atomic")
        case _:
            return True


def _validate_set_items(items: Schema, path: FieldPath) -> Errors:
    if not is_atomic_item(items):
        key = LIST_TYPE if type_of(items) == "array" else MAP_TYPE
        shown = items.get(LIST_TYPE)
        yield invalid(path.child(key), "null" if shown is None else shown, f"must be atomic as item of a list with {LIST_TYPE}=set")


def _validate_list_map(schema: Schema, path: FieldPath) -> Errors:
    keys, items, at = schema.get(LIST_MAP_KEYS) or [], schema.get("items"), path.child("items")
    if not keys:
        yield required(path.child(LIST_MAP_KEYS), f"must not be empty if {LIST_TYPE} is map")
    if items is None:
        yield required(at, f"must have a schema if {LIST_TYPE} is map")
        return
    if not isinstance(items, Mapping):
        yield invalid(at, show_items(items), f"must only have a single schema if {LIST_TYPE} is map")
        return
    if type_of(items) != "object":
        yield invalid(at.child("type"), type_of(items), f"must be object if parent array's {LIST_TYPE} is map")
        return
    for i, key in enumerate(keys):
        known = properties_of(items)
        if key not in known:
            yield invalid(path.child(LIST_MAP_KEYS), keys, "entries must all be names of item properties")
        elif type_of(known[key]) in ("array", "object"):
            said = f"must be a scalar type if parent array's {LIST_TYPE} is map"
            yield invalid(at.child("properties").key(key).child("type"), type_of(items), said)
        if key in keys[:i]:
            yield invalid(path.child(LIST_MAP_KEYS), keys, "must not contain duplicate entries")


def validate_list_keys(schema: Schema, path: FieldPath) -> Errors:
    """The items of sets and maps are never null, and maps' items have their keys."""
    items, list_type = items_of(schema), schema.get(LIST_TYPE)
    if items is None or list_type not in ("set", "map"):
        return
    at = path.child("items")
    if items.get("nullable"):
        yield forbidden(at.child("nullable"), f"cannot be nullable when {LIST_TYPE} is {list_type}")
    for key in (schema.get(LIST_MAP_KEYS) or ()) if list_type == "map" else ():
        of_key = properties_of(items).get(key)
        if of_key is None:
            continue
        key_path, said = at.child("properties").key(key), f"this property is in {LIST_MAP_KEYS}, so it"
        if key not in (items.get("required") or ()) and of_key.get("default") is None:
            yield required(key_path.child("default"), f"{said} must have a default or be a required property")
        if of_key.get("nullable"):
            yield forbidden(key_path.child("nullable"), f"{said} cannot be nullable")
