"""Checks of literals: durations, timestamps, regular expressions, format strings, lists and maps of one type.

Mirrors: github.com/google/cel-go/cel/validator.go, ext/formatting.go (stringFormatValidator) (0.26)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.apiserver.cel.checker import Checked
from kplan.apiserver.cel.library.formatting import ClauseError, clause_error, clauses
from kplan.apiserver.cel.syntax import Call, Const, Expr, Fold, Issue, ListExpr, Select, StructExpr, place
from kplan.apiserver.cel.types import Type
from kplan.apiserver.goregexp import RegexpError, compile_regexp
from kplan.apiserver.gotimes import MAX_SECONDS, MIN_SECONDS, parse_duration, parse_timestamp

_ALLOWED = {
    "s": ("list", "map", "int", "uint", "double", "bool", "string", "timestamp", "bytes", "duration", "type", "null_type"),
    "d": ("int", "uint"),
    "f": ("double", "string"),
    "e": ("double", "string"),
    "b": ("int", "uint", "bool"),
    "x": ("int", "uint", "string", "bytes"),
    "o": ("int", "uint"),
}


def walk(e: Expr) -> Iterator[Expr]:
    """Every node of a tree."""
    yield e
    for part in inside(e):
        yield from walk(part)


def inside(e: Expr) -> list[Expr]:
    """The nodes right inside a node."""
    match e:
        case Select():
            return [e.operand]
        case Call():
            return ([e.target] if e.target is not None else []) + e.args
        case ListExpr():
            return list(e.elements)
        case StructExpr():
            return [part for entry in e.entries for part in (entry.key, entry.value) if part is not None]
        case Fold():
            return [e.range, e.init, e.condition, e.step, e.result]
        case _:
            return []


def validate_literals(checked: Checked) -> Iterator[Issue]:
    """What is wrong with the literals of a checked tree."""
    yield from _validate_one_type(checked, checked.parsed.root)
    for e in walk(checked.parsed.root):
        if not isinstance(e, Call) or not e.args:
            continue
        first = e.args[0]
        if e.function in _CHECKS and isinstance(first, Const) and not _CHECKS[e.function](first.value):
            yield _issue(checked, first, f"invalid {e.function} argument")
        elif e.function == "format" and isinstance(e.target, Const) and isinstance(first, ListExpr):
            if isinstance(e.target.value, str):
                yield from _validate_format(checked, e, e.target.value, first.elements)


def _issue(checked: Checked, e: Expr, message: str) -> Issue:
    parsed = checked.parsed
    return Issue(*place(parsed.text, parsed.positions.get(e.id, 0)), message)


def _validate_one_type(checked: Checked, e: Expr) -> Iterator[Issue]:
    """The items of a list, and the keys and the values of a map, are of one type, but for arguments of ``format``."""
    if isinstance(e, Call) and e.function == "format":
        return
    if isinstance(e, ListExpr):
        wanted: Type | None = None
        for i, element in enumerate(e.elements):
            found = _type(checked, element, optional=i in e.optionals)
            if wanted is not None and found != wanted:
                yield _mismatch(checked, element, wanted, found)
                break
            wanted = wanted or found
    elif isinstance(e, StructExpr) and not e.name:
        for parts in ([(x.key, False) for x in e.entries], [(x.value, x.optional) for x in e.entries]):
            types = [(part, _type(checked, part, optional=optional)) for part, optional in parts if part is not None]
            for part, found in types[1:]:
                if found != types[0][1]:
                    yield _mismatch(checked, part, types[0][1], found)
    for part in inside(e):
        yield from _validate_one_type(checked, part)


def _type(checked: Checked, e: Expr, *, optional: bool) -> Type:
    found = checked.types[e.id]
    return found.params[0] if optional and found.params else found


def _mismatch(checked: Checked, e: Expr, wanted: Type, found: Type) -> Issue:
    return _issue(checked, e, f"expected type '{wanted}' but found '{found}'")


def _is_duration(value: Any) -> bool:
    return not isinstance(value, str) or parse_duration(value) is not None


def _is_timestamp(value: Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return MIN_SECONDS <= value <= MAX_SECONDS
    return not isinstance(value, str) or parse_timestamp(value) is not None


def _is_regexp(value: Any) -> bool:
    try:
        compile_regexp(str(value))
    except RegexpError:
        return False
    return True


_CHECKS = {"duration": _is_duration, "timestamp": _is_timestamp, "matches": _is_regexp}


def _validate_format(checked: Checked, e: Call, template: str, args: list[Expr]) -> Iterator[Issue]:
    try:
        parts = [c for c in clauses(template) if c[1]]
    except ClauseError as refused:
        yield _issue(checked, e, str(refused))
        return
    for i, (_, letter, _precision) in enumerate(parts):
        if i >= len(args):
            yield _issue(checked, e, f"index {i} out of range")
            return
        kind = checked.types.get(args[i].id, Type("dyn"))
        if kind.kind not in ("dyn", *_ALLOWED[letter.lower()]):
            yield _issue(checked, args[i], f"error during formatting: {clause_error(letter, kind.type_name)}")
            return
    if len(args) > len(parts):
        said = f"too many arguments supplied to string.format (expected {len(parts)}, got {len(args)})"
        yield _issue(checked, e, said)
