"""Expressions as trees, and what is said of a text that is none.

Mirrors: github.com/google/cel-go/common/ast/expr.go, common/{errors,error}.go (0.26)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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
