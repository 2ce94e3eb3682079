"""Objects inside custom resources, and what every object has: apiVersion, kind and metadata.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta/{algorithm,coerce,validation}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from kplan.apiserver.customresources.schemas import EMBEDDED, Schema, has_values, items_of, properties_of, values_of
from kplan.apiserver.decoding import decode_struct
from kplan.apiserver.field import Errors, FieldError, FieldPath, invalid, required
from kplan.apiserver.rules.metadata import validate_object_meta
from kplan.apiserver.rules.names import is_dns1035_label, name_is_path_segment
from kplan.apiserver.strategy import Draft
from kplan.catalog.catalog import Catalog

_OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


@cache
def _catalog() -> Catalog:
    """ObjectMeta is the same in every version."""
    return Catalog.at("latest")


def read_metadata(metadata: Any, place: tuple[str | int, ...]) -> tuple[Draft, str, tuple[str, ...]]:
    """ObjectMeta as the server has it, why it is none, and what it does not know in it."""
    if metadata is None:
        return {}, "", ()
    value = dict(sorted(metadata.items())) if isinstance(metadata, Mapping) else metadata
    return decode_struct(value, _OBJECT_META, _catalog(), place)


def coerce(value: Any, schema: Schema | None, path: FieldPath, unknown: list[str], *, root: bool = False) -> FieldError | None:
    """Put the metadata of embedded objects into form, in place; says what cannot be, and notes unknown fields."""
    if schema is None and not root:
        return None
    known = schema or {}
    if isinstance(value, dict):
        if root or known.get(EMBEDDED):
            if error := _coerce_object(value, path, unknown):
                return error
        properties = properties_of(known)
        for key in sorted(value):
            if key in properties:
                error = coerce(value[key], properties[key], path.child(key), unknown)
            elif has_values(known):
                error = coerce(value[key], values_of(known), path.key(key), unknown)
            else:
                continue
            if error:
                return error
    elif isinstance(value, list):
        for i, item in enumerate(value):
            if error := coerce(item, items_of(known), path.index(i), unknown):
                return error
    return None


def _coerce_object(value: Draft, path: FieldPath, unknown: list[str]) -> FieldError | None:
    for key in ("apiVersion", "kind"):
        if key in value and not isinstance(value[key], str):
            return invalid(path.child(key), value[key], "must be a string")
    if "metadata" in value:
        at = path.child("metadata")
        metadata, why, strict = read_metadata(value["metadata"], at.steps)
        if why:
            return invalid(at, value["metadata"], why)
        unknown.extend(strict)
        if not metadata.get("creationTimestamp"):
            metadata.pop("creationTimestamp", None)
        value["metadata"] = metadata
    return None


def validate_embedded(value: Any, schema: Schema | None, path: FieldPath, *, root: bool = False) -> Errors:
    """The apiVersion, kind and metadata of every embedded object."""
    if schema is None and not root:
        return
    known = schema or {}
    if isinstance(value, Mapping):
        if root or known.get(EMBEDDED):
            yield from _validate_object(value, path)
        properties = properties_of(known)
        for key in sorted(value):
            if key in properties:
                yield from validate_embedded(value[key], properties[key], path.child(key))
            elif has_values(known):
                yield from validate_embedded(value[key], values_of(known), path.key(key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from validate_embedded(item, items_of(known), path.index(i))


def _validate_object(value: Mapping[str, Any], path: FieldPath) -> Errors:
    for key in ("apiVersion", "kind"):
        if key not in value:
            yield required(path.child(key))
    for key, test in (("apiVersion", _api_version_problem), ("kind", _kind_problem)):
        if key not in value:
            continue
        given = value[key]
        said = test(given) if isinstance(given, str) else "must be a string"
        if said:
            yield invalid(path.child(key), given, said)
    if "metadata" in value:
        metadata, why, _ = read_metadata(value["metadata"], ())
        at = path.child("metadata")
        if why:
            yield invalid(at, value["metadata"], why)
        else:
            named = {**metadata, "name": metadata.get("name") or "fakename"}
            namespaced = bool(metadata.get("namespace"))
            yield from validate_object_meta(named, namespaced=namespaced, name_rule=name_is_path_segment, path=at, kube_finalizers=False)


def _api_version_problem(text: str) -> str:
    if not text:
        return "must not be empty"
    return f"unexpected GroupVersion string: {text}" if text.count("/") > 1 else ""


def _kind_problem(text: str) -> str:
    if not text:
        return "must not be empty"
    said = is_dns1035_label(text.lower())
    return "may have mixed case, but should otherwise match: " + ",".join(said) if said else ""
