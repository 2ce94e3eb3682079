"""JSON as Go writes it: which fields of a typed object are written, and the bytes of a map.

A ControllerRevision is named by the hash of such bytes, so an empty list or a missing ``resources: {}`` would give
another name.

Mirrors: encoding/json of the Go types in ``spew.GoTypes`` (1.36)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kplan.model.gotext import HTML
from kplan.model.quantity import canonical
from kplan.model.spew import GoField, GoTypes


def write_map(value: Any) -> bytes:
    """The bytes of ``json.Marshal`` of a map: sorted keys, no spaces, HTML's characters escaped."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).translate(HTML).encode()


def encode(types: GoTypes, type_name: str, value: Any) -> Any:
    """The JSON value a typed Go value is written as: empty optional fields left out, empty required ones written."""
    if type_name.startswith("*"):
        return None if value is None else encode(types, type_name[1:], value)
    if type_name.startswith("[]"):
        return [encode(types, type_name[2:], v) for v in value] if value else None
    if type_name == "resource.Quantity":
        return "0" if value is None else canonical(value)
    if type_name in ("map[string]string", "v1.ResourceList"):
        item = "resource.Quantity" if type_name == "v1.ResourceList" else "string"
        return {k: encode(types, item, v) for k, v in value.items()} if value else None
    if type_name in types and type_name not in _OPAQUE:
        return _encode_struct(types, type_name, value or {})
    return _zero(type_name) if value is None else value


_OPAQUE = {"intstr.IntOrString", "v1.Time", "v1.FieldsV1"}
_ZEROS = {"bool": False, "intstr.IntOrString": 0} | dict.fromkeys(("int", "int32", "int64", "uint8", "uint64"), 0)


def _zero(type_name: str) -> Any:
    return None if type_name in _OPAQUE - {"intstr.IntOrString"} else _ZEROS.get(type_name, "")


def _encode_struct(types: GoTypes, type_name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for f in types[type_name]:
        if f.inline and not f.json:
            out.update(_encode_struct(types, f.type, value))
        elif f.json and f.json != "-":
            inner = encode(types, f.type, value.get(f.json))
            if not _left_out(types, f, inner):
                out[f.json] = inner
    return out


def _left_out(types: GoTypes, f: GoField, written: Any) -> bool:
    if not f.omitempty:
        return False
    if f.type.startswith("*"):
        return written is None
    if f.type == "v1.Time":
        return written is None
    if f.type in types:
        return False
    return not written
