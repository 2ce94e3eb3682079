"""Strict decoding: what the API server makes of the JSON it is sent, or why it cannot.

The Go decoder saves the first value of a wrong type and goes on; a type that reads its own JSON (quantities, instants,
numbers-or-percentages) stops it at once; unknown and repeated fields count only where nothing else is wrong.  What comes
out is the object as Go would write it again: empty values of ``omitempty`` fields are gone, the others are there, quantities
and instants have their canonical form.

Mirrors: sigs.k8s.io/json, staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/json.go,
         staging/src/k8s.io/apiserver/pkg/endpoints/handlers/create.go (1.36)
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from kplan.apiserver.field import go_json, go_quote
from kplan.apiserver.outcome import Status, bad_request
from kplan.apiserver.strategy import Draft
from kplan.apiserver.times import TimeError, canonical_micro_time, canonical_time
from kplan.catalog.catalog import Catalog
from kplan.catalog.definitions import Schema
from kplan.catalog.gostructs import GoField
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, Path, thaw
from kplan.model.quantity import Quantity, QuantityError

_MOST_STRICT_ERRORS = 100

Read = Callable[[Any, "_Decoder"], Any]
"""Makes the decoded value of a JSON value that is not null."""


class _Stop(Exception):
    """A type that reads its own JSON cannot; decoding ends."""


class _Field:
    """How one field of a struct is read."""

    __slots__ = ("drop_empty", "drop_null", "drop_zero", "inner", "label", "name", "read", "struct", "zero")

    def __init__(self, go: GoField, struct: str, read: Read, zero: Any, *, reference: bool) -> None:
        self.name, self.struct, self.read = go.name, struct, read
        self.label = f"{go.embedded}.{go.name}" if go.embedded else go.name
        self.drop_null = go.pointer or reference
        self.drop_empty = bool(go.omit) and not go.pointer and reference
        self.drop_zero = bool(go.omit) and not go.pointer and not reference
        self.inner: _Struct | None = None
        """The struct that the value is, or that its items or values are."""
        self.zero = None if go.pointer or reference or (go.omit and not callable(zero)) or go.omit == "zero" else zero


class _Struct:
    """How a struct is read."""

    __slots__ = ("always", "fields", "name", "nulls")

    def __init__(self, name: str) -> None:
        self.name = name
        self.fields: dict[str, _Field] = {}
        self.always: tuple[_Field, ...] = ()
        self.nulls: tuple[str, ...] = ()
        """The fields that are written as null where they are not there."""

    def __call__(self, value: Any, decoder: _Decoder) -> Any:
        """The struct's fields, each decoded; {} where the value is no object."""
        if not isinstance(value, dict):
            decoder.mismatch(value, f"{self.name}")
            value = {}
        out: Draft = {}
        fields, stack = self.fields, decoder.stack
        for key, inner in value.items():
            field = fields.get(key)
            if field is None:
                decoder.strict_error("unknown field", key)
                continue
            stack.append(field)
            if decoder.duplicates:
                decoder.check_duplicate()
            if inner is not None:
                inner = field.read(inner, decoder)
            elif not field.drop_null:
                inner = _zero_of(field.zero, decoder)
            stack.pop()
            if inner is None or (field.drop_zero and not inner and type(inner) is not dict):
                continue
            out[key] = inner
        for field in self.always:
            if field.name not in out:
                out[field.name] = _zero_of(field.zero, decoder)
        return out


def _zero_of(zero: Any, decoder: _Decoder) -> Any:
    return zero({}, decoder) if isinstance(zero, _Struct) else zero


