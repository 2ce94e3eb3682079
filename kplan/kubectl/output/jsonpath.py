"""JSONPath templates: ``{.items[*].metadata.name}``, ``{range .items[?(@.a=="b")]}…{end}``.

Mirrors: staging/src/k8s.io/client-go/util/jsonpath/jsonpath.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kplan.kubectl.output.jsonpathsyntax import Action, BadTemplate, Node, parse
from kplan.model.gotext import go_json, go_text

__all__ = ["BadTemplate", "Template", "relaxed"]

MOST_RANGES = 100
"""Ranges may stand inside each other; each costs a call within a call."""


class Template:
    """A parsed template."""

    def __init__(self, text: str, *, missing: bool = True) -> None:
        self.actions = parse(text)
        if sum(bool(a) and a[0] == Node("identifier", "range") for a in self.actions) > MOST_RANGES:
            raise BadTemplate("too many ranges")
        self._missing = missing

    def print(self, data: Any) -> str:
        """The template filled in.

        Raises: BadTemplate.
        """
        return "".join(" ".join(map(_shown, values)) for values in self.find(data))

    def find(self, data: Any) -> list[list[Any]]:
        """What each action finds.

        Raises: BadTemplate.
        """
        found, _ = self._run(data, 0, in_range=False)
        return found

    def _run(self, data: Any, at: int, *, in_range: bool) -> tuple[list[list[Any]], int]:
        """(what was found, where the range ended)."""
        out: list[list[Any]] = []
        while at < len(self.actions):
            action = self.actions[at]
            if action and action[0] == Node("identifier", "end"):
                if not in_range:
                    raise BadTemplate("not in range, nothing to end")
                return out, at
            if action and action[0] == Node("identifier", "range"):
                values = self._walk([data], action[1:])
                end = len(self.actions)
                for value in values:
                    inner, end = self._run(value, at + 1, in_range=True)
                    out += inner
                if not values:
                    _, end = self._run(None, at + 1, in_range=True)
                at = end
            else:
                out.append(self._walk([data], action))
            at += 1
        return out, at

    def _walk(self, values: list[Any], action: Action) -> list[Any]:
        for node in action:
            values = self._step(values, node)
        return values

    def _step(self, values: list[Any], node: Node) -> list[Any]:
        match node.kind:
            case "text":
                return [node.value]
            case "number" | "bool":
                return [node.value for _ in values]
            case "field":
                return self._fields(values, node.value)
            case "array":
                return [item for value in values if value is not None for item in _sliced(value, *node.value)]
            case "wildcard":
                return [item for value in values for item in _inner(value)]
            case "recursive":
                return _descended(values)
            case "union":
                return [item for action in node.value for item in self._walk(values, action)]
            case "filter":
                return [item for value in values for item in self._filtered(value, node)]
        raise BadTemplate(f"unrecognized identifier {node.value}")

    def _fields(self, values: list[Any], name: str) -> list[Any]:
        found = [value[name] for value in values if isinstance(value, Mapping) and name in value]
        if values and not found and not self._missing:
            raise BadTemplate(f"{name} is not found")
        return found

    def _filtered(self, value: Any, node: Node) -> list[Any]:
        if not isinstance(value, list):
            raise BadTemplate(f"{go_text(value)} is not array or slice and cannot be filtered")
        return [item for item in value if self._passes(item, node)]

    def _passes(self, item: Any, node: Node) -> bool:
        if node.operator == "exists":
            try:
                return bool(self._walk([item], node.value))
            except BadTemplate:
                return False
        sides = self._walk([item], node.value), self._walk([item], node.right)
        if not all(sides):
            return False
        if any(len(side) > 1 for side in sides):
            raise BadTemplate("can only compare one element at a time")
        return _compared(sides[0][0], node.operator, sides[1][0])


def _compared(left: Any, operator: str, right: Any) -> bool:
    if operator not in ("==", "!=", "<", ">", "<=", ">="):
        raise BadTemplate(f"unrecognized filter operator {operator}")
    if _basic(left) != _basic(right):
        raise BadTemplate("incompatible types for comparison")
    if operator in ("==", "!="):
        return bool(left == right) is (operator == "==")
    if _basic(left) == "bool":
        raise BadTemplate("invalid type for comparison")
    order = (left > right) - (left < right)
    return bool({"<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}[operator])


def _basic(value: Any) -> str:
    return "bool" if isinstance(value, bool) else type(value).__name__


def _sliced(value: Any, begin: int | None, end: int | None, step: int | None, single: bool) -> list[Any]:
    """The items from ``begin`` to before ``end``; where no end was written (``[1]``, ``[-1]``) the ``single`` one."""
    if not isinstance(value, list):
        raise BadTemplate(f"{_go_kind(value)} is not array or slice")
    size = len(value)
    return _slice(value, begin or 0, end, step, single, size)


def _slice(value: list[Any], begin: int, end: int | None, step: int | None, single: bool, size: int) -> list[Any]:
    first = begin + size if begin < 0 else begin
    last = begin + 1 if single else size if end is None else end
    if last < 0 or (last == 0 and single):
        last += size
    if first == last:
        return []
    for limit, at in ((size - 1, first), (size, last)):
        if at > limit or at < 0:
            raise BadTemplate(f"array index out of bounds: index {at if at == first else at - 1}, length {size}")
    if first > last:
        raise BadTemplate(f"starting index {first} is greater than ending index {last}")
    if step is not None and step <= 0:
        raise BadTemplate("step must be > 0")
    return value[first:last:step]


def _go_kind(value: Any) -> str:
    return "map[string]interface {}" if isinstance(value, Mapping) else type(value).__name__.replace("str", "string")


def _inner(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [value[k] for k in sorted(value)]
    return list(value) if isinstance(value, list) else []


def _descended(values: list[Any]) -> list[Any]:
    out: list[Any] = []
    for value in values:
        inner = _inner(value)
        if inner:
            out.append(value)
            out += _descended(inner)
    return out


def _shown(value: Any) -> str:
    if isinstance(value, Mapping | list):
        return go_json(value)
    return "null" if value is None else go_text(value)


_RELAXED = re.compile(r"\{\.?([^{}]+)\}|\.?([^{}]+)")


def relaxed(text: str) -> str:
    """``metadata.name`` and ``.metadata.name`` as ``{.metadata.name}``.

    Raises: BadTemplate.
    """
    if not text:
        return text
    found = _RELAXED.fullmatch(text)
    if found is None:
        raise BadTemplate("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'")
    return "{." + (found.group(1) or found.group(2)) + "}"
