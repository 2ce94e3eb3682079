"""Whether an object's metadata has the types kubectl itself insists on, before any server is asked.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/resource/metadata_decoder.go, sigs.k8s.io/json decode.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_STRINGS = frozenset(("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"))
_STRING_MAPS = frozenset(("labels", "annotations"))
_INTEGERS = frozenset(("generation", "deletionGracePeriodSeconds"))
_GO_TYPES = {"uid": "types.UID"}


def metadata_problem(obj: Mapping[str, Any]) -> str:
    """Go's words for the first field of the metadata that has a wrong type; "" where all is well."""
    metadata = obj.get("metadata")
    if metadata is None:
        return ""
    if not isinstance(metadata, Mapping):
        return _refuse(metadata, "metadataOnlyObject", "metadata", "v1.ObjectMeta")
    for field, value in sorted(metadata.items()):
        problem = _field_problem(field, value) if value is not None else ""
        if problem:
            return problem
    return ""


def _field_problem(field: str, value: Any) -> str:
    path = f"metadata.{field}"
    if field in _STRINGS and not isinstance(value, str):
        return _refuse(value, "ObjectMeta", path, _GO_TYPES.get(field, "string"))
    if field in _INTEGERS and (isinstance(value, bool) or not isinstance(value, int)):
        return _refuse(value, "ObjectMeta", path, "int64")
    if field in _STRING_MAPS:
        if not isinstance(value, Mapping):
            return _refuse(value, "ObjectMeta", path, "map[string]string")
        for _, item in sorted(value.items()):
            if item is not None and not isinstance(item, str):
                return _refuse(item, "ObjectMeta", path, "string")
    if field == "finalizers":
        if not isinstance(value, list):
            return _refuse(value, "ObjectMeta", path, "[]string")
        for item in value:
            if item is not None and not isinstance(item, str):
                return _refuse(item, "ObjectMeta", path, "string")
    if field == "ownerReferences" and not isinstance(value, list):
        return _refuse(value, "ObjectMeta", path, "[]v1.OwnerReference")
    return ""


def _refuse(value: Any, struct: str, path: str, wanted: str) -> str:
    return f"json: cannot unmarshal {_json_kind(value, wanted)} into Go struct field {struct}.{path} of type {wanted}"


def _json_kind(value: Any, wanted: str) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return f"number {value}" if wanted == "int64" else "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"
