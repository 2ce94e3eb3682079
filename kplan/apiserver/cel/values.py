"""The values of expressions that JSON does not have, and errors.

null, booleans, ints, doubles, strings, bytes, lists and maps are Python's own.

Mirrors: github.com/google/cel-go/common/types (0.26), staging/src/k8s.io/apiserver/pkg/cel/*.go (1.36)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from kplan.apiserver.urls import Url
from kplan.model.quantity import Quantity

INT_MIN, INT_MAX, UINT_MAX = -(2**63), 2**63 - 1, 2**64 - 1
NANOS = 10**9


class EvaluationError(Exception):
    """An expression that has no value; its text is the server's."""


class CostExceeded(EvaluationError):
    """An expression that costs more than it may."""


class Uint(int):
    """An unsigned integer."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """An instant in nanoseconds since the epoch; ``offset`` is its zone's from UTC in seconds, for writing it."""

    nanos: int
    offset: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of nanoseconds."""

    nanos: int


@dataclass(frozen=True, slots=True)
class OptionalValue:
    """``optional.of(value)``, or ``optional.none()``."""

    value: Any = None
    present: bool = True


NONE = OptionalValue(None, False)


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A type as a value."""

    name: str


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address."""

    ip: IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Cidr:
    """An address with the length of a prefix."""

    ip: IPv4Address | IPv6Address
    bits: int

    def masked(self) -> Cidr:
        """The network's own address."""
        drop = self.ip.max_prefixlen - self.bits
        return Cidr(type(self.ip)(int(self.ip) >> drop << drop), self.bits)


@dataclass(frozen=True, slots=True)
class Semver:
    """A semantic version; ``pre`` are the parts of its pre-release."""

    numbers: tuple[int, int, int]
    pre: tuple[str, ...] = ()
    build: str = ""


@dataclass(frozen=True, slots=True)
class NamedFormat:
    """One of the formats ``format.named`` knows."""

    name: str


class ObjectValue(Mapping[str, Any]):
    """An object of a declared type: its fields go by escaped names."""

    __slots__ = ("fields", "type_name")

    def __init__(self, type_name: str, fields: Mapping[str, Any]) -> None:
        self.type_name, self.fields = type_name, fields

    def __getitem__(self, key: str) -> Any:
        return self.fields[key]

    def __iter__(self) -> Any:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)


class SetList(list[Any]):
    """A list of list-type set: order does not matter, ``+`` is a union."""


class MapList(list[Any]):
    """A list of list-type map: items go by their keys; ``+`` replaces items of the same key."""

    keys: tuple[str, ...] = ()

    def key_of(self, item: Any) -> tuple[Any, ...]:
        """The values of an item's keys."""
        return tuple(item.get(k) if isinstance(item, Mapping) else None for k in self.keys)


def type_name(value: Any) -> str:
    """The name of a value's type, as ``type()`` and errors have it; other classes say it as ``cel_type``."""
    match value:
        case None:
            return "null_type"
        case bool():
            return "bool"
        case Uint():
            return "uint"
        case int():
            return "int"
        case float():
            return "double"
        case ObjectValue():
            return value.type_name
        case Mapping():
            return "map"
        case list() | tuple():
            return "list"
        case _:
            return _NAMES.get(type(value)) or str(getattr(value, "cel_type", "dyn"))


_NAMES: dict[type, str] = {
    str: "string",
    bytes: "bytes",
    Timestamp: "google.protobuf.Timestamp",
    Duration: "google.protobuf.Duration",
    OptionalValue: "optional_type",
    TypeValue: "type",
    Quantity: "kubernetes.Quantity",
    Address: "net.IP",
    Cidr: "net.CIDR",
    Url: "kubernetes.URL",
    Semver: "kubernetes.Semver",
    NamedFormat: "kubernetes.NamedFormat",
}


def is_number(value: Any) -> bool:
    """Whether a value is an int, a uint or a double."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def equal(a: Any, b: Any) -> bool:
    """CEL's equality: numbers by value whatever their types, the rest only within a type."""
    if a is b:
        return not (isinstance(a, float) and math.isnan(a))
    if isinstance(a, bool) or isinstance(b, bool):
        return isinstance(a, bool) and isinstance(b, bool) and a == b
    if is_number(a):
        return is_number(b) and a == b
    if isinstance(a, SetList) and isinstance(b, list):
        return len(a) == len(b) and all(any(equal(x, y) for y in b) for x in a) and all(any(equal(x, y) for y in a) for x in b)
    if isinstance(a, MapList) and isinstance(b, list):
        return _equal_map_lists(a, b)
    if isinstance(a, (list, tuple)):
        return isinstance(b, (list, tuple)) and len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, ObjectValue) or isinstance(b, ObjectValue):
        return isinstance(a, Mapping) and isinstance(b, Mapping) and _equal_maps(a, b)
    if isinstance(a, Mapping):
        return isinstance(b, Mapping) and _equal_maps(a, b)
    if isinstance(a, OptionalValue):
        return isinstance(b, OptionalValue) and a.present == b.present and (not a.present or equal(a.value, b.value))
    return type(a) is type(b) and bool(a == b)


def _equal_maps(a: Mapping[Any, Any], b: Mapping[Any, Any]) -> bool:
    return len(a) == len(b) and all(k in b and equal(v, b[k]) for k, v in a.items())


def _equal_map_lists(a: MapList, b: list[Any]) -> bool:
    others = {_hashable(a.key_of(item)): item for item in b}
    return len(a) == len(b) and all(
        (key := _hashable(a.key_of(item))) in others and equal(item, others[key]) for item in a
    )


def _hashable(key: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(f"{type_name(k)}:{k}" for k in key)


def contains(items: list[Any] | tuple[Any, ...], value: Any) -> bool:
    """Whether a list holds a value."""
    return any(equal(item, value) for item in items)


def size_of(value: Any) -> int:
    """The size that cost goes by: code points, items, entries; 1 for anything else."""
    if isinstance(value, (str, bytes, list, tuple, Mapping)):
        return len(value)
    if isinstance(value, OptionalValue) and value.present:
        return size_of(value.value)
    if isinstance(value, Address):
        return value.ip.max_prefixlen // 8
    if isinstance(value, Cidr):
        return -(-value.bits // 8)
    return 1
