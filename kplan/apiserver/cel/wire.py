"""Trees in their protobuf form, as the C++ parser hands them over.

Mirrors: google/api/expr/v1alpha1/syntax.proto
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from kplan.apiserver.cel.syntax import Call, Const, Entry, Expr, Fold, Ident, ListExpr, Select, StructExpr
from kplan.apiserver.cel.values import Uint

_Fields = dict[int, list[Any]]


def _message(data: bytes) -> _Fields:
    fields: _Fields = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        value: Any
        if wire == 0:
            value, at = _varint(data, at)
        elif wire == 1:
            value, at = data[at : at + 8], at + 8
        elif wire == 2:
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            value, at = data[at : at + 4], at + 4
        fields.setdefault(number, []).append(value)
    return fields


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _first(fields: _Fields, number: int, default: Any = b"") -> Any:
    return fields[number][-1] if number in fields else default


def _text(fields: _Fields, number: int) -> str:
    found: bytes = _first(fields, number)
    return found.decode()


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def read_parsed(data: bytes) -> tuple[Expr, dict[int, int]]:
    """The tree of a CheckedExpr, and where its nodes are."""
    return _Reader().parsed(_first(_message(data), 2))


class _Reader:
    """Reads ParsedExpr."""

    def parsed(self, data: bytes) -> tuple[Expr, dict[int, int]]:
        fields = _message(data)
        info = _message(_first(fields, 3))
        positions = {}
        for entry in info.get(4, ()):
            pair = _message(entry)
            positions[_first(pair, 1, 0)] = _first(pair, 2, 0)
        return self.expr(_first(fields, 2)), positions

    def expr(self, data: bytes) -> Expr:
        fields = _message(data)
        node = _first(fields, 2, 0)
        kind = next((k for k in fields if k > 2), 0)
        inner = _message(fields[kind][-1]) if kind else {}
        match kind:
            case 3:
                return Const(node, self.constant(inner))
            case 4:
                return Ident(node, _text(inner, 1))
            case 5:
                return Select(node, self.expr(_first(inner, 1)), _text(inner, 2), bool(_first(inner, 3, 0)))
            case 6:
                target = self.expr(_first(inner, 1)) if 1 in inner else None
                return Call(node, _text(inner, 2), target, [self.expr(a) for a in inner.get(3, ())])
            case 7:
                return ListExpr(node, [self.expr(e) for e in inner.get(1, ())], frozenset(_packed(inner.get(2, ()))))
            case 8:
                return StructExpr(node, _text(inner, 1), [self.entry(e) for e in inner.get(2, ())])
            case 9:
                parts = [self.expr(_first(inner, n)) for n in (2, 4, 5, 6, 7)]
                names = (_text(inner, 1), _text(inner, 8), _text(inner, 3))
                return Fold(node, parts[0], names[0], names[1], names[2], *parts[1:])
            case _:
                return Const(node, None)

    def entry(self, data: bytes) -> Entry:
        fields = _message(data)
        key = self.expr(_first(fields, 3)) if 3 in fields else None
        return Entry(_first(fields, 1, 0), _text(fields, 2), key, self.expr(_first(fields, 4)), bool(_first(fields, 5, 0)))

    def constant(self, fields: _Fields) -> Any:
        kind = next(iter(fields), 1)
        value = _first(fields, kind, 0)
        match kind:
            case 2:
                return bool(value)
            case 3:
                return _signed(value)
            case 4:
                return Uint(value)
            case 5:
                return struct.unpack("<d", value)[0]
            case 6:
                return value.decode()
            case 7:
                return bytes(value)
            case _:
                return None


def _packed(values: Any) -> Iterator[int]:
    for value in values:
        if isinstance(value, int):
            yield value
        else:
            at = 0
            while at < len(value):
                number, at = _varint(value, at)
                yield number
