"""CustomResourceDefinitions as the server works on them: what all versions share is said once, beside the versions.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/conversion.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kplan.apiserver.internalform import internal_json
from kplan.apiserver.strategy import Draft
from kplan.model.gotext import GoText

_SHARED = (
    ("subresources", "subresources"),
    ("schema", "validation"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
    ("selectableFields", "selectableFields"),
)
"""A version's field, and the field of the whole definition."""


def internal_spec(spec: Mapping[str, Any]) -> Draft:
    """The spec with ``version``, and the shared fields moved out of the versions."""
    out = dict(spec)
    versions: list[Draft] = [dict(v) for v in spec.get("versions") or ()]
    if not versions:
        return out
    out["version"] = versions[0].get("name") or ""
    for own, shared in _SHARED:
        first = versions[0].get(own) or None
        if all(_same(v.get(own), first) for v in versions):
            out[shared] = versions[0].get(own)
            for version in versions:
                version.pop(own, None)
    out["versions"] = versions
    return out


def _same(a: Any, b: Any) -> bool:
    return bool((a or None) == b or a == b)


def show_versions(versions: Sequence[Mapping[str, Any]] | None) -> GoText | None:
    """The versions as messages show them."""
    if versions is None:
        return None
    shown = [{**v, "schema": v["schema"] and _wrapped(v["schema"])} if "schema" in v else v for v in versions]
    return internal_json("apiextensions.CustomResourceDefinitionVersion", shown)


def show_schema(schema: Mapping[str, Any]) -> GoText:
    """A schema as messages show it."""
    return internal_json("apiextensions.JSONSchemaProps", _unions(schema))


def show_rule(rule: Mapping[str, Any]) -> GoText:
    """A rule as messages show it."""
    return internal_json("apiextensions.ValidationRule", rule)


def show_items(items: Any) -> GoText:
    """``items`` as messages show it."""
    return internal_json("apiextensions.JSONSchemaPropsOrArray", _or_array(items))


def _wrapped(validation: Mapping[str, Any]) -> Draft:
    schema = validation.get("openAPIV3Schema")
    return {"openAPIV3Schema": None if schema is None else _unions(schema)}


def _or_array(items: Any) -> Draft:
    if isinstance(items, list):
        return {"JSONSchemas": [_unions(i) for i in items]}
    return {"Schema": _unions(items)} if isinstance(items, Mapping) else {}


def _or_bool(value: Any) -> Draft:
    return {"Allows": True, "Schema": _unions(value)} if isinstance(value, Mapping) else {"Allows": bool(value)}


def _or_strings(value: Any) -> Draft:
    return {"Schema": _unions(value)} if isinstance(value, Mapping) else {"Property": value}


def _unions(schema: Mapping[str, Any]) -> Draft:
    """A schema whose fields of several forms say which form they have."""
    out = dict(schema)
    for key, value in schema.items():
        if value is None:
            continue
        match key:
            case "items":
                out[key] = _or_array(value)
            case "additionalProperties" | "additionalItems":
                out[key] = _or_bool(value)
            case "allOf" | "oneOf" | "anyOf":
                out[key] = [_unions(v) for v in value]
            case "not":
                out[key] = _unions(value)
            case "properties" | "patternProperties" | "definitions":
                out[key] = {k: _unions(v) for k, v in value.items()}
            case "dependencies":
                out[key] = {k: _or_strings(v) for k, v in value.items()}
    return out
