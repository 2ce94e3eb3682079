"""The schema layer of ``kplan validate``: types, unknown fields, required fields, enums, formats.

It is as strict as kubeconform with ``-strict`` and knows more (enums, quantities, integer ranges), but it is not the API
server: that one's own decoding and validation are in ``kplan.apiserver``.

A definition is compiled once, when the first object of it comes by, into closures that build a path only for what is wrong:
a small Deployment takes a few microseconds.  As for the server, ``null`` is the same as absent, and so is the empty text of
an optional enum.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

from kplan.catalog.catalog import Catalog
from kplan.catalog.definitions import Definition, Schema
from kplan.model.objects import Object, Path
from kplan.validate.formats import is_base64, is_micro_time, is_quantity, is_time


class Violation(NamedTuple):
    """One thing that is wrong: where, what, and by which rule (``type unknown required enum format range``)."""

    path: Path
    message: str
    rule: str
    hint: str = ""


Check = Callable[[Any], list[Violation] | None]
"""What is wrong with a value, its paths relative to it; None where nothing is."""

RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}

_NAMES = {dict: "object", list: "array", str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_MOST_SHOWN = 40


class SchemaChecker:
    """The compiled definitions of one catalog; get it with :func:`checker`."""

    __slots__ = ("_catalog", "_compiled")

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._compiled: dict[str, Check] = {}

    def check(self, obj: Object, definition: str) -> list[Violation]:
        """What is wrong with an object of that definition, in the object's order."""
        return self._of(definition)(obj) or []

    def _of(self, name: str) -> Check:
        found = self._compiled.get(name)
        if found is None:
            found = self._compiled[name] = self._object(self._catalog.definition(name))
        return found

    def _ref(self, name: str) -> Check:
        compiled, make = self._compiled, self._of

        def check(value: Any) -> list[Violation] | None:
            return (compiled.get(name) or make(name))(value)

        return check

    def _value(self, schema: Schema) -> Check:
        match schema.type:
            case "object" if schema.ref:
                return self._ref(schema.ref)
            case "object" if schema.values:
                return self._map(schema.values)
            case "array" if schema.items:
                return self._array(schema.items)
        if schema.enum:
            return _enum(schema.enum)
        if schema.format in RANGES:
            return _integer(*RANGES[schema.format])
        return _SCALARS[schema.type, schema.format] if (schema.type, schema.format) in _SCALARS else _SCALARS[schema.type, ""]

    def _field(self, name: str, schema: Schema, definition: Definition) -> Check:
        if schema.enum and name not in definition.required:
            return _enum(schema.enum, or_empty=True)
        return self._value(schema)

    def _object(self, definition: Definition) -> Check:
        checks = {name: self._field(name, schema, definition) for name, schema in definition.fields.items()}
        plain = {name: kind for name, schema in definition.fields.items() if (kind := _plain_type(schema))}
        required = definition.required

        def check(value: Any) -> list[Violation] | None:
            if type(value) is not dict:
                return _wrong_type(value, "object")
            found: list[Violation] = []
            for key, inner in value.items():
                if type(inner) is plain.get(key):
                    continue
                rule = checks.get(key)
                if rule is None:
                    found.append(_unknown(key, checks))
                elif inner is not None or key in required:
                    if wrong := rule(inner):
                        found += _inside(key, wrong)
            for key in required:
                if key not in value:
                    found.append(Violation((), f'missing required field "{key}"', "required"))
            return found or None

        return check

    def _array(self, items: Schema) -> Check:
        kind = _plain_type(items)
        rule = self._value(items)
        nullable = self.accepts_null(items)

        def check(value: Any) -> list[Violation] | None:
            if type(value) is not list:
                return _wrong_type(value, "array")
            found: list[Violation] = []
            for i, inner in enumerate(value):
                if type(inner) is kind or (inner is None and nullable):
                    continue
                if wrong := rule(inner):
                    found += _inside(i, wrong)
            return found or None

        return check

    def _map(self, values: Schema) -> Check:
        kind = _plain_type(values)
        rule = self._value(values)
        nullable = self.accepts_null(values)

        def check(value: Any) -> list[Violation] | None:
            if type(value) is not dict:
                return _wrong_type(value, "object")
            found: list[Violation] = []
            for key, inner in value.items():
                if type(inner) is kind or (inner is None and nullable):
                    continue
                if wrong := rule(inner):
                    found += _inside(key, wrong)
            return found or None

        return check

    def accepts_null(self, schema: Schema) -> bool:
        """Whether null may stand for an item or a value: everywhere but where the empty object lacks something."""
        return not (schema.ref and self._catalog.definition(schema.ref).required)


