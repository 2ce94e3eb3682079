"""Expressions as trees, and how text becomes one.

The C++ parser (``cel-expr-python``) reads the text and expands the standard macros; what it hands over is the protobuf
form of the tree, which is read here.  The macros of Kubernetes' own environment that it does not know (comprehensions over two
variables, sortBy) are expanded here.

Mirrors: github.com/google/cel-go/parser, ext/comprehensions.go (0.26)
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from kplan.apiserver.cel.values import Uint

MAX_EXPRESSION = 100_000
"""Code points in one expression."""


class Expr:
    """A node; ``id`` leads to its place in the text."""

    __slots__ = ("id",)
    id: int


@dataclass(slots=True)
class Const(Expr):
    """A literal."""

    id: int
    value: Any


@dataclass(slots=True)
class Ident(Expr):
    """A variable, or part of a qualified name."""

    id: int
    name: str


@dataclass(slots=True)
class Select(Expr):
    """``operand.field``, or ``has(operand.field)``."""

    id: int
    operand: Expr
    field: str
    test_only: bool


@dataclass(slots=True)
class Call(Expr):
    """A function or an operator; ``target`` for the member style."""

    id: int
    function: str
    target: Expr | None
    args: list[Expr]


@dataclass(slots=True)
class ListExpr(Expr):
    """``[a, ?b]``."""

    id: int
    elements: list[Expr]
    optionals: frozenset[int]


@dataclass(slots=True)
class Entry:
    """An entry of a map (``key``) or an object (``field``)."""

    id: int
    field: str
    key: Expr | None
    value: Expr
    optional: bool


@dataclass(slots=True)
class StructExpr(Expr):
    """``{a: b}`` or, with a name, ``Name{a: b}``."""

    id: int
    name: str
    entries: list[Entry]


@dataclass(slots=True)
class Fold(Expr):
    """A comprehension."""

    id: int
    range: Expr
    var: str
    var2: str
    accu: str
    init: Expr
    condition: Expr
    step: Expr
    result: Expr


@dataclass(slots=True)
class Parsed:
    """A tree and where its nodes are: id → offset in code points."""

    text: str
    root: Expr
    positions: dict[int, int]
    next_id: int = field(default=0)


@dataclass(frozen=True, slots=True)
class Issue:
    """One error in a text: its place (line from 1, column from 0) and what is wrong."""

    line: int
    column: int
    message: str


class SyntaxIssues(Exception):
    """A text that is no expression; ``display`` is what the server shows."""

    def __init__(self, display: str) -> None:
        super().__init__(display)
        self.display = display


def display(text: str, issues: list[Issue]) -> str:
    """Issues as cel-go shows them: sorted by place, each with the line and a caret under it."""
    ordered = sorted(issues, key=lambda i: (i.line, i.column))
    shown = [_display_one(text, issue) for issue in ordered[:100]]
    if len(ordered) > 100:
        shown.append(f"{len(ordered) - 100} more errors were truncated")
    return "\n".join(shown)


def _display_one(text: str, issue: Issue) -> str:
    said = f"ERROR: <input>:{issue.line}:{issue.column + 1}: {issue.message}"
    lines = text.split("\n")
    if not text or not 0 < issue.line <= len(lines):
        return said
    line = lines[issue.line - 1].replace("\t", " ")
    before = "".join("．" if ord(c) > 127 else "." for c in line[: issue.column])
    caret = "＾" if issue.column < len(line) and ord(line[issue.column]) > 127 else "^"
    return f"{said}\n | {line}\n | {before}{caret}"


def place(text: str, offset: int) -> tuple[int, int]:
    """Line (from 1) and column (from 0) of an offset."""
    line = text.count("\n", 0, offset)
    return line + 1, offset - (text.rfind("\n", 0, offset) + 1)


@cache
def _environment(bindings: bool) -> Any:
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_bindings, ext_optional

    extensions: list[Any] = [ext_optional.ExtOptional()]
    if bindings:
        extensions.append(ext_bindings.ExtBindings())
    return cel.NewEnv(extensions=extensions)


_NO_PLACE = re.compile(r"<input>:4294967295:0:")
_STATUS = re.compile(r"^[A-Z_]+: (?=ERROR)")


def parse(text: str, *, bindings: bool = False) -> Parsed:
    """The tree of an expression. ``bindings`` adds the macro ``cel.bind``.

    Raises: SyntaxIssues.
    """
    if len(text) > MAX_EXPRESSION:
        too_long = f"expression code point size exceeds limit: size: {len(text)}, limit {MAX_EXPRESSION}"
        raise SyntaxIssues(display(text, [Issue(-1, -1, too_long)]))
    try:
        compiled = _environment(bindings).compile(text, disable_check=True)
    except RuntimeError as refused:
        raise SyntaxIssues(_server_text(str(refused), text)) from None
    root, positions = _Reader().parsed(_first(_message(compiled.serialize()), 2))
    parsed = Parsed(text, root, positions, max(positions, default=0) + 1)
    from kplan.apiserver.cel.macros import expand

    expand(parsed)
    return parsed


def _server_text(said: str, text: str) -> str:
    said = _STATUS.sub("", said).removesuffix(" [INVALID_ARGUMENT]")
    said = _NO_PLACE.sub("<input>:-1:0:", said)
    if not text:
        said = said.replace("<input>:1:1:", "<input>:1:0:", 1)
    return said


# -- the protobuf form ------------------------------------------------------------------------------------------------

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
