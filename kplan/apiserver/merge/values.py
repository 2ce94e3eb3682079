"""JSON values as Go sees them: strict equality, its ``%v`` text, its JSON text.

kubectl compares and writes values with Go's rules, and both show: ``1`` and ``1.0`` are of different types and so unequal,
the last-applied annotation is Go's encoding with ``<``, ``>`` and ``&`` escaped, and an error quotes ``map[a:1 b:<nil>]``.

Mirrors: encoding/json, reflect.DeepEqual, fmt (Go); staging/src/k8s.io/apimachinery/pkg/util/json/json.go (1.36)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_GO_TYPES = {bool: "bool", int: "int64", float: "float64", str: "string", list: "[]interface {}", type(None): "<nil>"}
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_HTML = str.maketrans(_ESCAPED)


def go_type(value: Any) -> str:
    """The Go type a JSON value is decoded to: ``map[string]interface {}``, ``int64`` …"""
    return _GO_TYPES.get(type(value)) or "map[string]interface {}"


def same(a: Any, b: Any) -> bool:
    """Deep equality that tells types apart: ``1`` is neither ``1.0`` nor ``true``."""
    if a is b:
        return True
    if isinstance(a, Mapping):
        return isinstance(b, Mapping) and a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


def go_text(value: Any) -> str:
    """A value as Go's ``%v`` prints it: ``map[a:1 b:[x y] c:<nil>]``."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _go_float(value, -4)
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{k}:{go_text(value[k])}" for k in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_text, value)) + "]"
    return str(value)


def go_json(value: Any) -> str:
    """Compact JSON as Go's encoder writes it: keys sorted, HTML characters escaped, whole floats without a point."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_quoted(k)}:{go_json(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(go_json, value)) + "]"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, float):
        return _go_float(value, -6).replace("e-0", "e-")
    return json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).translate(_HTML)


def _go_float(value: float, smallest: int) -> str:
    """The shortest digits that read back, without an exponent from ``10**smallest`` to ``10**21``."""
    if value == 0:
        return "0"
    number = Decimal(repr(value))
    if smallest <= number.adjusted() < 21:
        text = format(number, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    digits = format(number.normalize(), "e")
    mantissa, _, exponent = digits.partition("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:].rjust(2, '0')}"
