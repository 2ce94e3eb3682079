"""Values as Go writes them: ``%v``, ``%q``, ``%#v``, the names of their types, and JSON.

They show in the API server's errors, in kubectl's output and in the last-applied annotation.

Mirrors: encoding/json, strconv.Quote, fmt (Go)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""What Go's JSON escapes, that it may stand in HTML."""
_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_TYPES = {bool: "bool", int: "int64", float: "float64", str: "string", list: "[]interface {}", type(None): "<nil>"}


class GoText:
    """A value that is already written."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def go_struct(value: Mapping[str, Any], order: Iterable[str]) -> GoText:
    """A Go struct as JSON: its fields in the order of the type, those that are absent left out."""
    return GoText("{" + ",".join(f"{go_json(f)}:{go_json(value[f])}" for f in order if f in value) + "}")


def go_value(value: Any) -> str:
    """A value as the API server prints it inside a field error."""
    return go_quote(value) if isinstance(value, str) else go_json(value)


def go_json(value: Any) -> str:
    """Compact JSON as Go's encoder writes it: keys sorted, HTML's characters escaped, whole floats without a point.

    A Go struct keeps the order of its fields: hand it over as :func:`go_struct`.
    """
    match value:
        case GoText():
            return value.text
        case None | True | False:
            return {None: "null", True: "true", False: "false"}[value]
        case int():
            return str(value)
        case float():
            return _go_float(value, -6).replace("e-0", "e-")
        case str():
            return json.dumps(value, ensure_ascii=False).translate(HTML)
        case Mapping():
            return "{" + ",".join(f"{go_json(k)}:{go_json(value[k])}" for k in sorted(value)) + "}"
        case _:
            return "[" + ",".join(map(go_json, value)) + "]"


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


def go_syntax(value: Any, keys: str = "string") -> str:
    """A value as Go's ``%#v`` prints it; ``keys`` is the type that its maps' keys were decoded to."""
    if value is None:
        return "interface {}(nil)"
    if isinstance(value, str):
        return go_quote(value)
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(go_syntax(v, keys) for v in value) + "}"
    if isinstance(value, Mapping):
        pairs = (f"{go_syntax(k, keys)}:{go_syntax(value[k], keys)}" for k in sorted(value))
        return f"map[{keys}]interface {{}}{{" + ", ".join(pairs) + "}"
    return go_text(value)


def go_type(value: Any) -> str:
    """The Go type a JSON value is decoded to: ``map[string]interface {}``, ``int64`` …"""
    return _TYPES.get(type(value)) or "map[string]interface {}"


def go_quote(text: str) -> str:
    """A text as Go's ``%q`` writes it."""
    out = []
    for c in text:
        if c in '"\\':
            out.append("\\" + c)
        elif c in _ESCAPES:
            out.append(_ESCAPES[c])
        elif c.isprintable() or c == " ":
            out.append(c)
        elif ord(c) < 0x80:
            out.append(f"\\x{ord(c):02x}")
        else:
            out.append(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}")
    return '"' + "".join(out) + '"'


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