class _Decoder:
    """The state of decoding one object."""

    def __init__(self, duplicates: Iterable[Path]) -> None:
        self.stack: list[_Field | int | str] = []
        self.saved = ""
        self.strict: dict[str, None] = {}
        self.duplicates = frozenset(duplicates)
        self.lenient = False
        """Inside a type that decodes its insides by itself, nobody looks for unknown fields."""

    def where(self) -> str:
        """`` into Go struct field Container.spec.containers.name`` of the place reached; the innermost struct counts."""
        fields = [s for s in self.stack if isinstance(s, _Field)]
        if not fields:
            return " into Go value"
        return f" into Go struct field {fields[-1].struct}." + ".".join(f.label for f in fields)

    def mismatch(self, value: Any, go_type: str, *, number: bool = False) -> None:
        """Save that a value is of the wrong type, if it is the first."""
        if not self.saved:
            self.saved = self.mismatch_text(value, go_type, number=number)

    def mismatch_text(self, value: Any, go_type: str, *, number: bool = False) -> str:
        """What is said of a value of the wrong type."""
        kind = _json_kind(value)
        shown = f"number {_raw(value)}" if number and kind == "number" else kind
        return f"json: cannot unmarshal {shown}{self.where()} of type {go_type}"

    def strict_error(self, what: str, name: str | None) -> None:
        """Note an unknown or a repeated field."""
        if self.lenient or len(self.strict) >= _MOST_STRICT_ERRORS:
            return
        said = []
        for step in self.stack:
            said.append(f"[{step}]" if isinstance(step, int) else f".{step.name if isinstance(step, _Field) else step}")
        if name is not None:
            said.append(f".{name}")
        self.strict[f"{what} {go_quote(''.join(said).removeprefix('.'))}"] = None

    def check_duplicate(self) -> None:
        """Note it where the field reached was written twice."""
        here = tuple(s.name if isinstance(s, _Field) else s for s in self.stack)
        if here in self.duplicates:
            self.strict_error("duplicate field", None)


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, (int, float)):
        return "number"
    return "array" if isinstance(value, list) else "object"


def _raw(value: Any) -> str:
    """A number as it was written (nearly: the text is gone)."""
    return repr(value)


def decode(
    obj: Object, info: KindInfo, catalog: Catalog, *, mode: str = "Strict", duplicates: Iterable[Path] = ()
) -> tuple[Draft, Status | None, tuple[str, ...]]:
    """The object as the API server understands it, or the error; and warnings (``mode`` Warn)."""
    decoder = _Decoder(duplicates)
    read = _reader(catalog, info.definition)
    try:
        draft: Draft = read(obj if isinstance(obj, dict) else thaw(obj), decoder)
    except _Stop as stop:
        return {}, _refused(info, str(stop)), ()
    if decoder.saved:
        return {}, _refused(info, decoder.saved), ()
    if decoder.strict and mode == "Strict":
        return {}, _refused(info, "strict decoding error: " + ", ".join(decoder.strict)), ()
    draft["apiVersion"], draft["kind"] = info.api_version, info.kind
    return draft, None, tuple(decoder.strict) if mode == "Warn" else ()


def decode_struct(value: Any, definition: str, catalog: Catalog, place: Iterable[str | int] = ()) -> tuple[Draft, str, tuple[str, ...]]:
    """A value as one definition alone has it, what is wrong with it, and its strict errors; ``place`` goes before their paths."""
    decoder = _Decoder(())
    decoder.stack.extend(place)
    try:
        draft: Draft = _reader(catalog, definition)(value, decoder)
    except _Stop as stop:
        return {}, str(stop), ()
    return draft, decoder.saved, tuple(decoder.strict)


def drop_empty(draft: Draft, info: KindInfo, catalog: Catalog) -> None:
    """Leave out the empty lists and maps that Go leaves out when it writes: a draft is stored without them.

    Decoding keeps them: whether a list is empty or not there at all can matter to validation.
    """
    _drop_empty(draft, _reader(catalog, info.definition))


