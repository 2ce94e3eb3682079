"""How values are read that are no structs: scalars, lists, maps, and types that read their own JSON.

Mirrors: encoding/json decode.go; staging/src/k8s.io/apimachinery/pkg/{api/resource/quantity,util/intstr/intstr}.go,
         staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/{time,micro_time}.go (1.36)
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from kplan.apiserver.decoding.base64text import base64_error
from kplan.apiserver.decoding.structs import Decoder, Read, Stop, Struct, zero_of
from kplan.apiserver.times import TimeError, canonical_micro_time, canonical_time
from kplan.catalog.definitions import Schema
from kplan.model.gotext import go_json
from kplan.model.objects import thaw
from kplan.model.quantity import Quantity, QuantityError

ZERO: dict[str, Any] = {"string": "", "integer": 0, "boolean": False, "number": 0}
"""The zero value of a type of the schema."""


def scalar(kind: type, go_type: str) -> Read:
    """Reads a text or a boolean."""
    zero = kind()

    def read(value: Any, decoder: Decoder) -> Any:
        if type(value) is kind:
            return value
        decoder.mismatch(value, go_type)
        return zero

    return read


def integer(go_type: str, limit: int) -> Read:
    """Reads a whole number of so many bits."""

    def read(value: Any, decoder: Decoder) -> Any:
        if type(value) is int and -limit <= value < limit:
            return value
        decoder.mismatch(value, go_type, number=True)
        return 0

    return read


def number(value: Any, decoder: Decoder) -> Any:
    """A number of any kind."""
    if type(value) in (int, float):
        return value
    decoder.mismatch(value, "float64")
    return 0


def byte_string(value: Any, decoder: Decoder) -> Any:
    """Bytes, written in base64 or as a list of numbers."""
    if isinstance(value, str):
        if error := base64_error(value):
            decoder.save(error)
            return ""
        return base64.b64encode(base64.b64decode(value)).decode()
    if isinstance(value, list):
        return _byte_list(value, decoder)
    decoder.mismatch(value, "[]uint8")
    return ""


def _byte_list(value: list[Any], decoder: Decoder) -> str:
    out = bytearray()
    for item in value:
        if type(item) is int and 0 <= item < 256:
            out.append(item)
        elif item is not None:
            decoder.mismatch(item, "uint8", number=True)
    return base64.b64encode(bytes(out)).decode()


def list_of(item: Read, go_type: str, items: Schema) -> Read:
    """Reads a list."""
    zero: Any = item if isinstance(item, Struct) else ZERO.get(items.type, OWN_ZERO.get(items.type))

    def read(value: Any, decoder: Decoder) -> Any:
        if not isinstance(value, list):
            decoder.mismatch(value, go_type)
            return []
        out = []
        stack = decoder.stack
        for i, inner in enumerate(value):
            stack.append(i)
            out.append(zero_of(zero, decoder) if inner is None else item(inner, decoder))
            stack.pop()
        return out

    return read


def map_of(item: Read, go_type: str, values: Schema) -> Read:
    """Reads a mapping of names."""
    zero: Any = item if isinstance(item, Struct) else ZERO.get(values.type, OWN_ZERO.get(values.type))
    if values.format == "byte" or values.type == "array":
        zero = None

    def read(value: Any, decoder: Decoder) -> Any:
        if not isinstance(value, dict):
            decoder.mismatch(value, go_type)
            return {}
        out = {}
        stack = decoder.stack
        for key, inner in value.items():
            stack.append(key)
            if decoder.duplicates:
                decoder.check_duplicate()
            out[key] = zero_of(zero, decoder) if inner is None else item(inner, decoder)
            stack.pop()
        return out

    return read


# -- types that read their own JSON ------------------------------------------------------------------------------------


def _quantity(value: Any, decoder: Decoder) -> Any:
    text = value.strip() if isinstance(value, str) else go_json(value)
    try:
        return str(Quantity.parse(text))
    except QuantityError as error:
        raise Stop(str(error)) from None


def _int_or_string(value: Any, decoder: Decoder) -> Any:
    if isinstance(value, str):
        return value
    if type(value) is int and -(2**31) <= value < 2**31:
        return value
    raise Stop(decoder.mismatch_text(value, "int32", number=True))


def _instant(canonical: Callable[[str], str | None]) -> Read:
    def read(value: Any, decoder: Decoder) -> Any:
        if not isinstance(value, str):
            raise Stop(decoder.mismatch_text(value, "string"))
        try:
            return canonical(value)
        except TimeError as error:
            raise Stop(str(error)) from None

    return read


def _any(value: Any, decoder: Decoder) -> Any:
    return thaw(value)


micro_time = _instant(canonical_micro_time)
OWN_READERS: dict[str, Read] = {
    "quantity": _quantity,
    "int-or-string": _int_or_string,
    "time": _instant(canonical_time),
    "any": _any,
}
OWN_ZERO: dict[str, Any] = {"quantity": "0", "int-or-string": 0}