@cache
def checker(catalog: Catalog) -> SchemaChecker:
    """The checker of a catalog, made once."""
    return SchemaChecker(catalog)


def violations(obj: Object, catalog: Catalog) -> list[Violation]:
    """What is wrong with an object of a kind the catalog serves.

    Raises: KeyError where its kind is not served; ask the catalog first.
    """
    info = catalog.kind(obj["apiVersion"], obj["kind"])
    if info is None:
        raise KeyError(f"{obj['apiVersion']}/{obj['kind']}")
    return checker(catalog).check(obj, info.definition)


def _plain_type(schema: Schema) -> type | None:
    """The Python type that is enough to know of a field without further rules."""
    if schema.enum or schema.format:
        return None
    return {"string": str, "boolean": bool}.get(schema.type)


def _inside(step: str | int, found: Iterable[Violation]) -> list[Violation]:
    return [v._replace(path=(step, *v.path)) for v in found]


def _unknown(key: str, known: Iterable[str]) -> Violation:
    from difflib import get_close_matches

    near = get_close_matches(key, sorted(known), n=1, cutoff=0.75)
    return Violation((key,), f'unknown field "{key}"', "unknown", f'did you mean "{near[0]}"?' if near else "")


def _wrong_type(value: Any, wanted: str) -> list[Violation]:
    return [Violation((), f"got {_shown(value)}, want {wanted}", "type")]


def _shown(value: Any) -> str:
    """A value's type, and the value itself where it is short."""
    name = _NAMES.get(type(value), type(value).__name__)
    if value is None or isinstance(value, dict | list):
        return name
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f"{name} {text}" if len(text) <= _MOST_SHOWN else name


def _enum(allowed: tuple[str, ...], *, or_empty: bool = False) -> Check:
    known = frozenset((*allowed, "")) if or_empty else frozenset(allowed)

    def check(value: Any) -> list[Violation] | None:
        if type(value) is not str:
            return _wrong_type(value, "string")
        if value in known:
            return None
        listed = ", ".join(f'"{a}"' for a in allowed)
        return [Violation((), f'"{value}" is not one of {listed}', "enum")]

    return check


def _integer(least: int, most: int) -> Check:
    def check(value: Any) -> list[Violation] | None:
        if type(value) is not int and not (type(value) is float and value.is_integer()):
            return _wrong_type(value, "integer")
        if least <= value <= most:
            return None
        return [Violation((), f"{value} is not between {least} and {most}", "range")]

    return check


def _of_type(wanted: str, *types: type) -> Check:
    def check(value: Any) -> list[Violation] | None:
        return None if type(value) in types else _wrong_type(value, wanted)

    return check


def _formatted(wanted: str, types: tuple[type, ...], is_it: Callable[[Any], bool]) -> Check:
    kinds = "string or number" if len(types) > 1 else "string"

    def check(value: Any) -> list[Violation] | None:
        if type(value) not in types:
            return _wrong_type(value, kinds)
        return None if is_it(value) else [Violation((), f"{_shown(value)} is not {wanted}", "format")]

    return check


def _int_or_string(value: Any) -> list[Violation] | None:
    if type(value) is str:
        return None
    if type(value) is int or (type(value) is float and value.is_integer()):
        return _INT32(value)
    return _wrong_type(value, "integer or string")


def _anything(value: Any) -> list[Violation] | None:
    return None


_INT32 = _integer(*RANGES["int32"])

_SCALARS: dict[tuple[str, str], Check] = {
    ("string", ""): _of_type("string", str),
    ("string", "byte"): _formatted("base64", (str,), is_base64),
    ("boolean", ""): _of_type("boolean", bool),
    ("integer", ""): _integer(*RANGES["int64"]),
    ("number", ""): _of_type("number", int, float),
    ("int-or-string", ""): _int_or_string,
    ("quantity", ""): _formatted("a quantity such as 500m, 1.5 or 2Gi", (str, int, float), is_quantity),
    ("time", "time"): _formatted("an instant such as 2006-01-02T15:04:05Z", (str,), is_time),
    ("time", "micro-time"): _formatted("an instant such as 2006-01-02T15:04:05.000000Z", (str,), is_micro_time),
    ("object", ""): _of_type("object", dict),
    ("array", ""): _of_type("array", list),
    ("any", ""): _anything,
}