def _drop_empty(value: Draft, struct: _Struct) -> None:
    fields = struct.fields
    for key in tuple(value):
        field, inner = fields.get(key), value[key]
        if field is None or not isinstance(inner, (dict, list, str)):
            continue
        if field.drop_empty and not inner:
            del value[key]
        elif field.inner is not None and inner and not isinstance(inner, str):
            if isinstance(inner, dict) and field.read is field.inner:
                _drop_empty(inner, field.inner)
            else:
                for item in inner if isinstance(inner, list) else inner.values():
                    if isinstance(item, dict):
                        _drop_empty(item, field.inner)


def write_nulls(obj: Object, info: KindInfo, catalog: Catalog) -> Draft:
    """An object as the server writes it: null for what is not there and may not be left out."""
    return _with_nulls(obj, _reader(catalog, info.definition))


def _with_nulls(value: Object, struct: _Struct) -> Draft:
    out, fields = dict(value), struct.fields
    for key, inner in value.items():
        field = fields.get(key)
        if field is None or field.inner is None or not isinstance(inner, (dict, list)):
            continue
        if isinstance(inner, list):
            out[key] = [_with_nulls(i, field.inner) if isinstance(i, dict) else i for i in inner]
        elif field.read is field.inner:
            out[key] = _with_nulls(inner, field.inner)
        else:
            out[key] = {k: _with_nulls(i, field.inner) if isinstance(i, dict) else i for k, i in inner.items()}
    for name in struct.nulls:
        out.setdefault(name, None)
    return out


def _refused(info: KindInfo, why: str) -> Status:
    return bad_request(f'{info.kind} in version "{info.version}" cannot be handled as a {info.kind}: {why}')


# -- one reader a type -------------------------------------------------------------------------------------------------


@cache
def _reader(catalog: Catalog, definition: str) -> _Struct:
    return _structs(catalog, definition, {})


_BUILT: dict[tuple[str, str], _Struct] = {}


def _structs(catalog: Catalog, definition: str, building: dict[str, _Struct]) -> _Struct:
    known = _BUILT.get((catalog.minor, definition)) or building.get(definition)
    if known is not None:
        return known
    *_, package, name = definition.split(".")
    struct = building[definition] = _Struct(f"{package}.{name}")
    served = catalog.definition(definition).fields
    always, nulls = [], []
    structs = {f.name: f for f in catalog.go_struct(definition)} or {n: GoField(n, "") for n in served}
    for field_name, go in structs.items():
        schema = served[field_name]
        read = _read(catalog, schema, go.type, building)
        reference = schema.type == "array" or (schema.type == "object" and not schema.ref) or schema.format == "byte"
        zero = read if isinstance(read, _Struct) else _ZERO.get(schema.type)
        field = struct.fields[field_name] = _Field(go, name, read, zero, reference=reference)
        if go.type in _WRITES_ITSELF and not go.pointer and go.omit != "zero":
            field.zero, field.drop_zero = _WRITES_ITSELF[go.type], False
        if field.zero is not None:
            always.append(field)
        elif go.type and not go.omit:
            nulls.append(field_name)
        ref = schema.ref or (schema.items or schema.values or schema).ref
        field.inner = _structs(catalog, ref, building) if ref else None
    struct.always, struct.nulls = tuple(always), tuple(nulls)
    _BUILT[catalog.minor, definition] = struct
    return struct


_ZERO: dict[str, Any] = {"string": "", "integer": 0, "boolean": False, "number": 0}
_WRITES_ITSELF: dict[str, Any] = {"resource.Quantity": "0", "intstr.IntOrString": 0}
"""Structs that read and write their own JSON: omitempty does not leave them out."""


def _read(catalog: Catalog, schema: Schema, go_type: str, building: dict[str, _Struct]) -> Read:
    if go_type in _SCHEMA_UNIONS:
        properties = _structs(catalog, _CRD + "JSONSchemaProps", building)
        return _schema_union(properties, go_type)
    match schema.type:
        case "object" if schema.ref:
            return _structs(catalog, schema.ref, building)
        case "object":
            values = schema.values or Schema("any")
            inner = go_type.partition("]")[2] if go_type.startswith("map[") else ""
            return _map(_read(catalog, values, inner or _go_name(values), building), go_type or "map[string]string", values)
        case "array":
            items = schema.items or Schema("any")
            inner = go_type.removeprefix("[]") if go_type.startswith("[]") else _go_name(items)
            return _list(_read(catalog, items, inner, building), go_type or f"[]{inner}", items)
        case "string" if schema.format == "byte":
            return _bytes
        case "string":
            return _scalar(str, go_type or "string")
        case "boolean":
            return _scalar(bool, go_type or "bool")
        case "integer":
            return _integer(go_type or schema.format or "int32", 2**63 if schema.format == "int64" else 2**31)
        case "number":
            return _number
        case other:
            return _OWN_READERS[other] if other != "time" or schema.format != "micro-time" else _micro_time


def _go_name(schema: Schema) -> str:
    """The Go type of an item whose list has a name of its own."""
    if schema.ref:
        *_, package, name = schema.ref.split(".")
        return f"{package}.{name}"
    return {"integer": schema.format or "int32", "boolean": "bool", "number": "float64"}.get(schema.type, "string")


def _scalar(kind: type, go_type: str) -> Read:
    zero = kind()

    def read(value: Any, decoder: _Decoder) -> Any:
        if type(value) is kind:
            return value
        decoder.mismatch(value, go_type)
        return zero

    return read


def _integer(go_type: str, limit: int) -> Read:
    def read(value: Any, decoder: _Decoder) -> Any:
        if type(value) is int and -limit <= value < limit:
            return value
        decoder.mismatch(value, go_type, number=True)
        return 0

    return read


def _number(value: Any, decoder: _Decoder) -> Any:
    if type(value) in (int, float):
        return value
    decoder.mismatch(value, "float64")
    return 0


def _bytes(value: Any, decoder: _Decoder) -> Any:
    if isinstance(value, str):
        if error := base64_error(value):
            decoder.saved = decoder.saved or error
            return ""
        return base64.b64encode(base64.b64decode(value)).decode()
    if isinstance(value, list):
        return _byte_list(value, decoder)
    decoder.mismatch(value, "[]uint8")
    return ""


def _byte_list(value: list[Any], decoder: _Decoder) -> str:
    out = bytearray()
    for item in value:
        if type(item) is int and 0 <= item < 256:
            out.append(item)
        elif item is not None:
            decoder.mismatch(item, "uint8", number=True)
    return base64.b64encode(bytes(out)).decode()


def base64_error(text: str) -> str:
    """What Go says of a text that is no standard base64; "" where it is. Line breaks do not count."""
    body = re.sub("[\r\n]", "", text)
    if len(body) % 4 == 0 and re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", body, re.ASCII):
        try:
            base64.b64decode(body, validate=True)
        except binascii.Error:
            pass
        else:
            return ""
    return f"illegal base64 data at input byte {_corrupt_at(text)}"


def _corrupt_at(text: str) -> int:
    """The offset encoding/base64 names."""
    data, at, quantum = text.encode(errors="surrogatepass"), 0, 0
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    while at < len(data):
        c = data[at]
        at += 1
        if c in b"\r\n":
            continue
        if c in alphabet:
            quantum = (quantum + 1) % 4
            continue
        if c != ord("=") or quantum < 2:
            return at - 1
        if quantum == 2:
            while at < len(data) and data[at] in b"\r\n":
                at += 1
            if at == len(data):
                return len(data)
            if data[at] != ord("="):
                return at - 1
            at += 1
        while at < len(data) and data[at] in b"\r\n":
            at += 1
        return at
    return at - quantum


def _list(item: Read, go_type: str, items: Schema) -> Read:
    zero: Any = item if isinstance(item, _Struct) else _ZERO.get(items.type, _OWN_ZERO.get(items.type))

    def read(value: Any, decoder: _Decoder) -> Any:
        if not isinstance(value, list):
            decoder.mismatch(value, go_type)
            return []
        out = []
        stack = decoder.stack
        for i, inner in enumerate(value):
            stack.append(i)
            out.append(_zero_of(zero, decoder) if inner is None else item(inner, decoder))
            stack.pop()
        return out

    return read


def _map(item: Read, go_type: str, values: Schema) -> Read:
    zero: Any = item if isinstance(item, _Struct) else _ZERO.get(values.type, _OWN_ZERO.get(values.type))
    if values.format == "byte" or values.type == "array":
        zero = None

    def read(value: Any, decoder: _Decoder) -> Any:
        if not isinstance(value, dict):
            decoder.mismatch(value, go_type)
            return {}
        out = {}
        stack = decoder.stack
        for key, inner in value.items():
            stack.append(key)
            if decoder.duplicates:
                decoder.check_duplicate()
            out[key] = _zero_of(zero, decoder) if inner is None else item(inner, decoder)
            stack.pop()
        return out

    return read


# -- types that read their own JSON ------------------------------------------------------------------------------------


def _quantity(value: Any, decoder: _Decoder) -> Any:
    text = value.strip() if isinstance(value, str) else go_json(value)
    try:
        return str(Quantity.parse(text))
    except QuantityError as error:
        raise _Stop(str(error)) from None


def _int_or_string(value: Any, decoder: _Decoder) -> Any:
    if isinstance(value, str):
        return value
    if type(value) is int and -(2**31) <= value < 2**31:
        return value
    raise _Stop(decoder.mismatch_text(value, "int32", number=True))


def _instant(canonical: Callable[[str], str | None]) -> Read:
    def read(value: Any, decoder: _Decoder) -> Any:
        if not isinstance(value, str):
            raise _Stop(decoder.mismatch_text(value, "string"))
        try:
            return canonical(value)
        except TimeError as error:
            raise _Stop(str(error)) from None

    return read


def _any(value: Any, decoder: _Decoder) -> Any:
    return thaw(value)


_micro_time = _instant(canonical_micro_time)
_OWN_READERS: dict[str, Read] = {
    "quantity": _quantity,
    "int-or-string": _int_or_string,
    "time": _instant(canonical_time),
    "any": _any,
}
_OWN_ZERO: dict[str, Any] = {"quantity": "0", "int-or-string": 0}

_CRD = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
_SCHEMA_UNIONS = ("v1.JSONSchemaPropsOrBool", "v1.JSONSchemaPropsOrArray", "v1.JSONSchemaPropsOrStringArray")


def _schema_union(schema: _Struct, go_type: str) -> Read:
    """A schema, or something else instead: ``items``, ``additionalProperties``, ``dependencies``.

    It decodes its insides by itself and leniently; an error inside stops everything.
    """

    def inside(value: Any, decoder: _Decoder) -> Any:
        outer = (decoder.lenient, decoder.saved, decoder.stack)
        decoder.lenient, decoder.saved = True, ""
        depth = len(decoder.stack)
        found = schema(value, decoder)
        if decoder.saved:
            raise _Stop(_outer_struct(decoder.saved, decoder.stack[:depth]))
        decoder.lenient, decoder.saved, _ = outer
        return found

    def read(value: Any, decoder: _Decoder) -> Any:
        if isinstance(value, dict):
            return inside(value, decoder)
        if go_type.endswith("OrBool"):
            if isinstance(value, bool):
                return value
            raise _Stop("boolean or JSON schema expected")
        if not isinstance(value, list):
            return None
        if go_type.endswith("OrStringArray"):
            return _list(_scalar(str, "string"), "[]string", Schema("string"))(value, decoder)
        return [inside(v, decoder) for v in value]

    return read


def _outer_struct(said: str, stack: list[_Field | int | str]) -> str:
    """The text with the struct that holds the union: the outer decoder has the last word on it."""
    fields = [s for s in stack if isinstance(s, _Field)]
    return re.sub(r"(Go struct field )\w+\.", rf"\g<1>{fields[-1].struct}.", said, count=1) if fields else said
